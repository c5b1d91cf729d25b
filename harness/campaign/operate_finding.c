/* SPDX-License-Identifier: MIT */
#include "operate_finding.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../case/tree_text.h"
#include "../mutate/shrink.h"
#include "triage.h"

static const struct shrink_opts bounds = {.max_calls = 3000, .max_ms = 8000};

/* Of a smaller case something else would have to be expected. */
static bool by_expectation(const struct op_result *r)
{
	return r->field == OP_EXPECT || (r->field == OP_CALL && r->call.diff.field == DIFF_EXPECT);
}

/* ---- both sides, for people ---- */

static void put_answer(struct buf *b, uint32_t count, uint32_t flags, uint64_t revision, const uint8_t *progs,
		       unsigned n)
{
	buf_puts(b, " [");
	tree_print_progs(progs, n, b);
	buf_printf(b, "] flags 0x%x count %u revision %llu", flags, count, (unsigned long long)revision);
}

static void put_call(const struct operate *o, const struct op_result *r, struct buf *want, struct buf *got)
{
	const struct diff *d = &r->call.diff;

	buf_printf(want, "%s %lld; runs ", diff_field_name(d->field), (long long)d->want);
	buf_printf(got, "%s %lld; runs ", diff_field_name(d->field), (long long)d->got);
	tree_print_progs(o->want.progs, o->want.n, want);
	for (unsigned i = 0; i < o->n_ran; i++)
		buf_printf(got, o->ran[i] == TREE_NONE ? "%sanother" : "%sp%u", i ? " " : "", o->ran[i] + 1u);
}

/* Of the step that o ran last. */
static void keep_sides(const struct operate *o, const struct op_result *r, struct op_finding *f)
{
	const struct tree_want *w = &o->want;
	const struct lane_got *g = &o->got;
	struct buf want = {0}, got = {0};

	if (r->field == OP_CALL) {
		put_call(o, r, &want, &got);
	} else if (r->field == OP_EXPECT) {
		op_result_number(r, r->want, &want);
		buf_puts(&want, ", as the case says");
		op_result_number(r, r->got, &got);
	} else {
		tcase_print_ret(w->ret, &want);
		tcase_print_ret(g->ret, &got);
		if (w->either) {
			buf_puts(&want, " or ");
			tcase_print_ret(w->other, &want);
		}
		if (w->answers) {
			put_answer(&want, w->count, w->flags, w->revision, w->progs, w->n);
			put_answer(&got, g->count, g->flags, g->revision, g->progs, g->n);
		}
	}
	snprintf(f->want, sizeof(f->want), "%s", buf_str(&want));
	snprintf(f->got, sizeof(f->got), "%s", buf_str(&got));
	buf_fini(&want);
	buf_fini(&got);
}

static void rerun(struct operate *o, struct op_finding *f, const struct op_result *first)
{
	static struct op_result r; /* large */

	f->failed = 0;
	for (f->reruns = 0; f->reruns < TRIAGE_RERUNS; f->reruns++)
		if (operate_case(o, &f->t, true, &r) == V_FAIL && operate_alike(&r, first)) {
			f->res = r;
			f->failed++;
			keep_sides(o, &r, f);
		}
}

void operate_investigate(struct operate *o, const struct tree *t, const struct op_result *first,
			 struct op_finding *f)
{
	static struct op_result like; /* large; first may be what the runs write to */
	uint64_t failed = o->failed, cases = o->cases, skipped = o->skipped;

	like = *first;
	keep_sides(o, &like, f);
	f->t = *t;
	f->tries = 0;
	if (!by_expectation(&like))
		f->tries = operate_shrink(o, &f->t, &like, &bounds);
	rerun(o, f, &like);
	f->reproduced = f->failed > 0;
	if (!f->reproduced) {
		f->t = *t;
		f->res = like;
	}
	o->failed = failed;
	o->cases = cases;
	o->skipped = skipped;
}

/* ---- what a reproducer must be told ---- */

/* A loop's tamper that keeps the want of a call, after the loop's own had its say. */
struct keeper {
	struct wanted *to;
	const struct tc_call *call;
	int err;
	void (*tamper)(struct want *w, void *arg);
	void *arg;
};

static void keep(struct want *w, void *arg)
{
	struct keeper *k = arg;

	k->tamper(w, k->arg);
	if (!k->to->has_seen && wanted_copy(k->to, k->call, w))
		k->err = -ENOMEM;
}

static void keep_step(const struct tree_want *w, struct repro_step *s)
{
	s->known = true;
	s->ret = w->ret;
	s->either = w->either;
	s->other = w->other;
	s->answers = w->answers;
	s->has_revision = w->has_revision;
	s->flags = w->flags;
	s->count = w->count;
	s->revision = w->revision;
	s->entry_flags = w->entry_flags;
	s->n = w->n < REPRO_PROGS ? w->n : REPRO_PROGS;
	memcpy(s->progs, w->progs, s->n);
}

/* The author's expectation instead of the model's. */
static void expect_step(const struct tree_step *s, struct repro_step *to)
{
	const struct tree_answer *a = &s->answer;

	if (s->has_ret)
		to->ret = s->ret;
	if (a->has_flags)
		to->flags = a->flags;
	if (a->has_count)
		to->count = a->count;
	if (a->has_revision)
		to->revision = a->revision;
	if (a->has_ids) {
		to->n = a->n_ids;
		memcpy(to->progs, a->ids, a->n_ids);
	}
}

static int keep_all(struct operate *o, const struct op_finding *f, struct repro_tree *r)
{
	static struct op_result res; /* large */
	struct keeper k = {.tamper = o->loop.tamper, .arg = o->loop.tamper_arg};
	const struct tree *t = &f->t;

	o->loop.tamper = keep;
	o->loop.tamper_arg = &k;
	if (!operate_begin(o, t, &res)) {
		for (unsigned i = 0; i < r->n_steps && res.verdict == V_PASS; i++) {
			const struct tree_step *s = &t->step[i];

			k.to = &r->call[s->call];
			k.call = &t->call[s->call];
			operate_step(o, t, i, &res);
			keep_step(&o->want, &r->step[i]);
		}
		lane_keep(o->lane, false);
		operate_end(o, &res);
	}
	o->loop.tamper = k.tamper;
	o->loop.tamper_arg = k.arg;
	return k.err;
}

int operate_recipe(struct operate *o, const struct op_finding *f, const char *title, struct repro_tree *r)
{
	const struct tree_step *last = &f->t.step[f->res.step];
	uint64_t failed = o->failed;
	int err;

	memset(r, 0, sizeof(*r));
	r->t = &f->t;
	r->title = title;
	r->origin =
		"what the rules allow, given what the kernel's own handlers answered in the run that found "
		"this.";
	r->record = f->res.field == OP_CALL && f->res.call.diff.field >= DIFF_RUNS &&
		    f->res.call.diff.field <= DIFF_SEEN_BYTES;
	r->has_retval_helpers = o->loop.profile->traits.helper != HELPER_NONE;
	r->n_steps = f->res.step + 1;
	if (!repro_tree_can(r))
		return -EOPNOTSUPP;
	err = keep_all(o, f, r);
	if (f->res.field == OP_EXPECT)
		expect_step(last, &r->step[f->res.step]);
	if (!err && f->res.field == OP_CALL && f->res.call.diff.field == DIFF_EXPECT)
		err = wanted_expect(&r->call[last->call], &f->t.call[last->call]);
	o->failed = failed;
	return err;
}
