/* SPDX-License-Identifier: MIT */
/*
 * The end of a run for people: a table by clause, the controls, and one line that says the verdict. The line
 * is the last one and begins with the verdict's word, so that a script and a stranger can both read it. Parts
 * are always counted; no bare percentage is ever printed.
 */
#ifndef SUMMARY_H
#define SUMMARY_H

#include "../base/buf.h"
#include "report.h"

/*
 * PASS, FAIL, INCONCLUSIVE or ERROR. A failure outweighs everything. Then an error; then, as inconclusive: a
 * case without verdict, a control that went wrong, a hook that was called but of which no control shows that
 * it ran, or nothing compared at all.
 */
const char *summary_verdict(const struct report_totals *t, const struct control_counts *controls);

/* The exit code that goes with it: 0, 1 or 2. */
int summary_exit(const struct report_totals *t, const struct control_counts *controls);

/* Appends the verdict line, with its newline. */
void summary_line(struct buf *out, const struct report_run *run, const struct report_totals *t,
		  const struct control_counts *controls);

/*
 * Appends table, controls, rate and the verdict line. stat has C_COUNT rows. all: also clauses that no call
 * hit.
 */
void summary_format(struct buf *out, const struct report_run *run, const struct report_totals *t,
		    const struct clause_stat *stat, const struct control_counts *controls, bool all);

#endif
