#!/bin/bash
# SPDX-License-Identifier: MIT
# How long a fuzzer takes from an empty corpus to each wrong oracle of tests/wrong.h: libFuzzer's own mutator, ours, and
# ours with the counters of clause situations. Prints for each the median and the range over the seeds, in seconds of
# processor time; a run that caught nothing in the limit stands as >LIMIT.
#
#   tests/bench/guidance.sh FUZZ_WRONG [SEEDS [LIMIT [FILE]]]
#
# FUZZ_WRONG: the target, of a build with HD_FUZZ and without sanitizers (cmake --preset fuzz-fast). Each run's line goes
# to FILE; a run whose line is there is not made again, so a run of this script that was ended goes on.
set -u
export LC_ALL=C
fuzz=${1:?the program fuzz_wrong} seeds=${2:-10} limit=${3:-60} file=${4:-guidance.txt}
bugs='set-undone get-null get-after-bypass set-after-bypass uring-set uring-get'
variants='engine:0 custom:0 custom:1'
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
touch "$file"

# one BUG MUTATE:GUIDE SEED: appends "BUG VARIANT SEED caught|missed SECONDS EXECUTIONS".
one() {
	local time caught=missed executions TIMEFORMAT=%U
	time=$({ time (
		ulimit -c 0
		ulimit -t "$limit"
		HOOKDIFF_WRONG=$1 HOOKDIFF_MUTATE=${2%:*} HOOKDIFF_GUIDE=${2#*:} \
			"$fuzz" -seed="$3" -len_control=0 -max_len=512 -artifact_prefix="$tmp/" >"$tmp/log" 2>&1
	); } 2>&1 | tail -1)
	grep -q 'deadly signal' "$tmp/log" && caught=caught
	executions=$(grep -E '^#[0-9]+' "$tmp/log" | tail -1 | sed 's/^#\([0-9]*\).*/\1/')
	echo "$1 $2 $3 $caught $time ${executions:-0}" >>"$file"
}

for ((seed = 1; seed <= seeds; seed++)); do
	for bug in $bugs; do
		for variant in $variants; do
			grep -q "^$bug $variant $seed " "$file" || one "$bug" "$variant" "$seed"
		done
	done
done

# Of an even number of runs the median is the lower of the two in the middle.
awk -v limit="$limit" -v bugs="$bugs" -v variants="$variants" '
{
	key = $1 " " $2
	n[key]++
	v[key, n[key]] = $4 == "caught" ? $5 : 1e9
}
function shown(x) { return x >= 1e9 ? ">" limit : sprintf("%.1f", x) }
function cell(key,   i, j, t, m) {
	m = n[key]
	if (!m)
		return "-"
	for (i = 2; i <= m; i++)
		for (j = i; j > 1 && v[key, j - 1] > v[key, j]; j--) {
			t = v[key, j]; v[key, j] = v[key, j - 1]; v[key, j - 1] = t
		}
	return shown(v[key, int((m + 1) / 2)]) " (" shown(v[key, 1]) " - " shown(v[key, m]) ")"
}
END {
	split(bugs, b); split(variants, w)
	printf "%-18s %-24s %-24s %s\n", "wrong oracle", "built-in mutator", "custom mutator", "custom + counters"
	for (i = 1; i in b; i++)
		printf "%-18s %-24s %-24s %s\n", b[i], cell(b[i] " " w[1]), cell(b[i] " " w[2]), cell(b[i] " " w[3])
}' "$file"
