#!/bin/bash
# SPDX-License-Identifier: MIT
# Every fuzz target without an engine over its seeds, and then over inputs made from them: no crash. fuzz_kernel
# needs root and the hooks, and is skipped in words where they are missing.
set -u
export LC_ALL=C
build=${HD_BUILD_DIR:?the build tree}
bin=$build/harness/targets
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
failures=0 skips=0
runs=20000
[ -z "${HOOKDIFF_TEST_QUICK-}" ] || runs=2000

# A build with an engine has other programs there.
if ! "$bin/fuzz_case_bin" -runs=0 2>&1 | grep -q 'no crash'; then
	echo "SKIP: the fuzz targets of this build have an engine; a build without HD_FUZZ replays seeds"
	exit 77
fi

fail() {
	failures=$((failures + 1))
	echo "FAIL: $1"
	tail -n 15 "$tmp/out" | sed 's/^/    /'
}

# replay TARGET RUNS FOLDER...: exit 0, and as many files as there are
replay() {
	local target=$1 made=$2 files code
	shift 2
	files=$(find "$@" -type f ! -name '.*' | wc -l)
	HOOKDIFF_FUZZ_STATS=$tmp/stats.json timeout 600 "$bin/$target" -runs="$made" -seed=3 "$@" >"$tmp/out" 2>&1 </dev/null
	code=$?
	if [ "$target" = fuzz_kernel ] && [ "$code" -eq 2 ] && grep -q '^SKIP: ' "$tmp/out"; then
		skips=$((skips + 1))
		echo "$target: $(cat "$tmp/out")"
		return
	fi
	[ "$code" -eq 0 ] || fail "$target: exit $code"
	if [ "$files" -eq 0 ] || ! grep -q "^$files files and $made made inputs" "$tmp/out"; then
		fail "$target: $files files and $made made inputs were expected"
	fi
}

# counted TARGET: it left the line that HOOKDIFF_FUZZ_STATS asks for
counted() {
	grep -q "\"target\":\"$1\",\"executions\":[1-9]" "$tmp/stats.json" || fail "$1: HOOKDIFF_FUZZ_STATS"
}

for target in fuzz_case_text fuzz_case_bin fuzz_oracle fuzz_isa fuzz_elf fuzz_tree; do
	replay "$target" "$runs" "$build/drivers/seeds/$target"
	counted "$target"
done
# Of these nobody makes seeds.
mkdir "$tmp/records" "$tmp/lines"
cp "${HD_SOURCE_DIR:?}"/tests/reports/*.jsonl "$tmp/records"
printf '{"id":1,"ops":[{"op":"hello","protocols":[1]}]}\n' >"$tmp/lines/hello"
replay fuzz_records $((runs / 10)) "$tmp/records"
counted fuzz_records
replay fuzz_wire $((runs / 10)) "$tmp/lines"
counted fuzz_wire
replay fuzz_kernel $((runs / 10)) "$build/drivers/seeds/fuzz_kernel"

# The seeds are what they are taken for: none is refused.
HOOKDIFF_FUZZ_STATS=$tmp/stats.json "$bin/fuzz_oracle" "$build/drivers/seeds/fuzz_oracle" >"$tmp/out" 2>&1
grep -q '"refused_executions":0,' "$tmp/stats.json" || {
	cp "$tmp/stats.json" "$tmp/out"
	fail "fuzz_oracle: a seed is refused"
}

# What it does not know is a wrong usage.
printf 'x' >"$tmp/short"
(cd / && "$bin/fuzz_oracle" --no-such-option "$tmp/short") >"$tmp/out" 2>&1
[ $? -eq 64 ] || fail "an unknown option is not exit 64"
echo "$failures failed, $skips targets skipped"
[ "$failures" -eq 0 ]
