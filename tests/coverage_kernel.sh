#!/bin/bash
# SPDX-License-Identifier: MIT
# hookdiff coverage --kernel: two cases that differ in one line of the hook, a table of reasons that fits one of them, JSON, and
# what is said where QEMU or its plugin cannot be had. Boots a packaged kernel whose debug information is here already.
set -u
export LC_ALL=C
: "${HOOKDIFF:?the binary under test}" "${HD_BUILD_DIR:?}" "${HD_SOURCE_DIR:?}"
if ! command -v qemu-system-x86_64 >/dev/null; then
	echo "SKIP: QEMU is not installed: apt-get install --no-install-recommends qemu-system-x86"
	exit 77
fi
if [ ! -x "$HD_BUILD_DIR/hookdiff-guest" ] || [ ! -e "$HD_BUILD_DIR/hookdiff-tcg.so" ]; then
	echo "SKIP: hookdiff-guest or hookdiff-tcg.so is not built here: they need static libraries and no sanitizer"
	exit 77
fi
cache=${XDG_CACHE_HOME:-$HOME/.cache}/hookdiff
debug=$(find "$cache/kernels" -name vmlinux.debug 2>/dev/null | sort -V | tail -n 1)
if [ -z "$debug" ]; then
	echo "SKIP: no debug information of a packaged kernel is here (350 MB): hookdiff coverage --kernel debian:7.2 fetches it"
	exit 77
fi
version=${debug%_*/vmlinux.debug} version=${version##*/}
kernel=debian:$version
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
	grep -qE -- "$pattern" log || fail "$*: want '$pattern'"
}

# Both call setsockopt with a program that runs; in the second one it asks for the bypass, which needs no copy of the buffer
# for the handler, and with more bytes. The hook's lines after the programs tell the two apart.
cat >plain.case <<'END'
cgroup a { setsockopt: optval[0] = u8 8; return 1 }
s = socket(AF_INET, SOCK_STREAM, 0) in a
setsockopt(s, SOL_IP, IP_TOS, i32 32, optlen 4) = 0
END
sed 's/optval.0. = u8 8/optlen = -1/; s/i32 32, optlen 4/buf 100, optlen 100/' plain.case >bypass.case
cat >rows <<'END'
__cgroup_bpf_run_filter_setsockopt: memcpy(p, ctx.optval, ctx.optlen); => the bypass needs no copy
__cgroup_bpf_run_filter_setsockopt: no text of any kernel => not in this one
END

# Of a kernel whose source is not unpacked there is no text: file and line are all that is there, and no reason fits.
code=0
for file in "$cache"/sources/linux-source-*"_$version/kernel/bpf/cgroup.c"; do
	[ ! -e "$file" ] || code=1
done
hook=__cgroup_bpf_run_filter_setsockopt

# lines FILE FUNCTION true|false: those of a function that a run reached, or not, from JSON.
lines() {
	sed -nE 's/^ *"line": ?([0-9]+),?$/\1/p; s/^ *"function": ?"([^"]*)",?$/\1/p; s/^ *"reached": ?(true|false),?$/\1/p' "$1" |
		paste - - - | awk -v f="$2" -v r="$3" '$2 == f && $3 == r { print $1 }' | sort
}

got=0
"$HOOKDIFF" coverage --json --kernel "$kernel" --reasons rows plain.case >plain.json 2>log || got=$?
[ $got -eq $code ] || fail "coverage of plain.case: want exit $code, got $got"
grep -qE '"verdict": ?"PASS: 1 case, ' plain.json || fail "plain.case did not run"
check $code "^run: PASS: 1 case, " "$HOOKDIFF" coverage --kernel "$kernel" --reasons rows bypass.case
lines plain.json $hook true >plain.reached
lines plain.json $hook false >plain.not
sed -nE "s/^kernel\/bpf\/cgroup\.c:([0-9]+)  $hook(:.*)?$/\1/p" log | sort >bypass.not
[ "$(wc -l <plain.reached)" -ge 15 ] || fail "the hook ran and has $(wc -l <plain.reached) lines"
grep -qE "^$hook +$(($(wc -l <plain.reached) + $(wc -l <plain.not) - $(wc -l <bypass.not))) of $(cat plain.reached plain.not | wc -l)$" log ||
	fail "the lines that are not reached and the table's row do not add up"
[ "$(comm -12 plain.reached bypass.not | wc -l)" -ge 3 ] || fail "the copy of the buffer has no lines of its own"
# Only the 100 bytes of bypass.case do not fit the buffer on the stack.
small=$(lines plain.json sockopt_alloc_buf true | wc -l)
large=$(sed -nE 's/^sockopt_alloc_buf +([0-9]+) of .*/\1/p' log)
if [ "$small" -lt 3 ] || [ "${large:-0}" -lt $((small + 3)) ]; then
	fail "of sockopt_alloc_buf() 100 bytes reach ${large:-no} lines, 4 bytes $small"
fi
grep -qE '^__cgroup_bpf_run_filter_getsockopt +0 of [1-9]' log || fail "getsockopt's hook is reached by setsockopt alone"

if [ $code -eq 1 ]; then
	copy=$(sed -nE 's/^kernel\/bpf\/cgroup\.c:([0-9]+)  .*: memcpy\(p, ctx.optval, ctx.optlen\);$/\1/p' log)
	grep -qx "${copy:-none}" plain.reached || fail "the line of memcpy(): '$copy' is not reached by plain.case"
	grep -A 1 -F 'memcpy(p, ctx.optval, ctx.optlen);' log | grep -qx '    the bypass needs no copy' || fail "the reason is not beside its line"
	grep -qE '^[0-9]+ lines not reached: 1 with a reason, [1-9][0-9]* without$' log || fail "the sum of the reasons"
	grep -q '^stale' log && fail "a reason is stale whose line is not reached"
	tr -d ' \n' <plain.json | grep -q '"stale":\[1\]' || fail "the reason is stale where its line is reached, and only this one"
fi

# Of three cases the one that reaches what ./corpus here does not is kept, and made small: it comes first, so that it is the
# one that loads a program for getsockopt. An input of a driver is one, too.
keep_some() { # KERNEL
	mkdir -p corpus inputs
	cp bypass.case corpus/
	printf 'cgroup a { getsockopt: return 1 }\ns = socket(AF_INET, SOCK_STREAM, 0) in a\ngetsockopt(s, SOL_IP, IP_TTL, buf 4, optlen 4)\ngetsockopt(s, SOL_TCP, TCP_CONGESTION, buf 16, optlen 16)\n' >inputs/a.case
	printf 'cgroup a { getsockopt: return 1 }\ns = socket(AF_INET, SOCK_STREAM, 0) in a\ngetsockopt(s, SOL_IP, IP_TTL, buf 4, optlen 4)\n' >inputs/b.case
	cp bypass.case inputs/
	rm -rf kept
	"$HOOKDIFF" coverage --kernel "$1" --keep kept inputs >log 2>&1
	grep -q '^kept 1 of 3 cases in kept$' log || fail "of three cases one has all that is new: $(grep kept log)"
	grep -qsE '^# Of the corpus only this one reaches .*: [0-9]+ blocks of Linux ' kept/*.case || fail "a kept case does not say what it is for"
	grep -qs TCP_CONGESTION kept/*.case || fail "the wrong case was kept"
	grep -qsE 'buf (4|16),' kept/*.case && fail "the kept case was not made small"
	grep -qs 'getsockopt multi: return 1' kept/*.case || fail "the kept case lost its hook"
	HD=$HD_BUILD_DIR/harness/targets/seeds/fuzz_kernel
	[ -d "$HD" ] || HD=$HD_BUILD_DIR/drivers/seeds/fuzz_kernel
	[ ! -d "$HD" ] || {
		mkdir -p one && find "$HD" -type f | sort | head -3 | xargs -I{} cp {} one/
		"$HOOKDIFF" coverage --kernel "$1" one >log 2>&1
		grep -qE '^__cgroup_bpf_run_filter_[gs]etsockopt +[1-9][0-9]* of' log || fail "inputs of a driver reach no hook"
	}
}

# A User-Mode Linux tells by KCOV, if it has that.
for folder in "$cache"/builds/*_um-*; do
	[ -x "$folder/linux" ] || continue
	check 2 '^(SKIP: expected a kernel built with KCOV.*--kcov makes one|.*expected debug information in it)' \
		"$HOOKDIFF" coverage --kernel "build:${folder##*/}" bypass.case
	break
done
for folder in "$cache"/builds/*_um_kcov-*; do
	readelf -S "$folder/linux" 2>/dev/null | grep -q '\.debug_info' || continue
	"$HOOKDIFF" coverage --kernel "build:${folder##*/}" bypass.case >log 2>&1 # 0 or 1: is its source here?
	grep -q ', [1-9][0-9]* basic blocks by KCOV, ' log || fail "no coverage by KCOV of ${folder##*/}"
	grep -qE '^run: PASS: 1 case, ' log || fail "bypass.case did not run on ${folder##*/}"
	small=$(sed -nE 's/^sockopt_alloc_buf +([0-9]+) of .*/\1/p' log)
	[ "${small:-0}" -ge 5 ] || fail "by KCOV 100 bytes reach ${small:-no} lines of sockopt_alloc_buf()"
	grep -qE '^__cgroup_bpf_run_filter_getsockopt +0 of [1-9]' log || fail "by KCOV getsockopt's hook is reached by setsockopt alone"
	# An object is for check, beside the cases.
	"$HOOKDIFF" coverage --kernel "build:${folder##*/}" "$HD_BUILD_DIR/tests/objects/cookie.bpf.o" bypass.case >log 2>&1
	grep -qE '^run: PASS: 1 case, ' log || fail "bypass.case did not run beside an object"
	grep -qE '^check: .* [1-9][0-9]* calls compared; 0 cases differ' log || fail "the object's programs did not run"
	keep_some "build:${folder##*/}"
	break
done
echo nonsense >nonsense
check 64 'nonsense:1: expected FUNCTION: TEXT => REASON' "$HOOKDIFF" coverage --kernel "$kernel" --reasons nonsense plain.case
check 64 'cannot read none' "$HOOKDIFF" coverage --kernel "$kernel" none
check 64 'expected a CORPUS, or --kernel' "$HOOKDIFF" coverage
check 64 'expected --kernel with --keep' "$HOOKDIFF" coverage --keep kept plain.case
check 64 'expected cases or inputs of drivers to choose from' "$HOOKDIFF" coverage --kernel "$kernel" --keep kept
check 64 'expected a User-Mode Linux with KCOV' "$HOOKDIFF" coverage --kernel "$kernel" --keep kept plain.case
check 2 'SKIP: QEMU is not installed' env PATH=/nonexistent "$HOOKDIFF" coverage --kernel "$kernel" plain.case
mkdir bin
printf '#!/bin/sh\necho "qemu-system-x86_64: -plugin: invalid option" >&2\nexit 1\n' >bin/qemu-system-x86_64
chmod +x bin/qemu-system-x86_64
check 2 '^SKIP: .*-plugin: invalid option.* runs no plugins' env "PATH=$PWD/bin:$PATH" "$HOOKDIFF" coverage --kernel "$kernel" plain.case
# The plugin takes no file that is not a page of hookdiff's.
head -c 100000 /dev/zero >zeros
printf 'hdtrace1\377\377\377\377' | dd of=zeros conv=notrunc status=none
for file in zeros /nonexistent log; do
	check 1 'hookdiff-tcg: expected trace=FILE' timeout 20 qemu-system-x86_64 -accel tcg -display none -nodefaults -S \
		-plugin "file=$HD_BUILD_DIR/hookdiff-tcg.so,trace=$file"
done

[ $failures -ne 0 ] || echo "coverage on $kernel: ok$([ $code -eq 0 ] || echo ", with its source")"
exit $((failures > 0))
