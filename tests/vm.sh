#!/bin/bash
# SPDX-License-Identifier: MIT
# --kernel from outside: exit codes, where reports end up, what a signal does, and the SKIP without QEMU.
set -u
export LC_ALL=C
: "${HOOKDIFF:?the binary under test}" "${HD_BUILD_DIR:?}" "${HD_SOURCE_DIR:?}"
if ! command -v qemu-system-x86_64 >/dev/null; then
	echo "SKIP: QEMU is not installed: apt-get install --no-install-recommends qemu-system-x86"
	exit 77
fi
if [ ! -x "$HD_BUILD_DIR/hookdiff-guest" ]; then
	echo "SKIP: hookdiff-guest is not built here: it needs static libraries and no sanitizer"
	exit 77
fi
kernel=${HOOKDIFF_VM_KERNEL-}
if [ -z "$kernel" ] && ! kernel=$("$HOOKDIFF" kernel path debian:6.12 2>&1); then
	echo "SKIP: no kernel to boot: $kernel"
	exit 77
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
failures=0

fail() {
	failures=$((failures + 1))
	echo "FAIL: $*"
	tail -n 5 log | sed 's/^/    /'
}

# check WANT PATTERN COMMAND...
check() {
	local want=$1 pattern=$2 got=0
	shift 2
	"$@" >log 2>&1 </dev/null || got=$?
	[ "$got" -eq "$want" ] || fail "$*: want exit $want, got $got"
	grep -qE "$pattern" log || fail "$*: want '$pattern'"
}

mkdir -p cases/deep
cp "$HD_SOURCE_DIR"/corpus/set/set-result.case cases/deep/
sed 's/) = 0$/) = -1 EPERM/' cases/deep/set-result.case >wrong.case
check 0 '^PASS: 1 case, ' "$HOOKDIFF" run --kernel "$kernel" cases
report=$(sed -n 's/^report: //p' log)
grep -q '"type":"summary"' "$report" || fail "no whole report in '$report'"
check 1 '^FAIL: 2 cases, ' "$HOOKDIFF" run --kernel "$kernel" --out o "$tmp/cases" wrong.case
ls o/run-*/findings/*/case.case >/dev/null 2>&1 || fail "no finding below o"
grep -q "reproduce: hookdiff run --profile [^ ]* --kernel $kernel o/run-" log || fail "the command to reproduce does not name the kernel"
grep -q "^FAIL .*wrong.case" log || fail "the operand's own name is not in the output"
check 0 '"verdict":"PASS"' "$HOOKDIFF" run --json --kernel "$kernel" cases
check 64 'no such profile' "$HOOKDIFF" run --kernel "$kernel" --profile none cases
check 64 'expected --kernel or --backend' "$HOOKDIFF" run --kernel "$kernel" --backend true cases
check 64 'cannot read the case none' "$HOOKDIFF" run --kernel "$kernel" none
check 0 '^PASS: 3,000 cases' "$HOOKDIFF" fuzz --kernel "$kernel" --seed 1 --cases 3000
check 2 'SKIP: QEMU is not installed' env PATH=/nonexistent "$HOOKDIFF" run --kernel "$kernel" cases

"$HOOKDIFF" fuzz --kernel "$kernel" --time 60 >log 2>&1 </dev/null &
pid=$!
for ((i = 0; i < 300; i++)); do
	grep -q '^fuzz on Linux' log && break
	sleep 0.1
done
sleep 2
start=$SECONDS
kill -INT $pid
wait $pid
got=$?
if [ $got -ne 0 ] || ! grep -q '^PASS: ' log || [ $((SECONDS - start)) -ge 30 ]; then
	fail "SIGINT ends the guest's command with its summary: got exit $got after $((SECONDS - start)) s"
fi

"$HOOKDIFF" fuzz --kernel "$kernel" --seed 3 --time 60 --out q >log 2>&1 </dev/null &
pid=$!
for ((i = 0; i < 400; i++)); do # its first progress line: a case runs
	grep -q '^fuzz: [1-9]' log && break
	sleep 0.1
done
kill -KILL "$(pgrep -P $pid)"
wait $pid
got=$?
if [ $got -ne 2 ] || ! grep -q '^ERROR: .*QEMU was killed by signal 9' log || ! grep -qE 'this ran: case [0-9]+ of fuzz --seed 3$' log; then
	fail "QEMU's death names the case that ran: got exit $got"
fi
check 0 . "$HOOKDIFF" predict --profile v6.7 q/fuzz-*/findings/running.case

"$HOOKDIFF" fuzz --kernel "$kernel" --time 60 >log 2>&1 </dev/null &
pid=$!
sleep 2
qemu=$(pgrep -P $pid)
kill -KILL $pid
wait $pid 2>/dev/null
sleep 1
state=$(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$qemu/status" 2>/dev/null)
if [ -z "$qemu" ] || [ "${state:-Z}" != Z ]; then # a zombie waits for whoever inherited it
	fail "QEMU '$qemu' outlived hookdiff: $state"
fi
echo "14 checks, $failures failed"
[ "$failures" -eq 0 ]
