#!/bin/bash
# SPDX-License-Identifier: MIT
# A signal to hookdiff alone, not to its workers: it ends soon, says so, and a run that is not whole is no pass.
set -u
export LC_ALL=C
: "${HOOKDIFF:?the binary under test}"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
if ! "$HOOKDIFF" probe >"$tmp/probe" 2>&1; then
	echo "SKIP: cases cannot run here: $(grep -i -m1 missing "$tmp/probe")"
	exit 77
fi
failures=0

# signal NAME WANT PATTERN COMMAND...: exit code and last verdict line after the signal; it must end within 20 s.
signal() {
	local name=$1 want=$2 pattern=$3 start=$SECONDS pid got
	shift 3
	"$HOOKDIFF" "$@" --out "$tmp/out" >"$tmp/log" 2>&1 </dev/null &
	pid=$!
	sleep 2
	kill -s "$name" "$pid"
	wait "$pid"
	got=$?
	if [ "$got" -ne "$want" ] || ! grep -qE "$pattern" "$tmp/log" || [ $((SECONDS - start)) -gt 20 ]; then
		failures=$((failures + 1))
		echo "FAIL: $name to hookdiff $*: want exit $want, '$pattern', within 20 s; got $got after $((SECONDS - start)) s:"
		tail -n 5 "$tmp/log" | sed 's/^/    /'
	fi
}

signal INT 0 '^PASS: ' fuzz --time 60
signal TERM 0 '^PASS: ' fuzz --time 60
signal INT 2 '^ERROR: .*interrupted before the last case' fuzz --cases 1000000000
echo "3 signals, $failures failed"
[ "$failures" -eq 0 ]
