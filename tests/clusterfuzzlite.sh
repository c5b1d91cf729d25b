#!/bin/bash
# SPDX-License-Identifier: MIT
# .clusterfuzzlite/build.sh outside of a container, for each sanitizer that the service builds, into an empty $OUT; then
# what the service checks before it takes a build: names, libraries, four runs without and with the seeds, at least a
# hundred edges, and a run from a read-only file system without /dev. Needs no root, but the last.
set -u
export LC_ALL=C
source_dir=${HD_SOURCE_DIR:?the source tree}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failures=0 checks=0 skips=0
targets=(fuzz_case_text fuzz_case_bin fuzz_oracle fuzz_tree fuzz_isa)

skip_all() {
	echo "SKIP: $1"
	exit 77
}
skip() {
	skips=$((skips + 1))
	echo "SKIP: $1"
}

# check WHAT COMMAND...
check() {
	local what=$1
	shift
	checks=$((checks + 1))
	if ! "$@" >"$tmp/check.log" 2>&1 </dev/null; then
		failures=$((failures + 1))
		echo "FAIL: $what"
		tail -n 15 "$tmp/check.log" | sed 's/^/    /'
		return 1
	fi
}

command -v zip >/dev/null || skip_all "zip is not installed: apt-get install zip"
[ -x /usr/bin/python3 ] || skip_all "python3, which unpacks the seeds, is not installed: apt-get install python3"
echo 'int LLVMFuzzerTestOneInput(const char *p, unsigned long n){return p && n > 9 && *p == 7;}' >"$tmp/try.c"
links() { clang++ -x c "$tmp/try.c" "$@" -fsanitize=fuzzer -o "$tmp/try" >/dev/null 2>&1 && "$tmp/try" -runs=4 >/dev/null 2>&1; }
links || skip_all "clang cannot link libFuzzer: apt-get install clang libclang-rt-dev libstdc++-12-dev (or near it)"

# Four runs, and what libFuzzer says of edges.
four_runs() { # TARGET FOLDER...
	local target=$1
	shift
	timeout 120 "$target" -runs=4 -seed=1 "$@" >"$tmp/runs.log" 2>&1 || {
		cat "$tmp/runs.log"
		return 1
	}
}

hundred_edges() {
	local cov
	cov=$(sed -n 's/.*cov: \([0-9]*\) .*/\1/p' "$tmp/runs.log" | tail -n 1)
	echo "edges: ${cov:-none}, expected 100 or more"
	[ "${cov:-0}" -ge 100 ]
}

proper_name() { [[ $1 =~ ^[A-Za-z0-9_-]+$ ]]; }

# Only what every machine of the service has: libc and its parts, the C++ runtime that libFuzzer brings.
own_libraries() {
	local odd
	odd=$(ldd "$1" | grep -vE 'linux-(vdso|gate)|ld-linux|lib(c|m|dl|rt|pthread|resolv|gcc_s|stdc\+\+)\.so') || true
	echo "$odd"
	[ -z "$odd" ]
}

# As the service runs it: nothing can be written but /tmp, there is no /dev, the working folder is the root.
read_only() { # OUT TARGET
	local root=$tmp/root lib
	rm -rf "$root"
	mkdir -p "$root/out" "$root/tmp" "$root/proc"
	cp "$1/$2" "$root/out/"
	for lib in $(ldd "$1/$2" | grep -oE '/[^ ]+'); do
		mkdir -p "$root$(dirname "$lib")"
		cp "$lib" "$root$lib"
	done
	# shellcheck disable=SC2016
	timeout 120 unshare -m bash -eu -c '
		mount --bind "$1" "$1"
		mount -t tmpfs tmpfs "$1/tmp"
		mount --rbind /proc "$1/proc"
		mount -o remount,bind,ro "$1"
		exec chroot --userspec=65534:65534 "$1" "/out/$2" -runs=4 -seed=1' - "$root" "$2"
}

# What the coverage job runs: each seed once, which leaves a profile.
profiled() { # TARGET SEEDS
	mkdir -p "$tmp/dummy" && rm -f "$tmp/profraw"
	LLVM_PROFILE_FILE=$tmp/profraw timeout 120 "$1" -merge=1 -timeout=100 "$tmp/dummy" "$2" && [ -s "$tmp/profraw" ]
}

# Four runs without and with the seeds, and from a read-only file system.
runs() { # NAME OUT TARGET SEEDS
	mkdir -p "$tmp/empty-$1-$3"
	check "$1 $3: four runs without seeds" four_runs "$2/$3" "$tmp/empty-$1-$3" -dict="$2/$3.dict"
	check "$1 $3: four runs with seeds" four_runs "$2/$3" "$4" && check "$1 $3: a hundred edges" hundred_edges
	if [ "$(id -u)" -eq 0 ]; then check "$1 $3: read-only, without /dev" read_only "$2" "$3"; fi
}

# built NAME SANITIZER FLAG...: builds and checks.
built() {
	local name=$1 sanitizer=$2 out=$tmp/out-$1 t file
	shift 2
	mkdir "$out"
	checks=$((checks + 1))
	if ! env -u LIB_FUZZING_ENGINE CC=clang CXX=clang++ CFLAGS="$* -O1 -g1" CXXFLAGS="$* -O1 -g1" OUT="$out" \
		WORK="$tmp/work-$name" SANITIZER="$sanitizer" LIB_FUZZING_ENGINE=-fsanitize=fuzzer \
		timeout 900 bash "$source_dir/.clusterfuzzlite/build.sh" >"$tmp/build.log" 2>&1; then
		failures=$((failures + 1))
		echo "FAIL: build.sh for $name"
		tail -n 15 "$tmp/build.log" | sed 's/^/    /'
		return
	fi
	for file in "$out"/*; do
		if [ -x "$file" ]; then check "$name: name of ${file##*/}" proper_name "${file##*/}"; fi
	done
	local found=("${targets[@]}")
	if [ -e "$out/fuzz_elf" ]; then
		found+=(fuzz_elf)
	else
		skip "$name fuzz_elf: $(grep 'fuzz_elf is left out' "$tmp/build.log" || echo 'build.sh says nothing of it')"
	fi
	for t in "${found[@]}"; do
		check "$name $t: .dict and .options" test -s "$out/$t.dict" -a -s "$out/$t.options"
		check "$name $t: libraries" own_libraries "$out/$t"
		mkdir -p "$tmp/seeds-$name-$t"
		check "$name $t: seeds unpack" /usr/bin/python3 -m zipfile -e "$out/${t}_seed_corpus.zip" "$tmp/seeds-$name-$t"
		if [ "$sanitizer" = coverage ]; then
			check "$name $t: a profile of the seeds" profiled "$out/$t" "$tmp/seeds-$name-$t"
		else
			runs "$name" "$out" "$t" "$tmp/seeds-$name-$t"
		fi
	done
	rm -rf "$out" "$tmp/work-$name" "$tmp"/seeds-* "$tmp"/empty-*
}

# need NAME SANITIZER REMEDY FLAG...
need() {
	local name=$1 sanitizer=$2 remedy=$3
	shift 3
	if links "$@"; then
		built "$name" "$sanitizer" "$@"
	else
		skip "$name: clang cannot link it here: $remedy"
	fi
}

[ "$(id -u)" -eq 0 ] || skip "the run from a read-only file system: run this as root"
fuzzer=-fsanitize=fuzzer-no-link
rt="apt-get install libclang-rt-dev"
need address address "$rt" -fsanitize=address -fsanitize-address-use-after-scope "$fuzzer"
if [ -n "${HOOKDIFF_TEST_QUICK-}" ]; then
	echo "quick: only the address sanitizer"
else
	need undefined undefined "$rt" -fsanitize=undefined -fno-sanitize-recover=undefined "$fuzzer"
	need memory memory "$rt" -fsanitize=memory -fsanitize-memory-track-origins "$fuzzer"
	need coverage coverage "$rt" -fprofile-instr-generate -fcoverage-mapping
	need i386 address "apt-get install lib32stdc++-12-dev libc6-dev-i386 (or near it)" \
		-m32 -idirafter "/usr/include/$(clang -print-multiarch)" -fsanitize=address "$fuzzer"
fi
echo "$checks checks, $failures failed, $skips parts skipped"
[ "$failures" -eq 0 ]
