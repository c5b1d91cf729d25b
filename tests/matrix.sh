#!/bin/bash
# SPDX-License-Identifier: MIT
# hookdiff matrix from outside: usage, this machine as the only kernel, bad kernels, a full disk, waivers, signals.
# What needs a packaged kernel is in test_neighbours; the table itself in test_matrix.
set -u
export LC_ALL=C
: "${HOOKDIFF:?the binary under test}"
source_dir=${HD_SOURCE_DIR:?the source tree}
tmp=$(mktemp -d)
mounted=
trap '[ -z "$mounted" ] || umount "$mounted"; rm -rf "$tmp"' EXIT
failures=0 checks=0

fail() {
	failures=$((failures + 1))
	echo "FAIL: $*"
	sed 's/^/    /' "$tmp/log" | tail -n 25
}

# expect CODE PATTERN ARGUMENT...: exit code of `hookdiff matrix`, and a line of its output (grep -E).
expect() {
	local want=$1 pattern=$2 got
	shift 2
	timeout 300 "$HOOKDIFF" matrix "$@" >"$tmp/log" 2>&1 </dev/null
	got=$?
	checks=$((checks + 1))
	if [ "$got" -ne "$want" ] || ! grep -qE -- "$pattern" "$tmp/log"; then
		fail "matrix $*: want exit $want and a line like '$pattern', got exit $got and:"
	fi
}

# also PATTERN: another line of the last output.
also() {
	checks=$((checks + 1))
	grep -qE -- "$1" "$tmp/log" || fail "want a line like '$1' in:"
}

cd "$tmp" || exit 1
corpus=$source_dir/corpus

expect 64 '^hookdiff: matrix: expected --kernels'
expect 64 'found nothing between commas' --kernels host,,host
expect 64 "'host' stands there twice" --kernels host,host
expect 64 'no such profile' --kernels host --profile v9
expect 64 'cannot read the cases in nowhere' --kernels host --cases nowhere
expect 64 'no operand' --kernels host corpus
expect 64 'expected a clause.s id' --kernels host --cases "$corpus/set" --waivers <(echo 'NO.SUCH * "r" l o never')
for f in "$tmp"/*; do
	[ "$f" = "$tmp/log" ] || fail "a usage error left $f"
done

# A file that is no kernel is an ERROR, with its name; nothing else is harmed.
echo garbage >vmlinux
expect 2 '^ERROR .*: ' --kernels "$tmp/vmlinux" --cases "$corpus/set" --out bad
also '^ERROR: 1 kernel ended in ERROR'
also '^vmlinux +vmlinux|^ERROR vmlinux: '
expect 2 '"verdict":"(SKIP|ERROR)","exit":2' --kernels debian:0.1 --cases "$corpus/set" --out bad --json
if ! "$HOOKDIFF" probe >"$tmp/probe" 2>&1; then
	echo "$checks checks, $failures failed; the rest is skipped: $(grep -i -m1 missing "$tmp/probe")"
	[ "$failures" -eq 0 ] && exit 77
	exit 1
fi

expect 0 '^PASS: 1 kernel agrees' --kernels host --cases "$corpus" --sweep --thin 101 --out good
also '^host: sweep PASS, 8,803 cases'
for f in good/host.jsonl good/matrix.json; do
	[ -s "$f" ] || fail "$f is not there"
done
[ "$(head -n1 good/host.jsonl | cut -c1-16)" = '{"type":"matrix"' ] || fail "the first record of host.jsonl"
[ "$(tail -n1 good/host.jsonl | cut -c1-13)" = '{"type":"end"' ] || fail "the last record of host.jsonl"

# One that cannot be had or dies does not stop the others, and is no pass.
expect 2 '^ERROR: 1 kernel agrees, 1 ended in ERROR' --kernels "host,$tmp/vmlinux" --cases "$corpus/set" --out mixed
also '^HOOK.CALLED +err +ok'

# The same seed on all kernels, printed.
expect 0 '^seed 77$' --kernels host --fuzz-cases 2000 --seed 77 --out fuzz
grep -q '"seed":"77"' fuzz/host.jsonl || fail "no seed in the records"

# A profile that is not this kernel's: what differs, and which epoch it behaves like; never adopted.
if own=$("$HOOKDIFF" run --out own "$corpus/chain/hook-badfd-length.case" 2>/dev/null | grep -o 'profile v[0-9.]*' | head -n1) &&
	[ "$own" = 'profile v6.19' ]; then
	expect 1 '^FAIL host: HOOK.BADFD.LENGTH, setsockopt ret: ' --kernels host --profile v6.5 \
		--cases "$corpus/chain/hook-badfd-length.case" --out forced
	also '^  behaves like profile v6.6.51 on clause HOOK.BADFD.FIRST, and like '
	also '^  compared with v6.5; the rule that changes is HOOK.BADFD.LENGTH$'
	also '^  there: hookdiff matrix --kernels host --profile v6.5 --cases forced/host-HOOK.BADFD.LENGTH-setsockopt-ret.case'
	expect 1 '^FAIL: ' --kernels host --profile v6.5 --cases forced/host-HOOK.BADFD.LENGTH-setsockopt-ret.case --out again

	# Waived it is an XFAIL; a waiver that nothing needs and one that has expired are warnings.
	cat >waivers <<-'END'
		HOOK.BADFD.LENGTH * "this kernel looks at the descriptor first" docs/matrix.md me 2020-01-31
		MEM.PAST * "no longer so" docs/matrix.md me never
		SET.ARGS 0.1.* "another kernel" docs/matrix.md me never
	END
	expect 0 '^HOOK.BADFD.LENGTH +xfail' --kernels host --profile v6.5 --waivers waivers \
		--cases "$corpus/chain/hook-badfd-length.case" --out waived
	also '^warning: waivers:1: the waiver of HOOK.BADFD.LENGTH has expired on 2020-01-31 \(owner me\)'
	also '^warning: waivers:2: no kernel needed the waiver of MEM.PAST'
	checks=$((checks + 2))
	! grep -q 'waivers:3' "$tmp/log" || fail "a waiver for a kernel that is not here was judged"
	! grep -q 'waivers:1: no kernel' "$tmp/log" || fail "a waiver that was needed counts as not needed"
else
	echo "the rows for a forced profile are skipped: they are written for a kernel of profile v6.19, this is ${own:-unknown}"
fi

# A full disk: the JSON lines are cut short, and that is no pass.
if mkdir full && mount -t tmpfs -o size=4k none full 2>/dev/null; then
	mounted=$tmp/full
	expect 2 '^ERROR .*could not be written' --kernels host --cases "$corpus" --out full
	umount full && mounted=
else
	echo "no full disk was tried: cannot mount a tmpfs"
fi

# A signal ends it soon; a kernel that was cut short is an ERROR. So is one whose process is killed.
stop() {
	local name=$1 whom=$2 pid start=$SECONDS got
	"$HOOKDIFF" matrix --kernels host --sweep --thin 1 --out stopped >"$tmp/log" 2>&1 </dev/null &
	pid=$!
	sleep 2
	if [ "$whom" = child ]; then
		kill -s "$name" "$(pgrep -P $pid)"
	else
		kill -s "$name" $pid
	fi
	wait $pid
	got=$?
	checks=$((checks + 1))
	if [ "$got" -ne 2 ] || [ $((SECONDS - start)) -gt 20 ] || ! grep -q '^ERROR: 1 kernel ended in ERROR' "$tmp/log"; then
		fail "$name to the $whom: exit $got after $((SECONDS - start)) s:"
	fi
}
stop TERM parent
stop INT parent
stop KILL child

echo "$checks checks, $failures failed"
[ "$failures" -eq 0 ]
