#!/bin/bash
# SPDX-License-Identifier: MIT
# Called by ClusterFuzzLite and OSS-Fuzz in the source tree. Obeys CC, CXX, CFLAGS, CXXFLAGS, LIB_FUZZING_ENGINE, OUT and
# SANITIZER, and links nothing but our own code: these targets need no root, no kernel and no library. fuzz_elf has libelf
# in it, and is left out where no static one can be linked, and for the memory sanitizer, which does not know libelf's code.
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

# reads_elf FILE: is it a part of the reader of objects?
reads_elf() { grep -qE '^#include "(load|object|object_maps|elffile|btf|core|refuse)\.h"' "$1"; }

# compile OBJECT SOURCE FLAG...
compile() { "$CC" "${cflags[@]}" -std=gnu11 -D_GNU_SOURCE -I"$src" "${@:3}" -c "$2" -o "$work/$1"; }

lib=()
targets=(fuzz_case_text:TEXT fuzz_case_bin:BYTES fuzz_oracle:CASES fuzz_tree:TREES fuzz_isa:)
elf=("-Wl,-Bstatic" -lelf -lz "-Wl,-Bdynamic")
printf '#include <gelf.h>\nint main(void) { return elf_version(EV_CURRENT) == EV_NONE; }\n' >"$work/elf.c"
if [ "$SANITIZER" != memory ] && "$CC" "${cflags[@]}" "$work/elf.c" "${elf[@]}" -o "$work/elf" 2>"$work/elf.log"; then
	targets+=(fuzz_elf:)
else
	echo "fuzz_elf is left out: no static libelf for this build (libelf-dev, zlib1g-dev)"
	elf=()
fi

for file in "$src"/harness/{base,case,mutate,profiles}/*.c "$src"/harness/emit/insn.c "$src"/oracle/{,isa/}*.c; do
	case $file in
	*/far_return.c | */mutate/afl.c) continue ;; # a thunk for gcc's code; AFL++'s own library
	*/isa/*) if [ ${#elf[@]} -eq 0 ] && reads_elf "$file"; then continue; fi ;;
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
"$CXX" "${cxxflags[@]}" "$work/seeds.o" "${lib[@]}" "${elf[@]}" -o "$work/fuzz-seeds"
rm -rf "$work/made" "$work/bpf"
mkdir -p "$work/bpf"
for file in "$src"/progs/samples/*.bpf.c; do # a clang without BPF, or no libbpf-dev: fuzz_elf begins with nothing
	[ ${#elf[@]} -ne 0 ] || continue
	clang -target bpf -O2 -g -I"/usr/include/$(uname -m)-linux-gnu" -c "$file" -o "$work/bpf/$(basename "$file" .c).o" \
		2>>"$work/bpf.log" || rm -f "$work/bpf/$(basename "$file" .c).o"
done
objects=("$work"/bpf/*.o)
[ -e "${objects[0]}" ] || objects=()
ASAN_OPTIONS=detect_leaks=0 "$work/fuzz-seeds" "$work/made" "$src/corpus" "${objects[@]}"

for row in "${targets[@]}"; do
	target=${row%:*}
	compile "$target.o" "$src/harness/targets/$target.c"
	mutator=()
	if [ -n "${row#*:}" ]; then
		compile "$target-mutator.o" "$src/harness/targets/mutator.c" "-DMUTATE=${row#*:}"
		mutator=("$work/$target-mutator.o")
	fi
	"$CXX" "${cxxflags[@]}" "$work/$target.o" "${mutator[@]}" "${lib[@]}" "${engine[@]}" "${elf[@]}" -o "$OUT/$target"
	(cd "$work/made/seeds/$target" && rm -f "$OUT/${target}_seed_corpus.zip" &&
		{ [ -z "$(ls -A)" ] || zip -q -r "$OUT/${target}_seed_corpus.zip" .; })
	cp "$work/made/$target.dict" "$OUT/"
	max=4096
	[ "$target" != fuzz_elf ] || max=65536 # an object with types and source lines
	printf '[libfuzzer]\nlen_control = 0\nmax_len = %u\n' "$max" >"$OUT/$target.options"
done
