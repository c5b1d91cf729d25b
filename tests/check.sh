#!/bin/bash
# SPDX-License-Identifier: MIT
# hookdiff check on the sample programs and on programs that are wrong on purpose: which mistakes it sees, from which
# kernel on a program loads, where kernels differ, chains, JSON, exit codes, wrong usage. What is expected was worked out
# from the programs' sources and the contract's clauses. Needs neither root nor a kernel.
set -u
export LC_ALL=C
: "${HOOKDIFF:?the binary under test}"
build=${HD_BUILD_DIR:?the build tree}
samples=$build/progs/samples objects=$build/tests/objects
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failures=0 checks=0

fail() {
	failures=$((failures + 1))
	echo "FAIL: $*"
}

# check WANTED-EXIT ARGUMENTS...
check() {
	local want=$1 code
	shift
	checks=$((checks + 1))
	timeout 60 "$HOOKDIFF" check "$@" >"$tmp/out" 2>"$tmp/err"
	code=$?
	[ "$code" -eq "$want" ] || fail "check $*: exit $code, expected $want: $(head -n 3 "$tmp/err")"
}

# says WHAT TEXT
says() {
	checks=$((checks + 1))
	grep -qF -- "$2" "$tmp/out" || fail "$1: no '$2' in: $(head -n 8 "$tmp/out")"
}

# mistakes OBJECT LINT...: these and no others, in text and in JSON
mistakes() {
	local object=$1 want code=0
	shift
	want=$(printf '%s\n' "$@" | sort | tr '\n' ' ')
	[ $# -eq 0 ] || code=1
	check "$code" "$object"
	checks=$((checks + 2))
	[ "$(sed -nE 's/^  ([a-z0-9-]+): [a-z_]+: .*/\1/p' "$tmp/out" | sort | tr '\n' ' ')" = "${want/# /}" ] ||
		fail "${object##*/}: expected '$want', found: $(sed -n '/^Mistakes/,$p' "$tmp/out")"
	check "$code" --json "$object"
	[ "$(sed -nE 's/^ *"lint":"([a-z0-9-]+)",?/\1/p' "$tmp/out" | sort | tr '\n' ' ')" = "${want/# /}" ] ||
		fail "${object##*/} --json: expected '$want'"
}

# --- the samples ----------------------------------------------------------------------------------------------
# The document's example answers an option that the handler knows by retval = 0 without a look at who failed it.
mistakes "$samples/document.bpf.o" denial-undone
for name in custom_option count congestion original_dst deny; do
	mistakes "$samples/$name.bpf.o"
done
# What they promise holds on every kernel: a case each, with nothing derived.
for name in document custom_option count congestion original_dst deny; do
	check 0 "$samples/$name.bpf.o" "${HD_SOURCE_DIR:?}/progs/samples/$name.case"
done

check 0 "$samples/deny.bpf.o"
says "deny" "deny_set (setsockopt, cgroup a) loads from Linux 5.18 on, because of the helper set_retval at "
check 1 "$samples/document.bpf.o"
says "document" "get (getsockopt, cgroup a) loads from Linux 5.3 on"
# LARGE_EINVAL: above a page the kernels up to 5.7 refuse the call before any program
check 1 --verbose "$samples/document.bpf.o"
says "document, large" "v5.3-v5.4"
says "document, large" "-1 EINVAL, without the handler   [SET.LARGE.REFUSED]"

# --- one mistake each -----------------------------------------------------------------------------------------
mistakes "$objects/bad_large.bpf.o" large-optlen
mistakes "$objects/bad_level.bpf.o" no-level
mistakes "$objects/bad_retval.bpf.o" retval-refused
mistakes "$objects/bad_grown.bpf.o" optlen-grown
mistakes "$objects/bad_short.bpf.o" short-value
mistakes "$objects/bad_return.bpf.o" return-0-retval
mistakes "$objects/bad_undone.bpf.o" denial-undone
mistakes "$objects/bad_bypass.bpf.o" bypass-undone
mistakes "$objects/bad_unreached.bpf.o" fault-unreached
mistakes "$objects/bad_fault.bpf.o" fault

# What is not modelled is no mistake, and no pass. A kernel function cannot be answered for either.
check 2 "$objects/no_model.bpf.o"
says "no_model" "loads from Linux 5.10 on, because of the helper this_cpu_ptr at "
says "no_model" "not-modelled: no_model: "
check 2 "$objects/features.bpf.o:kernel_function"
says "kernel function" "cannot be answered for: "

# Each with a call that shows it.
check 1 "$objects/bad_large.bpf.o"
says "bad_large" "optlen 4097"
check 1 "$objects/bad_level.bpf.o"
says "bad_level" "setsockopt(s, 0x7bff, 0x24, " # a level that nobody has; 36 as numbers without a name are printed
check 1 "$objects/bad_retval.bpf.o"
says "bad_retval" "getsockopt(s, SOL_SOCKET, SO_MARK, "
says "bad_retval" "= -1 EFAULT"
check 1 "$objects/bad_short.bpf.o"
says "bad_short" "setsockopt(s, SOL_SOCKET, SO_PRIORITY, "
says "bad_short" "= -1 EINVAL"
check 1 "$objects/bad_return.bpf.o"
says "bad_return" "= -1 EPERM"
check 1 "$objects/bad_bypass.bpf.o"
says "bad_bypass" "below it a program that sets optlen -1"
check 1 "$objects/bad_unreached.bpf.o"
line=$(grep -n 'ctx->level = ' "${HD_SOURCE_DIR:?}/tests/objects/bad_unreached.bpf.c" | cut -d: -f1)
says "bad_unreached" "bad_unreached.bpf.c:$line"
says "bad_unreached" "a getsockopt program cannot write this field"
check 1 "$objects/bad_fault.bpf.o"
line=$(grep -n 'optval\[40\]' "${HD_SOURCE_DIR:?}/tests/objects/bad_fault.bpf.c" | cut -d: -f1)
says "bad_fault" "bad_fault.bpf.c:$line"

# --- chains ---------------------------------------------------------------------------------------------------
check 1 "$samples/deny.bpf.o:deny_get@a/b" "$objects/bad_undone.bpf.o@a"
says "chain" "deny_get (getsockopt, cgroup a/b)"
says "chain" "undone (getsockopt, cgroup a)"
checks=$((checks + 1))
! grep -q deny_set "$tmp/out" || fail "chain: deny_set was not asked for"
check 0 "$samples/deny.bpf.o:deny_set"

# --- calls of one's own ------------------------------------------------------------------------------------------
# Values as document.bpf.c's comment says; 0x7b00 is its own level.
check 0 "$samples/document.bpf.o" --calls 'setsockopt 0x7b00 0 u8 9 = 0; getsockopt 0x7b00 0 4 = 0 [u8 42] optlen 1
	# a comment, and a call in the words of a case
	getsockopt(s, SOL_IP, IP_FREEBIND, buf 8, optlen 8) = 0 [hex 37000000] optlen 1'
says "--calls" "3 calls under each of "
check 1 "$samples/document.bpf.o" --calls 'getsockopt 0x7b00 0 4 = 0 [u8 43]'
says "--calls" "expectation: get: "
says "--calls" "--calls: optval[0]: expected 43, found 42"
printf 'setsockopt SOL_IP IP_TOS 8, getsockopt SOL_IP IP_TOS 4 = 0 [i32 8] optlen 4\n' >"$tmp/calls"
check 0 "$samples/document.bpf.o" --calls "$tmp/calls"
checks=$((checks + 1))
"$HOOKDIFF" check "$samples/document.bpf.o" --calls - <"$tmp/calls" >"$tmp/out" || fail "--calls -: exit $?"
says "--calls -" "2 calls under each of "
# The length of a value is that of its items: three bytes are EPERM, four are not (custom_option.bpf.c).
check 0 "$samples/custom_option.bpf.o" --calls 'setsockopt 0x7b01 1 hex 010203 = -1 EPERM, setsockopt 0x7b01 1 "abcd" = 0'
check 0 "$samples/custom_option.bpf.o" --calls 'setsockopt 0x7b01 1 5 = 0, getsockopt 0x7b01 1 = 0 [i32 5] optlen 4'
check 0 "$samples/custom_option.bpf.o" --calls 'setsockopt 0x7b01 1 5 optlen 3 = -1 EPERM'
for wrong in 'getsockopt SOL_IP' 'connect SOL_IP IP_TOS' 'getsockopt SOL_IP IP_TOZ 4' 'setsockopt SOL_IP IP_TOS' "$tmp/nothing" \
	"getsockopt 1 1;$(printf 'getsockopt 1 1;%.0s' {1..16})"; do
	check 64 "$samples/document.bpf.o" --calls "$wrong"
done

# A case keeps its own programs: the child's own length stays unless the object's program above changes it.
cat >"$tmp/own.case" <<-'EOF'
	# the object's program sees what the program below has left
	cgroup a
	cgroup a/b { getsockopt: if level == SOL_IP && optname == IP_TOS { optval[0] = u8 77 } }
	s = socket(AF_INET, SOCK_STREAM, 0) in a/b
	getsockopt(s, SOL_IP, IP_TOS, buf 4, optlen 4) = 0 [i32 77] optlen 4
	getsockopt(s, SOL_IP, IP_FREEBIND, buf 4, optlen 4) = 0 [hex 37000000] optlen 1
EOF
check 0 "$samples/document.bpf.o" "$tmp/own.case"
check 1 "$samples/document.bpf.o@a/b/c" "$tmp/own.case" # the socket is above: the program does not run
says "below the socket" "$tmp/own.case: optlen: expected 1, found 4"
sed -i 's/hex 37000000/hex 38000000/' "$tmp/own.case"
check 1 "$samples/document.bpf.o" "$tmp/own.case"
says "a case" "$tmp/own.case: optval[0]: expected 56, found 55"
# Where they hold is the header's say.
sed -i '1a # profiles v5.3' "$tmp/own.case"
check 1 "$samples/document.bpf.o" "$tmp/own.case"
check 0 "$samples/document.bpf.o" "$tmp/own.case" --profiles v6.7
# A case in which the objects' programs find no place, or one with operations, is passed over; its neighbours are run.
mkdir "$tmp/cases"
sed 's/getsockopt: if/getsockopt override: if/' "$tmp/own.case" >"$tmp/cases/1-override.case"
cat >"$tmp/cases/2-fits.case" <<-'EOF'
	# profiles v5.3
	cgroup a
	cgroup a/b
	s = socket(AF_INET, SOCK_STREAM, 0) in a/b
	getsockopt(s, SOL_IP, IP_FREEBIND, buf 4, optlen 4) = 0 [hex 37000000] optlen 1
EOF
printf 'tree a\nprogram p1 getsockopt { return 1 }\nattach(a, p1, multi) = 0\n' >"$tmp/cases/3-operations.case"
check 0 "$samples/document.bpf.o@a/b" "$tmp/cases"
says "skipped" "SKIP $tmp/cases/1-override.case: the objects' programs find no place in it: programs of one hook and cgroup with different attach modes"
says "skipped" "SKIP $tmp/cases/3-operations.case: "
says "skipped" "1 calls under each of "
says "skipped" " profiles: 1 case, 2 skipped"
check 0 --json "$samples/document.bpf.o@a/b" "$tmp/cases"
says "--json" '"skipped":2,'
says "--json" "\"case\":\"$tmp/cases/1-override.case\""
says "--json" '"why":"a case with operations, which run takes"'
# Nothing but skips is no pass, and nothing is derived in their place.
check 2 "$samples/document.bpf.o@a/b" "$tmp/cases/1-override.case"
says "skipped" "0 calls under each of "
says "skipped" " profiles: 0 cases, 1 skipped"
# A mistake outweighs them.
sed -i 's/hex 37/hex 38/' "$tmp/cases/2-fits.case"
check 1 "$samples/document.bpf.o@a" "$tmp/cases"
check 64 "$tmp/own.case"

# --- profiles -------------------------------------------------------------------------------------------------
check 1 --verbose "$samples/document.bpf.o" --profiles v5.3,v6.7
says "--profiles" "calls under each of 2 profiles"
checks=$((checks + 1))
! grep -q 'v5\.4' "$tmp/out" || fail "--profiles v5.3,v6.7 shows another one"
check 64 "$samples/document.bpf.o" --profiles v5.3,v9
check 64 "$samples/document.bpf.o" --profiles doc
check 64 "$samples/document.bpf.o" --profiles v5.3 --kernel host

# --- figures --------------------------------------------------------------------------------------------------
for sample in "$samples"/*.bpf.o; do
	checks=$((checks + 1))
	start=$(date +%s%N)
	"$HOOKDIFF" check "$sample" >"$tmp/out"
	ms=$((($(date +%s%N) - start) / 1000000))
	echo "${sample##*/}: $ms ms, $(grep 'calls under each' "$tmp/out")"
	[ "$ms" -lt 20000 ] || fail "$sample: $ms ms"
done

# --- wrong usage ----------------------------------------------------------------------------------------------
check 64
check 64 "$tmp/nothing.o"
echo "no ELF" >"$tmp/text.o"
check 64 "$tmp/text.o"
checks=$((checks + 1))
grep -q "^hookdiff: check: $tmp/text.o: " "$tmp/err" || fail "no ELF file: $(cat "$tmp/err")"
check 64 "$samples/deny.bpf.o:nobody"
check 64 "$samples/deny.bpf.o@b"
check 64 "$samples/deny.bpf.o@a/b/c/d/e/f/g/h/i"

echo "$checks checks, $failures failed"
[ "$failures" -eq 0 ] && [ "$checks" -gt 60 ]
