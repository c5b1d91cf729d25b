# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Shared by tests/report_*.sh: the samples, how a check fails, and where validators that are not ours are found.
#   old.jsonl, new.jsonl	a run before and after: one case fixed, one broken, one added, one deleted, one waived
#   hostile.jsonl		one kernel of a matrix whose every text tries to leave its place; also broken records
set -u -o pipefail
export LC_ALL=C.UTF-8
: "${HOOKDIFF:?the binary under test}"
source_dir=${HD_SOURCE_DIR:?the source tree}
build_dir=${HD_BUILD_DIR:?the build tree}
# shellcheck disable=SC2034 # of the scripts that read this one
samples=$source_dir/tests/reports
npm_dir=$build_dir/validators/node_modules
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failures=0 checks=0

# check WHAT COMMAND...: it must succeed; its output is shown if not.
check() {
	local what=$1
	shift
	checks=$((checks + 1))
	if ! "$@" >"$tmp/check.out" 2>&1; then
		failures=$((failures + 1))
		echo "FAIL: $what: $*"
		head -n 40 "$tmp/check.out" | sed 's/^/    /'
	fi
}

# same WHAT WANT GOT
same() {
	checks=$((checks + 1))
	if [ "$2" != "$3" ]; then
		failures=$((failures + 1))
		printf 'FAIL: %s\n  want %s\n  got  %s\n' "$1" "$2" "$3"
	fi
}

# report FORMAT OUT FILE...: written with exit code 0 and nothing on stderr.
report() {
	local format=$1 out=$2
	shift 2
	checks=$((checks + 1))
	if ! "$HOOKDIFF" report --format "$format" "$@" >"$out" 2>"$tmp/err" || [ -s "$tmp/err" ]; then
		failures=$((failures + 1))
		echo "FAIL: hookdiff report --format $format $*"
		head -n 5 "$tmp/err"
	fi
}

# need WHAT REMEDY COMMAND...: the test is skipped if the command fails.
need() {
	local what=$1 remedy=$2
	shift 2
	if ! "$@" >/dev/null 2>&1; then
		echo "SKIP: no $what: $remedy"
		exit 77
	fi
}

need_npm() {
	need "$1" "npm ci --ignore-scripts in a copy of tests/validators at $build_dir/validators (./quickstart test does)" \
		test -e "$npm_dir/$1"
}

need_python() {
	need "python3 module $1" "apt-get install $2" /usr/bin/python3 -c "import $1"
}

finish() {
	echo "$checks checks, $failures failed"
	[ "$failures" -eq 0 ]
	exit
}
