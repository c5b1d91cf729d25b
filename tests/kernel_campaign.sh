#!/bin/bash
# SPDX-License-Identifier: MIT
# hookdiff campaign --kernel with a driver (panicky.c) whose kernel dies after a few inputs, again and again: whatever it
# had written before each death is there at the end. The driver is unlocked. HD_DEATHS of them, else thirty: a hundred take two minutes.
set -u
export LC_ALL=C
: "${HOOKDIFF:?the binary under test}" "${HD_SOURCE_DIR:?the source tree}" "${HD_BUILD_DIR:?}"
series=7.2 deaths=${HD_DEATHS:-30}
[ -z "${HOOKDIFF_TEST_QUICK-}" ] || deaths=12
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
failures=0 checks=0

skip() {
	echo "SKIP: $*"
	exit 77
}

# check WHAT COMMAND...: it succeeds.
check() {
	local what=$1
	shift
	checks=$((checks + 1))
	"$@" || {
		failures=$((failures + 1))
		echo "FAIL: $what"
	}
}

[ "$(uname -m)" = x86_64 ] || skip "kernels are built on x86_64 only, this is $(uname -m)"
[ -x "$(dirname "$HOOKDIFF")/hookdiff-guest" ] || skip "hookdiff-guest is not built: the static libraries are missing, or it is a sanitized build"
"$HOOKDIFF" kernel build "$series" --arch um --config "$HD_SOURCE_DIR/tests/kernels/tiny.config" \
	--patch "$HD_SOURCE_DIR/tests/kernels/crash.patch" >built 2>built.err </dev/null ||
	skip "no kernel that dies can be built: $(tail -n 1 built.err)"
kernel=$(sed -n 's/^\(build:[^ :]*\): .*/\1/p' built)

mkdir -p drivers/libfuzzer
ln -s "$HD_BUILD_DIR/tests/panicky" drivers/libfuzzer/fuzz_kernel
"$HOOKDIFF" campaign --kernel "$kernel" --unsafe --engines libfuzzer --workers 2 --drivers drivers --seed 1 --out c >out 2>err </dev/null &
pid=$!
for ((i = 0; i < deaths * 60; i++)); do # six seconds for each
	[ "$(find c/crashes -type f 2>/dev/null | wc -l)" -ge "$deaths" ] && break
	kill -0 $pid 2>/dev/null || break
	sleep 0.1
done
kill -INT $pid
wait $pid
code=$?
died=$(find c/crashes -type f | wc -l)
echo "$died deaths, $(find c/corpus -type f | wc -l) inputs, $(find c/findings -maxdepth 1 -name 'FOUND-*' | wc -l) findings, in $SECONDS s"
check "exit 1 with findings, got $code" [ "$code" -eq 1 ]
check "$deaths deaths, got $died" [ "$died" -ge "$deaths" ]
check "a finding of the crash" [ -n "$(find c/findings -name report.txt)" ]
check "a summary" grep -q '^FAIL: .* cases in .* findings, ' out
# Each death says what must be there: "BOOT N" comes after BOOT 1 to N-1, and FOUND-BOOT if N > 4.
awk 1 c/corpus/* >have # each ends its line
missing=0 lost=0
for crash in c/crashes/*; do
	read -r boot last <"$crash"
	for ((i = 1; i < last; i++)); do
		grep -qx "$boot $i" have || { missing=$((missing + 1)) && echo "lost: $boot $i of $last"; }
	done
	[ "$last" -le 4 ] || [ -s "c/findings/FOUND-$boot/card.json" ] || lost=$((lost + 1))
	! grep -qx "$boot $last" have || check "an input that ends guests is in the corpus" false
done
check "no input lost, but $missing are" [ "$missing" -eq 0 ]
check "no finding lost, but $lost are" [ "$lost" -eq 0 ]
check "--unsafe unlocks the driver in a guest" [ -z "$(grep -L unlocked c/findings/FOUND-*/card.txt)" ]
check "nobody left behind" [ -z "$(pgrep -f "$tmp/c/vm")" ]
[ "$failures" -eq 0 ] || tail -n 5 out err c/logs/*
echo "$checks checks, $failures failed"
[ "$failures" -eq 0 ]
