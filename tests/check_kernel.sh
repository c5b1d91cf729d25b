#!/bin/bash
# SPDX-License-Identifier: MIT
# hookdiff check --kernel host: on this machine's kernel the sample programs do what the interpreter says, maps begin
# anew for each case, and what the interpreter cannot foresee, what the verifier refuses and what a case expects in vain
# is told from that.
set -u
export LC_ALL=C
: "${HOOKDIFF:?the binary under test}" "${HD_SOURCE_DIR:?}"
build=${HD_BUILD_DIR:?the build tree}
samples=$build/progs/samples objects=$build/tests/objects
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
if ! "$HOOKDIFF" probe >"$tmp/probe" 2>&1; then
	echo "SKIP: cases cannot run here: $(grep -i -m1 missing "$tmp/probe")"
	exit 77
fi
failures=0

fail() {
	failures=$((failures + 1))
	echo "FAIL: $*"
	sed 's/^/    /' "$tmp/out" | head -n 8
}

# prove WANTED-EXIT PATTERN ARGUMENTS...
prove() {
	local want=$1 pattern=$2 code
	shift 2
	timeout 120 "$HOOKDIFF" check --kernel host "$@" >"$tmp/out" 2>&1
	code=$?
	[ "$code" -eq "$want" ] || fail "check --kernel host $*: exit $code, expected $want"
	grep -qE -- "$pattern" "$tmp/out" || fail "check --kernel host $*: no '$pattern'"
}

has_set_retval=$("$HOOKDIFF" probe --feature load.set_retval >/dev/null 2>&1 && echo yes)
for name in document custom_option congestion original_dst deny count; do
	[ "$name" != deny ] || [ -n "$has_set_retval" ] || continue
	prove 0 ' [1-9][0-9]{2,} calls compared; 0 cases differ' "$samples/$name.bpf.o"
	grep compared "$tmp/out" | sed "s/^/$name: /"
	prove 0 ' 1 cases, .* 0 cases differ' --unsafe "$samples/$name.bpf.o" "$HD_SOURCE_DIR/progs/samples/$name.case"
done

# A chain, and both programs of one object at different cgroups.
prove 0 'bad_undone.bpf.o: undone \(getsockopt, cgroup a\) loaded' "$samples/document.bpf.o:get@a/b" "$objects/bad_undone.bpf.o@a"
prove 0 ' 0 cases differ' "$samples/count.bpf.o:count_set@a" "$samples/custom_option.bpf.o@a/b/c"

# A child that says no is the case's own; the object's program above it finds its answer (checked by value on both sides).
cat >"$tmp/own.case" <<-'EOF'
	# a case's own program and an object's in one chain
	cgroup a
	cgroup a/b { getsockopt: if optname == IP_TOS { optval[0] = u8 77 } setsockopt: if optname == IP_TTL { optval[0] = u8 9 } }
	s = socket(AF_INET, SOCK_STREAM, 0) in a/b
	getsockopt(s, SOL_IP, IP_TOS, buf 4, optlen 4) = 0 [i32 77] optlen 4
	setsockopt(s, SOL_IP, IP_TTL, i32 7, optlen 4) = 0
	getsockopt(s, SOL_IP, IP_TTL, buf 4, optlen 4) = 0 [i32 9] optlen 4
	getsockopt(s, SOL_IP, IP_FREEBIND, buf 4, optlen 4) = 0 [hex 37000000] optlen 1
EOF
prove 0 ' 1 cases, .* 0 cases differ' "$samples/document.bpf.o" "$tmp/own.case"
sed -i 's/37000000/38000000/' "$tmp/own.case"
prove 1 'FAIL .*own.case: .*, then getsockopt\(s, SOL_IP, IP_FREEBIND' "$samples/document.bpf.o" "$tmp/own.case"
grep -q 'expectation\[0\]: the case says 56, the kernel gave 55' "$tmp/out" || fail "expectation"

# Where the object's programs find no place a case is passed over, and counted.
sed 's/cgroup a\/b { getsockopt:/cgroup a\/b { getsockopt override:/' "$tmp/own.case" >"$tmp/no_place.case"
prove 2 'SKIP .*no_place.case: the objects. programs find no place in it' "$samples/document.bpf.o@a/b" "$tmp/no_place.case"
prove 1 ' 1 cases, .* 1 cases differ' "$samples/document.bpf.o@a/b" "$tmp/own.case" "$tmp/no_place.case"
prove 1 '"skipped":1,' --json "$samples/document.bpf.o@a/b" "$tmp/own.case" "$tmp/no_place.case"

# Maps: two calls of a case count on, each case begins anew; a queue makes each case load anew.
prove 0 ' 0 cases differ' "$objects/queues.bpf.o"
mark='getsockopt SOL_SOCKET SO_MARK 16'
prove 0 ' 1 cases, 2 calls compared; 0 cases differ' "$objects/queues.bpf.o" --calls \
	"$mark = 0 [hex 01000000650000006500000002000000] optlen 16, $mark = 0 [hex 02000000660000006500000002000000] optlen 16"

# The kernel and the interpreter must be able to differ.
prove 1 'optval\[[0-3]\]: the interpreter says -?[0-9]+, the kernel gave' "$objects/asks_world.bpf.o"
grep -q 'A difference may come from get_prandom_u32' "$tmp/out" || fail "where a difference comes from"
prove 1 '"differ":[1-9]' --json "$objects/asks_world.bpf.o"

# The verifier's no, in one line.
prove 1 'fault \(setsockopt, cgroup a\) FAIL: refused: .*invalid access to packet' "$objects/bad_fault.bpf.o"
prove 1 'unreached \(getsockopt, cgroup a\) FAIL: refused: .*invalid bpf_context access' "$objects/bad_unreached.bpf.o"
prove 1 '"expected":false' --json "$objects/bad_fault.bpf.o"

echo "$failures failed"
[ "$failures" -eq 0 ]
