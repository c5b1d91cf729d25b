#!/bin/bash
# SPDX-License-Identifier: MIT
# report --format kcidb, held by python3-jsonschema against tests/reports/kcidb-5.3.schema.json, which was written
# down from the text of kcidb-io's version 5.3; and by kcidb-io itself where it is installed.
. "${HD_SOURCE_DIR:?}/tests/reports/lib.sh"
need_python jsonschema python3-jsonschema

for sample in old new hostile; do
	report kcidb "$tmp/$sample.json" "$samples/$sample.jsonl"
	check "$sample keeps the schema" /usr/bin/python3 "$samples/schema.py" "$samples/kcidb-5.3.schema.json" "$tmp/$sample.json"
done
report kcidb "$tmp/all.json" "$samples/old.jsonl" "$samples/new.jsonl" "$samples/hostile.jsonl" --origin my_ci
check "three kernels keep the schema" /usr/bin/python3 "$samples/schema.py" "$samples/kcidb-5.3.schema.json" "$tmp/all.json"
if /usr/bin/python3 -c 'import kcidb_io' 2>/dev/null; then
	check "kcidb-io takes it" /usr/bin/python3 -c 'import json, sys, kcidb_io
kcidb_io.schema.V5_3.validate(json.load(open(sys.argv[1])))' "$tmp/all.json"
else
	echo "kcidb-io is not installed (pip install kcidb-io): held against our copy of its schema only"
fi

get() {
	/usr/bin/python3 -c 'import json, sys
d = json.load(open(sys.argv[1], encoding="utf-8"))
t = {x["path"]: x for x in d["tests"]}
print(eval(sys.argv[2]))' "$@" 2>&1 | tail -n 1
}
same "statuses" "PASS FAIL FAIL SKIP" "$(get "$tmp/old.json" \
	'" ".join(t["hookdiff.case.set." + x]["status"] for x in ("a", "fixed", "waived", "skipped"))')"
same "other statuses" "DONE ERROR" "$(get "$tmp/hostile.json" \
	'" ".join(t["hookdiff.case.set." + x]["status"] for x in t and ("unsure", next(p for p in t if ".err" in p).split("set.")[1]))')"
# What a kernel that came to a bad end did not get to is MISS, and its checks are not passes.
head -n 5 "$samples/old.jsonl" >"$tmp/cut.jsonl"
report kcidb "$tmp/cut.json" "$tmp/cut.jsonl"
check "a cut report keeps the schema" /usr/bin/python3 "$samples/schema.py" "$samples/kcidb-5.3.schema.json" "$tmp/cut.json"
same "statuses of a cut report" "MISS MISS PASS" "$(get "$tmp/cut.json" \
	'" ".join(t["hookdiff." + x]["status"] for x in ("kernel.end", "clause.SET.ARGS", "case.set.a"))')"
same "ids are unique" True "$(get "$tmp/all.json" \
	'all(len({x["id"] for x in d[k]}) == len(d[k]) for k in ("checkouts", "builds", "tests", "issues", "incidents"))')"
same "every reference is there" True "$(get "$tmp/all.json" \
	'all(x["build_id"] in {b["id"] for b in d["builds"]} for x in d["tests"]) and all(b["checkout_id"] in {c["id"] for c in d["checkouts"]} for b in d["builds"]) and all(i["issue_id"] in {x["id"] for x in d["issues"]} and i["test_id"] in {x["id"] for x in d["tests"]} for i in d["incidents"])')"
same "a waiver is one issue with two incidents" "1 2 SET.OPTLEN.ZERO: known since 6.1; see docs/x.md" "$(get "$tmp/old.json" \
	'"{} {} {}".format(len(d["issues"]), len(d["incidents"]), d["issues"][0]["comment"])')"
same "the issue leads to what the waiver names" "https://example.org/zero net-team" "$(get "$tmp/old.json" \
	'"{} {}".format(d["issues"][0]["report_url"], d["issues"][0]["misc"]["owner"])')"
sed 's#https://example.org/zero#docs/zero.md#' "$samples/old.jsonl" >"$tmp/path.jsonl"
report kcidb "$tmp/path.json" "$tmp/path.jsonl"
same "a path is no address" "None docs/zero.md" "$(get "$tmp/path.json" \
	'"{} {}".format(d["issues"][0].get("report_url"), d["issues"][0]["misc"]["link"])')"
report ktap "$tmp/hostile.ktap" "$samples/hostile.jsonl"
same "no test is lost" "$(sed -n 's/^  1\.\.//p' "$tmp/hostile.ktap")" "$(get "$tmp/hostile.json" 'len(d["tests"])')"
same "the origin is in every id" True "$(get "$tmp/all.json" \
	'all(x["id"].startswith("my_ci:") and x["origin"] == "my_ci" for k in ("checkouts", "builds", "tests", "issues", "incidents") for x in d[k])')"
same "a long log is cut" True "$(get "$tmp/hostile.json" 'max(len(x.get("log_excerpt", "")) for x in d["tests"]) in range(16000, 16385)')"
# Two reports of one run are the same objects; another run has tests of its own on the same build.
sed 's/2026-11-21/2027-01-02/' "$samples/old.jsonl" >"$tmp/again.jsonl"
report kcidb "$tmp/again.json" "$tmp/again.jsonl"
report kcidb "$tmp/old2.json" "$samples/old.jsonl"
check "the same again" cmp "$tmp/old.json" "$tmp/old2.json"
same "build of another run" "$(get "$tmp/old.json" 'd["builds"][0]["id"]')" "$(get "$tmp/again.json" 'd["builds"][0]["id"]')"
same "tests of another run" False "$(get "$tmp/again.json" \
	"bool({x['id'] for x in d['tests']} & {x['id'] for x in json.load(open('$tmp/old.json'))['tests']})")"
finish
