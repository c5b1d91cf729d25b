#!/bin/bash
# SPDX-License-Identifier: MIT
# report --format md, read by cmark: the structure is ours alone, and the width that of a mail.
. "${HD_SOURCE_DIR:?}/tests/reports/lib.sh"
need cmark "apt-get install cmark" cmark --version
need xmllint "apt-get install libxml2-utils" xmllint --version

# nodes FILE NAME: how many of that kind cmark finds.
nodes() {
	cmark -t xml "$1" | grep -v '<!DOCTYPE' >"$tmp/x.xml"
	xmllint --xpath "count(//*[local-name()='$2'])" "$tmp/x.xml"
}

for sample in old new hostile; do
	report md "$tmp/$sample.md" "$samples/$sample.jsonl"
	for kind in html_block html_inline link image; do
		same "$sample: $kind" 0 "$(nodes "$tmp/$sample.md" $kind)"
	done
	same "$sample: prose of at most 72 columns" "" "$(grep -Ev '^(    |#)' "$tmp/$sample.md" | grep -E '^.{73}')"
	same "$sample: no control character" "" "$(tr -d '\n' <"$tmp/$sample.md" | grep -aoP '[\x00-\x1f\x7f]')"
done
# One heading each for the document, the section and its findings; one list item for the kernel.
same "headings of old" 5 "$(nodes "$tmp/old.md" heading)"
same "items of old" 1 "$(nodes "$tmp/old.md" item)"
same "headings of hostile" 11 "$(nodes "$tmp/hostile.md" heading)"
same "items of hostile" 1 "$(nodes "$tmp/hostile.md" item)"
same "the case is there to copy" 2 "$(grep -c '^    setsockopt(s, SOL_IP, IP_TOS, i32 32, optlen 4)$' "$tmp/old.md")"
finish
