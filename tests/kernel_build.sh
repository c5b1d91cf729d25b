#!/bin/bash
# SPDX-License-Identifier: MIT
# Kernels of our own: a User-Mode Linux is built from a packaged source (or found in the cache), runs the corpus, three
# mutants are caught on it, one that dies leaves a finding, and `git bisect run` finds the bad one of seven commits, one
# of which does not compile.
# Without anything in the cache it takes four minutes on two processors, else one.
set -u
export LC_ALL=C
: "${HOOKDIFF:?the binary under test}" "${HD_SOURCE_DIR:?the source tree}"
series=7.2 config=$HD_SOURCE_DIR/tests/kernels/tiny.config mutants=$HD_SOURCE_DIR/kernels/mutants
cache=${XDG_CACHE_HOME:-$HOME/.cache}/hookdiff
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
failures=0 checks=0

skip() {
	echo "SKIP: $*"
	exit 77
}

# expect CODE PATTERN COMMAND...: the exit code, and a line of stdout and stderr together that matches (grep -E).
expect() {
	local want=$1 pattern=$2 got
	shift 2
	timeout 900 "$@" >said 2>&1 </dev/null
	got=$?
	checks=$((checks + 1))
	if [ "$got" -ne "$want" ] || ! grep -aqE -- "$pattern" said; then
		failures=$((failures + 1))
		echo "FAIL: $*"
		echo "  want exit $want and a line like: $pattern"
		echo "  got exit $got and:"
		tail -n 20 said | sed 's/^/  | /'
	fi
}

[ "$(uname -m)" = x86_64 ] || skip "kernels are built on x86_64 only, this is $(uname -m)"
[ -x "$(dirname "$HOOKDIFF")/hookdiff-guest" ] || skip "hookdiff-guest is not built: the static libraries are missing, or it is a sanitized build"
for tool in make gcc flex bison patch git; do
	command -v "$tool" >/dev/null || skip "no $tool here: apt-get install --no-install-recommends make gcc flex bison patch git ccache"
done

build=("$HOOKDIFF" kernel build "$series" --arch um --config "$config")

# What is wrong with the command or a patch is said before anything is built.
expect 64 "expected x86 or um, found 'arm'" "$HOOKDIFF" kernel build "$series" --arch arm
expect 64 "patch: $tmp/none: No such file" "$HOOKDIFF" kernel build "$series" --patch "$tmp/none"
expect 2 "expected a series .*found none of them" "$HOOKDIFF" kernel build nonsense
expect 2 'found no Makefile with a VERSION' "$HOOKDIFF" kernel build "$tmp"
expect 64 'are for build' "$HOOKDIFF" kernel list --kcov
expect 64 'expected a mutant of' "$HOOKDIFF" mutants run --dir "$mutants" nonsense
# So is a missing tool: nothing is fetched in vain.
mkdir few && ln -s "$(command -v make)" "$(command -v gcc)" few
expect 2 'SKIP: a kernel cannot be built here: apt-get install --no-install-recommends flex bison$' \
	env "PATH=$tmp/few" "XDG_CACHE_HOME=$tmp/empty" "$HOOKDIFF" kernel build "$series" --arch um
expect 2 'No such file' ls "$tmp/empty/hookdiff/kernels"

"${build[@]}" >said 2>said.err </dev/null
code=$?
if [ "$code" -eq 2 ] && grep -q SKIP: said.err; then
	skip "$(sed -n 's/.*SKIP: //p' said.err)"
fi
kernel=$(sed -n 's/^\(build:[^ :]*\): .*/\1/p' said)
if [ "$code" -ne 0 ] || [ -z "$kernel" ]; then
	echo "FAIL: kernel build: exit $code"
	tail -n 5 said said.err
	exit 1
fi
cat said
expect 0 "^${kernel//+/\\+}: .*built before" "${build[@]}"
expect 0 '^PASS: ' "$HOOKDIFF" run --kernel "$kernel" --out "$tmp/run" "$HD_SOURCE_DIR/corpus/get" "$HD_SOURCE_DIR/corpus/set"

printf -- '--- a/kernel/bpf/cgroup.c\n+++ b/kernel/bpf/cgroup.c\n@@ -1,2 +1,2 @@\n nothing\n-like this\n+that\n' >bad.patch
expect 2 'bad.patch: does not apply' "${build[@]}" --patch bad.patch

# Three mutants, one of the data path, one of attaching, one of the entry; each at its own cost only.
expect 0 '^3 mutants: 3 caught' "$HOOKDIFF" mutants run --dir "$mutants" --source "$series" --config "$config" --cases \
	"$HD_SOURCE_DIR/corpus" --out "$tmp/mutants" --fuzz 1s 013- 103- 205-
grep -aE '^[0-9]{3}-' said

# Cases with operations tell good from bad, too.
operations=$HD_SOURCE_DIR/corpus/tree/yield.case
expect 0 '^bisect step: good: 2 of 2 runs hold' "$HOOKDIFF" bisect step --kernel "$kernel" --case "$operations" --runs 2 --out "$tmp/steps"
expect 1 '^bisect step: bad: 2 of 2 runs differ .*yield.case: step [0-9]+, ' "$HOOKDIFF" bisect step --kernel "${kernel%-*}+103_single_not_inherited" \
	--case "$operations" --runs 2 --out "$tmp/steps"
rm -r "$tmp/steps"

# A kernel that dies of an optlen: what ran is run again on fresh guests, made small, and becomes a finding.
expect 0 '^build:' "${build[@]}" --patch "$HD_SOURCE_DIR/tests/kernels/crash.patch"
deadly=$(sed -n 's/^\(build:[^ :]*\): .*/\1/p' said)
expect 1 '^FAIL: the kernel crashed while case [0-9]+ of fuzz --seed 1 ran: ' "$HOOKDIFF" fuzz --kernel "$deadly" --seed 1 --cases 20000 --out "$tmp/crash"
folder=$(sed -n 's/^finding: //p' said)
for file in report.txt card.json case.case case.bin repro.c; do
	checks=$((checks + 1))
	[ -s "$folder/$file" ] || { failures=$((failures + 1)) && echo "FAIL: no $folder/$file" && cat said; }
done
expect 0 '^BUG: failure at .*/__cgroup_bpf_run_filter_setsockopt\(\)' cat "$folder/report.txt"
expect 0 'recurs     3 of 3 fresh machines; smallest case' cat "$folder/card.txt"
expect 0 'setsockopt multi: optlen = 17; return 1' cat "$folder/case.case"
expect 0 '^3$' grep -vc '^#' "$folder/case.case" # nothing is left that it does not take
# shellcheck disable=SC2016
expect 0 '^compiles' bash -c 'gcc -Wall -Wextra -Werror -fsyntax-only "$1" && echo compiles' - "$folder/repro.c"
expect 1 '^FAIL: the kernel crashed while .*/case.case ran' "$HOOKDIFF" run --kernel "$deadly" --out "$tmp/again" "$folder/case.case"
expect 0 "recurs     3 of 3" cat "$tmp/again"/*/findings/*/card.txt
expect 0 '^PASS: ' "$HOOKDIFF" run --kernel "$kernel" --out "$tmp/again" "$folder/case.case" # the kernel without it lives

# The copy of the source that hookdiff made, as a tree: what was compiled of it is used again. git needs to know one file.
dot=$(grep -L '^CONFIG_MPTCP=y' "$cache"/work/"$series"*_um_*/out/.config | tail -n 1)
tree=${dot%/out/.config}/src file=kernel/bpf/cgroup.c
restore() {
	rm -rf "$tree/.git"
	cp --remove-destination base.c "$tree/$file"
	rm -rf "$tmp"
}
if [ ! -f "$tree/$file" ]; then
	echo "FAIL: no copy of the source below $cache/work"
	exit 1
fi
trap restore EXIT
pristine=$(find "$cache/sources" -maxdepth 1 -name "linux-source-${series}_*" -type d | sort -V | tail -n 1)
git() { command git -c user.name=t -c user.email=t@t -c init.defaultBranch=m -c core.safecrlf=false "$@"; }
cp "$pristine/$file" base.c
git init -q "$tree"
echo '*' >"$tree/.git/info/exclude"
commit() { # NAME: what is in new.c becomes a commit
	cp --remove-destination new.c "$tree/$file" # a hard link of the source until then
	git -C "$tree" add -f "$file" && git -C "$tree" commit -qm "$1"
}
note() { (cat "$1" && echo "/* $2 */") >next.c && mv next.c new.c; }
cp base.c new.c && commit 1-good
note new.c 2 && commit 2-good
note new.c 3 && commit 3-good
(cat new.c && echo 'int hookdiff_does_not_compile = nothing;') >broken.c && cp new.c kept.c && mv broken.c new.c && commit 4-does-not-compile
note kept.c 5 && commit 5-good
mkdir -p "p/$(dirname "$file")" && cp new.c "p/$file" && patch -s -d p -p1 <"$(echo "$mutants"/013-*.patch)" && cp "p/$file" new.c && commit 6-bad
note new.c 7 && commit 7-bad
caught=$(sed -n 's/.*"path":"\([^"]*\)".*/\1/p' mutants/013-*.jsonl | tail -n 1)
git -C "$tree" bisect start HEAD HEAD~6
expect 0 '6-bad' git -C "$tree" bisect run "$HOOKDIFF" bisect step --tree "$tree" --arch um --config "$config" --case "$caught" \
	--runs 1 --out "$tmp/steps"
checks=$((checks + 2))
if ! grep -aq 'first bad commit' said; then
	failures=$((failures + 1))
	echo "FAIL: git bisect found no first bad commit"
fi
if ! grep -aqE '^bisect step: skip: .*error: .*nothing.* undeclared' said; then
	failures=$((failures + 1))
	echo "FAIL: the commit that does not compile was not passed over with the compiler's line"
	sed 's/^/  | /' said
fi
grep -a '^bisect step' said
steps=$(grep -ac '^bisect step' said) # which commits git tries depends on their hashes
if [ "$steps" -lt 3 ] || [ "$(find "$tmp/steps" -name 'bisect-step-*.log' | wc -l)" -ne "$steps" ]; then
	failures=$((failures + 1))
	echo "FAIL: expected three steps or more with a log of each, found $steps steps and"
	ls "$tmp/steps"
fi

echo "$checks checks, $failures failures"
[ "$failures" -eq 0 ]
