#!/bin/bash
# SPDX-License-Identifier: MIT
# Called by ClusterFuzzLite and OSS-Fuzz in the source tree. Obeys CC, CXX, CFLAGS, CXXFLAGS, LIB_FUZZING_ENGINE, OUT and
# SANITIZER, and links nothing but our own code: these targets need no root, no kernel and no library.
# WORK, if set, takes the object files.
set -eu -o pipefail
src=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ -e "$src/../harness/targets" ]; then src=$src/..; else src=$PWD; fi
src=$(cd "$src" && pwd)
work=${WORK:-$(mktemp -d)}/hookdiff-$SANITIZER
mkdir -p "$work"
engine=${LIB_FUZZING_ENGINE:--fsanitize=fuzzer}
read -r -a cflags <<<"${CFLAGS-}"
read -r -a cxxflags <<<"${CXXFLAGS-}"
read -r -a engine <<<"$engine"

# compile OBJECT SOURCE FLAG...
compile() { "$CC" "${cflags[@]}" -std=gnu11 -D_GNU_SOURCE -I"$src" "${@:3}" -c "$2" -o "$work/$1"; }

lib=()
for file in "$src"/harness/{base,case,mutate,profiles}/*.c "$src"/oracle/*.c; do
	case $file in
	*/far_return.c | */mutate/afl.c) continue ;; # a thunk for gcc's code; AFL++'s own library
	esac
	object=$(basename "$(dirname "$file")")-$(basename "$file" .c).o
	compile "$object" "$file"
	lib+=("$work/$object")
done
for name in stats guide; do
	compile "$name.o" "$src/harness/targets/$name.c"
	lib+=("$work/$name.o")
done

# The generator of seeds and dictionaries runs here: no engine, and the sanitizer does no harm.
compile seeds.o "$src/harness/targets/seeds.c"
"$CXX" "${cxxflags[@]}" "$work/seeds.o" "${lib[@]}" -o "$work/fuzz-seeds"
rm -rf "$work/made"
ASAN_OPTIONS=detect_leaks=0 "$work/fuzz-seeds" "$work/made" "$src/corpus"

for row in fuzz_case_text:TEXT fuzz_case_bin:BYTES fuzz_oracle:CASES; do
	target=${row%:*}
	compile "$target.o" "$src/harness/targets/$target.c"
	compile "$target-mutator.o" "$src/harness/targets/mutator.c" "-DMUTATE=${row#*:}"
	"$CXX" "${cxxflags[@]}" "$work/$target.o" "$work/$target-mutator.o" "${lib[@]}" "${engine[@]}" -o "$OUT/$target"
	(cd "$work/made/seeds/$target" && rm -f "$OUT/${target}_seed_corpus.zip" && zip -q -r "$OUT/${target}_seed_corpus.zip" .)
	cp "$work/made/$target.dict" "$OUT/"
	printf '[libfuzzer]\nlen_control = 0\nmax_len = 4096\n' >"$OUT/$target.options"
done
