#!/bin/bash
# SPDX-License-Identifier: MIT
# hookdiff bisect step with a kernel in a VM: a case, a feature, a kernel that does not boot at all, and an interrupt that
# leaves nothing running. Takes the first kernel of the cache; needs no root.
set -u
export LC_ALL=C
: "${HOOKDIFF:?the binary under test}"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/hookdiff/kernels
kernel=
for image in "$cache"/6.1*/vmlinu[xz] "$cache"/[67].*/vmlinu[xz]; do
	[ -r "$image" ] && kernel=$image && break
done
if ! command -v qemu-system-x86_64 >/dev/null || [ ! -x "$(dirname "$HOOKDIFF")/hookdiff-guest" ]; then
	echo "SKIP: needs QEMU (apt-get install --no-install-recommends qemu-system-x86) and hookdiff-guest"
	exit 77
fi
if [ -z "$kernel" ]; then
	echo "SKIP: no kernel in the cache; hookdiff kernel get debian:6.12 fetches one"
	exit 77
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
failures=0 checks=0
cp "$kernel" kernel # a name of our own: what QEMU runs can be told apart
cat >positive.case <<'END'
# A getsockopt program may answer with any number since Linux 5.18; the document says EFAULT.
# clauses GET.RETVAL.ANY
cgroup a { getsockopt: retval = 5; return 1 }
s = socket(AF_INET, SOCK_STREAM, 0) in a
getsockopt(s, SOL_IP, IP_TTL, buf 4, optlen 4) = 5 [i32 64] optlen 4
END

expect() { # CODE PATTERN OPTIONS...
	local want=$1 pattern=$2 got
	shift 2
	timeout 200 "$HOOKDIFF" bisect step --kernel kernel --out out "$@" >said 2>&1 </dev/null
	got=$?
	checks=$((checks + 1))
	if [ "$got" -ne "$want" ] || ! grep -aqE -- "$pattern" said || [ "$(wc -l <said)" -ne 1 ]; then
		failures=$((failures + 1))
		echo "FAIL: $*: want exit $want and one line like: $pattern; got exit $got and:"
		sed 's/^/    /' said
	fi
}

expect 0 '^bisect step: good: 10 of 10 runs hold on [67]\.' --case positive.case
expect 1 '^bisect step: bad: 10 of 10 runs differ on .* profile doc: positive.case: GET.RETVAL.ORIGINAL, call 1 .*got 5' \
	--case positive.case --profile doc
expect 0 '^bisect step: good: attach.multi is present on [67]\.' --feature attach.multi
expect 1 '^bisect step: bad: attach.multi is present on [67]\.' --feature '!attach.multi'

# Ctrl-C while the guest boots.
"$HOOKDIFF" bisect step --kernel kernel --out out --case positive.case >said 2>&1 &
pid=$!
sleep 1.5
kill -INT $pid
wait $pid
got=$?
checks=$((checks + 1))
if [ $got -ne 128 ] || pgrep -f "$tmp/kernel" >/dev/null; then
	failures=$((failures + 1))
	echo "FAIL: interrupted: want exit 128 and no QEMU left, got exit $got and: $(cat said)"
fi

# Killed outright: QEMU goes too.
"$HOOKDIFF" bisect step --kernel kernel --out out --case positive.case >said 2>&1 &
pid=$!
sleep 1.5
kill -KILL $pid
wait $pid 2>/dev/null
for _ in $(seq 150); do
	pgrep -f "$tmp/kernel" >/dev/null || break
	sleep 0.1
done
checks=$((checks + 1))
if pgrep -f "$tmp/kernel" >/dev/null; then
	failures=$((failures + 1))
	echo "FAIL: a killed step leaves QEMU running"
fi

echo "$checks checks, $failures failures"
[ "$failures" -eq 0 ]
