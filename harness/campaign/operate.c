/* SPDX-License-Identifier: MIT */
#include "operate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../base/recorder.h"
#include "../case/tree_text.h"
#include "../mutate/tree_shrink.h"

const char *op_field_name(enum op_field f)
{
	static const char *const names[OP_FIELD_COUNT] = {"ret",      "ids",	     "count",	    "flags",
							  "revision", "entry.flags", "expectation", "call"};

	return f < OP_FIELD_COUNT ? names[f] : "?";
}

const char *op_result_field(const struct op_result *res)
{
	return res->field == OP_CALL ? diff_field_name(res->call.diff.field) : op_field_name(res->field);
}

void op_result_number(const struct op_result *res, int64_t v, struct buf *out)
{
	if (res->is_ret)
		tcase_print_ret(v, out);
	else
		buf_printf(out, "%lld", (long long)v);
}

/* ---- the backend of calls: the kernel's, whose programs get their places in the chain ---- */

static struct operate *of(struct backend *b)
{
	return (struct operate *)b;
}

static int o_begin(struct backend *b, const struct tcase *tc, bool fresh)
{
	return 0;
}

static void o_load(struct backend *b, const struct tcase *tc)
{
}

static void o_handler(struct backend *b, const struct tc_call *c, const struct plan *p,
		      struct handler_result *hr)
{
	struct backend *k = lane_kernel(of(b)->lane);

	k->ops->handler(k, c, p, hr);
	b->failed = k->failed;
}

/*
 * The k-th run was of some program of the case: if it is the one that the model puts there, it gets that
 * place; else any other place of it, or one that no program has.
 */
static uint8_t place(struct operate *o, enum hook hook, unsigned k, uint8_t order)
{
	uint8_t prog = lane_ran(o->lane, order);

	o->ran[k] = prog;
	if (k < o->want.n && o->want.progs[k] == prog)
		return (uint8_t)(hook * HD_PROGS + tree_flat_id(k));
	for (unsigned i = 0; prog != TREE_NONE && i < o->want.n; i++)
		if (o->want.progs[i] == prog)
			return (uint8_t)(hook * HD_PROGS + tree_flat_id(i));
	return 0xff;
}

static void o_call(struct backend *b, const struct tc_call *c, struct outcome *got)
{
	struct operate *o = of(b);
	struct backend *k = lane_kernel(o->lane);

	k->ops->call(k, c, got);
	b->failed = k->failed;
	o->n_ran = got->runs < HD_ORDER ? got->runs : HD_ORDER;
	for (unsigned i = 0; i < o->n_ran; i++)
		o->order[i] = place(o, (enum hook)c->hook, i, got->order[i]);
	got->order = o->order;
}

static void o_end(struct backend *b, bool irregular)
{
}

static const struct control_counts *o_controls(const struct backend *b)
{
	struct backend *k = lane_kernel(((const struct operate *)b)->lane);

	return k->ops->controls(k);
}

static const struct backend_ops ops = {
	.name = "operations",
	.begin = o_begin,
	.load = o_load,
	.handler = o_handler,
	.call = o_call,
	.end = o_end,
	.controls = o_controls,
};

/* Differences of order and count are the model's to answer for. */
static void name_clauses(struct want *w, void *arg)
{
	const struct operate *o = arg;

	if (o->want.bad_socket)
		return;
	w->c_order = o->want.c_order;
	w->c_runs = o->want.c_runs;
}

int operate_init(struct operate *o, struct lane *lane, const struct profile *p,
		 const struct attach_epoch *epoch)
{
	const struct backend *k = lane_kernel(lane);
	int ret;

	memset(o, 0, sizeof(*o));
	o->b = *k;
	o->b.ops = &ops;
	o->lane = lane;
	o->epoch = epoch;
	o->tell = true;
	tcase_init(&o->flat);
	ret = loop_init(&o->loop, &o->b, p, 0);
	o->loop.tamper = name_clauses;
	o->loop.tamper_arg = o;
	return ret;
}

void operate_fini(struct operate *o)
{
	loop_fini(&o->loop);
}

/* ---- one step ---- */

static bool differs(struct op_result *r, enum op_field f, uint8_t clause, int64_t want, int64_t got)
{
	r->field = f;
	r->clause = clause;
	r->want = want;
	r->got = got;
	r->is_ret = f == OP_RET;
	return false;
}

/* A program as people number them; 0: none of the case. */
static int64_t program_number(uint8_t prog)
{
	return prog == TREE_NONE ? 0 : prog + 1;
}

static bool same_ids(const struct operate *o, struct op_result *r)
{
	const struct tree_want *w = &o->want;
	const struct lane_got *g = &o->got;

	for (unsigned i = 0; i < w->n && i < g->n; i++)
		if (w->progs[i] != g->progs[i])
			return differs(r, OP_IDS, w->clause, w->progs[i] + 1, program_number(g->progs[i]));
	return w->n == g->n ? true : differs(r, OP_COUNT, w->clause, w->n, g->n);
}

static bool same_answer(const struct operate *o, const struct tree_step *s, struct op_result *r)
{
	const struct tree_want *w = &o->want;
	const struct lane_got *g = &o->got;
	uint8_t flags = s->effective ? C_QUERY_EFFECTIVE_FLAGS : w->clause;

	if (!w->answers)
		return true;
	if (w->count != g->count)
		return differs(r, OP_COUNT, w->clause, w->count, g->count);
	if (w->flags != g->flags)
		return differs(r, OP_FLAGS, flags, w->flags, g->flags);
	if (w->has_revision && w->revision != g->revision)
		return differs(r, OP_REVISION, C_QUERY_REVISION, w->revision, (int64_t)g->revision);
	if (s->array && g->n && (g->entries_differ || g->entry_flags != w->entry_flags))
		return differs(r, OP_ENTRY_FLAGS, C_QUERY_ARRAY, w->entry_flags, g->entry_flags);
	return same_ids(o, r);
}

/* The author's expectation against what came; the model agrees with what came already. */
static bool as_expected(const struct operate *o, const struct tree_step *s, struct op_result *r)
{
	const struct tree_answer *a = &s->answer;
	const struct lane_got *g = &o->got;

	if (s->has_ret && s->ret != g->ret) {
		differs(r, OP_EXPECT, C_NONE, s->ret, g->ret);
		r->is_ret = true;
		return false;
	}
	if (a->has_flags && a->flags != g->flags)
		return differs(r, OP_EXPECT, C_NONE, a->flags, g->flags);
	if (a->has_count && a->count != g->count)
		return differs(r, OP_EXPECT, C_NONE, a->count, g->count);
	if (a->has_revision && a->revision != g->revision)
		return differs(r, OP_EXPECT, C_NONE, a->revision, (int64_t)g->revision);
	if (a->has_ids && a->n_ids != g->n)
		return differs(r, OP_EXPECT, C_NONE, a->n_ids, g->n);
	for (unsigned i = 0; a->has_ids && i < a->n_ids; i++)
		if (a->ids[i] != g->progs[i])
			return differs(r, OP_EXPECT, C_NONE, a->ids[i] + 1, program_number(g->progs[i]));
	return true;
}

static bool operation(struct operate *o, const struct tree_step *s, struct op_result *r)
{
	const struct tree_want *w = &o->want;

	o->operations++;
	o->ops[s->op]++;
	for (unsigned i = 0; i < w->n_hits; i++)
		o->loop.stat[w->hits[i]].hit++;
	if (o->got.ret != w->ret && !(w->either && o->got.ret == w->other))
		return differs(r, OP_RET, w->clause, w->ret, o->got.ret);
	return same_answer(o, s, r) && as_expected(o, s, r);
}

/* A call, as a case of its own for the loop of calls. */
static enum verdict call(struct operate *o, const struct tree *t, const struct tree_step *s,
			 struct op_result *r)
{
	const struct tc_call *c = &t->call[s->call];
	enum verdict v;
	int ret;

	if (!tree_flat(t, &o->want, c, &o->flat)) {
		snprintf(r->why, sizeof(r->why),
			 "a call on a chain of %u programs: at most %u can be followed", o->want.n,
			 TC_MAX_PROGS);
		return V_INCONCLUSIVE;
	}
	ret = lane_lend(o->lane, o->want.bad_socket ? TC_SOCK_BAD : c->sock, &o->flat);
	if (ret) {
		snprintf(r->why, sizeof(r->why), "%s", lane_error(o->lane));
		return ret == -EOPNOTSUPP ? V_SKIP : V_ERROR;
	}
	o->operations++;
	o->calls++;
	o->ops[TREE_CALL]++;
	for (unsigned i = 0; i < o->want.n_hits; i++)
		o->loop.stat[o->want.hits[i]].hit++;
	v = loop_case(&o->loop, &o->flat, false, NULL, &r->call);
	if (v == V_FAIL) {
		differs(r, OP_CALL, r->call.diff.clause, r->call.diff.want, r->call.diff.got);
	} else if (v != V_PASS) {
		snprintf(r->why, sizeof(r->why), "%s", r->call.why);
	}
	return v == V_INCONCLUSIVE ? V_PASS : v;
}

static enum verdict step(struct operate *o, const struct tree *t, unsigned i, struct op_result *r)
{
	int ret;

	tree_next(&o->model, i, &o->want);
	if (o->want.refused) {
		snprintf(r->why, sizeof(r->why), "%s", o->want.why);
		return V_SKIP;
	}
	if (t->step[i].op == TREE_CALL)
		return call(o, t, &t->step[i], r);
	ret = lane_step(o->lane, i, &o->got);
	if (ret) {
		snprintf(r->why, sizeof(r->why), "%s", lane_error(o->lane));
		return ret == -EOPNOTSUPP ? V_SKIP : V_ERROR;
	}
	return operation(o, &t->step[i], r) ? V_PASS : V_FAIL;
}

/* "step 3, attach(a, p1, multi): want 0, got -1 EPERM (ATTACH.MIX)" */
static void explain(const struct tree *t, struct op_result *r)
{
	struct buf b = {0};

	buf_printf(&b, "step %u, ", r->step + 1);
	tree_print_step(t, &t->step[r->step], &b);
	buf_printf(&b, ": %s: want ", op_result_field(r));
	op_result_number(r, r->want, &b);
	buf_puts(&b, ", got ");
	op_result_number(r, r->got, &b);
	buf_printf(&b, " (%s)", r->clause ? clause_info(r->clause)->name : "the case's own expectation");
	snprintf(r->why, sizeof(r->why), "%s", buf_str(&b));
	buf_fini(&b);
}

static void fail(struct operate *o, const struct tree *t, struct op_result *r)
{
	o->failed++;
	if (r->field != OP_CALL)
		o->loop.stat[r->clause].fail++;
	if (o->tell)
		explain(t, r);
}

int operate_begin(struct operate *o, const struct tree *t, struct op_result *r)
{
	int ret = lane_begin(o->lane, t);

	r->verdict = V_PASS;
	r->why[0] = 0;
	r->step = 0;
	if (ret) {
		r->verdict = ret == -EOPNOTSUPP ? V_SKIP : V_ERROR;
		snprintf(r->why, sizeof(r->why), "%s", lane_error(o->lane));
		return ret;
	}
	tree_begin(&o->model, o->epoch, t);
	o->model.wrong = o->wrong;
	return 0;
}

enum verdict operate_step(struct operate *o, const struct tree *t, unsigned i, struct op_result *r)
{
	r->step = i;
	r->verdict = step(o, t, i, r);
	if (r->verdict == V_FAIL)
		fail(o, t, r);
	return r->verdict;
}

int operate_end(struct operate *o, struct op_result *r)
{
	int ret = lane_end(o->lane, r->verdict != V_PASS);

	if (ret && r->verdict != V_FAIL) {
		r->verdict = V_ERROR;
		snprintf(r->why, sizeof(r->why), "%s", lane_error(o->lane));
	}
	return ret;
}

enum verdict operate_case(struct operate *o, const struct tree *t, bool fresh, struct op_result *res)
{
	static struct op_result scratch; /* large; one loop runs at a time in a process */
	struct op_result *r = res ? res : &scratch;

	if (!operate_begin(o, t, r)) {
		recorder_tick();
		for (unsigned i = 0; i < t->n_steps && r->verdict == V_PASS; i++)
			operate_step(o, t, i, r);
		lane_keep(o->lane, !fresh);
		operate_end(o, r);
	}
	o->cases += r->verdict == V_PASS || r->verdict == V_FAIL;
	o->skipped += r->verdict == V_SKIP;
	return r->verdict;
}

/* ---- shrinking ---- */

struct question {
	struct operate *o;
	const struct op_result *like;
	struct op_result res;
};

bool operate_alike(const struct op_result *a, const struct op_result *b)
{
	return a->field == b->field && a->clause == b->clause &&
	       (a->field != OP_CALL || a->call.diff.field == b->call.diff.field);
}

static bool still(const struct tree *t, void *arg)
{
	struct question *q = arg;

	return operate_case(q->o, t, true, &q->res) == V_FAIL && operate_alike(&q->res, q->like);
}

unsigned operate_shrink(struct operate *o, struct tree *t, const struct op_result *like,
			const struct shrink_opts *opts)
{
	static struct question q; /* large */
	uint64_t failed = o->failed, cases = o->cases, skipped = o->skipped;
	unsigned n;

	q.o = o;
	q.like = like;
	o->tell = false;
	n = tree_shrink(t, still, &q, opts);
	o->tell = true;
	o->failed = failed;
	o->cases = cases;
	o->skipped = skipped;
	return n;
}
