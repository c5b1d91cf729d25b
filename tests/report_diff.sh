#!/bin/bash
# SPDX-License-Identifier: MIT
# report diff: what is added, deleted, changed, better, worse and explained; exit codes; --kernels; --json.
. "${HD_SOURCE_DIR:?}/tests/reports/lib.sh"

# diff CODE ARG...: its exit code; the output is in $tmp/out, stderr in $tmp/err.
diff_reports() {
	local want=$1 got=0
	shift
	"$HOOKDIFF" report diff "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || got=$?
	same "exit of report diff $*" "$want" "$got"
}

# says PATTERN: a line of the output.
says() {
	checks=$((checks + 1))
	if ! grep -qE -- "$1" "$tmp/out" "$tmp/err"; then
		failures=$((failures + 1))
		echo "FAIL: no line like: $1"
		sed 's/^/    /' "$tmp/out" "$tmp/err"
	fi
}

old=$samples/old.jsonl new=$samples/new.jsonl
diff_reports 0 "$old" "$old"
says '^PASS: no unexpected regression'
says '^cases +0 +0 +0 +[0-9]+ +0 +0 +0$'
diff_reports 1 "$old" "$new"
says '^clauses +0 +0 +2 +[0-9]+ +1 +1 +0$'
says '^cases +1 +1 +2 +[0-9]+ +1 +1 +0$'
says '^  A hookdiff\.case\.get\.added: - -> PASS$'
says '^  D hookdiff\.case\.get\.gone: PASS -> -$'
says '^  C hookdiff\.case\.set\.b: PASS -> FAIL$'
says '^  C hookdiff\.clause\.SET\.REWRITE: FAIL -> PASS$'
says '^FAIL: 2 unexpected regressions$'
diff_reports 1 --json "$old" "$new"
says '"verdict": *"FAIL"'
check "it is JSON" /usr/bin/python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
p = d["pairs"][0]
assert d["exit"] == 1 and d["unexpected"] == 2 and p["cases"]["added"] == 1 and p["clauses"]["regressed"] == 1
assert [c["id"] for c in p["changes"] if c["regressed"]] == ["hookdiff.case.set.b", "hookdiff.clause.SET.OPTLEN.BYPASS"]' "$tmp/out"

diff_reports 64 "$old" --kernels 6.1.90,9.9
says "no kernel '9.9' there; expected one of 6\.1\.90$"

# Waived is worse than PASS, and explained.
sed 's/"verdict":"FAIL","kernel"/"verdict":"XFAIL","kernel"/; s/"SET.OPTLEN.BYPASS":{"calls":4,"fail":1,"waived":0/"SET.OPTLEN.BYPASS":{"calls":4,"fail":1,"waived":1/' \
	"$new" >"$tmp/waived.jsonl"
diff_reports 0 "$old" "$tmp/waived.jsonl"
says 'case\.set\.b: PASS -> XFAIL \(waived\)'

# Another kernel, held to its own profile: clauses begin and end. A failure of its own contract is never explained.
sed 's/6\.1\.90/6.12.30/g; s/"profile":"v6.5"/"profile":"v6.7"/' "$old" >"$tmp/newer.jsonl"
diff_reports 0 "$old" "$tmp/newer.jsonl"
sed 's/6\.1\.90/6.12.30/g; s/"profile":"v6.5"/"profile":"v6.7"/' "$new" >"$tmp/newer.jsonl"
diff_reports 1 "$old" "$tmp/newer.jsonl"
says '^FAIL: 2 unexpected'
sed 's/SET\.OPTLEN\.BYPASS/HOOK.BADFD.FIRST/g' "$tmp/newer.jsonl" >"$tmp/newest.jsonl" # which begins with v6.7
sed 's/SET\.OPTLEN\.BYPASS/HOOK.BADFD/g' "$old" >"$tmp/older.jsonl"
diff_reports 1 "$tmp/older.jsonl" "$tmp/newest.jsonl"
says '^FAIL: 2 unexpected'
# A report on a kernel that could not run.
sed 's/"exit":1/"exit":2/; s/"type":"summary".*/"type":"summ/' "$old" >"$tmp/cut.jsonl"
diff_reports 1 "$old" "$tmp/cut.jsonl"
says 'hookdiff\.kernel\.end: PASS -> ERROR'
head -n 1 "$old" >"$tmp/nothing.jsonl"
diff_reports 2 "$tmp/nothing.jsonl" "$tmp/nothing.jsonl"
says '^INCONCLUSIVE: the two have no result in common'

# --profile doc on both sides: where the kernels' profiles differ in the clause a change is expected.
sed 's/"profile":"v6.5"/"profile":"doc"/; s/SET\.OPTLEN\.BYPASS/SET.LARGE.IGNORED/g' "$old" >"$tmp/a.jsonl"
sed 's/"profile":"v6.5"/"profile":"doc"/; s/SET\.OPTLEN\.BYPASS/SET.LARGE.IGNORED/g; s/6\.1\.90/5.10.200/g' "$new" >"$tmp/b.jsonl"
diff_reports 0 "$tmp/a.jsonl" "$tmp/b.jsonl"
says 'clause\.SET\.LARGE\.IGNORED: .* -> FAIL \(SET\.LARGE\.IGNORED between v6\.5 and v5\.10\.188: ends\)'
sed 's/5\.10\.200/6.1.91/g' "$tmp/b.jsonl" >"$tmp/c.jsonl"
diff_reports 1 "$tmp/a.jsonl" "$tmp/c.jsonl"
# ... and where the kernel does what its own profile says.
sed 's/"reruns":10/"reruns":10,"behaves_like":[{"profile":"v6.5","clause":"SET.LARGE.EFAULT"}]/' "$tmp/c.jsonl" >"$tmp/d.jsonl"
diff_reports 0 "$tmp/a.jsonl" "$tmp/d.jsonl"
says 'case\.set\.b: PASS -> FAIL \(what v6\.5, the kernel.s own profile, says\)'

# Folders, two kernels of one, kernels that only one side has.
mkdir "$tmp/mx" "$tmp/mx2" "$tmp/empty"
head='{"type":"matrix","spec":"debian:%s","version":"x","argv":[],"commands":[]}\n'
end='{"type":"end","end":"done","why":"","seconds":1}\n'
matrix() { # SPEC FILE OUT
	# shellcheck disable=SC2059
	printf "$head" "$1" >"$3"
	cat "$2" >>"$3"
	# shellcheck disable=SC2059
	printf "$end" >>"$3"
}
matrix 6.1 "$old" "$tmp/mx/debian-6.1.jsonl"
matrix 6.12 "$tmp/newer.jsonl" "$tmp/mx/debian-6.12.jsonl"
cp "$tmp/mx/debian-6.1.jsonl" "$tmp/mx2/x.jsonl"
diff_reports 0 "$tmp/mx" "$tmp/mx"
diff_reports 0 "$tmp/mx" "$tmp/mx2"
says '^D 6\.12\.30: a kernel of old only'
diff_reports 1 "$tmp/mx" --kernels 6.1.90,debian:6.12
says '^new  6\.12\.30'
diff_reports 0 "$tmp/mx" --kernels 6.1.90,6.1.90
mkdir "$tmp/run" && cp "$new" "$tmp/run/report.jsonl"
diff_reports 1 "$old" "$tmp/run"

# An older hookdiff wrote no record for a case that passed: such cases are not "added".
grep -v '"verdict":"PASS","path"' "$old" >"$tmp/partial.jsonl"
diff_reports 1 "$tmp/partial.jsonl" "$new"
says '^old has no record of each case'
says '^cases +0 +0 '

diff_reports 2 "$old" "$tmp/none"
says "cannot read $tmp/none: No such file"
diff_reports 2 "$old" "$tmp/empty"
says 'the folder has no \*\.jsonl'
diff_reports 2 "$old" /dev/null
diff_reports 2 "$old" "$samples/schema.py"
says 'holds no record of a run'
truncate -s 1073741825 "$tmp/big.jsonl"
diff_reports 2 "$old" "$tmp/big.jsonl"
says 'more than 1 GiB'
diff_reports 64 "$old"
says 'expected OLD and NEW'
diff_reports 64 "$tmp/mx" --kernels 6.1
says 'expected two kernels'
diff_reports 64 "$tmp/mx" --kernels 6.1.90,5.4
says "no kernel '5\.4' there"
diff_reports 64 "$old" "$new" --format md
"$HOOKDIFF" report "$old" >"$tmp/out" 2>"$tmp/err"
same "no format" 64 $?
"$HOOKDIFF" report --format pdf "$old" >"$tmp/out" 2>"$tmp/err"
same "no such format" 64 $?
says "expected html, junit, ktap, sarif, kcidb or md, found 'pdf'"
"$HOOKDIFF" report --format kcidb --origin 'a b' "$old" >"$tmp/out" 2>"$tmp/err"
same "no such origin" 64 $?
"$HOOKDIFF" report --format ktap - <"$old" >"$tmp/stdin.ktap"
"$HOOKDIFF" report --format ktap "$old" >"$tmp/file.ktap"
check "standard input" cmp "$tmp/stdin.ktap" "$tmp/file.ktap"
finish
