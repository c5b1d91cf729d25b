/* SPDX-License-Identifier: MIT */
#include "summary.h"

#include "../../oracle/clauses.h"
#include "../../oracle/profiles.h"
#include "text.h"
#include "view.h"

enum result { R_PASS, R_FAIL, R_INCONCLUSIVE, R_ERROR };

/* The result of a run, and for one that is not sure the reason. */
static enum result judge(const struct report_totals *t, const struct control_counts *c, struct buf *why)
{
	if (t->fail || t->splats)
		return R_FAIL;
	if (t->incomplete) {
		buf_puts(why, t->incomplete);
		return R_ERROR;
	}
	if (t->error) {
		text_count(why, t->error);
		buf_puts(why, t->error == 1 ? " case could not be run" : " cases could not be run");
		return R_ERROR;
	}
	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		if (c->ran_bad[h] || c->silent_bad[h]) {
			text_count(why, c->ran_bad[h] + c->silent_bad[h]);
			buf_printf(why, " controls of the %s hook went wrong: %s", view_hook(h),
				   c->ran_bad[h] ? "it did not run where it must"
						 : "it ran where it must not");
			return R_INCONCLUSIVE;
		}
		if (t->calls_on[h] && !c->ran_ok[h]) {
			buf_printf(why, "no control shows that the %s hook ran", view_hook(h));
			return R_INCONCLUSIVE;
		}
	}
	if (t->inconclusive) {
		text_count(why, t->inconclusive);
		buf_puts(why, t->inconclusive == 1 ? " case proves nothing" : " cases prove nothing");
		return R_INCONCLUSIVE;
	}
	if (!(t->pass + t->waived) || !(t->calls + t->operations)) {
		buf_puts(why, "nothing was compared");
		return R_INCONCLUSIVE;
	}
	return R_PASS;
}

static enum result judged(const struct report_totals *t, const struct control_counts *c)
{
	struct buf why = {0};
	enum result r = judge(t, c, &why);

	buf_fini(&why);
	return r;
}

const char *summary_verdict(const struct report_totals *t, const struct control_counts *controls)
{
	static const char *const names[] = {
		[R_PASS] = "PASS", [R_FAIL] = "FAIL", [R_INCONCLUSIVE] = "INCONCLUSIVE", [R_ERROR] = "ERROR"};

	return names[judged(t, controls)];
}

int summary_exit(const struct report_totals *t, const struct control_counts *controls)
{
	static const int codes[] = {[R_PASS] = 0, [R_FAIL] = 1, [R_INCONCLUSIVE] = 2, [R_ERROR] = 2};

	return codes[judged(t, controls)];
}

static void counted(struct buf *out, uint64_t n, const char *one, const char *many)
{
	text_count(out, n);
	buf_printf(out, " %s", n == 1 ? one : many);
}

void summary_line(struct buf *out, const struct report_run *run, const struct report_totals *t,
		  const struct control_counts *controls)
{
	struct buf why = {0};
	enum result r = judge(t, controls, &why);

	buf_printf(out, "%s: ", summary_verdict(t, controls));
	counted(out, t->cases, "case, ", "cases, ");
	counted(out, t->calls, "call", "calls");
	buf_puts(out, " on Linux ");
	text_safe(out, run->kernel, strlen(run->kernel));
	buf_puts(out, " (");
	text_safe(out, run->arch, strlen(run->arch));
	buf_printf(out, "), profile %s: ", run->profile);
	if (r == R_FAIL) {
		counted(out, t->fail, "case differs", "cases differ");
		buf_puts(out, ", ");
		counted(out, t->findings, "finding", "findings");
		if (t->splats) {
			buf_puts(out, ", the kernel complained ");
			counted(out, t->splats, "time", "times");
		}
	} else if (r == R_PASS) {
		counted(out, t->pass, "case agrees", "cases agree");
	} else {
		buf_puts(out, buf_str(&why));
	}
	if (t->waived) {
		buf_puts(out, ", ");
		counted(out, t->waived, "waived", "waived");
	}
	if (t->skipped) {
		buf_puts(out, ", ");
		counted(out, t->skipped, "skipped", "skipped");
	}
	buf_puts(out, "\n");
	buf_fini(&why);
}

/* A count, right-aligned in `width`; zero is a dash, so that what happened stands out. */
static void cell(struct buf *out, uint64_t n, int width)
{
	struct buf text = {0};

	if (n)
		text_count(&text, n);
	else
		buf_puts(&text, "-");
	buf_printf(out, " %*s", width, buf_str(&text));
	buf_fini(&text);
}

/* Only clauses that hold in the run's profile can be missed. */
static void print_clauses(struct buf *out, const struct report_run *run, const struct clause_stat *stat,
			  bool all)
{
	const struct profile *profile = profile_find(run->profile);
	unsigned missed = 0, of = 0;

	buf_printf(out, "%-22s %13s %13s %9s %9s %9s %9s\n", "clause", "calls", "pass", "fail", "waived",
		   "silent", "unsure");
	for (unsigned c = 1; c < C_COUNT; c++) {
		const struct clause_stat *s = &stat[c];
		uint64_t other = s->fail + s->waived + s->silent + s->inconclusive;

		bool holds = !profile || profile_has(profile, c);

		of += holds;
		if (!s->hit && !other) {
			missed += holds;
			if (!all || !holds)
				continue;
		}
		buf_printf(out, "%-22s", clause_info(c)->name);
		cell(out, s->hit, 13);
		cell(out, s->hit > other ? s->hit - other : 0, 13);
		cell(out, s->fail, 9);
		cell(out, s->waived, 9);
		cell(out, s->silent, 9);
		cell(out, s->inconclusive, 9);
		buf_puts(out, "\n");
	}
	if (missed)
		buf_printf(out, "%u of the profile's %u clauses had no say in any call%s\n", missed, of,
			   all ? "" : " (--verbose lists them)");
}

static void print_controls(struct buf *out, const struct control_counts *c)
{
	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		buf_printf(out, "controls %-10s ", view_hook(h));
		text_count(out, c->ran_ok[h]);
		buf_puts(out, " of ");
		text_count(out, c->ran_ok[h] + c->ran_bad[h]);
		buf_puts(out, " ran where they must, ");
		text_count(out, c->silent_ok[h]);
		buf_puts(out, " of ");
		text_count(out, c->silent_ok[h] + c->silent_bad[h]);
		buf_puts(out, " were silent where they must\n");
	}
}

void summary_format(struct buf *out, const struct report_run *run, const struct report_totals *t,
		    const struct clause_stat *stat, const struct control_counts *controls, bool all)
{
	print_clauses(out, run, stat, all);
	print_controls(out, controls);
	if (t->silent) {
		text_count(out, t->silent);
		buf_printf(out,
			   " calls of which profile %s leaves a part free (it says nothing, or the bytes "
			   "change by "
			   "themselves):\nthat part was not compared\n",
			   run->profile);
	}
	buf_puts(out, "took ");
	text_seconds(out, t->seconds);
	if (t->seconds > 0) {
		buf_puts(out, ", ");
		text_count(out, (uint64_t)((double)t->cases / t->seconds));
		buf_puts(out, " cases/s");
	}
	if (run->seed_given)
		buf_printf(out, ", seed %llu", (unsigned long long)run->seed);
	buf_puts(out, "\n");
	summary_line(out, run, t, controls);
}
