#!/bin/bash
# SPDX-License-Identifier: MIT
# report --format sarif, held against the schema that @microsoft/jest-sarif brings by python3-jsonschema.
. "${HD_SOURCE_DIR:?}/tests/reports/lib.sh"
need_python jsonschema python3-jsonschema
need_npm @microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json
schema=$npm_dir/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json

for sample in old new hostile; do
	report sarif "$tmp/$sample.sarif" "$samples/$sample.jsonl"
	check "$sample keeps the schema" /usr/bin/python3 "$samples/schema.py" "$schema" "$tmp/$sample.sarif"
done
report sarif "$tmp/all.sarif" "$samples/old.jsonl" "$samples/new.jsonl" "$samples/hostile.jsonl"
check "three kernels keep the schema" /usr/bin/python3 "$samples/schema.py" "$schema" "$tmp/all.sarif"

# get FILE EXPRESSION: of the document d; r: the results of its first run by clause.
get() {
	/usr/bin/python3 -c 'import json, sys, urllib.parse
d = json.load(open(sys.argv[1], encoding="utf-8"))
r = {x["ruleId"]: x for x in d["runs"][0]["results"]}
fp = lambda x: x["partialFingerprints"]["hookdiffFinding/v1"]
print(eval(sys.argv[2]))' "$@" 2>&1 | tail -n 1
}
same "rules are the clauses" "['SET.REWRITE', 'SET.OPTLEN.ZERO']" \
	"$(get "$tmp/old.sarif" '[x["id"] for x in d["runs"][0]["tool"]["driver"]["rules"]]')"
same "ruleIndex fits" True "$(get "$tmp/hostile.sarif" \
	'all(d["runs"][0]["tool"]["driver"]["rules"][x["ruleIndex"]]["id"] == x["ruleId"] for x in d["runs"][0]["results"])')"
same "a failure" "error None corpus/set/fixed.case" "$(get "$tmp/old.sarif" \
	'"{} {} {}".format(r["SET.REWRITE"]["level"], r["SET.REWRITE"].get("suppressions"), r["SET.REWRITE"]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])')"
same "a waived one" "note known since 6.1; see docs/x.md (https://example.org/zero, owner net-team)" "$(get "$tmp/old.sarif" \
	'"{} {}".format(r["SET.OPTLEN.ZERO"]["level"], r["SET.OPTLEN.ZERO"]["suppressions"][0]["justification"])')"
same "URIs are ASCII" True "$(get "$tmp/hostile.sarif" \
	'all(x["locations"][0].get("physicalLocation", {"artifactLocation": {"uri": "a"}})["artifactLocation"]["uri"].isascii() for x in d["runs"][0]["results"])')"

# What GitHub's code scanning refuses or does not understand: a result without a physical location, an address that is
# none of the repository, two runs of one category.
same "every result has a place" True "$(get "$tmp/all.sarif" \
	'all(x["locations"][0]["physicalLocation"]["region"]["startLine"] for o in d["runs"] for x in o["results"])')"
same "a generated case's place" "findings/set.optlen.range-set-int-ret/case.case" "$(get "$tmp/hostile.sarif" \
	'[x["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for x in d["runs"][0]["results"] if "logicalLocations" in x["locations"][0]][0]')"
# A case with operations: what differed is in its step, and has no hook.
{
	head -n 1 "$samples/old.jsonl"
	printf '%s\n' '{"type":"case","verdict":"FAIL","kernel":"6.1.90","step":{"number":2,"text":"attach(a, p1, none)","clause":"ATTACH.MIX","field":"ret","want":"0","got":"-1 EPERM"},"reruns":10,"failed":10,"case":"tree a\n"}'
	tail -n 1 "$samples/old.jsonl"
} >"$tmp/step.jsonl"
report sarif "$tmp/step.sarif" "$tmp/step.jsonl"
check "a step keeps the schema" /usr/bin/python3 "$samples/schema.py" "$schema" "$tmp/step.sarif"
same "a step's place" "findings/attach-mix-ret/case.case" "$(get "$tmp/step.sarif" \
	'r["ATTACH.MIX"]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]')"
same "a step's message" True "$(get "$tmp/step.sarif" '"operation ret" in r["ATTACH.MIX"]["message"]["text"]')"
sed 's#"path":"corpus/#"path":"/home/me/corpus/#' "$samples/old.jsonl" >"$tmp/absolute.jsonl"
report sarif "$tmp/absolute.sarif" "$tmp/absolute.jsonl"
same "a case's place on another machine" "corpus/set/fixed.case" "$(get "$tmp/absolute.sarif" \
	'r["SET.REWRITE"]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]')"
report sarif "$tmp/twice.sarif" "$samples/old.jsonl" "$tmp/absolute.jsonl"
same "categories of two runs of a kernel" "hookdiff/6.1.90/ hookdiff/6.1.90-2/" "$(get "$tmp/twice.sarif" \
	'" ".join(x["automationDetails"]["id"] for x in d["runs"])')"
same "the fingerprint that GitHub takes" True "$(get "$tmp/old.sarif" \
	'all(x["partialFingerprints"]["primaryLocationLineHash"] == fp(x) for x in r.values())')"

# The fingerprint is of the content: the same for another kernel and day, another for another case.
waived=$(get "$tmp/old.sarif" 'fp(r["SET.OPTLEN.ZERO"])')
sed 's/6\.1\.90/6.2.3/g; s/2026-11-21/2027-01-02/' "$samples/old.jsonl" >"$tmp/moved.jsonl"
report sarif "$tmp/moved.sarif" "$tmp/moved.jsonl"
same "another kernel, another day" "$waived" "$(get "$tmp/moved.sarif" 'fp(r["SET.OPTLEN.ZERO"])')"
sed 's/optlen = -1/optlen = -2/' "$samples/old.jsonl" >"$tmp/other.jsonl"
report sarif "$tmp/other.sarif" "$tmp/other.jsonl"
same "another case" True "$(get "$tmp/other.sarif" "fp(r['SET.OPTLEN.ZERO']) != '$waived'")"
finish
