#!/bin/bash
# SPDX-License-Identifier: MIT
# Every driver of libFuzzer's begins with an empty corpus: it gives up where its first, empty input reaches no counter.
set -u
build=${HD_BUILD_DIR:?the build tree}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tried=0 failed=0
for target in "$build"/drivers/{libfuzzer,asan,address}/fuzz_{oracle,case_text,case_bin}; do
	[ -x "$target" ] || continue
	tried=$((tried + 1))
	mkdir "$work/$tried"
	if ! (cd "$work" && "$target" -seed=1 -len_control=0 -runs=1000 "$work/$tried") >"$work/log" 2>&1; then
		echo "$target: does not run from an empty corpus: $(tail -n 1 "$work/log")"
		failed=1
	fi
done
if [ "$tried" -eq 0 ]; then
	echo "SKIP: no driver in $build/drivers: ./quickstart drivers"
	exit 77
fi
exit "$failed"
