#!/bin/bash
# SPDX-License-Identifier: MIT
# hookdiff bisect on a series of kernels that tests/fake_backend.c plays: the first one with a bug, one that does not boot
# and one that shows the bug now and then are at random places. Needs no root and no kernel.
set -u
export LC_ALL=C
: "${HOOKDIFF:?the binary under test}"
source_dir=${HD_SOURCE_DIR:?the source tree}
fake=${HD_BUILD_DIR:?the build tree}/tests/fake_backend
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
failures=0 checks=0

cat >range.case <<'END'
# An optlen beyond the window is EFAULT.
# clauses SET.OPTLEN.RANGE
cgroup a { setsockopt: optlen = 99; return 1 }
s = socket(AF_INET, SOCK_STREAM, 0) in a
setsockopt(s, SOL_IP, IP_TOS, i32 32, optlen 4) = -1 EFAULT
END

fail() {
	failures=$((failures + 1))
	echo "FAIL: $*"
}

check() { # WHAT GOT WANT
	checks=$((checks + 1))
	[ "$2" = "$3" ] || fail "$1: got '$2', want '$3'"
}

# expect CODE PATTERN COMMAND...: the exit code, and a line that matches (grep -E).
expect() {
	local want=$1 pattern=$2 got
	shift 2
	if declare -F "$1" >/dev/null; then
		"$@" >out 2>&1 </dev/null
	else
		timeout 120 "$@" >out 2>&1 </dev/null
	fi
	got=$?
	checks=$((checks + 1))
	if [ "$got" -ne "$want" ] || ! grep -aqE -- "$pattern" out; then
		fail "$*"
		echo "  want exit $want and a line like: $pattern"
		echo "  got exit $got and:"
		tail -n 12 out | sed 's/^/    /'
	fi
}

field() { # FILE NAME: a number or a word of the result line
	grep -oE "\"$2\":\"?[^,\"}]*" "$1" | head -n 1 | sed -E 's/.*:"?//'
}

list() { # SEED OPTIONS...
	local seed=$1
	shift
	timeout 120 "$HOOKDIFF" bisect list --good 1 --bad 32 --case range.case \
		--backend "$fake --series $seed --kernel %" "$@"
}

# Fifty series. What must come out follows from the three numbers that the fake reveals.
seeds=50
if [ -n "${HOOKDIFF_TEST_QUICK:-}" ]; then
	seeds=10
	echo "quick: $seeds series of fifty"
fi
base=$((RANDOM * 32768 + RANDOM))
echo "series $base to $((base + seeds - 1))"
most=0 dead_seen=0 flaky_seen=0
for seed in $(seq "$base" $((base + seeds - 1))); do
	read -r culprit dead flaky < <("$fake" --series "$seed" --reveal)
	good=$((culprit - 1)) bad=$culprit verdict=found want=0
	if [ "$dead" -eq "$culprit" ]; then
		bad=$((culprit + 1)) verdict=range want=1
	elif [ "$dead" -eq $((culprit - 1)) ]; then
		good=$((culprit - 2)) verdict=range want=1
	fi
	timeout 120 "$HOOKDIFF" bisect list --good 1 --bad 32 --case range.case --runs 40 --json --out "s$seed" \
		--backend "$fake --series $seed --kernel %" >result 2>log
	check "series $seed ($culprit $dead $flaky): exit" $? "$want"
	check "series $seed ($culprit $dead $flaky)" \
		"$(field result verdict) $(field result good) $(field result bad)" "$verdict $good $bad"
	tests=$(field result tests) retests=$(field result retests) skips=$(field result skips)
	judged=$((${tests:-99} - ${retests:-0} - ${skips:-0}))
	# log2(32) + 2; a version that does not boot costs one more, because its neighbour is not the middle
	checks=$((checks + 1))
	[ "$judged" -le $((7 + ${skips:-0})) ] || fail "series $seed: $judged boots: $(cat log)"
	[ "${skips:-0}" -le 1 ] || fail "series $seed: $skips without an answer"
	[ "$judged" -gt "$most" ] && most=$judged
	dead_seen=$((dead_seen + ${skips:-0}))
	grep -q 'only now and then' log && flaky_seen=$((flaky_seen + 1))
	rm -rf "s$seed"
done
echo "at most $most kernels were booted; in $dead_seen series one that does not, in $flaky_seen one that is flaky"

# A series that is good for what follows: neither the dead nor the flaky one hides the culprit.
seed=1
while read -r culprit dead flaky < <("$fake" --series $seed --reveal) &&
	[ "$culprit" -lt 10 ] || [ "$dead" -gt $((culprit - 3)) ] || [ "$flaky" -eq 32 ] || [ "$flaky" -eq "$culprit" ]; do
	seed=$((seed + 1))
done

# What it says, and the report.
expect 0 "^$culprit is the first version that differs; $((culprit - 1)), before it" list $seed --out a
expect 0 "^$culprit is the first version that differs" list $seed --out a # again: from the file alone
grep -q 'going on with a/bisect.json: ' out || fail "the second run did not go on"
grep -qE '^1: good|^32: bad' out && fail "the second run tested again"
for line in '^Subject: \[REGRESSION\] bpf: cgroup sockopt hooks: SET.OPTLEN.RANGE changed between' \
	'^Cc: regressions@lists.linux.dev' '^  want  -1 EFAULT' '^  got   -1 EINVAL' '^    setsockopt\(s, SOL_IP, IP_TOS, i32 32' \
	"^    hookdiff bisect step --backend .*--kernel $culprit' --profile v[0-9.]+ --case range.case" 'bad   10 of 10 runs'; do
	checks=$((checks + 1))
	grep -qE -- "$line" a/report.txt || fail "a/report.txt has no line like $line"
done
# The command of the report says bad.
expect 1 '^bisect step: bad: ' bash -c "$(sed -nE "s#^    hookdiff (bisect step.*)#'$HOOKDIFF' \1#p" a/report.txt)"
# The other way round: against the order of the names the good end is the newer one, and something was mended.
expect 0 "^$culprit is the last version that differs; $((culprit - 1)), before it" list $seed --out mended \
	--names "$(seq -s, 32 -1 1)"
grep -qE 'REGRESSION|regzbot' mended/report.txt && fail "a mended series is reported as a regression"
# Without --out the same command finds its folder.
expect 0 'hookdiff-out/bisect-[0-9a-f]{8}$' list $seed --runs 3
expect 0 'going on with hookdiff-out/bisect-' list $seed --runs 3
expect 0 '^a8 is the first version that differs; a7, ' "$HOOKDIFF" bisect list --names a1,a6,a7,a8,a9,a10,a11,a12,a13 --good a6 --bad a12 \
	--case range.case --out names --backend "n=%; $fake --series $seed --kernel \$((\${n#a} + $culprit - 8))"

# Ends that do not differ as claimed.
expect 2 'the ends agree: all 10 runs on 1 and all 20 on '$((culprit - 2))' hold, by the profile v' \
	"$HOOKDIFF" bisect list --good 1 --bad $((culprit - 2)) --case range.case --out b1 --backend "$fake --series $seed --kernel %"
grep -q '^32\|^2:' out && fail "a version between ends that agree was tested"
expect 2 'the good end 32 is bad: 10 of 10 runs differ: SET.OPTLEN.RANGE' \
	"$HOOKDIFF" bisect list --good 32 --bad 1 --case range.case --out b2 --backend "$fake --series $seed --kernel %"
expect 2 "the bad end $dead gives no answer: " \
	"$HOOKDIFF" bisect list --good 1 --bad "$dead" --case range.case --out b3 --backend "$fake --series $seed --kernel %"
expect 2 'gives no answer: SKIP: .*; what a kernel lacks is looked for with --feature NAME' "$HOOKDIFF" bisect list --good 1 --bad 32 --out lacks \
	--case "$source_dir/corpus/draft/chain-stops.case" --backend "$fake --series $seed --kernel %"
expect 2 "the good end $dead gives no answer: " \
	"$HOOKDIFF" bisect list --good "$dead" --bad 32 --case range.case --out b4 --backend "$fake --series $seed --kernel %"
# A version without an answer is tried again by the same command.
expect 2 'versions without an answer are tried again' \
	"$HOOKDIFF" bisect list --good "$dead" --bad 32 --case range.case --out b4 --backend "$fake --series $seed --kernel %"

# Killed half-way, at several moments; the same command goes on and says the same.
for after in 1 2 4 6; do
	rm -rf k
	timeout 120 "$HOOKDIFF" bisect list --good 1 --bad 32 --case range.case --out k \
		--backend "$fake --series $seed --kernel % --delay 200" >log 2>&1 &
	pid=$!
	for _ in $(seq 2000); do
		[ "$(grep -cE '^[0-9]+: ' log)" -ge "$after" ] && break
		sleep 0.03
	done
	inner=$(pgrep -P $pid)
	kill -9 "$inner"
	wait $pid 2>/dev/null
	done_before=$(grep -cE '^[0-9]+: ' log)
	checks=$((checks + 1))
	grep -q 'first version' log && fail "the bisect was not killed half-way (after $after tests)"
	expect 0 "^$culprit is the first version that differs" list $seed --out k \
		--backend "$fake --series $seed --kernel % --delay 200"
	check "tests before the kill" "$(sed -nE 's/.*: ([0-9]+) tests are done.*/\1/p' out)" "$done_before"
	grep -q '^1: good: ' out && fail "the good end was tested again after the kill"
done

# Ctrl-C: what was known stays.
rm -rf k
timeout 120 "$HOOKDIFF" bisect list --good 1 --bad 32 --case range.case --out k \
	--backend "$fake --series $seed --kernel % --delay 500" >log 2>&1 &
pid=$!
sleep 1.2
kill -INT "$(pgrep -P $pid)"
wait $pid
check "interrupted: exit" $? 2
grep -q 'interrupted; the same command goes on (k/bisect.json)' log || fail "interrupted: $(tail -1 log)"

# Files that are not ours to believe.
cp a/bisect.json whole.json
for garbage in '' '{' 'no JSON' '{"type":"bisect"}' "$(head -c 400 whole.json)" "$(sed 's/"verdict":"bad"/"verdict":"good"/' whole.json)"; do
	mkdir -p g
	printf '%s' "$garbage" >g/bisect.json
	expect 64 '^hookdiff: bisect: g/bisect.json: .*; remove it to begin anew$' list $seed --out g
	check "garbage: lines" "$(wc -l <out)" 1
	check "garbage is left as it is" "$(cat g/bisect.json)" "$garbage"
done
cp whole.json g/bisect.json
expect 64 "g/bisect.json is of another bisect \(runs: expected '7', found '10'\); name another folder" list $seed --out g --runs 7
sed 's/99;/98;/' range.case >other && cp range.case keep.case && cp other range.case
expect 64 "of another bisect \(content: expected " list $seed --out g
cp keep.case range.case
expect 2 '^hookdiff: bisect: --resume: there is no none/bisect.json' list $seed --out none --resume

# Usage.
expect 64 'expected --good and --bad, found no --bad' "$HOOKDIFF" bisect list --good 1 --case range.case --backend 'x %'
expect 64 'expected --case FILE, --clause ID or --feature NAME' "$HOOKDIFF" bisect list --good 1 --bad 2 --backend 'x %'
expect 64 "expected a % where the version's name goes" "$HOOKDIFF" bisect list --good 1 --bad 2 --case range.case --backend x
expect 64 'expected two different numbers' "$HOOKDIFF" bisect list --good a --bad b --case range.case --backend 'x %'
# (The ends of such a list had no order: it crashed.)
expect 64 "each name once, found 'a' twice" "$HOOKDIFF" bisect list --names a,b,a --good b --bad a --case range.case --backend 'x %'
expect 64 "to be two of --names, found '1' and '9'" list $seed --names 1,2,3 --bad 9
expect 64 'no such feature; there are: attach.multi' "$HOOKDIFF" bisect packages --good debian:6.12.94 --bad debian:6.12.117 --feature attach
expect 64 'no such clause' list $seed --clause NO.SUCH
expect 64 '--backend, --kernel and --names are for list' "$HOOKDIFF" bisect packages --good debian:6.1 --bad debian:6.12 --case range.case --backend 'x %'
expect 0 'git bisect run' "$HOOKDIFF" bisect --help

# The cases that name a clause.
expect 0 "^$culprit is the first version that differs" "$HOOKDIFF" bisect list --good 1 --bad 32 --clause SET.OPTLEN.RANGE --runs 2 \
	--case "$source_dir/corpus" --out c --backend "$fake --series $seed --kernel %"

# ---- step ----
step() {
	timeout 120 "$HOOKDIFF" bisect step --case range.case --out st "$@"
}
one_line() {
	check "$1: lines on standard output" "$(wc -l <out)" 1
}
expect 0 '^bisect step: good: 10 of 10 runs hold on 6.18.0-example, profile v6.7, ' step --backend "$fake"
one_line good
expect 1 '^bisect step: bad: 3 of 3 runs differ on 6.18.0-example, profile v6.7: range.case: SET.OPTLEN.RANGE, call 1' \
	step --runs 3 --backend "$fake --bug errno"
one_line bad
expect 1 '^bisect step: bad: [0-9]+ of 40 runs differ' step --runs 40 --backend "$fake --series $seed --kernel $flaky"
expect 125 '^bisect step: skip: no answer from ' step --backend 'exit 3'
one_line skip
expect 125 '^bisect step: skip: no answer from ' step --backend "$fake --break garbage@1"
expect 125 '^bisect step: skip: no answer from ' step --backend "$fake --bug no-controls"
# inconclusive is no verdict, and so is a case that was not run
expect 128 'unknown option' step --bogus
expect 128 'cannot read the case' "$HOOKDIFF" bisect step --case none.case --backend "$fake"
expect 128 'expected one of --tree DIR, --kernel IMAGE and --backend CMD, found none' step
expect 128 'no such profile' step --backend "$fake" --profile v9
expect 128 'expected packages, list or step' "$HOOKDIFF" bisect stop --case range.case
expect 128 'expected' "$HOOKDIFF" bisect
expect 128 '^bisect step: stop: no/bzImage: expected ' step --kernel no/bzImage
expect 128 '^bisect step: stop: range.case: expected a bzImage' step --kernel range.case
expect 128 '^bisect step: stop: /dev/null: expected a bzImage.* found neither file' step --kernel /dev/null
expect 128 'cannot make the folder' "$HOOKDIFF" bisect step --case range.case --out range.case/x --backend "$fake"
# the build
expect 0 '^bisect step: good' step --backend "$fake" --build-cmd true
expect 125 '^bisect step: skip: the build failed with exit code 2' step --backend "$fake" --build-cmd 'exit 2'
one_line 'the build failed'
expect 128 '^bisect step: stop: the build command cannot be run' step --backend "$fake" --build-cmd ./no-such-command
expect 128 '^bisect step: stop: the build was ended by signal 15' step --backend "$fake" --build-cmd 'kill $$'
# Its output is not ours.
step --backend "$fake" --build-cmd 'echo noise' >out 2>/dev/null
one_line 'a build that talks'

# However it ends, git is told to stop: the worker is killed, the step is interrupted.
step_ends() { # WHAT SIGNAL TARGET
	local pid got
	# A sanitizer would make exit 1 of the signal.
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}handle_segv=0 "$HOOKDIFF" bisect step --case range.case --out st \
		--backend "$fake --series $seed --kernel 1 --delay 3000" >out 2>&1 &
	pid=$!
	sleep 0.7
	if [ "$3" = child ]; then kill "-$2" "$(pgrep -P $pid)"; else kill "-$2" $pid; fi
	wait $pid
	got=$?
	check "$1: exit" $got 128
}
step_ends 'the worker is killed' KILL child
step_ends 'the worker crashes' SEGV child
step_ends 'the worker is asked to end' TERM child
step_ends 'Ctrl-C' INT self
step_ends 'asked to end' TERM self
step_ends 'the terminal is gone' HUP self

# A process that nobody waits for stays as a zombie where process 1 is no init: it runs no more.
runs() {
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) && [[ ${stat##*) } != Z* ]]
}

# Killed outright, where nothing can be mapped: the worker does not stay.
"$HOOKDIFF" bisect step --case range.case --out st --backend "$fake --series $seed --kernel 1 --delay 40000" >out 2>&1 &
pid=$!
sleep 0.7
worker=$(pgrep -P $pid)
kill -KILL $pid
wait $pid 2>/dev/null
for _ in $(seq 120); do
	runs "$worker" || break
	sleep 0.1
done
checks=$((checks + 1))
if runs "$worker"; then fail "a killed step leaves its worker running"; fi

# What the build has started ends with the step, however that ends: make's compilers are not children of ours.
for signal in TERM KILL; do
	rm -f compiler
	"$HOOKDIFF" bisect step --case range.case --out st --backend "$fake" --build-cmd 'sh -c "sleep 300 & echo \$! >compiler; wait"; true' >out 2>&1 &
	pid=$!
	for _ in $(seq 50); do
		[ -s compiler ] && break
		sleep 0.1
	done
	kill -$signal $pid
	wait $pid 2>/dev/null
	for _ in $(seq 50); do
		runs "$(cat compiler)" || break
		sleep 0.1
	done
	checks=$((checks + 1))
	if runs "$(cat compiler)"; then
		fail "SIG$signal: what the build had started still runs"
		kill "$(cat compiler)"
	fi
done
# It does not wait for an answer from the terminal either.
expect 125 '^bisect step: skip: the build failed with exit code 3' step --backend "$fake" --build-cmd 'read -r x || exit 3'

# Operations are asked of kernels only (tests/kernel_build.sh).
expect 125 'skip: no answer from .*operations are for the kernel of this machine' "$HOOKDIFF" bisect step --case "$source_dir/corpus/tree/before.case" \
	--out st --backend "$fake"

# A waived divergence is one.
mkdir corpus
echo 'SET.OPTLEN.RANGE * "known" https://example.org/1 somebody 2099-01-01' >corpus/waivers
expect 0 'waived' "$HOOKDIFF" run --backend "$fake --bug errno" range.case "$source_dir/corpus/retval/get-return-zero.case"
expect 1 '^bisect step: bad: ' step --backend "$fake --bug errno"
rm -r corpus

# git bisect run itself.
if command -v git >/dev/null; then
	mkdir repo
	(
		cd repo && git init -q . && git config user.email t@t && git config user.name t
		for n in $(seq 1 32); do
			echo "$n" >version && git add version && git commit -qm "version $n"
		done
		cp ../range.case . && git bisect start HEAD "$(git rev-list --max-parents=0 HEAD)" >/dev/null
		timeout 300 git bisect run "$HOOKDIFF" bisect step --case range.case --runs 40 --out ../gitout \
			--backend "$fake --series $seed --kernel \$(cat version)"
	) >out 2>&1
	check 'git bisect run finds it' "$(git -C repo show -s --format=%s refs/bisect/bad)" "version $culprit"
	checks=$((checks + 1))
	grep -q 'is the first bad commit\|bisect found first bad commit' out || fail "git bisect run: $(tail -3 out)"
else
	echo "git is not installed: git bisect run was not tried"
fi

echo "$checks checks, $failures failures"
[ "$failures" -eq 0 ]
