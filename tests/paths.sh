#!/bin/bash
# SPDX-License-Identifier: MIT
# hookdiff run --paths: the same calls by every way, each held against the oracle, and the clauses where they differ.
set -u
export LC_ALL=C
: "${HOOKDIFF:?the binary under test}"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failures=0

fail() {
	failures=$((failures + 1))
	echo "FAIL: $1"
	sed 's/^/    /' "$tmp/out"
}

# line WHAT: the table has it
line() {
	grep -qF -- "$1" "$tmp/out" || fail "no line like: $1"
}

if ! why=$("$HOOKDIFF" probe --brief); then
	echo "SKIP: $why"
	exit 77
fi
cat >"$tmp/tos.case" <<'END'
cgroup a {
	setsockopt: optval[0] = u8 8
	getsockopt: if optname == SO_PRIORITY { optlen = 2 }
}
s = socket(AF_INET, SOCK_STREAM) in a
setsockopt(s, SOL_IP, IP_TOS, i32 32, optlen 4) = 0
getsockopt(s, SOL_IP, IP_TOS, buf 4, optlen 4) = 0 [i32 8] optlen 4
END
"$HOOKDIFF" run --paths --out "$tmp/run" "$tmp/tos.case" >"$tmp/out" 2>&1 || fail "exit $?"
# The expectations are the system call's: as a 32-bit call the value is the user's own, and that is no failure.
line 'getsockopt(s, SOL_IP, IP_TOS, buf 4, optlen 4)'
if "$HOOKDIFF" probe | grep -q '32-bit calls *yes'; then
	grep -qE '^ +0, 1 program +.* 0, 0 programs *$' "$tmp/out" || fail "the 32-bit call runs no program"
	line '32-bit call: COMPAT.SKIPPED, where the system call has SET.REWRITE'
fi
if grep -q '    helper: setsockopt programs' "$tmp/out"; then
	echo "no option helpers in programs here: that part is left out"
else
	line 'helper: HELPER.HANDLER HELPER.SKIPPED, where the system call has SET.REWRITE'
fi
# Several threads at once, each on sockets of its own: 3 threads, 32 turns, 2 calls.
"$HOOKDIFF" run --paths --threads 3 --out "$tmp/run" "$tmp/tos.case" >"$tmp/out" 2>&1 || fail "threads: exit $?"
line '192 calls by 3 threads at once, each as alone'
"$HOOKDIFF" run --threads 3 --backend false "$tmp/tos.case" >"$tmp/out" 2>&1
[ $? -eq 64 ] || fail "--threads and --backend: want exit 64"
"$HOOKDIFF" run --paths --out "$tmp/run" "$tmp/tos.case" >"$tmp/out" 2>&1 || fail "exit $?"
# A profile by whose rules io_uring's commands do not exist differs from a kernel that has them.
if ! grep -q 'io_uring: ' "$tmp/out"; then
	echo "no socket commands of io_uring here: that part is left out"
else
	"$HOOKDIFF" run --paths --profile v6.5 --out "$tmp/run" "$tmp/tos.case" >"$tmp/out" 2>&1
	[ $? -eq 1 ] || fail "a divergence on one way: want exit 1"
	line 'URING.NONE'
fi
[ "$failures" -eq 0 ]
