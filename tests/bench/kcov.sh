#!/bin/bash
# SPDX-License-Identifier: MIT
# kcov.sh KERNEL DRIVER SEEDS SECONDS DIR: fuzz_kernel in guests of a KCOV kernel from a cold start, for each seed once guided by the
# kernel and once not, side by side. A line for each run: cases a second, clause situations, lines of the hook code
# and blocks of the kernel that its corpus, merged, reaches afterwards; then the medians. HOOKDIFF: the command (build/hookdiff).
set -eu
export LC_ALL=C
kernel=$1 driver=$2 seeds=$3 seconds=$4 dir=$5
hookdiff=${HOOKDIFF:-build/hookdiff}
mkdir -p "$dir"

run() { # SEED KCOV
	local out=$dir/$1-$2
	mkdir -p "$out"
	"$hookdiff" drive --kernel "$kernel" --time "$seconds" --out "$out" -- HOOKDIFF_KCOV="$2" "$driver" -seed="$1" \
		-len_control=0 -max_len=4096 -reload=0 >"$out/log" 2>&1 || true
}

number() { # FILE PATTERN: the first number of the line
	sed -n "s/$2/\\1/p" "$1" | head -1 | tr -d ,
}

for seed in $(seq "$seeds"); do
	run "$seed" 0 &
	run "$seed" 1
	wait
	for kcov in 0 1; do
		out=$dir/$seed-$kcov
		"$hookdiff" coverage "$out"/drive-*/spool >"$out/situations"
		# Most of what libFuzzer wrote is a longer form of something else there.
		"$hookdiff" drive --kernel "$kernel" --out "$out/merged" -- HOOKDIFF_KCOV=1 "$driver" -merge=1 "$out"/drive-*/spool \
			>"$out/merge.log" 2>&1 || true
		"$hookdiff" coverage --kernel "$kernel" "$out"/merged/drive-*/spool >"$out/lines" 2>"$out/lines.log" || true
		echo "$seed $kcov $(number "$out/log" '.* \([0-9,]*\) cases\/s, .*') $(number "$out/situations" '^all  *\([0-9]*\) of .*')" \
			"$(number "$out/lines" '^all  *\([0-9]*\) of .*') $(number "$out/lines" '.* \([0-9,]*\) basic blocks .*')"
	done
done | tee "$dir/table" | sed '1iseed kcov cases/s situations lines blocks'
for kcov in 0 1; do
	printf 'median %s' "$kcov"
	for column in 3 4 5 6; do
		printf ' %s' "$(awk -v k="$kcov" -v c="$column" '$2 == k { print $c }' "$dir/table" | sort -n |
			awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }')"
	done
	echo
done
