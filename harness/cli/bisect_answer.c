/* SPDX-License-Identifier: MIT */
/* The end of a bisect in words: refused, found, or a range. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../bisect/letter.h"
#include "../bisect/trial.h"
#include "../kernels/files.h"
#include "../report/text.h"
#include "../wire/json_in.h"
#include "bisect_run.h"
#include "oracle/clauses.h"
#include "version.h"

void bisect_way(struct buf *out, const struct bisect *b, const char *name)
{
	for (const char *way = b->way; *way; way++) {
		if (*way != '%') {
			buf_add(out, way, 1);
		} else if (way[1] == '%') {
			buf_puts(out, "%");
			way++;
		} else if (b->cli->backend) {
			text_shell(out, name);
		} else {
			buf_puts(out, name);
		}
	}
}

/* An end that cannot run the case at all: that, too, is a change, which no case can see. */
static const char *hint(const struct bisect_point *end)
{
	return strncmp(end->why, "SKIP: ", 6)
		       ? ""
		       : "; what a kernel lacks is looked for with --feature NAME (hookdiff "
			 "probe --json: named)";
}

int bisect_refused(const struct bisect *b, const struct search_step *step)
{
	const struct bisect_state *s = &b->s;
	const struct bisect_point *good = &s->point[0], *bad = &s->point[s->n - 1];

	switch (step->refusal) {
	case REFUSED_GOOD_UNKNOWN:
		return bisect_refuse("the good end %s gives no answer: %s%s", good->name, good->why,
				     hint(good));
	case REFUSED_BAD_UNKNOWN:
		return bisect_refuse("the bad end %s gives no answer: %s%s", bad->name, bad->why, hint(bad));
	case REFUSED_GOOD_IS_BAD:
		return bisect_refuse(
			"the good end %s is bad: %u of %u runs differ: %s; choose another --good or "
			"--profile",
			good->name, good->answer.failed, good->answer.runs, good->why);
	default:
		break;
	}
	if (b->judge.feature)
		return bisect_refuse("the ends agree: %s is %s on %s and on %s; there is nothing to look for",
				     b->judge.feature, s->good_feature, good->name, bad->name);
	return bisect_refuse(
		"the ends agree: all %u runs on %s and all %u on %s hold, by the profile %s; there is "
		"nothing to "
		"look for",
		good->answer.runs, good->name, bad->answer.runs, bad->name, s->profile);
}

static unsigned count_skipped(const struct bisect *b, const struct search_step *step)
{
	unsigned n = 0;

	for (unsigned i = step->good + 1; i < step->bad; i++)
		n += b->s.point[i].answer.verdict == BISECT_SKIP;
	return n;
}

static void reproduce(const struct bisect *b, const char *name, struct buf *out)
{
	const struct cli *cli = b->cli;

	buf_puts(out, "hookdiff bisect step ");
	if (b->packages) {
		buf_puts(out, "--kernel ");
		text_shell(out, name);
	} else {
		struct buf way = {0};

		bisect_way(&way, b, name);
		buf_puts(out, cli->backend ? "--backend " : "--kernel ");
		text_shell(out, buf_str(&way));
		buf_fini(&way);
	}
	if (b->judge.feature) {
		buf_printf(out, " --feature %s%s", strcmp(b->s.good_feature, "absent") ? "" : "'!'",
			   b->judge.feature);
		return;
	}
	buf_printf(out, " --profile %s", b->s.profile);
	if (cli->case_path) {
		buf_puts(out, " --case ");
		text_shell(out, cli->case_path);
	}
	if (cli->clause)
		buf_printf(out, " --clause %s", cli->clause);
}

static unsigned count_retests(const struct bisect *b)
{
	unsigned n = 0;

	for (unsigned i = 0; i < b->s.n; i++)
		n += b->s.point[i].tests > 1 ? b->s.point[i].tests - 1 : 0;
	return n;
}

static void print_json(const struct bisect *b, const struct search_step *step, const char *report)
{
	struct buf o = {0};

	buf_printf(&o, "{\"type\":\"bisect-result\",\"verdict\":\"%s\",\"good\":",
		   step->what == SEARCH_FOUND ? "found" : "range");
	json_put_text(&o, b->s.point[step->good].name);
	buf_puts(&o, ",\"bad\":");
	json_put_text(&o, b->s.point[step->bad].name);
	buf_printf(&o,
		   ",\"versions\":%u,\"tests\":%u,\"retests\":%u,\"skips\":%u,\"seconds\":%.1f,\"state\":",
		   b->s.n, b->s.tests, count_retests(b), b->s.skips, b->s.seconds);
	json_put_text(&o, b->state);
	buf_puts(&o, ",\"report\":");
	json_put_text(&o, report);
	buf_puts(&o, ",\"points\":[");
	for (unsigned i = 0, n = 0; i < b->s.n; i++) {
		const struct bisect_point *p = &b->s.point[i];

		if (p->answer.verdict == BISECT_UNTESTED)
			continue;
		buf_puts(&o, n++ ? ",{\"name\":" : "{\"name\":");
		json_put_text(&o, p->name);
		buf_printf(&o, ",\"verdict\":\"%s\",\"runs\":%u,\"failed\":%u}",
			   bisect_verdict_names[p->answer.verdict], p->answer.runs, p->answer.failed);
	}
	buf_puts(&o, "]}");
	puts(buf_str(&o));
	buf_fini(&o);
}

int bisect_report(const struct bisect *b, const struct search_step *step)
{
	const struct bisect_point *good = &b->s.point[step->good], *bad = &b->s.point[step->bad];
	struct buf evidence = {0}, letter = {0}, profiles = {0}, again = {0};
	struct letter l = {.s = &b->s,
			   .good = step->good,
			   .bad = step->bad,
			   .newer_is_good = b->newer_is_good,
			   .case_name = b->cli->clause ? b->cli->clause : b->judge.what,
			   .cases = b->judge.text.n ? buf_str(&b->judge.text) : NULL,
			   .hookdiff = HD_VERSION};
	char path[PATH_MAX];
	int ret;

	snprintf(path, sizeof(path), "%s/%s", b->dir, bad->evidence);
	l.clause = b->judge.feature ? C_NONE : trial_evidence(path, &evidence);
	l.evidence = buf_str(&evidence);
	reproduce(b, bad->name, &again);
	l.reproduce = buf_str(&again);
	letter_format(&letter, &l);
	letter_profiles(&profiles, &l);
	snprintf(path, sizeof(path), "%s/report.txt", b->dir);
	ret = file_write(path, buf_str(&letter), letter.n);

	if (step->what == SEARCH_FOUND)
		bisect_say(b, "\n%s is the %s version that differs; %s, before it in the series, does not",
			   bad->name, b->newer_is_good ? "last" : "first", good->name);
	else
		bisect_say(
			b,
			"\nsomewhere after %s, and in %s at the latest: %u versions between the two give no "
			"answer",
			good->name, bad->name, count_skipped(b, step));
	if (*bad->why && !b->judge.feature)
		bisect_say(b, "%s", bad->why);
	fputs(buf_str(&profiles), b->log);
	bisect_say(b, "%u versions, %u tests, %u of them without an answer, %.1f s%s", b->s.n, b->s.tests,
		   b->s.skips, b->s.seconds, step->flaky ? "; some version differs only now and then" : "");
	if (ret)
		bisect_refuse("%s could not be written: %s", path, strerror(-ret));
	else
		bisect_say(b, "report to send: %s", path);
	if (b->cli->json)
		print_json(b, step, path);
	buf_fini(&evidence);
	buf_fini(&letter);
	buf_fini(&profiles);
	buf_fini(&again);
	if (ret)
		return EXIT_UNSURE;
	return step->what == SEARCH_FOUND ? EXIT_AGREE : EXIT_DIVERGENCE;
}
