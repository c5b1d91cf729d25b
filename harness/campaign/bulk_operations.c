/* SPDX-License-Identifier: MIT */
/* Cases with operations in bulk: the same workers, on the slow lane. */
#include "bulk_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../base/recorder.h"
#include "../case/tree_text.h"
#include "../report/waivers.h"
#include "chains.h"
#include "record.h"

static void save_tree(const struct worker *w, uint64_t index)
{
	struct buf text = {0};

	tree_print(&w->operations->t, NULL, &text);
	bulk_save(w, index, &text);
	buf_fini(&text);
}

/* A case with operations differed: likewise. */
static void operation_diverged(struct worker *w, uint64_t index)
{
	struct bulk_operations *q = w->operations;
	struct triage_key key = {
		.clause = q->res.clause,
		.hook = HOOK_SET,
		.option = OPT_NONE,
		.field = (uint8_t)(q->res.field == OP_CALL ? q->res.call.diff.field : DIFF_RET)};
	struct record_operations rec = {.folder = w->opts->findings,
					.kernel = w->loop.b->release,
					.index = index,
					.spec = w->opts->spec};
	struct bucket *b = bulk_bucket(w->r, &key);
	struct waiver *waiver =
		w->opts->waivers ? waivers_match(w->opts->waivers, key.clause, HOOK_SET, rec.kernel) : NULL;

	if (waiver)
		w->r->waived++;
	else if (!w->r->caught_after) {
		w->r->caught_after = q->o.cases;
		if (w->opts->stop_at_first)
			atomic_store(w->stop, 1);
	}
	if (!b)
		return;
	b->waived += waiver != NULL;
	if (b->count++ || !w->opts->findings)
		return;
	atomic_fetch_add_explicit(&w->sh->findings, 1, memory_order_relaxed);
	rec.waived = waiver ? waiver->reason : NULL;
	operate_investigate(&q->o, &q->t, &q->res, &q->finding);
	b->reruns = q->finding.reruns;
	b->failed = q->finding.failed;
	if (record_operations(&rec, &q->o, &q->finding, b->stem, sizeof(b->stem)) && !w->r->error[0])
		snprintf(w->r->error, sizeof(w->r->error), "cannot write the finding %.90s below %.200s",
			 b->stem, w->opts->findings);
}

bool bulk_operations_case(struct worker *w, uint64_t index)
{
	struct bulk_operations *q = w->operations;

	tree_gen_case(&q->gen, index, &q->t);
	tally_case(&w->r->tally, &q->scratch, w->opts->epoch, &q->t);
	recorder_index(index);
	switch (operate_case(&q->o, &q->t, false, &q->res)) {
	case V_FAIL:
		operation_diverged(w, index);
		return true;
	case V_ERROR:
		save_tree(w, index);
		snprintf(w->r->error, sizeof(w->r->error), "case %llu: %.300s", (unsigned long long)index,
			 q->res.why);
		return false;
	default:
		return true;
	}
}

static bool can_make(enum tree_socks kind)
{
	struct tree_sock k = tree_gen_sock(kind);
	int fd = socket(k.family, k.type | SOCK_CLOEXEC, k.protocol);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

int bulk_operations_open(struct worker *w, struct backend *b)
{
	struct bulk_operations *q;

	if (!w->opts->operations && !w->opts->chains)
		return 0;
	q = w->operations = calloc(1, sizeof(*q));
	if (!w->opts->epoch || w->loop.profile->in != IN_KERNEL)
		snprintf(w->r->error, sizeof(w->r->error),
			 "no rules of attaching are known for this kernel or profile");
	else if (q)
		q->lane = lane_open(b, w->r->error, sizeof(w->r->error));
	if (!q || !q->lane || operate_init(&q->o, q->lane, w->loop.profile, w->opts->epoch))
		return -1;
	tree_gen_init(&q->gen, w->opts->seed);
	q->gen.helpers = w->loop.profile->traits.helper != HELPER_NONE;
	q->gen.swap_safe = w->opts->epoch->has & NEED_SWAP_SAFE || !(w->opts->epoch->has & NEED_PREORDER);
	for (unsigned i = 0; i < TREE_SOCKS; i++)
		q->gen.socks[i] = can_make((enum tree_socks)i);
	q->o.wrong = w->opts->wrong;
	return 0;
}

void bulk_operations_close(struct worker *w)
{
	if (!w->operations || !w->operations->lane)
		return;
	operate_fini(&w->operations->o);
	lane_close(w->operations->lane);
}

/* The worker's progress; true: it must stop. */
static bool stop_chains(uint64_t cases, void *arg)
{
	struct worker *w = arg;

	atomic_store_explicit(&w->sh->cases, cases, memory_order_relaxed);
	return bulk_interrupted(w);
}

void bulk_operations_chains(struct worker *w)
{
	struct bulk_operations *q = w->operations;
	struct chains_opts opts = {.worker = w->index,
				   .workers = w->opts->workers,
				   .thin = bulk_thinning(w->opts),
				   .stop = &stop_chains,
				   .arg = w};
	struct chains_result r = {.chains = 0};
	enum verdict v = chains_run(&q->o, &opts, &q->t, &q->res, &r);

	w->r->chains = r.chains;
	if (v == V_FAIL) {
		operation_diverged(w, r.chains);
	} else if (v != V_PASS) {
		snprintf(w->r->error, sizeof(w->r->error), "chains: %.300s", q->res.why);
	}
}

void bulk_operations_publish(struct worker *w)
{
	const struct operate *o = &w->operations->o;
	struct bulk_result *r = w->r;

	loop_flush(&w->operations->o.loop);
	memcpy(r->stat, o->loop.stat, sizeof(r->stat));
	memcpy(r->calls_on, o->loop.calls_on, sizeof(r->calls_on));
	memcpy(r->answers, o->loop.answers, sizeof(r->answers));
	memcpy(r->ops, o->ops, sizeof(r->ops));
	memcpy(r->kinds, w->operations->gen.kinds, sizeof(r->kinds));
	r->operations = o->operations;
	r->cases = o->cases;
	r->calls = o->loop.calls;
	r->failed = o->failed;
	r->skipped = o->skipped;
	r->silent = o->loop.silent;
	r->sets = o->loop.sets;
}
