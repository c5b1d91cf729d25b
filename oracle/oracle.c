/* SPDX-License-Identifier: MIT */
/* The two doors of the oracle. The pipelines behind them: set.c, get.c; the programs: chain.c. */
#include <stdlib.h>
#include <string.h>

#include "pipe.h"

/* Windows that one call can need: one for each program and a first one, each with its mask. */
#define SNAPSHOTS (2 * (TC_MAX_PROGS + 4))

struct oracle *oracle_new(const struct profile *p, uint32_t page_size)
{
	struct oracle *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->profile = p;
	o->t = &p->traits;
	o->page = page_size;
	o->snap_cap = SNAPSHOTS * (page_size + SMALL_WINDOW);
	o->snap = calloc(1, o->snap_cap);
	if (!o->snap) {
		free(o);
		return NULL;
	}
	for (unsigned c = 1; c < C_COUNT; c++)
		if (profile_has(p, c))
			clause_add(&o->mask, c);
	chain_init(o);
	return o;
}

void oracle_free(struct oracle *o)
{
	if (o)
		free(o->snap);
	free(o);
}

/* Does the program need a helper or a value that kernels of this profile do not load? */
static bool is_foreign(const struct oracle *o, const struct prog *p, enum hook hook)
{
	for (const struct act *a = p->act, *end = a + p->n; a < end; a++) {
		bool helper = a->op == ACT_SET_RETVAL ||
			      (hook == HOOK_SET &&
			       (a->op == ACT_KEEP_RETVAL || (a->op == ACT_IF && a->field == FIELD_RETVAL)));

		if (helper && o->t->helper == HELPER_NONE)
			return true;
		if (a->op == ACT_SET_RETVAL && hook == HOOK_SET && (a->val > 0 || a->val < -MAX_ERRNO) &&
		    o->t->helper == HELPER_RANGE)
			return true;
	}
	return false;
}

/* Such programs run nowhere: executors skip the case, and the oracle says nothing from there on. */
static void find_foreign(struct oracle *o)
{
	memset(o->foreign, 0, sizeof(o->foreign));
	for (unsigned id = 0; o->t->helper != HELPER_ANY && id < TC_MAX_PROGS; id++)
		for (unsigned h = 0; h < HOOK_COUNT; h++)
			if (id / TC_MAX_SLOTS < o->tc->n_levels &&
			    id % TC_MAX_SLOTS < o->tc->level[id / TC_MAX_SLOTS].n[h] &&
			    is_foreign(o, tcase_prog(o->tc, (enum hook)h, id), (enum hook)h))
				o->foreign[h] |= 1u << id;
}

void oracle_begin(struct oracle *o, const struct tcase *tc)
{
	o->tc = tc;
	find_foreign(o);
	for (unsigned s = 0; s < tc->n_socks; s++)
		for (unsigned h = 0; h < HOOK_COUNT; h++) {
			struct effective *e = &o->eff[s][h];

			e->n = (uint8_t)tcase_effective(tc, tc->sock[s].level, (enum hook)h, e->ids);
		}
}

/*
 * The clause by which programs that are effective for the socket do not run for this call, or 0. The
 * documents know of no such call.
 */
static inline uint8_t goes_past(const struct oracle *o)
{
	if (o->c->via != VIA_COMPAT || !clause_has(&o->mask, C_COMPAT_SKIPPED))
		return 0;
	/* TCP, which calls the programs itself there, does not ask who the caller is. */
	return o->c->hook == HOOK_GET && bypass_kind(o) == PAST_ZEROCOPY && o->t->zerocopy != ZEROCOPY_HOOK
		       ? 0
		       : C_COMPAT_SKIPPED;
}

/* The clauses that decide which programs run for this socket. */
static void chain_clauses(struct oracle *o)
{
	const struct tc_sock *s = &o->tc->sock[o->c->sock];
	struct clause_set h = {{0}};
	struct want *w = &o->want;

	w->c_order = C_CHAIN_ORDER;
	w->c_runs = C_HOOK_CALLED;
	clause_add_if(&h, C_HOOK_CALLED, o->chain->n);
	clause_add_if(&h, C_HOOK_NONE, !o->chain->n);
	if (s->level < o->tc->n_levels) {
		w->c_runs = C_HOOK_CGROUP;
		clause_add(&h, C_HOOK_CGROUP);
	}
	for (unsigned l = 0; l < s->level; l++) {
		const struct tc_level *v = &o->tc->level[l];

		if (v->n[o->c->hook] && v->slot[o->c->hook][0].mode != MODE_MULTI) {
			w->c_runs = C_CHAIN_MODE;
			clause_add(&h, C_CHAIN_MODE);
		}
	}
	if (!o->chain->n)
		w->c_runs = w->c_runs == C_HOOK_CALLED ? C_HOOK_NONE : w->c_runs;
	else if (s->family != 2 /* AF_INET */ || s->type != 1 /* SOCK_STREAM */)
		clause_add(&h, C_HOOK_FAMILY);
	clause_add(&h, C_MEM_PAST);
	hits(o, &h);
}

/*
 * Both documents only know chains in which each cgroup has one program, attached with BPF_F_ALLOW_MULTI. Of
 * others they promise nothing: not even which program runs first.
 */
static bool is_undescribed(const struct oracle *o)
{
	for (unsigned k = 0; k < o->chain->n; k++) {
		const struct tc_level *l = &o->tc->level[o->chain->ids[k] / TC_MAX_SLOTS];

		if (l->n[o->c->hook] > 1 || (o->chain->n > 1 && l->slot[o->c->hook][0].mode != MODE_MULTI))
			return true;
	}
	return false;
}

static void runs_somehow(struct oracle *o)
{
	o->want.any = ANY_RET | ANY_OPTLEN | ANY_MEM | ANY_SEEN_TAIL;
	o->want.optlen = o->c->optlen;
	o->plan->unsure = true;
}

static void bad_descriptor(struct oracle *o)
{
	const struct tc_call *c = o->c;
	struct want *w = &o->want;

	o->chain = NULL;
	w->optlen = c->optlen;
	w->c_runs = w->c_optlen = w->c_base = C_HOOK_BADFD;
	result(o, -EBADF, C_HOOK_BADFD);
	if (c->hook == HOOK_SET && c->optlen < 0) {
		bool first = o->t->badfd == BADFD_FIRST;

		result(o, first ? -EBADF : -EINVAL, first ? C_HOOK_BADFD_FIRST : C_HOOK_BADFD_LENGTH);
	}
	if (o->t->badfd == BADFD_FREE)
		w->any = ANY_RET | ANY_OPTLEN | ANY_MEM | ANY_SEEN_TAIL;
}

/*
 * Calls by other ways than the system call that meet no pipeline, and those of which one want cannot say what
 * comes (campaign/raced.h asks for each moment by itself). True if this is one.
 */
static bool other_plan(struct oracle *o)
{
	if (o->c->meanwhile == MEANWHILE_RACING) {
		runs_somehow(o);
		return true;
	}
	if (o->c->via == VIA_HELPER)
		helper_plan(o);
	return o->c->via == VIA_HELPER || (o->c->via == VIA_URING && uring_plan(o));
}

void oracle_plan(struct oracle *o, unsigned call, struct plan *plan)
{
	const struct tc_call *c = &o->tc->call[call];
	struct want *w = &o->want;

	o->c = c;
	o->snap_used = 0;
	memset(w, 0, offsetof(struct want, seen));
	o->plan = plan;
	memset(plan, 0, sizeof(*plan));
	memset(&o->ctx, 0, sizeof(o->ctx));
	o->ctx.level = c->level;
	o->ctx.optname = c->optname;
	o->ctx.optlen = c->optlen;
	if (__builtin_expect(c->via != VIA_SYSCALL || c->meanwhile, 0) && other_plan(o))
		return;
	if (c->sock == TC_SOCK_BAD) {
		bad_descriptor(o);
	} else {
		static const struct effective nobody;

		o->chain = &o->eff[c->sock][c->hook];
		o->alone = o->chain->n ? goes_past(o) : 0;
		if (__builtin_expect(o->alone, 0)) {
			o->chain = &nobody;
			w->c_runs = w->c_order = o->alone;
			hit(o, C_MEM_PAST);
		} else {
			o->alone = C_HOOK_NONE;
			chain_clauses(o);
		}
		if (c->via == VIA_URING) /* by another kernel's rules they would not */
			w->c_runs = c->hook == HOOK_SET ? C_URING_SET : C_URING_GET;
		if (o->t->chains == CHAINS_MULTI && is_undescribed(o))
			runs_somehow(o);
		else if (o->t->pipeline == PIPELINE_DRAFT)
			draft_plan(o);
		else if (c->hook == HOOK_SET)
			set_plan(o);
		else
			get_plan(o);
	}
}

const struct want *oracle_predict(struct oracle *o, const struct handler_result *hr)
{
	struct want *w = &o->want;

	if (o->plan->called && __builtin_expect(o->c->via == VIA_HELPER, 0))
		helper_predict(o, hr);
	else if (o->plan->called && o->t->pipeline == PIPELINE_DRAFT)
		draft_predict(o, hr);
	else if (o->plan->called && o->c->hook == HOOK_SET)
		set_predict(o, hr);
	else if (o->plan->called)
		get_predict(o, hr);
	if (o->c->via == VIA_URING && o->c->hook == HOOK_GET && o->plan->called)
		uring_predict(o);
	if (o->c->hook == HOOK_SET && !clause_has(&o->mask, C_SET_MEM))
		w->any |= ANY_MEM;
	for (unsigned i = 0; i < CLAUSE_WORDS; i++)
		w->hits.w[i] &= o->mask.w[i];
	w->refused |= o->ctx.rejected;
	w->wrote = o->ctx.wrote;
	w->left = o->ctx.optlen;
	return w;
}
