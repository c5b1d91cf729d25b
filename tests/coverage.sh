#!/bin/bash
# SPDX-License-Identifier: MIT
# hookdiff coverage: cases whose situations were worked out by hand, as text and as an input of the fuzz drivers; folders;
# exit codes. Needs neither root nor a kernel's help.
set -u
export LC_ALL=C
: "${HOOKDIFF:?the binary under test}"
source_dir=${HD_SOURCE_DIR:?the source tree}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failures=0 checks=0
cases=20000 # generated ones, which the corpus' situations are counted beside
[ -z "${HOOKDIFF_TEST_QUICK-}" ] || cases=2000

fail() {
	failures=$((failures + 1))
	echo "FAIL: $1"
	sed 's/^/    /' "$tmp/out" | head -40
}

# coverage CODE ARGS...: runs it by the rules of 6.7, and compares the exit code.
coverage() {
	local want=$1 got
	shift
	"$HOOKDIFF" coverage --profile v6.7 --cases "$cases" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	got=$?
	checks=$((checks + 1))
	[ "$got" -eq "$want" ] || fail "coverage $*: want exit $want, got $got: $(head -1 "$tmp/err")"
}

# reached CLAUSE DECIDES SAYS: so many of its situations are the corpus'. - is for a clause that never decides.
reached() {
	local row decides says
	row=$(grep -E "^$1 " "$tmp/out")
	read -r _ decides _ <<<"$row"
	checks=$((checks + 1))
	says=$(awk '{ print $(NF - 2) }' <<<"$row")
	if [ "$decides" != "$2" ] || [ "$says" != "$3" ]; then
		fail "$1: want $2 and $3, got '$row'"
	fi
}

# line PATTERN, no_line PATTERN: the last output has one, or none.
line() {
	checks=$((checks + 1))
	grep -qE -- "$1" "$tmp/out" || fail "want a line like: $1"
}
no_line() {
	checks=$((checks + 1))
	! grep -qE -- "$1" "$tmp/out" || fail "want no line like: $1"
}

mkdir "$tmp/corpus"
cat >"$tmp/corpus/bypass.case" <<'end'
cgroup a { setsockopt: optlen = -1 }
s = socket(AF_INET, SOCK_STREAM) in a
setsockopt(s, SOL_IP, IP_TOS, i32 8, optlen 4)
end
# One call, in which the bypass decides: result 0, one program, optlen the option's size, left -1.
coverage 0 "$tmp/corpus"
line '^profile v6.7; 1 cases in 1 text files and 0 inputs$'
reached SET.OPTLEN.BYPASS 1 1
reached HOOK.CALLED - 1
reached SET.ARGS - 1
reached SET.REWRITE 0 0
reached GET.ARGS - 0
coverage 0 --missing --verbose "$tmp/corpus"
line "^    decides 0, one program; .*user's PAGE_SIZE: left -1"
no_line "decides 0, one program; user's the option's size: left -1"

# Another length of the user's is another situation in which the clause decides, and none in which it has a say.
cat >"$tmp/corpus/page.case" <<'end'
cgroup a { setsockopt: optlen = -1 }
s = socket(AF_INET, SOCK_STREAM) in a
setsockopt(s, SOL_IP, IP_TOS, buf 4096, optlen 4096)
end
coverage 0 --missing --verbose "$tmp/corpus"
reached SET.OPTLEN.BYPASS 2 1
no_line "decides 0, one program; .*user's PAGE_SIZE: left -1"

# Another chain is both. Twice the same case is nothing new.
cat >"$tmp/corpus/chain.case" <<'end'
cgroup a { setsockopt: return 1 }
cgroup a/b { setsockopt: optlen = -1 }
s = socket(AF_INET, SOCK_STREAM) in a/b
setsockopt(s, SOL_IP, IP_TOS, i32 8, optlen 4)
end
cp "$tmp/corpus/chain.case" "$tmp/corpus/again.case"
coverage 0 "$tmp/corpus"
line '^profile v6.7; 4 cases in 4 text files'
reached SET.OPTLEN.BYPASS 3 2
reached SET.BYPASS.CHAIN - 1

# The same call in the drivers' form (case_bin.h), by hand: version, one socket, one call; no getsockopt program, one
# setsockopt program, multi; it returns 1 after one action, optlen = -1; the usual socket 0 in level 1; setsockopt on
# socket 0, level 0, option 1, optlen 4, 4 bytes of memory, all of them data, fill 0.
one='\x01\x08\x01\x08\x00\x81\x03\x80\xff\xff\x00\x01\x01\x80\x00\x20\x21\x24\x24\x04\x08\x00\x00\x00\x00'
mkdir -p "$tmp/inputs/.hidden"
# shellcheck disable=SC2059 # the bytes are the format
printf "$one" >"$tmp/inputs/one"
# shellcheck disable=SC2059
printf "$one$one$one" >"$tmp/inputs/three.case"
echo 'not an input' >"$tmp/inputs/README.txt"
cp "$tmp/corpus/page.case" "$tmp/inputs/.hidden/x.case"
coverage 0 "$tmp/inputs"
line '^profile v6.7; 4 cases in 0 text files and 2 inputs$'
line '^1 other files were passed over$'
reached SET.OPTLEN.BYPASS 1 1
reached SET.REWRITE 0 0

# All of it, and as JSON.
coverage 0 --json "$tmp/inputs/one" "$tmp/corpus/page.case"
checks=$((checks + 1))
if command -v python3 >/dev/null; then
	python3 - "$tmp/out" <<'end' || fail "--json: want 2 situations in which the bypass decides"
import json, sys
d = json.load(open(sys.argv[1]))
row = [c for c in d["clauses"] if c["clause"] == "SET.OPTLEN.BYPASS"][0]
sys.exit(not (d["cases"] == 2 and row["decides"]["corpus"] == 2 and row["says"]["corpus"] == 1
              and row["decides"]["anything"] > 2 and "missing_decides" not in row))
end
fi

# The project's own corpus reaches every clause that anything reaches.
coverage 0 "$source_dir/corpus"
checks=$((checks + 1))
read -r got _ all _ < <(grep -E '^[0-9]+ of [0-9]+ clauses$' "$tmp/out")
if [ -z "$got" ] || [ "$got" != "$all" ]; then
	fail "corpus/ reaches $got of $all clauses"
fi

mkdir "$tmp/empty"
coverage 64 "$tmp/empty"
coverage 64 "$tmp/nowhere"
echo 'cgroup' >"$tmp/empty/bad.case"
coverage 64 "$tmp/empty"
coverage 64 --profile nonsense "$tmp/corpus"

echo "$((checks - failures)) of $checks checks passed"
[ "$failures" -eq 0 ]
