#!/bin/bash
# SPDX-License-Identifier: MIT
# report --format ktap, read by TAP::Parser.
. "${HD_SOURCE_DIR:?}/tests/reports/lib.sh"
need "TAP::Parser" "apt-get install perl" perl -MTAP::Parser -e 1

for sample in old new hostile; do
	report ktap "$tmp/$sample.ktap" "$samples/$sample.jsonl"
	check "$sample is TAP" perl "$samples/ktap.pl" "$tmp/$sample.ktap"
done
report ktap "$tmp/all.ktap" "$samples/old.jsonl" "$samples/new.jsonl" "$samples/hostile.jsonl"
check "three kernels" perl "$samples/ktap.pl" "$tmp/all.ktap"
# A kernel's end, two clauses and three cases pass; the run, a clause and a case fail; a clause and its case are
# waived. How many clauses there are to skip is not of interest here.
same "the last line" "# Totals: pass:6 fail:3 xfail:2 xpass:0 error:0" "$(tail -n 1 "$tmp/old.ktap" | sed 's/skip:[0-9]* //')"
result() { grep -E "^  (not )?ok [0-9]+ hookdiff\.$1( |\$)" "$tmp/old.ktap" | sed -E 's/ [0-9]+//'; }
same "a failure" "  not ok hookdiff.case.set.fixed" "$(result case.set.fixed)"
same "a waived one" \
	"  ok hookdiff.case.set.waived # XFAIL setsockopt ret: want 0, got -22 EINVAL; known since 6.1; see docs/x.md" \
	"$(result case.set.waived)"
same "a skipped one" "  ok hookdiff.case.set.skipped # SKIP this kernel has no sctp" "$(result case.set.skipped)"
same "the parent fails with it" "not ok 1 6.1.90" "$(grep '^not ok' "$tmp/old.ktap")"
finish
