/* SPDX-License-Identifier: MIT */
/* hookdiff shrink: the smallest case that still shows what this one shows on this kernel, on stdout. */
#include <stdio.h>

#include "../campaign/operate_finding.h"
#include "../campaign/triage.h"
#include "run_tree.h"

static void show(struct buf *text, unsigned tries, unsigned failed, unsigned reruns)
{
	fputs(buf_str(text), stdout);
	fprintf(stderr, "%u tries; the smallest case fails in %u of %u runs on fresh sockets\n", tries,
		failed, reruns);
	buf_fini(text);
}

/* The exit code; says why there is no smaller case. */
static int conclude(const struct session *s, const struct casefile *f, enum verdict v, const char *why)
{
	if (v == V_FAIL)
		return EXIT_DIVERGENCE;
	if (v != V_PASS) {
		fprintf(stderr, "hookdiff: %s: %s\n", f->path, why);
		return EXIT_UNSURE;
	}
	fprintf(stderr, "hookdiff: %s passes on Linux %s with profile %s: there is nothing to shrink\n",
		f->path, s->release, s->profile->name);
	return EXIT_AGREE;
}

static int shrink_file(struct session *s, struct backend *b, struct casefile *f)
{
	static struct finding finding; /* large */
	static struct loop loop;
	struct case_result res;
	struct buf text = {0};
	enum verdict v;

	if (loop_init(&loop, b, s->profile, 0))
		return EXIT_UNSURE;
	loop.readback = true;
	b->straight = s->cli->straight && b->straightens;
	v = loop_case(&loop, &f->tc, true, NULL, &res);
	if (v == V_FAIL) {
		triage_investigate(&loop, &f->tc, &res, &finding);
		tcase_print(&finding.tc, &f->meta, &text);
		show(&text, finding.tries, finding.failed, finding.reruns);
	}
	loop_fini(&loop);
	return conclude(s, f, v, res.why);
}

/* The same for a case with operations. */
static int shrink_tree(struct session *s, struct backend *b, struct casefile *f)
{
	static struct run_tree q; /* large */
	static struct op_finding finding;
	struct buf text = {0};
	enum verdict v;

	q = (struct run_tree){.s = s, .b = b};
	v = run_tree_once(&q, f);
	if (v == V_FAIL) {
		operate_investigate(&q.o, f->tree, &q.res, &finding);
		tree_print(&finding.t, &f->meta, &text);
		show(&text, finding.tries, finding.failed, finding.reruns);
	}
	run_tree_close(&q);
	return conclude(s, f, v, q.res.why);
}

int cmd_shrink(struct cli *cli)
{
	struct casefile **files = NULL;
	struct session s;
	struct backend *b;
	char err[512];
	size_t n = 0;
	int code = casefile_load_all(cli->args, cli->n_args, &files, &n);

	if (!code && n != 1)
		code = cli_usage("shrink: expected one case, found %zu", n);
	if (!code)
		code = session_check(&s, cli);
	if (!code) {
		casefile_scope(files, n, s.profile);
		if (s.epoch)
			casefile_scope_trees(files, n, s.profile, s.epoch);
		b = session_backend(&s, err, sizeof(err));
		if (!b) {
			fprintf(stderr, "hookdiff: %s\n", err);
			code = EXIT_UNSURE;
		} else {
			code = files[0]->tree ? shrink_tree(&s, b, files[0]) : shrink_file(&s, b, files[0]);
			b->ops->close(b, NULL);
		}
		session_close(&s);
	}
	casefile_free(files, n);
	return code;
}
