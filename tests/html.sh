#!/bin/bash
# SPDX-License-Identifier: MIT
# The HTML page in a headless Chromium: tests/html/check.mjs. The inputs are made here, no kernel is asked.
set -u -o pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
HOOKDIFF=${HOOKDIFF:-$here/../build/hookdiff}
export HOOKDIFF

skip() {
	echo "SKIP: $*"
	exit 77
}

command -v node >/dev/null || skip "no node: apt-get install nodejs npm, then npm ci in tests/html"
version=$(node -p 'process.versions.node.split(".")[0]')
[ "$version" -ge 18 ] || skip "node $version is too old, playwright-core needs 18 or newer"
quick=${HOOKDIFF_TEST_QUICK:-} # a sanitized build: its part is to write the pages
[ -n "$quick" ] || [ -d "$here/html/node_modules/playwright-core" ] ||
	skip "playwright-core is not installed: npm ci --prefix tests/html (npm: apt-get install npm)"
chromium=
for name in "${HOOKDIFF_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
	# Ubuntu's packages of that name are a door to a snap, which sees none of our files.
	if [ -n "$name" ] && chromium=$(command -v "$name") && [[ $(readlink -f "$chromium") != *snap* ]] &&
		! grep -qs 'snap install' "$chromium"; then
		break
	fi
	chromium=
done
[ -n "$quick$chromium" ] || skip "no chromium: apt-get install chromium (Debian), or name one in HOOKDIFF_CHROMIUM"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/pages"
page() { # NAME KERNELS FINDINGS [hostile]
	node "$here/html/synthetic.mjs" "$dir/$1" "${@:2}" &&
		"$HOOKDIFF" report --format html "$dir/$1" >"$dir/pages/$1.html" || exit 1
}
page ten 10 60
page hostile 3 40 hostile
page big 11 1000
"$HOOKDIFF" report --format html "$dir/ten/kernel-03.jsonl" >"$dir/pages/one.html" || exit 1
cat >"$dir/strange.jsonl" <<'EOF'
{"type":"run","command":"<u>","kernel":"<i>","profile":"no such","argv":["&"]}
{"type":"case","verdict":"FAIL","clause":"NO.SUCH","field":"optval","offset":-5,"program":77,"want":{"optval":"zz","programs":[null,3]},"got":{"optval":"00"}}
{"type":"case","verdict":"<b>","index":-1,"want":[]}
{"type":"case","verdict":"FAIL","clause":"GET.ARGS","hook":"<i>","field":"ret","want":{},"got":{},"behaves_like":[],"call":99,"case":"getsockopt(\n"}
EOF
"$HOOKDIFF" report --format html "$dir/strange.jsonl" >"$dir/pages/strange.html" || exit 1
sed 's#docs/y.md#javascript:alert(1)#' "$here/reports/old.jsonl" >"$dir/waived.jsonl"
"$HOOKDIFF" report --format html "$dir/waived.jsonl" >"$dir/pages/waived.html" || exit 1
if "$HOOKDIFF" probe --brief >/dev/null 2>&1; then # a real one: this kernel held to the document
	"$HOOKDIFF" run --json --profile doc --out "$dir/out" "$here/../corpus/retval" >"$dir/real.jsonl" 2>/dev/null
	"$HOOKDIFF" report --format html "$dir/real.jsonl" >"$dir/pages/real.html" || exit 1
fi
"$HOOKDIFF" report --format html "$dir/ten" | cmp - "$dir/pages/ten.html" || {
	echo "FAIL: equal input made two different pages"
	exit 1
}
for f in "$dir"/pages/*.html; do
	size=$(stat -c %s "$f")
	[ "$size" -le 5000000 ] || {
		echo "FAIL: ${f##*/} has $size bytes, more than 5,000,000"
		exit 1
	}
done
if [ -n "$quick" ]; then
	echo "quick: the pages were written, no browser looked at them"
	exit 0
fi
timeout 600 node "$here/html/check.mjs" "$chromium" "$dir/pages"
