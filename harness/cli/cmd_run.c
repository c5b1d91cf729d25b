/* SPDX-License-Identifier: MIT */
/* hookdiff run: case files on this kernel, each on fresh sockets, with every option read back after a set. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "../base/recorder.h"
#include "../campaign/crowd_case.h"
#include "../campaign/record.h"
#include "../case/options.h"
#include "../case/safe.h"
#include "../exec/kernel.h"
#include "../report/progress.h"
#include "../report/text.h"
#include "casefile.h"
#include "in_vm.h"
#include "paths.h"
#include "run_tree.h"
#include "session.h"

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	interrupted = sig;
}

struct runner {
	struct session *s;
	struct splats splats;
	struct loop loop;
	struct run_tree trees;
	struct report_totals t;
	struct bucket seen[BULK_BUCKETS]; /* keys that were reported already: one card each */
	unsigned n_seen;
};

static bool known(struct runner *r, const struct triage_key *key)
{
	for (unsigned i = 0; i < r->n_seen; i++)
		if (triage_equal(&r->seen[i].key, key)) {
			r->seen[i].count++;
			return true;
		}
	if (r->n_seen < BULK_BUCKETS)
		r->seen[r->n_seen++] = (struct bucket){.key = *key, .count = 1};
	return false;
}

static void say(const struct runner *r, const char *verdict, const char *path, const char *why)
{
	struct buf b = {0};

	if (r->s->cli->json)
		return;
	buf_printf(&b, "%-12s ", verdict);
	text_safe(&b, path, strlen(path));
	if (why && *why) {
		buf_puts(&b, ": ");
		text_safe(&b, why, strlen(why));
	}
	puts(buf_str(&b));
	buf_fini(&b);
}

static struct report_case record_of(const struct runner *r, const char *verdict, const struct casefile *f,
				    const char *why)
{
	return (struct report_case){.verdict = verdict,
				    .kernel = strcmp(verdict, "PASS") ? r->s->release : NULL,
				    .path = f->path,
				    .why = why && *why ? why : NULL,
				    .clauses = f->meta.clauses};
}

/* The record of a case; res: with the difference that it showed, or NULL. */
static void note(struct runner *r, const char *verdict, const struct casefile *f, const char *why,
		 const struct case_result *res)
{
	struct report_case rc = record_of(r, verdict, f, why);

	if (res) {
		rc.tc = &f->tc;
		rc.call = res->call;
		rc.state = res->state;
		rc.at = res->state ? &res->at : NULL;
		rc.diff = &res->diff;
		rc.want = &res->want;
		rc.got = &res->got;
	}
	jsonl_case(r->s->jsonl, &rc);
}

/* "SET.OPTLEN.ZERO, getsockopt ret: want 0, got -14" */
static void summarize(const struct case_result *res, const struct tcase *tc, char *out, size_t n)
{
	snprintf(out, n, "%s, call %u (%s)%s, %s: want %lld, got %lld",
		 res->diff.clause ? clause_info(res->diff.clause)->name : "the case's own expectation",
		 res->call + 1, tc->call[res->call].hook == HOOK_SET ? "setsockopt" : "getsockopt",
		 res->state ? " and the state after it" : "", diff_field_name(res->diff.field),
		 (long long)res->diff.want, (long long)res->diff.got);
}

static void run_failed(struct runner *r, struct casefile *f, const struct case_result *res)
{
	static struct finding finding; /* large */
	struct triage_key key = triage_key(&f->tc, res);
	struct waiver *w = waivers_match(&r->s->waivers, key.clause, (enum hook)key.hook, r->s->release);
	char why[300], stem[96];

	if (w) {
		r->t.waived++;
		r->loop.stat[key.clause].waived++;
		say(r, "XFAIL", f->path, w->reason);
		note(r, "XFAIL", f, w->reason, res);
		return;
	}
	r->t.fail++;
	summarize(res, &f->tc, why, sizeof(why));
	say(r, "FAIL", f->path, why);
	if (known(r, &key)) {
		note(r, "FAIL", f, NULL, res);
		return;
	}
	r->t.findings++;
	triage_investigate(&r->loop, &f->tc, res, &finding);
	if (record_finding(&(struct record_opts){.folder = r->s->findings,
						 .reproduce = r->s->reproduce,
						 .spec = r->s->cli->kernel},
			   &r->loop, &finding, f->path, 0, w, stem, sizeof(stem)))
		fprintf(stderr, "hookdiff: cannot write the finding %s to %s\n", stem, r->s->findings);
	session_finding(r->s, stem);
	if (!r->s->cli->json)
		putchar('\n');
}

static bool safe(const struct casefile *f, int32_t *level, int32_t *optname)
{
	return f->tree ? tree_host_safe(f->tree, level, optname) : tcase_host_safe(&f->tc, level, optname);
}

/* Is the case kept off this machine? Counted and said. */
static bool skipped(struct runner *r, const struct casefile *f)
{
	const char *reason = " can hurt this machine; --unsafe runs it all the same (in a VM)";
	int32_t level, optname;
	struct buf why = {0};

	if (r->s->cli->unsafe || safe(f, &level, &optname))
		return false;
	level_print(&why, level);
	buf_puts(&why, " ");
	option_print(&why, level, optname);
	buf_puts(&why, reason);
	say(r, "SKIP", f->path, buf_str(&why));
	note(r, "SKIP", f, buf_str(&why), NULL);
	buf_fini(&why);
	r->t.skipped++;
	return true;
}

/* The record of a case with operations that differed. */
static void note_tree(struct runner *r, const char *verdict, const struct casefile *f, const char *why)
{
	const struct op_result *res = &r->trees.res;
	const struct report_step step = {
		.number = res->step + 1, .clause = res->clause, .field = op_result_field(res)};
	struct report_case rc = record_of(r, verdict, f, why);

	rc.step = &step;
	jsonl_case(r->s->jsonl, &rc);
}

/* A case with operations differed. The first of its kind is in the report with its smallest case. */
static void tree_failed(struct runner *r, const struct casefile *f, const char *stem)
{
	const struct op_result *res = &r->trees.res;
	const struct triage_key key = {.clause = res->clause,
				       .hook = HOOK_SET,
				       .option = OPT_NONE,
				       .field = (uint8_t)(res->field == OP_CALL
								  ? res->call.diff.field
								  : DIFF_FIELD_COUNT + res->field)};
	struct waiver *w = waivers_match(&r->s->waivers, res->clause, HOOK_SET, r->s->release);

	if (w) {
		r->t.waived++;
		say(r, "XFAIL", f->path, w->reason);
		note_tree(r, "XFAIL", f, w->reason);
		return;
	}
	r->t.fail++;
	say(r, "FAIL", f->path, res->why);
	if (known(r, &key)) {
		note_tree(r, "FAIL", f, res->why);
		return;
	}
	r->t.findings++;
	session_finding(r->s, stem);
}

static void tell(struct runner *r, const struct casefile *f, enum verdict v, const char *why)
{
	static const char *const words[V_COUNT] = {[V_PASS] = "PASS",
						   [V_FAIL] = "FAIL",
						   [V_INCONCLUSIVE] = "INCONCLUSIVE",
						   [V_SKIP] = "SKIP",
						   [V_ERROR] = "ERROR"};

	r->t.pass += v == V_PASS;
	r->t.inconclusive += v == V_INCONCLUSIVE;
	r->t.skipped += v == V_SKIP;
	r->t.error += v == V_ERROR;
	if (v != V_PASS || r->s->cli->verbose)
		say(r, words[v], f->path, why);
	note(r, words[v], f, why, NULL);
}

static void run_operations(struct runner *r, struct casefile *f)
{
	enum verdict v;
	char stem[96];

	recorder_file(f->path);
	r->trees.s = r->s;
	r->trees.b = r->loop.b;
	v = run_tree(&r->trees, f, stem, sizeof(stem));
	if (v == V_FAIL)
		tree_failed(r, f, stem);
	else
		tell(r, f, v, v == V_PASS ? NULL : r->trees.res.why);
}

/* --paths: the table goes where the verdicts go. */
static enum verdict run_paths(struct runner *r, struct casefile *f, struct case_result *res)
{
	static struct paths p; /* large */
	static struct tcase written;
	struct buf b = {0};
	enum verdict v;

	written = f->tc;
	v = paths_run(&r->loop, &f->tc, &p, res);
	paths_print(&written, &p, &b);
	if (!r->s->cli->json) {
		say(r, "PATHS", f->path, NULL);
		fputs(buf_str(&b), stdout);
	}
	buf_fini(&b);
	return v;
}

/* --threads: after the case alone. True if the threads' results have decided. */
static bool run_crowd(struct runner *r, struct casefile *f, enum verdict *v, struct case_result *res)
{
	unsigned threads = (unsigned)r->s->cli->crowd;
	struct crowd_report rep;
	char why[200];

	*v = crowd_case(&r->loop, &f->tc, threads, res, &rep);
	if (rep.differs) {
		snprintf(why, sizeof(why),
			 "thread %u of %u, call %u (%s), %s: alone %lld, among the others %lld",
			 rep.thread + 1, threads, rep.call + 1,
			 f->tc.call[rep.call].hook == HOOK_SET ? "setsockopt" : "getsockopt",
			 diff_field_name(rep.diff.field), (long long)rep.diff.want, (long long)rep.diff.got);
		r->t.fail++;
		say(r, "FAIL", f->path, why);
		note(r, "FAIL", f, why, NULL);
		return true;
	}
	if (*v != V_PASS)
		return false;
	if (rep.left_out)
		say(r, "THREADS", f->path, "left out: not only system calls, or no result is promised");
	else if (r->s->cli->paths || r->s->cli->verbose) {
		snprintf(why, sizeof(why), "%llu calls by %u threads at once, each as alone",
			 (unsigned long long)rep.calls, threads);
		say(r, "THREADS", f->path, why);
	}
	r->loop.calls += rep.calls;
	return false;
}

static void run_case(struct runner *r, struct casefile *f)
{
	struct case_result res;
	enum verdict v;

	if (skipped(r, f))
		return;
	if (f->tree) {
		run_operations(r, f);
		return;
	}
	recorder_file(f->path);
	if (r->s->cli->each && !r->s->cli->backend)
		kernel_section(r->loop.b, f->path);
	v = r->s->cli->paths ? run_paths(r, f, &res) : loop_case(&r->loop, &f->tc, true, NULL, &res);
	if (v == V_PASS && r->s->cli->crowd && run_crowd(r, f, &v, &res))
		return;
	if (v == V_FAIL)
		run_failed(r, f, &res);
	else
		tell(r, f, v, v == V_PASS ? NULL : res.why);
}

static void look_at_log(struct runner *r, const char *path)
{
	if (!splats_poll(&r->splats))
		return;
	r->t.splats++;
	splat_tell(path, &r->splats);
	session_splat(r->s, buf_str(&r->splats.text), path);
}

static int run_all(struct session *s, struct casefile **files, size_t n)
{
	static struct runner r; /* large */
	struct sigaction act = {.sa_handler = on_signal};
	struct control_counts controls;
	struct progress p;
	char err[512];
	struct backend *b = session_backend(s, err, sizeof(err));
	size_t i, passes = s->cli->repeat * n;

	if (!b) {
		fprintf(stderr, "hookdiff: %s\n", err);
		session_close(s);
		return EXIT_UNSURE;
	}
	r.s = s;
	if (loop_init(&r.loop, b, s->profile, 0)) {
		b->ops->close(b, NULL);
		session_close(s);
		return EXIT_UNSURE;
	}
	r.loop.readback = true;
	b->straight = s->cli->straight && b->straightens;
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	r.splats.log = -1;
	if (s->cli->dmesg && splats_open(&r.splats, &s->splats)) {
		fprintf(stderr, "hookdiff: cannot read the kernel's log: %s\n", strerror(errno));
		b->ops->close(b, NULL);
		session_close(s);
		return EXIT_UNSURE;
	}
	session_start(s);
	recorder_begin(RECORDER_PATHS, 0);
	progress_init(&p, stderr, "run", passes, 0);
	for (i = 0; i < passes && !interrupted && !b->gone; i++) {
		run_case(&r, files[i % n]);
		look_at_log(&r, files[i % n]->path);
		progress_update(&p, i + 1, r.t.findings);
	}
	r.t.seconds = progress_seconds(&p);
	progress_end(&p);
	if (i < passes) {
		fprintf(stderr, "hookdiff: %s after %zu of %zu cases\n",
			b->gone ? "the backend failed" : "interrupted", i, passes);
		r.t.skipped += passes - i;
		r.t.incomplete = b->gone ? "the backend failed" : "interrupted before the last case";
	}
	r.t.cases = i;
	splats_close(&r.splats);
	r.t.calls = r.loop.calls;
	r.t.silent = r.loop.silent;
	r.t.waivers = &s->waivers;
	memcpy(r.t.calls_on, r.loop.calls_on, sizeof(r.t.calls_on));
	loop_flush(&r.loop);
	run_tree_end(&r.trees, r.loop.stat, &r.t);
	b->ops->close(b, &controls);
	loop_fini(&r.loop);
	return session_end(s, &r.t, r.loop.stat, &controls);
}

int cmd_run(struct cli *cli)
{
	struct casefile **files = NULL;
	struct session s;
	size_t n = 0;
	int code = casefile_load_all(cli->args, cli->n_args, &files, &n);

	if (!code && in_vm(cli)) {
		code = in_vm_run(cli);
		goto out;
	}
	if (!code)
		code = session_open(&s, cli, "run");
	if (!code) {
		if (!cli->json)
			printf("%zu case%s on Linux %s, profile %s\n", n, n == 1 ? "" : "s", s.release,
			       s.profile->name);
		casefile_scope(files, n, s.profile);
		if (s.epoch)
			casefile_scope_trees(files, n, s.profile, s.epoch);
		code = run_all(&s, files, n);
	}
out:
	casefile_free(files, n);
	return code;
}
