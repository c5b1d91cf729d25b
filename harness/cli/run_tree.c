/* SPDX-License-Identifier: MIT */
#include "run_tree.h"

#include <stdio.h>
#include <string.h>

#include "../campaign/operate_finding.h"
#include "../campaign/record.h"

/* 0, or a verdict with its reason. */
static enum verdict open_lane(struct run_tree *q)
{
	char err[256];

	if (q->lane)
		return V_PASS;
	if (q->b->command) {
		snprintf(q->res.why, sizeof(q->res.why),
			 "operations are for the kernel of this machine: no --backend");
		return V_SKIP;
	}
	if (!q->s->epoch || q->s->profile->in != IN_KERNEL) {
		snprintf(q->res.why, sizeof(q->res.why), "no rules of attaching are known for %s",
			 q->s->epoch ? "this profile" : "this kernel");
		return V_SKIP;
	}
	q->lane = lane_open(q->b, err, sizeof(err));
	if (!q->lane || operate_init(&q->o, q->lane, q->s->profile, q->s->epoch)) {
		snprintf(q->res.why, sizeof(q->res.why), "%s", q->lane ? "out of memory" : err);
		return V_ERROR;
	}
	return V_PASS;
}

static void failed(struct run_tree *q, const struct casefile *f, char *stem, size_t size)
{
	static struct op_finding finding; /* large */
	const struct record_operations rec = {.folder = q->s->findings,
					      .kernel = q->s->release,
					      .path = f->path,
					      .spec = q->s->cli->kernel};

	operate_investigate(&q->o, f->tree, &q->res, &finding);
	if (record_operations(&rec, &q->o, &finding, stem, size))
		fprintf(stderr, "hookdiff: cannot write the finding %s to %s\n", stem, q->s->findings);
}

enum verdict run_tree_once(struct run_tree *q, const struct casefile *f)
{
	enum verdict v = open_lane(q);

	if (v)
		return v;
	q->o.loop.readback = false;
	return operate_case(&q->o, f->tree, true, &q->res);
}

enum verdict run_tree(struct run_tree *q, const struct casefile *f, char *stem, size_t size)
{
	enum verdict v = run_tree_once(q, f);

	if (v == V_FAIL)
		failed(q, f, stem, size);
	return v;
}

void run_tree_close(struct run_tree *q)
{
	if (!q->lane)
		return;
	operate_fini(&q->o);
	lane_close(q->lane);
	q->lane = NULL;
}

void run_tree_end(struct run_tree *q, struct clause_stat *stat, struct report_totals *t)
{
	if (!q->lane)
		return;
	loop_flush(&q->o.loop);
	for (unsigned c = 0; c < C_COUNT; c++) {
		stat[c].hit += q->o.loop.stat[c].hit;
		stat[c].fail += q->o.loop.stat[c].fail;
	}
	t->calls += q->o.loop.calls;
	t->operations += q->o.operations;
	t->silent += q->o.loop.silent;
	for (unsigned h = 0; h < HOOK_COUNT; h++)
		t->calls_on[h] += q->o.loop.calls_on[h];
	run_tree_close(q);
}
