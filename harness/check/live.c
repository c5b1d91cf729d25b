/* SPDX-License-Identifier: MIT */
/*
 * Both sides run the same loop as every other command (campaign/loop.h). Its oracle asks the interpreter for
 * the programs, its backend has the loaded ones at the same places; each case has new sockets and maps as a
 * loader leaves them. While an option is read back the programs stand aside on both sides.
 */
#include "live.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../base/recorder.h"
#include "../case/safe.h"
#include "lint.h"
#include "oracle/scope.h"

struct run {
	struct check *k;
	struct check_live *l;
	struct oracle_engine engine; /* the chain's, which tells the hook on the way */
	unsigned hook;		     /* of the call that runs */
};

static int run_program(void *owner, struct oracle_entry *e)
{
	struct run *r = owner;

	r->hook = e->hook;
	return r->k->chain.engine.run(r->k->chain.engine.owner, e);
}

/* ---- loading ---- */

static void load(struct check *k, struct check_live *l, unsigned input)
{
	struct userobj *u = &l->object[input];
	unsigned at[TC_MAX_PROGS] = {0};

	userobj_init(u, k->input[input].bytes, k->input[input].n);
	for (unsigned i = 0; i < k->n_places; i++)
		if (k->place[i].input == input && !k->place[i].refused) {
			at[u->n_progs] = i;
			userobj_want(u, k->object[0][input].object->progs[k->place[i].prog].name,
				     (enum hook)k->place[i].hook);
		}
	if (userobj_load(u, l->error, sizeof(l->error)) && !l->error[0])
		snprintf(l->error, sizeof(l->error), "%s cannot be loaded", k->input[input].path);
	for (unsigned i = 0; i < u->n_progs; i++) {
		const struct check_place *p = &k->place[at[i]];

		l->prog[at[i]] = &u->prog[i];
		l->unexpected[at[i]] = (p->since <= k->kernel[0]) != (u->prog[i].fd >= 0);
	}
}

/* Which programs stand where, on the kernel's side and on the interpreter's. */
static void put(struct check *k, struct check_live *l, bool away)
{
	memset(&l->others, 0, sizeof(l->others));
	for (unsigned i = 0; i < k->n_places; i++) {
		const struct check_place *p = &k->place[i];
		struct byte_object *b = &k->object[0][p->input];

		byte_chain_put(&k->chain, (enum hook)p->hook, p->id, away ? NULL : b, p->prog);
		if (!away && l->prog[i])
			l->others.fd[p->hook][p->id] = l->prog[i]->fd;
	}
}

static void aside(bool away, void *arg)
{
	struct run *r = arg;

	put(r->k, r->l, away);
}

/* ---- one case ---- */

/* Only the case's own programs write down what they see. */
static void forget_others(struct want *w, void *arg)
{
	const struct run *r = arg;
	unsigned n = 0;

	for (unsigned i = 0; i < w->n_seen; i++)
		if (r->l->others.fd[r->hook][w->seen[i].id] <= 0)
			w->seen[n++] = w->seen[i];
	w->n_seen = (uint8_t)n;
}

/* May the case run on this machine? With what the programs make of level and option. */
static bool may_run(struct check *k, const struct check_live *l)
{
	const struct tcase *tc = &k->tc;
	int32_t level, optname;
	struct plan plan;

	if (l->unsafe)
		return true;
	if (!tcase_host_safe(tc, &level, &optname))
		return false;
	check_begin(k, 0);
	for (unsigned i = 0; i < tc->n_calls; i++) {
		oracle_plan(k->oracle[0], i, &plan);
		if (plan.called && !option_host_safe(plan.level, plan.optname))
			return false;
	}
	return true;
}

static void note(struct run *r, const struct case_result *res)
{
	struct check_live *l = r->l;
	const struct tc_call *c = res->state ? &res->at : &r->k->tc.call[res->call];
	struct live_diff *d;

	for (unsigned i = 0; i < l->n_diffs; i++)
		if (l->diff[i].call.hook == c->hook && l->diff[i].diff.field == res->diff.field &&
		    l->diff[i].diff.clause == res->diff.clause && l->diff[i].state == res->state &&
		    l->diff[i].name == (r->k->at_given ? r->k->at_given->name : NULL)) {
			l->diff[i].count++;
			return;
		}
	if (l->n_diffs == LIVE_DIFFS)
		return;
	d = &l->diff[l->n_diffs++];
	*d = (struct live_diff){.count = 1,
				.call = *c,
				.state = res->state,
				.below = r->k->below,
				.name = r->k->at_given ? r->k->at_given->name : NULL,
				.diff = res->diff,
				.want_ret = res->want.ret,
				.got_ret = res->got.ret,
				.want_optlen = res->want.optlen,
				.got_optlen = res->got.optlen};
	d->has_after = res->state || res->call > 0;
	if (d->has_after)
		d->after = r->k->tc.call[res->state ? res->call : res->call - 1];
}

/* Is a program of the hook missing, because the kernel or the reader refused it? */
static bool is_missing(const struct check *k, const struct check_live *l, unsigned hook)
{
	for (unsigned p = 0; p < k->n_places; p++)
		if (k->place[p].hook == hook && (!l->prog[p] || l->prog[p]->fd < 0))
			return true;
	return false;
}

/* Leaves out the calls of hooks with a missing program; all calls of a case that somebody wrote, if it has
 * one. */
static void drop_calls(struct check *k, const struct check_live *l)
{
	unsigned n = 0;

	for (unsigned i = 0; i < k->tc.n_calls; i++)
		if (!is_missing(k, l, k->tc.call[i].hook))
			k->tc.call[n++] = k->tc.call[i];
	k->tc.n_calls = k->at_given && n < k->tc.n_calls ? 0 : (uint8_t)n;
}

static int reset(struct check *k, struct check_live *l)
{
	for (unsigned i = 0; i < k->n_inputs; i++)
		if (l->object[i].object && userobj_reset(&l->object[i], l->error, sizeof(l->error)))
			return -1;
	return 0;
}

static void run_case(struct check *k, void *arg)
{
	struct run *r = arg;
	struct check_live *l = r->l;
	struct loop *lp = &l->loop;
	static struct case_result res; /* large */
	static struct tcase tc;
	uint64_t calls = lp->calls;

	drop_calls(k, l);
	if (l->error[0] || !k->tc.n_calls)
		return;
	tc = k->tc;
	if (!may_run(k, l)) {
		l->kept_off++;
		return;
	}
	if (k->at_given && k->at_given->meta &&
	    !scope_holds(k->at_given->meta->profiles, k->at_given->meta->clauses, k->profile[0]))
		for (unsigned i = 0; i < tc.n_calls; i++)
			tc.call[i].expect = (struct tc_expect){0};
	kernel_others(lp->b, NULL); /* sockets are born with the interpreter's copies */
	if (reset(k, l))
		return;
	recorder_file(k->at_given ? k->at_given->name : k->input[0].path);
	check_begin(k, 0);
	put(k, l, false);
	kernel_others(lp->b, &l->others);
	k->last_seen = 0;
	switch (loop_case(lp, &tc, true, NULL, &res)) {
	case V_PASS:
		l->cases++;
		break;
	case V_FAIL:
		l->cases++;
		l->failed++;
		note(r, &res);
		break;
	case V_INCONCLUSIVE:
		l->undecided++;
		break;
	case V_SKIP:
		l->skipped++;
		if (!l->why[0])
			snprintf(l->why, sizeof(l->why), "%s", res.why);
		break;
	case V_ERROR:
	case V_COUNT:
		snprintf(l->error, sizeof(l->error), "%s", res.why);
		break;
	}
	l->faults += k->last_seen >> LINT_FAULT & 1;
	l->calls += lp->calls - calls;
}

int check_live(struct check *k, struct check_live *l)
{
	const struct kernel_opts opts = {.reuse = 1, .own_netns = true};
	struct run r = {.k = k, .l = l};
	struct backend *b;

	for (unsigned i = 0; i < k->n_inputs && !l->error[0]; i++)
		load(k, l, i);
	b = l->error[0] ? NULL : kernel_open(&opts, l->error, sizeof(l->error));
	if (!b)
		return -1;
	if (loop_init(&l->loop, b, k->profile[0], 0)) {
		snprintf(l->error, sizeof(l->error), "out of memory");
		b->ops->close(b, NULL);
		return -1;
	}
	r.engine = (struct oracle_engine){.run = run_program, .owner = &r};
	oracle_use_engine(l->loop.o, &r.engine);
	b->straight = true;
	l->loop.readback = true;
	l->loop.tamper = forget_others;
	l->loop.tamper_arg = &r;
	l->loop.aside = aside;
	l->loop.aside_arg = &r;
	recorder_begin(RECORDER_PATHS, 0);
	k->run = run_case;
	k->run_arg = &r;
	check_run(k);
	k->run = NULL;
	kernel_others(b, NULL);
	b->ops->close(b, &l->controls);
	loop_fini(&l->loop);
	return l->error[0] ? -1 : 0;
}

void check_live_fini(struct check_live *l)
{
	for (unsigned i = 0; i < CHECK_OBJECTS; i++)
		userobj_fini(&l->object[i]);
}
