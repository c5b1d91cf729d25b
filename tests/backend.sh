#!/bin/bash
# SPDX-License-Identifier: MIT
# hookdiff --backend against a backend that plays a kernel (tests/fake_backend.c): agrees with the right one, finds each
# planted bug under its clause, and makes an error of every wrong answer. Needs no root.
set -u
export LC_ALL=C
: "${HOOKDIFF:?the binary under test}"
source_dir=${HD_SOURCE_DIR:?the source tree}
fake=${HD_BUILD_DIR:?the build tree}/tests/fake_backend
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
failures=0 checks=0

# expect CODE PATTERN COMMAND...: the exit code, and a line that matches (grep -E).
expect() {
	local want=$1 pattern=$2 got
	shift 2
	timeout 300 "$@" >"$tmp/out" 2>&1 </dev/null
	got=$?
	checks=$((checks + 1))
	if [ "$got" -ne "$want" ] || ! grep -aqE -- "$pattern" "$tmp/out"; then
		failures=$((failures + 1))
		echo "FAIL: $*"
		echo "  want exit $want and a line like: $pattern"
		echo "  got exit $got and:"
		tail -n 12 "$tmp/out" | sed 's/^/    /'
	fi
}

newest() { # FILE...: the last of them; their folders' names sort by time
	printf '%s\n' "${!#}"
}

run() { # CODE PATTERN 'backend options' [CASE...]
	local want=$1 pattern=$2 options=$3
	shift 3
	[ $# -gt 0 ] || set -- "$source_dir/corpus"
	expect "$want" "$pattern" "$HOOKDIFF" run --backend-timeout 2 --backend "$fake $options" "$@"
}

fuzz() { # CODE PATTERN 'backend options'
	expect "$1" "$2" "$HOOKDIFF" fuzz --seed 1 --cases 3000 --backend-timeout 2 --backend "$fake --any-option $3"
}

# The right one.
run 0 '^PASS: .* on Linux 6\.18\.0-example .*profile v6\.7' ""
fuzz 0 '^PASS: 3,000 cases' ""
fuzz 0 '^PASS: ' "--profile v6.7"
# Another contract is another kernel.
fuzz 1 '^FAIL: ' "--profile doc"

# Each bug: the clause, by run and by fuzz.
while read -r bug by_run by_fuzz; do
	run 1 "^FAIL $by_run" "--bug $bug"
	fuzz 1 "^FAIL $by_fuzz" "--bug $bug"
done <<-'END'
	set-window-15 SET\.WINDOW\.MIN16:.setsockopt.seen\.size SET\.WINDOW\.MIN16:
	window-garbage SET\.WINDOW\.ZEROS: SET\.WINDOW\.ZEROS:
	errno SET\.OPTLEN\.RANGE: GET\.OPTLEN\.RANGE:
	raw SET\.RETVAL\.RAW: GET\.RETVAL\.RAW:
	canary MEM\.PAST: MEM\.PAST:
	stray MEM\.PAST: MEM\.PAST:
	order CHAIN\.ORDER: CHAIN\.ORDER:
	never-runs HOOK\.CALLED: HOOK\.CALLED:
	runs-twice HOOK\.CALLED: HOOK\.CALLED:
	lies-about-controls HOOK\.CALLED: HOOK\.CALLED:
	lost-set SET\.REWRITE:.*read.back SET\..*read.back
END
for bug in no-controls bad-controls; do
	run 2 '^INCONCLUSIVE: ' "--bug $bug"
	fuzz 2 '^INCONCLUSIVE: ' "--bug $bug"
done
# A finding replays, with the backend in its command, and shrinks.
fuzz 1 "reproduce: hookdiff run --profile v6.7 --backend '.*--bug order' " "--bug order"
found=$(newest hookdiff-out/fuzz-*/findings/chain.order-*/case.case)
run 1 '^FAIL CHAIN\.ORDER' "--any-option --bug order" "$found"
expect 1 '^[0-9]+ tries; the smallest case fails in 10 of 10' "$HOOKDIFF" shrink --backend "$fake --any-option --bug order" "$found"
expect 0 'passes on Linux 6\.18\.0-example' "$HOOKDIFF" shrink --backend "$fake --any-option" "$found"

expect 0 '^PASS: ' "$HOOKDIFF" sweep --thin 97 --backend "$fake --any-option"
expect 1 '^FAIL SET\.WINDOW\.MIN16:' "$HOOKDIFF" sweep --thin 97 --backend "$fake --any-option --bug set-window-15"
expect 1 '^FAIL GET\.OPTLEN\.RANGE:' "$HOOKDIFF" sweep --thin 97 --backend "$fake --any-option --bug errno"
expect 2 '^hookdiff: case [0-9]+: .*line 40: expected an answer, found the end of its output \(the command: exit 3\)' \
	"$HOOKDIFF" sweep --workers 1 --backend "$fake --any-option --break dies@40"

# Every wrong answer is one line and exit 2. line 2 is the begin of a run's case, line 3 its first call.
one=$source_dir/corpus/set/set-args.case
while read -r how pattern; do
	run 2 "^ERROR .*set-args\.case: .*backend's line [23]: $pattern" "--break $how" "$one"
done <<-'END'
	silent@3 expected an answer within 2 s, found none
	slow@3 expected an answer within 2 s, found none
	dies@3 expected an answer, found the end of its output .the command: exit 3
	killed@3 expected an answer, found the end of its output .the command: (signal 9|exit 137)
	garbage expected an object, found .*Welcome to
	empty expected an object, found an empty line
	nul expected an object
	deep expected an object, found .nesting too deep
	long expected at most 33554432 bytes, found no end of the line
	unclosed expected an object that is closed
	trailing expected an object
	wrong-id id: expected 2, found 92
	no-id id: expected 2, found nothing
	no-replies replies: expected a list, found nothing
	few-replies replies: expected 1, found 0
	refuses it refused ours: did not like it
	type@3 replies.0..runs: expected an integer from 0 to 4294967295, found
	range@3 replies.0..(handler.)?ret: expected an integer
	unsigned@3 replies.0..(handler.)?ret: expected an integer
	fraction@3 replies.0..(handler.)?ret: expected an integer
	missing@3 replies.0..(handler.)?ret: expected an integer .* found nothing
	hex-odd@3 replies.0..programs.0..optval: expected an even number of hex digits
	hex-short@3 replies.0..programs.0..optval: expected as many bytes as size says
	slot@3 replies.0..programs.0..slot: expected an integer from 0 to 3, found 4
	more-runs@3 replies.0..programs: expected as many programs as runs says
	late-skip@3 replies.0.: expected skip only as the answer to hello or begin
END
run 2 '^ERROR .*set-args\.case: the machine is on fire' "--break call-error@3" "$one"
run 2 '^ERROR .*set-args\.case: no memory' "--break begin-error" "$one"
fuzz 2 "^hookdiff: case [0-9]+: .*backend's line [0-9]+: id: expected" "--break wrong-id@9"
fuzz 2 "^hookdiff: case [0-9]+: .*within 2 s" "--break silent@9"
# The case that had no answer is kept.
found=$(newest hookdiff-out/fuzz-*/findings/error-*.case)
run 0 '^PASS: 1 case,' "--any-option" "$found"
# Before the first case.
run 2 "^hookdiff: .*line 1: replies.0..protocol: expected 1, found 2" "--break protocol@1"
run 2 "^hookdiff: .*line 1: replies.0..page_size: expected a power of two" "--break page-size@1"
run 2 "^hookdiff: .*line 1: .*found the end of its output .the command: exit 3" "--break dies@1"
expect 2 "^hookdiff: .*line 1: .*found the end of its output .the command: exit 127" "$HOOKDIFF" fuzz --backend /no/such/command
expect 2 "^hookdiff: .*line 1: .*found the end of its output .the command: exit 0" "$HOOKDIFF" sweep --backend true
expect 64 "backend-timeout: expected a duration" "$HOOKDIFF" fuzz --backend true --backend-timeout 0
# A backend that goes before the last case: what was not run is not a pass.
run 2 '^ERROR: .*the backend failed, [0-9]+ skipped' "--break dies@20"

# The document's session, word for word.
checks=$((checks + 1))
sed -n 's/^> //p' "$source_dir/docs/backend.md" >requests
sed -n 's/^< //p' "$source_dir/docs/backend.md" >answers
"$fake" <requests >got
if ! diff answers got || [ "$(wc -l <answers)" -lt 5 ]; then
	failures=$((failures + 1))
	echo "FAIL: the session in docs/backend.md is not what a backend answers"
fi

# count WORDS: how many processes have this command line.
count() {
	local n=0 file
	for file in /proc/[0-9]*/cmdline; do
		[ "$(tr '\0' ' ' 2>/dev/null <"$file")" = "$1" ] && n=$((n + 1))
	done 2>/dev/null
	echo "$n"
}

# However hookdiff ends, the command and what it started end with it.
for signal in KILL TERM INT; do
	mark=$((RANDOM + 100000))
	"$HOOKDIFF" fuzz --time 60 --backend "sleep $mark & sleep $mark & $fake --any-option" >log 2>&1 </dev/null &
	pid=$!
	sleep 1.5
	running=$(count "sleep $mark ")
	kill -s "$signal" "$pid"
	wait "$pid" 2>/dev/null
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		left=$(count "sleep $mark ")
		[ "$left" -eq 0 ] && break
		sleep 0.3
	done
	checks=$((checks + 1))
	if [ "$running" -lt 2 ] || [ "$left" -ne 0 ]; then
		failures=$((failures + 1))
		echo "FAIL: $signal: $running commands were running, $left still are"
	fi
done

echo "$checks checks, $failures failed"
[ "$failures" -eq 0 ] && [ "$checks" -gt 60 ]
