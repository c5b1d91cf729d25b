/* SPDX-License-Identifier: MIT */
/*
 * hookdiff bisect packages|list: from the ends of a series to the first version that differs
 * (harness/bisect). Everything that is known stands in DIR/bisect.json after every test, so this program has
 * no memory of its own: begun anew or gone on with, the loop is the same.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../bisect/letter.h"
#include "../bisect/trial.h"
#include "../kernels/files.h"
#include "../report/text.h"
#include "../wire/json_in.h"
#include "bisect.h"
#include "oracle/clauses.h"
#include "oracle/profiles.h"
#include "version.h"

#define RUNS 10 /* as syzbot does; 20 once something is flaky */

struct bisect {
	struct cli *cli;
	struct judge judge;
	struct bisect_state s;
	char dir[PATH_MAX / 2], state[PATH_MAX / 2 + 32], findings[PATH_MAX / 2 + 32];
	const char *way; /* template of the backend or of the kernel */
	bool packages, newer_is_good;
	int lock;
	FILE *log;
	unsigned first_tests; /* of an earlier process */
};

static volatile sig_atomic_t stopped; /* by a signal between two tests; during one it is trial_run's */

static void on_signal(int sig)
{
	stopped = sig;
}

static void __attribute__((format(printf, 2, 3))) say(const struct bisect *b, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vfprintf(b->log, format, ap);
	va_end(ap);
	fputc('\n', b->log);
	fflush(b->log);
}

int bisect_refuse(const char *format, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("hookdiff: bisect: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	return EXIT_UNSURE;
}

/* --- the question
 * --------------------------------------------------------------------------------------------- */

/* A copy that comes back from a file as it is. False if it does not fit. */
static bool put(char *to, size_t n, const char *from)
{
	size_t len = (size_t)snprintf(to, n, "%s", from ? from : "");

	for (; *to; to++)
		if (*to < ' ' || *to > '~')
			*to = '?';
	return len < n;
}

static int make_question(struct bisect *b)
{
	struct bisect_question *q = &b->s.question;
	const struct cli *cli = b->cli;

	q->runs = cli->runs ? (unsigned)cli->runs : cli->feature ? 1 : RUNS;
	if (put(q->mode, sizeof(q->mode), b->packages ? "packages" : "list") &&
	    put(q->good, sizeof(q->good), cli->good) && put(q->bad, sizeof(q->bad), cli->bad) &&
	    put(q->judge, sizeof(q->judge), b->judge.kind) && put(q->what, sizeof(q->what), b->judge.what) &&
	    put(q->content, sizeof(q->content), b->judge.content) &&
	    put(q->profile, sizeof(q->profile), cli->profile) && put(q->way, sizeof(q->way), b->way))
		return EXIT_AGREE;
	return cli_usage("bisect: a name on the command line is too long");
}

static int check_options(struct bisect *b)
{
	struct cli *cli = b->cli;

	if (!cli->good || !cli->bad)
		return cli_usage("bisect %s: expected --good and --bad, found %s", cli->args[0],
				 cli->good  ? "no --bad"
				 : cli->bad ? "no --good"
					    : "neither");
	if (cli->build_cmd)
		return cli_usage("bisect %s: --build-cmd is for step", cli->args[0]);
	if (cli->feature && *cli->feature == '!')
		return cli_usage(
			"bisect %s: --feature: expected a name without '!': the good end says what is good",
			cli->args[0]);
	if (strcmp(cli->profile, "auto") && !profile_find(cli->profile)) {
		cli_profile(cli, "", NULL);
		return EXIT_USAGE;
	}
	if (b->packages) {
		if (cli->backend || cli->kernel || cli->names)
			return cli_usage(
				"bisect packages: --backend, --kernel and --names are for list and step");
		return EXIT_AGREE;
	}
	if (!cli->backend == !cli->kernel)
		return cli_usage(
			"bisect list: expected --backend 'CMD %%' or --kernel 'FILE-%%', found neither");
	if (cli->backend && cli->feature)
		return cli_usage(
			"bisect list: a feature is asked of a kernel (--kernel), a backend has none");
	b->way = cli->backend ? cli->backend : cli->kernel;
	if (!strchr(b->way, '%'))
		return cli_usage(
			"bisect list: expected a %% where the version's name goes, found none in '%.80s'",
			b->way);
	return EXIT_AGREE;
}

/* --- the folder
 * ----------------------------------------------------------------------------------------------- */

/* --out itself, or one that is named by the question, so that the same command finds it again. */
static int make_folder(struct bisect *b)
{
	const char *q = (const char *)&b->s.question;
	uint64_t h = 0xcbf29ce484222325ull;
	char path[PATH_MAX];
	int ret;

	for (size_t i = 0; i < sizeof(b->s.question); i++)
		h = (h ^ (unsigned char)q[i]) * 0x100000001b3ull;
	if (b->cli->out_given)
		ret = snprintf(b->dir, sizeof(b->dir), "%s", b->cli->out);
	else
		ret = snprintf(b->dir, sizeof(b->dir), "%s/bisect-%08x", b->cli->out,
			       (unsigned)(h ^ h >> 32));
	if (ret >= (int)sizeof(b->dir))
		return cli_usage("bisect: --out: the path is too long");
	snprintf(b->state, sizeof(b->state), "%s/bisect.json", b->dir);
	snprintf(b->findings, sizeof(b->findings), "%s/findings", b->dir);
	ret = dir_make(b->dir);
	if (ret)
		return bisect_refuse("cannot make the folder %s: %s; name another one with --out", b->dir,
				     strerror(-ret));
	snprintf(path, sizeof(path), "%s/lock", b->dir);
	/* What a killed one has started takes a moment to end. */
	for (int i = 0; i < 150; i++) {
		b->lock = file_try_lock(path);
		if (b->lock != -EWOULDBLOCK)
			break;
		usleep(100000);
	}
	if (b->lock >= 0)
		return EXIT_AGREE;
	return bisect_refuse(b->lock == -EWOULDBLOCK
				     ? "%s: another bisect is at work there: wait for it, or name "
				       "another folder with --out"
				     : "%s: cannot be locked",
			     b->dir);
}

/* Takes up what an earlier process left, or begins. */
static int open_state(struct bisect *b)
{
	struct bisect_question q = b->s.question;
	char why[512], want[80], found[80];
	const char *key;
	unsigned again;
	int ret = state_read(&b->s, b->state, why, sizeof(why));

	if (ret == -ENOENT) {
		state_fini(&b->s);
		b->s.question = q;
		if (b->cli->resume)
			return bisect_refuse("--resume: there is no %s; the command without it begins",
					     b->state);
		return series_make(&b->s, b->cli);
	}
	if (ret) {
		bisect_refuse("%s; remove it to begin anew", why);
		return EXIT_USAGE;
	}
	key = state_differs(&q, &b->s.question, want, found);
	if (key) {
		bisect_refuse(
			"%s is of another bisect (%s: expected '%s', found '%s'); name another folder with "
			"--out, or "
			"remove it",
			b->state, key, want, found);
		return EXIT_USAGE;
	}
	again = state_retry(&b->s);
	b->first_tests = b->s.tests;
	say(b, "going on with %s: %u tests are done%s", b->state, b->s.tests,
	    again ? "; versions without an answer are tried again" : "");
	return EXIT_AGREE;
}

/* --- one test
 * ------------------------------------------------------------------------------------------------- */

/* The name in place of each %; %% is a %. */
static void substitute(struct buf *out, const char *way, const char *name, bool shell)
{
	for (; *way; way++) {
		if (*way != '%') {
			buf_add(out, way, 1);
		} else if (way[1] == '%') {
			buf_puts(out, "%");
			way++;
		} else if (shell) {
			text_shell(out, name);
		} else {
			buf_puts(out, name);
		}
	}
}

static void tell(const struct bisect *b, const struct bisect_point *p, const struct trial_result *r,
		 bool again)
{
	struct search_step next;
	struct bisect_answer a[BISECT_VERSIONS];
	char togo[64] = "";

	for (unsigned i = 0; i < b->s.n; i++)
		a[i] = b->s.point[i].answer;
	search_next(a, b->s.n, b->s.question.runs, &next);
	if (next.what == SEARCH_TEST)
		snprintf(togo, sizeof(togo), "; about %u to go", next.tests);
	switch (r->verdict) {
	case BISECT_GOOD:
	case BISECT_BAD:
		if (b->judge.feature)
			say(b, "%s: %s: %s is %s (Linux %s), %.1f s%s", p->name,
			    r->verdict == BISECT_GOOD ? "good" : "bad", b->judge.feature, r->feature,
			    r->release, r->seconds, togo);
		else if (r->verdict == BISECT_GOOD)
			say(b, "%s: good%s: %u of %u runs hold (Linux %s), %.1f s%s", p->name,
			    again ? " again" : "", r->runs, r->runs, r->release, r->seconds, togo);
		else
			say(b, "%s: bad%s: %u of %u runs differ (Linux %s): %s, %.1f s%s", p->name,
			    again ? " after all" : "", r->failed, r->runs, r->release, r->why, r->seconds,
			    togo);
		break;
	default:
		say(b, "%s: %s: no answer: %s, %.1f s%s", p->name, again ? "as before" : "skip", r->why,
		    r->seconds, togo);
	}
}

/* EXIT_AGREE: there is an answer, or none, and it is on disk. */
static int test(struct bisect *b, const struct search_step *step)
{
	struct bisect_point *p = &b->s.point[step->at];
	struct buf way = {0};
	char file[PATH_MAX];
	struct trial_result r;
	struct trial t = {.patience = b->cli->patience,
			  .cases = b->judge.cases,
			  .feature = b->judge.feature,
			  .good_feature = *b->s.good_feature ? b->s.good_feature : NULL,
			  .profile = *b->s.profile ? b->s.profile : NULL,
			  .runs = step->runs,
			  .folder = b->findings,
			  .hookdiff = HD_VERSION,
			  .argc = b->cli->argc,
			  .argv = b->cli->argv};
	int ret;

	snprintf(p->evidence, sizeof(p->evidence), "test-%03u.jsonl", b->s.tests + 1);
	snprintf(file, sizeof(file), "%s/%s", b->dir, p->evidence);
	t.file = file;
	if (b->way)
		substitute(&way, b->way, p->name, b->cli->backend != NULL);
	t.backend = b->cli->backend ? buf_str(&way) : NULL;
	t.spec = b->way && !t.backend ? buf_str(&way) : p->name;
	trial_run(&t, &r);
	buf_fini(&way);
	if (r.interrupted)
		return bisect_refuse("interrupted; the same command goes on (%s)", b->state);
	if (r.fatal)
		return bisect_refuse("%s: %s", p->name, r.why);
	search_add(&p->answer, r.verdict, r.runs, r.failed);
	p->tests++;
	p->seconds += r.seconds;
	snprintf(p->why, sizeof(p->why), "%s", r.why);
	if (*r.release)
		snprintf(p->release, sizeof(p->release), "%s", r.release);
	if (*r.version)
		snprintf(p->version, sizeof(p->version), "%s", r.version);
	if (!step->at && r.verdict != BISECT_SKIP) {
		snprintf(b->s.good_feature, sizeof(b->s.good_feature), "%s", r.feature);
		if (!*b->s.profile)
			snprintf(b->s.profile, sizeof(b->s.profile), "%s", r.profile);
	}
	b->s.tests++;
	b->s.skips += r.verdict == BISECT_SKIP;
	b->s.seconds += r.seconds;
	ret = state_write(&b->s, b->state);
	if (ret)
		return bisect_refuse("%s could not be written: %s", b->state, strerror(-ret));
	tell(b, p, &r, step->what == SEARCH_RETEST);
	return EXIT_AGREE;
}

/* --- the answer
 * ------------------------------------------------------------------------------------------------ */

static int refused(const struct bisect *b, const struct search_step *step)
{
	const struct bisect_state *s = &b->s;
	const struct bisect_point *good = &s->point[0], *bad = &s->point[s->n - 1];

	switch (step->refusal) {
	case REFUSED_GOOD_UNKNOWN:
		return bisect_refuse("the good end %s gives no answer: %s", good->name, good->why);
	case REFUSED_BAD_UNKNOWN:
		return bisect_refuse("the bad end %s gives no answer: %s", bad->name, bad->why);
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

		substitute(&way, b->way, name, cli->backend != NULL);
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

static int report(const struct bisect *b, const struct search_step *step)
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
		say(b, "\n%s is the %s version that differs; %s, before it in the series, does not",
		    bad->name, b->newer_is_good ? "last" : "first", good->name);
	else
		say(b,
		    "\nsomewhere after %s, and in %s at the latest: %u versions between the two give no "
		    "answer",
		    good->name, bad->name, count_skipped(b, step));
	if (*bad->why && !b->judge.feature)
		say(b, "%s", bad->why);
	fputs(buf_str(&profiles), b->log);
	say(b, "%u versions, %u tests, %u of them without an answer, %.1f s%s", b->s.n, b->s.tests,
	    b->s.skips, b->s.seconds, step->flaky ? "; some version differs only now and then" : "");
	if (ret)
		bisect_refuse("%s could not be written: %s", path, strerror(-ret));
	else
		say(b, "report to send: %s", path);
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

static int search(struct bisect *b)
{
	struct sigaction act = {.sa_handler = on_signal};
	struct bisect_answer a[BISECT_VERSIONS];
	struct search_step step;
	int code;

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	for (;;) {
		if (stopped)
			return bisect_refuse("interrupted; the same command goes on (%s)", b->state);
		for (unsigned i = 0; i < b->s.n; i++)
			a[i] = b->s.point[i].answer;
		search_next(a, b->s.n, b->s.question.runs, &step);
		switch (step.what) {
		case SEARCH_TEST:
		case SEARCH_RETEST:
			code = test(b, &step);
			if (code)
				return code;
			break;
		case SEARCH_FOUND:
		case SEARCH_RANGE:
			return report(b, &step);
		case SEARCH_REFUSED:
			return refused(b, &step);
		}
	}
}

int cmd_bisect(struct cli *cli)
{
	static struct bisect b;
	const char *form = cli->args[0];
	int code;

	if (!strcmp(form, "step"))
		return bisect_step(cli);
	b.cli = cli;
	b.lock = -1;
	b.packages = !strcmp(form, "packages");
	b.log = cli->json ? stderr : stdout;
	if (!b.packages && strcmp(form, "list"))
		return cli_usage("bisect: expected packages, list or step, found '%s'", form);
	code = check_options(&b);
	if (!code)
		code = judge_open(&b.judge, cli);
	if (!code)
		code = make_question(&b);
	if (!code)
		code = make_folder(&b);
	if (!code)
		code = open_state(&b);
	if (!code)
		code = judge_place(&b.judge, b.dir);
	if (!code && strcmp(cli->profile, "auto"))
		snprintf(b.s.profile, sizeof(b.s.profile), "%s", cli->profile);
	if (!code) {
		b.newer_is_good = series_runs_back(&b.s, cli);
		if (!b.first_tests)
			say(&b, "%u versions from %s to %s, %u %s each; %s", b.s.n, b.s.point[0].name,
			    b.s.point[b.s.n - 1].name, b.s.question.runs,
			    b.s.question.runs == 1 ? "run" : "runs", b.dir);
		code = search(&b);
	}
	state_fini(&b.s);
	judge_fini(&b.judge);
	if (b.lock >= 0)
		close(b.lock);
	return code;
}
