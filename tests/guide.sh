#!/bin/bash
# SPDX-License-Identifier: MIT
# The counters of clause situations (harness/targets/guide.h) reach each engine, and HOOKDIFF_GUIDE=0 keeps them back. One
# case is run with both; what the engine sees more is what the case has in situations. Needs no root.
set -u
export LC_ALL=C
cd "${HD_SOURCE_DIR:?the source tree}" || exit 1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failures=0 engines=0

# A setsockopt that one program bypasses, in binary form: tests/coverage.sh has it byte by byte. The clauses that have a
# say: HOOK.CALLED (HOOK.CGROUP only where there is a cgroup below the socket's) SET.ARGS SET.RETVAL.INITIAL
# SET.WINDOW.MIN16 SET.WINDOW.ZEROS SET.OPTLEN.BYPASS SET.MEM MEM.PAST; and SET.OPTLEN.BYPASS decides.
printf '\x01\x08\x01\x08\x00\x81\x03\x80\xff\xff\x00\x01\x01\x80\x00\x20\x21\x24\x24\x04\x08\x00\x00\x00\x00' >"$tmp/case"
situations=9
export HOOKDIFF_WRONG=get-null

# build COMPILER: the target fuzz_wrong with the engine that the compiler brings. All but the target itself is compiled
# without coverage, so that what is seen more is the counters and no edge of our own code.
build() {
	local source objects=()
	for source in tests/wrong.c harness/targets/guide.c harness/profiles/situation.c harness/profiles/standin.c oracle/*.c \
		harness/base/*.c harness/case/*.c; do
		objects+=("$tmp/$1.${source//\//_}.o")
		timeout 100 clang -O1 -w -std=gnu11 -D_GNU_SOURCE ${2:+"$2"} -I. -c "$source" -o "${objects[-1]}" || return 1
	done
	AFL_QUIET=1 timeout 100 "$1" -O1 -w -std=gnu11 -D_GNU_SOURCE -I. -fsanitize=fuzzer -o "$tmp/$1" tests/fuzz_wrong.c \
		"${objects[@]}" >"$tmp/log" 2>&1 && return 0
	echo "$1 -fsanitize=fuzzer does not link here: $(tail -1 "$tmp/log")"
	return 1
}

# more NAME WITH WITHOUT
more() {
	engines=$((engines + 1))
	if [ $(($2 - $3)) -ne "$situations" ]; then
		failures=$((failures + 1))
		echo "FAIL: $1: want $situations more with guidance, got $2 with and $3 without"
	fi
}

# How many features libFuzzer sees in the case, and how many places of AFL++'s map are set by it.
features() {
	HOOKDIFF_GUIDE=$1 "$tmp/clang" -runs=0 -use_counters=0 "$tmp/inputs" 2>&1 | sed -n 's/.*INITED.* ft: \([0-9]*\).*/\1/p'
}
places() {
	HOOKDIFF_GUIDE=$1 AFL_QUIET=1 afl-showmap -q -o "$tmp/map" -- "$tmp/afl-clang-fast" "$tmp/case" >/dev/null 2>&1
	grep -c . "$tmp/map"
}

mkdir "$tmp/inputs"
cp "$tmp/case" "$tmp/inputs"
if command -v clang >/dev/null && build clang; then
	more libFuzzer "$(features 1)" "$(features 0)"
fi
if command -v afl-clang-fast >/dev/null && command -v afl-showmap >/dev/null && build afl-clang-fast -D__AFL_COMPILER; then
	more AFL++ "$(places 1)" "$(places 0)"
	# The places are there before the runtime says how large the map is: else afl-fuzz would cut them off.
	size=$(AFL_DUMP_MAP_SIZE=1 "$tmp/afl-clang-fast")
	if [ "${size:-0}" -le 8192 ]; then
		failures=$((failures + 1))
		echo "FAIL: AFL++: want a map of more than 8192 places, got ${size:-none}"
	fi
fi
if [ "$engines" -eq 0 ]; then
	echo "SKIP: neither clang's libFuzzer (apt-get install clang libclang-rt-dev) nor afl++ (apt-get install afl++) is here"
	exit 77
fi
echo "$engines engines, $failures failed"
[ "$failures" -eq 0 ]
