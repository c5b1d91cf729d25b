#!/bin/bash
# SPDX-License-Identifier: MIT
# This machine's kernel through `hookdiff backend`: the same verdicts as without it, the session of docs/backend.md, and
# nothing left behind when its client is killed.
set -u
export LC_ALL=C
: "${HOOKDIFF:?the binary under test}"
source_dir=${HD_SOURCE_DIR:?the source tree}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
if ! "$HOOKDIFF" probe >probe.txt 2>&1; then
	echo "SKIP: cases cannot run here: $(grep -i -m1 missing probe.txt)"
	exit 77
fi
failures=0

# check WHAT COMMAND...: it must succeed.
check() {
	local what=$1
	shift
	if ! "$@" >out 2>&1; then
		failures=$((failures + 1))
		echo "FAIL: $what"
		tail -n 8 out | sed 's/^/    /'
	fi
}

# Operations are for the kernel of this machine alone, and so are calls that another thread meets.
mapfile -t cases < <(find "$source_dir/corpus" -name '*.case' -not -path '*/tree/*' -not -path '*/bad/*' -exec grep -LE '\) (racing|held) |optlen [0-9]+ (racing|held) ' {} + | sort)

verdicts() { # a run's verdict and clause table
	"$HOOKDIFF" run "$@" "${cases[@]}" 2>/dev/null | grep -E '^[A-Z]+([.:]| )' | grep -v '^took'
}

verdicts >direct
verdicts --backend "$HOOKDIFF backend" >remote
check "the corpus through the protocol has other verdicts" diff direct remote
check "no verdict at all" grep -q '^PASS: ' remote
"$HOOKDIFF" fuzz --seed 3 --cases 5000 --backend "$HOOKDIFF backend" >fuzzed 2>&1
check "fuzz" grep -q '^PASS: 5,000 cases' fuzzed

# The session of the document, up to who answers and how many controls there were.
sed -n 's/^> //p' "$source_dir/docs/backend.md" >requests
sed -n 's/^< //p' "$source_dir/docs/backend.md" | sed -n 2p >want
"$HOOKDIFF" backend <requests 2>/dev/null >answers
check "the session's case" diff want <(sed -n 2p answers)
check "the session's refusals" grep -q '^{"id":4,"error":"ops\[0\]: a call without a begin"}$' answers
check "the session's controls" grep -q '"set":{"ran_ok":[1-9][0-9]*,"ran_bad":0,"silent_ok":[1-9][0-9]*,"silent_bad":0}' answers

# Killed in the middle: what it left is gone with the next one.
"$HOOKDIFF" fuzz --time 60 --backend "$HOOKDIFF backend" >log 2>&1 </dev/null &
pid=$!
sleep 1.5
kill -s KILL "$pid"
wait "$pid" 2>/dev/null
sleep 1
check "after a kill" "$HOOKDIFF" fuzz --cases 200 --backend "$HOOKDIFF backend"
check "what a kill left" "$HOOKDIFF" probe

echo "$failures failed"
[ "$failures" -eq 0 ]
