#!/bin/bash
# SPDX-License-Identifier: MIT
# hookdiff predict: what it says of expectations, its exit codes, its JSON. Needs neither root nor a kernel's help.
set -u
export LC_ALL=C
: "${HOOKDIFF:?the binary under test}"
source_dir=${HD_SOURCE_DIR:?the source tree}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failures=0 checks=0

fail() {
	failures=$((failures + 1))
	echo "FAIL: $1"
	echo "  stdout:"
	sed 's/^/    /' "$tmp/out"
	echo "  stderr:"
	sed 's/^/    /' "$tmp/err"
}

# predict CODE ARGS...: runs it, and compares the exit code.
predict() {
	local want=$1 got
	shift
	"$HOOKDIFF" predict "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	got=$?
	checks=$((checks + 1))
	[ "$got" -eq "$want" ] || fail "predict $*: want exit $want, got $got"
}

# line PATTERN: the last output has a line that matches (grep -E).
line() {
	checks=$((checks + 1))
	grep -qE -- "$1" "$tmp/out" || fail "want a line like: $1"
}

# case_file FILE CALL...: calls on s, below a program of each hook that looks and lets pass, or on t, which has none.
case_file() {
	local file=$1
	shift
	printf '%s\n' 'cgroup a {' '	getsockopt multi: return 1' '	setsockopt multi: return 1' '}' \
		's = socket(AF_INET, SOCK_STREAM, 0) in a' 't = socket(AF_INET, SOCK_STREAM, 0) outside' "$@" >"$tmp/$file"
}

# The verdict on one call's expectation, by its line, the exit code and the count at the end.
verdict() {
	local code=$1 text=$2 counts=$3
	case_file one.case "$4"
	predict "$code" "$tmp/one.case"
	line "^    expected +=.*: $text\$"
	line "^expectations of the case: $counts\$"
}
agrees() { verdict 0 'the oracle agrees' '1 agree, 0 open, 0 disagree' "$1"; }
open() { verdict 0 'open, the oracle allows other outcomes too' '0 agree, 1 open, 0 disagree' "$1"; }
disagrees() { verdict 1 'the oracle DISAGREES' '0 agree, 0 open, 1 disagree' "$1"; }

# ---- expectations for other profiles are not held against this one ----
wrong='setsockopt(s, SOL_IP, IP_TOS, i32 32, optlen 4) = 1'
case_file one.case "$wrong"
for line in '# profiles doc' '# clauses SET.OPTLEN.BOUND'; do
	{ echo "$line" && cat "$tmp/one.case"; } >"$tmp/two.case"
	predict 0 --profile v6.7 "$tmp/two.case"
	line '^its expectations are for other profiles'
	predict 1 --profile doc "$tmp/two.case"
done

# ---- what the handler does is modelled ----
agrees 'setsockopt(s, SOL_IP, IP_TOS, i32 32, optlen 4) = 0'
disagrees 'setsockopt(s, SOL_IP, IP_TOS, i32 32, optlen 4) = 1'
disagrees 'setsockopt(s, SOL_IP, IP_TOS, i32 32, optlen 4) = raw -5000'
disagrees 'setsockopt(s, SOL_IP, IP_TOS, i32 32, optlen 4) = ? [i32 33]'
agrees 'getsockopt(s, SOL_IP, IP_TOS, buf 4, optlen 4) = 0 [i32 0] optlen 4'
disagrees 'getsockopt(s, SOL_IP, IP_TOS, buf 4, optlen 4) = -1 EPERM'
disagrees 'getsockopt(s, SOL_IP, IP_TOS, buf 4, optlen 4) = ? [i32 1]'
disagrees 'getsockopt(s, SOL_IP, IP_TOS, buf 4, optlen 4) = ? optlen 5'

# ---- memory that cannot be written: reading from it is fine, an answer cannot be put there ----
agrees 'setsockopt(s, SOL_IP, IP_TOS, i32 32 readonly, optlen 4) = 0 [i32 32]'
disagrees 'setsockopt(s, SOL_IP, IP_TOS, i32 32 readonly, optlen 4) = -1 EFAULT'
agrees 'setsockopt(t, SOL_IP, IP_TOS, i32 32 readonly, optlen 4) = 0'
agrees 'getsockopt(s, SOL_IP, IP_TOS, buf 4 readonly, optlen 4) = -1 EFAULT [hex a5a5a5a5] optlen 4'
disagrees 'getsockopt(s, SOL_IP, IP_TOS, buf 4 readonly, optlen 4) = 0'
disagrees 'getsockopt(s, SOL_IP, IP_TOS, buf 4 readonly, optlen 4) = ? [hex 00a5a5a5]'

# ---- a buffer with nothing mapped behind it: up to its last byte, and one byte further ----
agrees 'setsockopt(s, SOL_IP, IP_TOS, i32 32 edge, optlen 4) = 0'
disagrees 'setsockopt(s, SOL_IP, IP_TOS, i32 32 edge, optlen 4) = -1 EFAULT'
agrees 'setsockopt(s, SOL_IP, IP_TOS, i32 32 edge, optlen 5) = -1 EFAULT'
disagrees 'setsockopt(s, SOL_IP, IP_TOS, i32 32 edge, optlen 5) = 0'
agrees 'setsockopt(s, SOL_IP, IP_TOS, i32 32, optlen 5) = 0' # the same with memory behind it
agrees 'getsockopt(s, SOL_IP, IP_TOS, buf 4 edge, optlen 4) = 0 [i32 0] optlen 4'
disagrees 'getsockopt(s, SOL_IP, IP_TOS, buf 4 edge, optlen 4) = -1 EFAULT'
agrees 'getsockopt(s, SOL_IP, IP_TOS, buf 1 edge, optlen 1) = 0 [u8 0] optlen 1'

agrees 'setsockopt(t, SOL_IP, IP_TOS, i32 32 edge, optlen 5) = 0' # no hook reads it, and the handler reads an int
agrees 'setsockopt(t, SOL_IP, IP_TOS, hex 200000 edge, optlen 4) = -1 EFAULT'
disagrees 'setsockopt(t, SOL_IP, IP_TOS, hex 200000 edge, optlen 4) = 0'

# ---- nobody knows what the handler does ----
open 'setsockopt(s, SOL_TCP, TCP_MAXSEG, i32 500, optlen 4) = 0'
open 'getsockopt(s, SOL_TCP, TCP_MAXSEG, buf 4, optlen 4) = 0 [i32 536] optlen 4'
disagrees 'setsockopt(s, SOL_TCP, TCP_MAXSEG, i32 500 edge, optlen 5) = 0' # it is not asked
disagrees 'getsockopt(s, SOL_TCP, TCP_MAXSEG, buf 4, optlen 4) = raw -5000'

# ---- several calls, several cases ----
case_file good.case 'setsockopt(s, SOL_IP, IP_TOS, i32 32, optlen 4) = 0' \
	'getsockopt(s, SOL_IP, IP_TOS, buf 4, optlen 4) = 0 [i32 32] optlen 4'
case_file wrong.case 'setsockopt(s, SOL_IP, IP_TOS, i32 32, optlen 4) = 0' \
	'getsockopt(s, SOL_IP, IP_TOS, buf 4, optlen 4) = 0 [i32 8] optlen 4'
case_file silent.case 'setsockopt(s, SOL_IP, IP_TOS, i32 32, optlen 4)'
predict 0 "$tmp/good.case"
line '^expectations of the case: 2 agree, 0 open, 0 disagree$'
predict 0 "$tmp/silent.case"
line '^expectations of the case: 0 agree, 0 open, 0 disagree$'
predict 1 "$tmp/wrong.case" "$tmp/good.case"
line '^expectations of the cases: 3 agree, 0 open, 1 disagree$'

# ---- a malformed case: where and what on stderr with a caret, and no result, not even of the good ones ----
case_file bad.case 'setsockopt(s, SOL_IP, IP_TOZ, i32 1, optlen 4)'
cat >"$tmp/want" <<END
$tmp/bad.case:7:23: expected an option of SOL_IP or a number, found 'IP_TOZ'
setsockopt(s, SOL_IP, IP_TOZ, i32 1, optlen 4)
                      ^
END
for form in "" --json; do
	# shellcheck disable=SC2086 # no form is no argument
	predict 64 $form "$tmp/good.case" "$tmp/bad.case"
	checks=$((checks + 2))
	cmp -s "$tmp/want" "$tmp/err" || fail "predict $form bad.case: want on stderr $(cat "$tmp/want")"
	[ ! -s "$tmp/out" ] || fail "predict $form bad.case: want nothing on stdout"
done
predict 64 "$tmp/none.case"
checks=$((checks + 1))
grep -q "^hookdiff: cannot read the case .*none.case: No such file" "$tmp/err" || fail "a case that is not there"

# ---- corpus/: each case is predicted, and none is refuted ----
predict 0 "$source_dir/corpus"
line '^expectations of the cases: [1-9][0-9]* agree, [0-9]+ open, 0 disagree$'
files=$(find "$source_dir/corpus" -name '*.case' -not -path '*/bad/*' | wc -l)
shown=$(grep -cE '\.case, profile ' "$tmp/out")
checks=$((checks + 1))
{ [ "$files" -gt 0 ] && [ "$shown" -eq "$files" ]; } || fail "corpus: want $files cases, got $shown"

# ---- --json: one document, which says the same ----
if python3 -c '' 2>/dev/null; then
	json_ok=(python3 -c 'import json, sys; json.loads(sys.stdin.buffer.read().decode("utf-8"))')
elif node -e '' 2>/dev/null; then
	json_ok=(node -e 'JSON.parse(new TextDecoder("utf-8", {fatal: true}).decode(require("fs").readFileSync(0)))')
else
	json_ok=()
	echo "SKIP: is --json valid JSON? There is neither python3 nor node here (apt-get install python3)"
fi
valid() {
	[ "${#json_ok[@]}" -gt 0 ] || return 0
	checks=$((checks + 1))
	"${json_ok[@]}" <"$tmp/out" >"$tmp/json" 2>&1 || fail "--json: $(tail -n 1 "$tmp/json")"
}
# A title that is not UTF-8 and holds a control character.
printf '# \001 "\\ \342\202\254 \377\n' | cat - "$tmp/wrong.case" >"$tmp/title.case"
predict 1 --json "$tmp/title.case" "$tmp/silent.case"
valid
line '"expectation":"agrees"'
line '"expectation":"disagrees"'
line '"agrees":1,'
line '"disagrees":1'
predict 0 --json "$source_dir/corpus"
valid
line '"disagrees":0'
checks=$((checks + 1))
[ "$(grep -cE '"case":"' "$tmp/out")" -eq "$files" ] || fail "--json: want $files cases"

echo "$checks checks, $failures failed"
[ "$failures" -eq 0 ] && [ "$checks" -gt 100 ]
