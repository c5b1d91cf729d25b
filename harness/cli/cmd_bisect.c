/* SPDX-License-Identifier: MIT */
/*
 * hookdiff bisect packages|list: from the ends of a series to the first version that differs
 * (harness/bisect). Everything that is known stands in DIR/bisect.json after every test, so this program has
 * no memory of its own: begun anew or gone on with, the loop is the same.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../bisect/trial.h"
#include "../kernels/files.h"
#include "bisect_run.h"
#include "oracle/profiles.h"
#include "version.h"

#define RUNS 10 /* as syzbot does; 20 once something is flaky */

static volatile sig_atomic_t stopped; /* by a signal between two tests; during one it is trial_run's */

static void on_signal(int sig)
{
	stopped = sig;
}

void bisect_say(const struct bisect *b, const char *format, ...)
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

/* ---- the question ---- */

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
	if (cli->build_cmd || cli->tree || cli->arch || cli->config.n)
		return cli_usage("bisect %s: --build-cmd, --tree, --arch and --config are for step",
				 cli->args[0]);
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

/* ---- the folder ---- */

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
	bisect_say(b, "going on with %s: %u tests are done%s", b->state, b->s.tests,
		   again ? "; versions without an answer are tried again" : "");
	return EXIT_AGREE;
}

/* ---- one test ---- */

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
			bisect_say(b, "%s: %s: %s is %s (Linux %s), %.1f s%s", p->name,
				   r->verdict == BISECT_GOOD ? "good" : "bad", b->judge.feature, r->feature,
				   r->release, r->seconds, togo);
		else if (r->verdict == BISECT_GOOD)
			bisect_say(b, "%s: good%s: %u of %u runs hold (Linux %s), %.1f s%s", p->name,
				   again ? " again" : "", r->runs, r->runs, r->release, r->seconds, togo);
		else
			bisect_say(b, "%s: bad%s: %u of %u runs differ (Linux %s): %s, %.1f s%s", p->name,
				   again ? " after all" : "", r->failed, r->runs, r->release, r->why,
				   r->seconds, togo);
		break;
	default:
		bisect_say(b, "%s: %s: no answer: %s, %.1f s%s", p->name, again ? "as before" : "skip",
			   r->why, r->seconds, togo);
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
		bisect_way(&way, b, p->name);
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
			return bisect_report(b, &step);
		case SEARCH_REFUSED:
			return bisect_refused(b, &step);
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
			bisect_say(&b, "%u versions from %s to %s, %u %s each; %s", b.s.n, b.s.point[0].name,
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
