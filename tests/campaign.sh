#!/bin/bash
# SPDX-License-Identifier: MIT
# hookdiff campaign: it starts what there is, restarts what is killed, ends in order, leaves nobody behind; with the
# fuzz drivers (./quickstart drivers) all three engines work, and two folders stand for two machines.
set -u
export LC_ALL=C
: "${HOOKDIFF:?the binary under test}"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failures=0 checks=0

fail() {
	failures=$((failures + 1))
	echo "FAIL: $1"
	tail -n 15 "$tmp/out" | sed 's/^/    /'
}

# campaign CODE SECONDS ARGUMENT...: its output in $tmp/out; the code and the time it may take.
campaign() {
	local want=$1 most=$2 start=$SECONDS got
	shift 2
	timeout -s KILL 200 "$HOOKDIFF" campaign "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	got=$?
	checks=$((checks + 1))
	cat "$tmp/err" >>"$tmp/out"
	[ "$got" -eq "$want" ] || fail "campaign $*: want exit $want, got $got"
	[ $((SECONDS - start)) -le "$most" ] || fail "campaign $*: want at most $most s, got $((SECONDS - start)) s"
}

says() {
	checks=$((checks + 1))
	grep -qE -- "$1" "$tmp/out" || fail "want a line like: $1"
}

# value KEY: a number of the JSON object.
value() { sed -n "s/.*\"$1\": *\([0-9]*\).*/\1/p" "$tmp/out" | head -n 1; }

at_least() { # KEY N
	checks=$((checks + 1))
	[ "$(value "$1" | tail -n 1)" -ge "$2" ] 2>/dev/null || fail "want $1 at least $2, got '$(value "$1")'"
}

# runs PID: it is there, and not only waits to be waited for (process 1 of a container may never do that).
runs() { [ -r "/proc/$1/stat" ] && ! grep -q ' [ZX] ' "/proc/$1/stat"; }

# --- nonsense
campaign 64 5 --engines bulk,afl2
says "^hookdiff: campaign --engines: expected bulk, libfuzzer or afl, found 'afl2'"
campaign 64 5 --time never
campaign 2 5 --engines afl --drivers "$tmp/nowhere" --time 5 --out "$tmp/none"
says "nothing can work here: no afl: .*nowhere/afl/fuzz_.* is not there: ./quickstart drivers"
: >"$tmp/file"
campaign 2 5 --engines bulk --time 5 --out "$tmp/file/below"
says "cannot make .*file/below: .*; name another folder with --out"

if ! "$HOOKDIFF" probe >"$tmp/probe" 2>&1; then
	echo "SKIP: cases cannot run here: $(grep -i -m1 missing "$tmp/probe"); $checks checks, $failures failed"
	[ "$failures" -eq 0 ] && exit 77
	exit 1
fi

# --- the bulk loop alone
campaign 0 40 --engines bulk --workers 2 --time 4 --seed 5 --out "$tmp/bulk" --json
at_least cases 10000
at_least clauses 30
at_least corpus 1
# A contract that this kernel does not keep: the findings of both workers stand in one place, once each.
campaign 1 60 --engines bulk --workers 2 --time 6 --seed 5 --out "$tmp/wrong" --profile doc
says "^FAIL: .* findings"
[ -n "$(find "$tmp/wrong/findings" -name '*.case' 2>/dev/null)" ] || fail "no finding in $tmp/wrong/findings"
[ -z "$(find "$tmp/wrong/bulk" -path '*/findings/*' -name '*.case' | sed 's|.*/findings/||' |
	while read -r f; do [ -e "$tmp/wrong/findings/$f" ] || echo "$f"; done)" ] || fail "a finding was left behind"

# The same with every clause waived: nothing is left to find, by the loop or by a driver.
"$HOOKDIFF" clauses --json | sed -n 's|.*"clause": *"\([^"]*\)".*|\1 * "the document is older" docs team never|p' >"$tmp/waivers"
[ -s "$tmp/waivers" ] || fail "no clause in $tmp/waivers"
campaign 0 60 --engines bulk,libfuzzer --workers 2 --time 8 --seed 5 --out "$tmp/waived" --profile doc --waivers "$tmp/waivers"
[ -z "$(ls -A "$tmp/waived/findings")" ] || fail "a waived finding in $tmp/waived/findings"
[ -n "$(find "$tmp/waived/bulk" -name card.txt)" ] || fail "the bulk loop met nothing that a waiver excuses"
echo 'NONE * "x" docs team never' >"$tmp/waivers"
campaign 64 5 --engines bulk --time 5 --out "$tmp/waived" --waivers "$tmp/waivers"
says "waivers:1:"

# --- a worker that is killed is started again
"$HOOKDIFF" campaign --engines bulk --workers 1 --time 9 --out "$tmp/killed" >"$tmp/out" 2>&1 </dev/null &
pid=$!
sleep 3
pkill -KILL -P "$pid"
wait "$pid"
got=$?
checks=$((checks + 1))
[ "$got" -eq 0 ] || fail "after the death of a worker: want exit 0, got $got"
says "the last death: ended by signal 9"
says ", 1 restarts$"

# --- ^C ends it in order; SIGKILL leaves nobody behind
for signal in INT KILL; do
	"$HOOKDIFF" campaign --engines bulk --workers 2 --out "$tmp/$signal" >"$tmp/out" 2>&1 </dev/null &
	pid=$!
	sleep 3
	children=$(pgrep -P "$pid" | tr '\n' ' ')
	kill -s "$signal" "$pid"
	wait "$pid" 2>/dev/null
	got=$?
	checks=$((checks + 1))
	[ -n "$children" ] || fail "$signal: there were no workers"
	[ "$signal" = KILL ] || [ "$got" -eq 0 ] || fail "after SIGINT: want exit 0, got $got"
	[ "$signal" = KILL ] || says "^PASS: "
	for _ in $(seq 100); do
		alive=
		for child in $children; do runs "$child" && alive=$child; done
		[ -z "$alive" ] && break
		sleep 0.1
	done
	[ -z "$alive" ] || fail "$signal: worker $alive is still there after 10 s"
done

# --- the engines
drivers=${HOOKDIFF_DRIVERS:-${HD_BUILD_DIR:?the build tree}/drivers}
if [ ! -x "$drivers/libfuzzer/fuzz_kernel" ] || [ ! -x "$drivers/afl/fuzz_kernel" ] || ! command -v afl-fuzz >/dev/null; then
	echo "$checks checks, $failures failed; the engines were not tried: no drivers in $drivers (./quickstart drivers)"
	[ "$failures" -eq 0 ]
	exit
fi
seconds=25
[ -n "${HOOKDIFF_TEST_QUICK:-}" ] && seconds=12
campaign 0 150 --workers 3 --time "$seconds" --seed 1 --out "$tmp/one" --drivers "$drivers" --sync "$tmp/shared" --machine one --json
for engine in bulk libfuzzer afl; do
	checks=$((checks + 1))
	grep -qE "\"name\": *\"$engine-1\", *\"health\": *\"ok\", *\"cases\": *[1-9]" "$tmp/out" || fail "$engine-1 made no case"
done
says '"minimised": *true'
at_least corpus 20
corpus=$(value corpus)
[ "$corpus" -lt "$(find "$tmp/one/start" "$tmp/one/live" -type f | wc -l)" ] || fail "the corpus was not made smaller"
[ -n "$(find "$tmp/shared/corpus" -type f | head -n 1)" ] || fail "nothing in the shared corpus"
[ -n "$(find "$tmp/shared/afl/one-afl-1/queue" -name 'id:*' | head -n 1)" ] || fail "AFL++'s queue is not in the shared folder"

# A contract that this kernel does not keep: both drivers write findings and go on.
campaign 1 150 --engines libfuzzer,afl --workers 2 --time "$seconds" --seed 3 --out "$tmp/doc" --drivers "$drivers" --profile doc --json
at_least findings 3
[ "$(value crashes)" = 0 ] || fail "a finding ended a driver"
for part in case.case case.bin card.txt repro.c; do
	[ -z "$(find "$tmp/doc/findings" -mindepth 1 -maxdepth 1 -type d '!' -exec test -e "{}/$part" ';' -print)" ] ||
		fail "a finding without $part"
done

# The second machine begins with what the first one found, and its AFL++ takes the first one's queue.
cp -r "$tmp/shared" "$tmp/copied"
# It tries every seed before it looks there: how long that takes is the machine's affair.
"$HOOKDIFF" campaign --engines afl --workers 1 --time 150 --seed 2 --out "$tmp/two" --drivers "$drivers" --sync "$tmp/copied" \
	--machine two --json >"$tmp/out" 2>&1 </dev/null &
pid=$!
while runs "$pid" && [ ! -e "$tmp/two/afl/two-afl-1/.synced/one-afl-1" ]; do sleep 0.5; done
kill -s INT "$pid" 2>/dev/null
wait "$pid"
got=$?
checks=$((checks + 1))
[ "$got" -eq 0 ] || fail "the second machine: want exit 0, got $got"
at_least seeds "$(find "$tmp/shared/corpus" -type f | wc -l)"
[ -d "$tmp/two/afl/one-afl-1/queue" ] || fail "the other machine's queue did not come"
[ -e "$tmp/two/afl/two-afl-1/.synced/one-afl-1" ] || fail "AFL++ did not read the other machine's queue"
cp -rn "$tmp/copied/." "$tmp/shared/" # and back
[ -n "$(find "$tmp/shared/afl/two-afl-1/queue" -name 'id:*' | head -n 1)" ] || fail "nothing came back"

echo "$checks checks, $failures failed"
[ "$failures" -eq 0 ]
