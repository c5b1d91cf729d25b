#!/bin/bash
# SPDX-License-Identifier: MIT
# hookdiff emit: every case of the corpus as a C program that needs no hookdiff, compiled without a warning, run, exit 0.
# What must come is what the authors of the cases wrote: none of it comes from a run. A wrong expectation is exit 1, one
# that nobody knows exit 2. --format selftest and insns, and what emit refuses.
set -u
export LC_ALL=C
: "${HOOKDIFF:?the binary under test}"
source_dir=${HD_SOURCE_DIR:?the source tree}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export tmp HOOKDIFF
failures=0 checks=0

fail() {
	failures=$((failures + 1))
	echo "FAIL: $1"
}

# check WHAT COMMAND...: it must succeed.
check() {
	local what=$1
	shift
	checks=$((checks + 1))
	"$@" || fail "$what"
}

# exits CODE COMMAND...
exits() {
	local want=$1 got
	shift
	checks=$((checks + 1))
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	got=$?
	[ "$got" -eq "$want" ] || {
		fail "$*: want exit $want, got $got"
		sed 's/^/    /' "$tmp/out" "$tmp/err" | head -20
	}
}

command -v gcc >/dev/null || {
	echo "SKIP: no gcc: apt-get install gcc"
	exit 77
}

cat >"$tmp/tos.case" <<'END'
# IP_TOS of a child's bypass.
cgroup a { setsockopt multi: if optname == 1 { optlen = -1 } return 1 }
s = socket(AF_INET, SOCK_STREAM) in a
setsockopt(s, SOL_IP, IP_TOS, i32 32, optlen 4) = 0
getsockopt(s, SOL_IP, IP_TOS, buf 4, optlen 4) = 0 [i32 0] optlen 4
END

# The row and the instructions: no root, no kernel.
exits 0 "$HOOKDIFF" emit --format selftest "$tmp/tos.case"
for line in '\.descr = "setsockopt: IP_TOS of' 'BPF_JMP32_IMM(BPF_JNE, BPF_REG_0, 1, 2),' \
	'offsetof(struct bpf_sockopt, optlen)' '\.attach_type = BPF_CGROUP_SETSOCKOPT,' '\.expected_attach_type = BPF_CGROUP_SETSOCKOPT,' \
	'\.set_level = SOL_IP,' '\.set_optname = IP_TOS,' '\.set_optval = { 0x20, 0x00, 0x00, 0x00 },' '\.set_optlen = 4,' \
	'\.get_optval = { 0x00, 0x00, 0x00, 0x00 },' '\.get_optlen = 4,'; do
	check "the row has $line" grep -q -- "$line" "$tmp/out"
done
check "a row that leaves nothing out says so by silence" sh -c "! grep -q 'leaves out' '$tmp/out'"
# The rows of the corpus are C (tests/sockopt_rows.c has as much of the kernel's table as they need).
find "$source_dir/corpus" -name '*.case' -not -path '*/bad/*' -not -path '*/draft/*' -not -path '*/corpus/tree/*' | sort | while read -r c; do
	"$HOOKDIFF" emit --format selftest "$c" || echo "#error $c"
done >"$tmp/rows.inc"
check "the rows of the corpus are C" gcc -std=gnu11 -Wall -Werror -Wno-overflow -I"$tmp" -o "$tmp/rows" "$source_dir/tests/sockopt_rows.c"
rows=$(grep -c '\.descr = ' "$tmp/rows.inc")
check "some cases of the corpus are rows, found $rows" [ "$rows" -ge 20 ]

exits 0 "$HOOKDIFF" emit --format insns "$tmp/tos.case"
check "instructions have comments" grep -q '/\* if optname == 1 \*/' "$tmp/out"
exits 64 "$HOOKDIFF" emit --format elf "$tmp/tos.case"
exits 64 "$HOOKDIFF" emit "$source_dir/corpus/draft/set-return.case"
check "a return 2 is refused with its reason" grep -q 'returns 2, which no kernel loads' "$tmp/err"

# One case by hand, with every compiler that is here and as they all see it.
"$HOOKDIFF" emit "$tmp/tos.case" >"$tmp/tos.c"
for cc in gcc clang; do
	command -v $cc >/dev/null || continue
	for std in -O0 -O2; do
		check "$cc $std compiles it" $cc $std -Wall -Wextra -Werror -o "$tmp/tos-$cc" "$tmp/tos.c"
	done
done

# From here on root and a kernel.
if ! why=$("$HOOKDIFF" probe --brief); then
	echo "SKIP of the rest: $why"
	[ "$failures" -eq 0 ] && exit 77
	exit 1
fi
for cc in gcc clang; do
	[ -x "$tmp/tos-$cc" ] || continue
	exits 0 "$tmp/tos-$cc"
	check "want and got are printed" grep -q 'optval  want 00 00 00 00' "$tmp/out"
done

# Every row holds on this kernel, played by the rules of the kernel's table.
mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
mkdir "$mount/sockopt-rows.$$"
# shellcheck disable=SC2016 # $0 and $1 are the inner shell's
exits 0 unshare -n bash -c 'echo $$ >"$0/cgroup.procs" && "$1" "$0"' "$mount/sockopt-rows.$$" "$tmp/rows"
rmdir "$mount/sockopt-rows.$$"
check "no row was passed over" grep -q "^$rows rows, 0 do not hold" "$tmp/out"

# An expectation that is wrong, in each part, and one that nobody has.
sed 's/\[i32 0\]/[i32 4]/' "$tmp/tos.case" >"$tmp/mem.case"
sed '4s/= 0$/= -1 EPERM/' "$tmp/tos.case" >"$tmp/ret.case"
sed '5s/optlen 4$/optlen 3/' "$tmp/tos.case" >"$tmp/len.case"
for part in mem ret len; do
	"$HOOKDIFF" emit "$tmp/$part.case" >"$tmp/$part.c"
	gcc -o "$tmp/$part" "$tmp/$part.c"
	exits 1 "$tmp/$part"
	check "$part: the difference is marked" grep -q -- '<-- differs' "$tmp/out"
done
cat >"$tmp/open.case" <<'END'
cgroup a { getsockopt multi: return 1 }
s = socket(AF_INET, SOCK_STREAM) in a
getsockopt(s, SOL_SOCKET, SO_COOKIE, buf 8, optlen 8)
END
"$HOOKDIFF" emit "$tmp/open.case" >"$tmp/open.c"
gcc -o "$tmp/open" "$tmp/open.c"
exits 2 "$tmp/open"
check "nothing compared is said" grep -q 'nothing was compared' "$tmp/out"

# Programs that write down what they see.
"$HOOKDIFF" emit --record "$tmp/tos.case" >"$tmp/record.c"
check "a recording one compiles" gcc -Wall -Wextra -Werror -o "$tmp/record" "$tmp/record.c"
exits 0 "$tmp/record"
check "what the program saw is compared" grep -q 'program 1 to run: want a setsockopt program 1, got a setsockopt program 1' "$tmp/out"

# The corpus, two at a time.
one() {
	local c=$1 n
	n=$tmp/$(basename "$c" .case).$$
	"$HOOKDIFF" emit "$c" >"$n.c" 2>"$n.err" || { echo "emit $c"; return; }
	gcc -O0 -Wall -Wextra -Werror -o "$n" "$n.c" 2>"$n.err" || { echo "compile $c"; return; }
	timeout 60 "$n" >"$n.out" 2>"$n.err"
	echo "$? $c"
	rm -f "$n" "$n.c"
}
export -f one
find "$source_dir/corpus" -name '*.case' -not -path '*/bad/*' -not -path '*/draft/*' -not -path '*/corpus/tree/*' -print0 |
	xargs -0 -P2 -I{} bash -c 'one {}' >"$tmp/results"
agree=$(grep -c '^0 ' "$tmp/results")
# 2: a kernel or a machine that lacks something, or a case for other profiles of which nothing is known here.
checks=$((checks + 1))
if grep -vE '^[02] ' "$tmp/results"; then
	fail "these cases of the corpus"
fi
check "most cases of the corpus agree, found $agree" [ "$agree" -ge 100 ]
check "no cgroup is left behind" sh -c "! ls '$mount' | grep -q '^sockopt-repro'"

echo "$checks checks, $failures failed; corpus: $(cut -d' ' -f1 "$tmp/results" | sort | uniq -c | tr '\n' ' ')"
[ "$failures" -eq 0 ]
