#!/bin/bash
# SPDX-License-Identifier: MIT
# The table of helpers (oracle/isa/helpers.def) against old kernels: hookdiff probe --helpers in a VM. What this
# machine's own kernel says is in test_isa_kernel. Only kernels that were fetched before: no network.
set -u
export LC_ALL=C
: "${HOOKDIFF:?the binary under test}" "${HD_BUILD_DIR:?}"
if ! command -v qemu-system-x86_64 >/dev/null; then
	echo "SKIP: QEMU is not installed: apt-get install --no-install-recommends qemu-system-x86"
	exit 77
fi
if [ ! -x "$HD_BUILD_DIR/hookdiff-guest" ]; then
	echo "SKIP: hookdiff-guest is not built here: it needs static libraries and no sanitizer"
	exit 77
fi
tried=0 failures=0
for spec in debian:5.10 debian:6.1; do # the two that most rows stand between
	"$HOOKDIFF" kernel list 2>/dev/null | grep -qE "^$spec .* cached" || continue
	tried=$((tried + 1))
	got=0
	out=$(timeout 300 "$HOOKDIFF" probe --helpers --kernel "$spec" 2>&1 </dev/null) || got=$?
	if [ "$got" -ne 0 ] || ! grep -qE '^Linux .* lets sockopt programs call [0-9]+ helpers; 0 rows' <<<"$out"; then
		failures=$((failures + 1))
		echo "FAIL: $spec: exit $got"
		grep -E 'WRONG|^Linux|SKIP|hookdiff:' <<<"$out" | head -n 5
	else
		tail -n 1 <<<"$out"
	fi
done
if [ "$tried" -eq 0 ]; then
	echo "SKIP: no kernel to boot: hookdiff kernel get debian:5.10 debian:6.1"
	exit 77
fi
[ "$failures" -eq 0 ]
