/* SPDX-License-Identifier: MIT */
#include "rehearsal.h"

#include <errno.h>
#include <string.h>

#define PAGE_BYTES 4096

int rehearsal_init(struct rehearsal *r, const struct profile *p)
{
	memset(r, 0, sizeof(*r));
	r->profile = p;
	if (standin_init(&r->standin))
		return -ENOMEM;
	r->o = oracle_new(p, PAGE_BYTES);
	if (!r->o)
		standin_fini(&r->standin);
	return r->o ? 0 : -ENOMEM;
}

void rehearsal_fini(struct rehearsal *r)
{
	oracle_free(r->o);
	standin_fini(&r->standin);
	r->o = NULL;
}

/* The byte that the user must find at off, or -1. */
static int user_byte(const struct tc_call *c, const struct want *w, uint32_t off)
{
	if (off < w->n_out)
		return w->out_mask && w->out_mask[off] ? -1 : w->out[off];
	if (w->any & ANY_MEM)
		return -1;
	if (w->base)
		return w->base[off];
	return off < c->buf.n_data ? c->buf.data[off] : c->buf.fill;
}

static enum rehearsed holds(const struct tc_call *c, const struct want *w)
{
	const struct tc_expect *e = &c->expect;
	bool open = (e->has_ret && w->any & ANY_RET) || (e->has_optlen && w->any & ANY_OPTLEN);

	if (e->has_ret && !(w->any & ANY_RET) && e->ret != w->ret)
		return REHEARSED_DISAGREES;
	if (e->has_optlen && !(w->any & ANY_OPTLEN) && e->optlen != w->optlen)
		return REHEARSED_DISAGREES;
	for (unsigned i = 0; i < e->n_bytes; i++) {
		int v = user_byte(c, w, i);

		if (v >= 0 && v != e->bytes[i])
			return REHEARSED_DISAGREES;
		open |= v < 0;
	}
	return open ? REHEARSED_OPEN : REHEARSED_AGREES;
}

/* Plans and predicts call i with this answer of the handler, whose bytes are already in the standin. */
static enum rehearsed predict(struct rehearsal *r, const struct tcase *tc, unsigned i,
			      const struct handler_result *hr, struct plan *plan)
{
	const struct tc_call *c = &tc->call[i];
	const struct want *w;

	oracle_plan(r->o, i, plan);
	w = oracle_predict(r->o, hr);
	if (r->spoil_want)
		r->spoil_want(c, (struct want *)w, r->arg);
	r->hits[i] = w->hits;
	r->lost = plan->unsure || w->lost;
	return holds(c, w);
}

/* The handler's bytes are those that are expected, the rest is the user's. */
static void fill(struct rehearsal *r, const struct tc_call *c, int32_t optlen)
{
	uint32_t n = optlen < 0 ? 0 : (uint32_t)optlen;

	tc_buf_image(&c->buf, r->standin.mem, c->buf.size + TC_PAST);
	n = n < c->buf.size ? n : c->buf.size;
	for (uint32_t k = 0; k < n; k++)
		r->standin.mem[k] = k < c->expect.n_bytes ? c->expect.bytes[k] : (uint8_t)(0x11 + k % 7);
}

/* The k-th value that a program of the case compares retval with; false past the last. */
static bool asked_retval(const struct tcase *tc, unsigned k, int32_t *val)
{
	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned s = 0; s < tc->level[l].n[HOOK_GET]; s++) {
			const struct prog *p = &tc->level[l].slot[HOOK_GET][s].prog;

			for (unsigned a = 0; a < p->n; a++)
				if (p->act[a].op == ACT_IF && p->act[a].field == FIELD_RETVAL && k-- == 0) {
					*val = p->act[a].val;
					return true;
				}
		}
	return false;
}

/* The best answer so far. */
struct best {
	enum rehearsed holds;
	int hits; /* of the clauses that the case names */
};

static void try(struct rehearsal *r, const struct tcase *tc, unsigned i, int64_t ret, int32_t optlen,
		struct best *best)
{
	const struct tc_call *c = &tc->call[i];
	struct handler_result hr = {.ret = ret, .optlen = optlen};
	enum rehearsed h;
	struct plan plan;
	int hits = 0;

	hr.mem = c->buf.place == BUF_NULL ? NULL : r->standin.mem;
	fill(r, c, ret ? 0 : optlen);
	h = predict(r, tc, i, &hr, &plan);
	for (unsigned w = 0; w < CLAUSE_WORDS; w++)
		hits += __builtin_popcountll(r->hits[i].w[w] & r->named.w[w]);
	if (h > best->holds || (h == best->holds && hits <= best->hits))
		return;
	*best = (struct best){h, hits};
	r->answer[i] = (struct rehearsed_answer){.ret = ret, .optlen = optlen};
}

/* An answer that lets the expectation come true; the lengths are some that the corpus' options have. */
static void search(struct rehearsal *r, const struct tcase *tc, unsigned i)
{
	static const int32_t lengths[] = {4, 1, 0, 2, 8, 16, 12, 64, 4096, 4400, 6000};
	const struct tc_call *c = &tc->call[i];
	const struct tc_expect *e = &c->expect;
	struct best best = {(enum rehearsed)(REHEARSED_DISAGREES + 1), 0};
	bool is_errno = e->has_ret && e->ret <= 0 && e->ret >= -4095;
	int32_t val;

	try(r, tc, i, 0, c->optlen, &best);
	for (size_t k = 0; c->hook == HOOK_GET && k < sizeof(lengths) / sizeof(lengths[0]); k++)
		try(r, tc, i, 0, lengths[k], &best);
	if (e->has_optlen)
		try(r, tc, i, 0, e->optlen, &best);
	if (is_errno)
		try(r, tc, i, e->ret, c->optlen, &best);
	if (is_errno && e->has_optlen) /* SO_PEERGROUPS: ERANGE and the length that is needed */
		try(r, tc, i, e->ret, e->optlen, &best);
	for (unsigned k = 0; asked_retval(tc, k, &val); k++)
		if (val < 0 && val >= -4095)
			try(r, tc, i, val, c->optlen, &best);
	try(r, tc, i, -EINVAL, c->optlen, &best);
	try(r, tc, i, -ENOPROTOOPT, c->optlen, &best);
}

/* False: nothing can be said of later calls. */
static bool rehearse_call(struct rehearsal *r, const struct tcase *tc, unsigned i)
{
	const struct tc_call *c = &tc->call[i];
	struct rehearsed_answer *a = &r->answer[i];
	struct handler_result hr = {0};
	struct plan plan;
	const struct want *w;

	oracle_plan(r->o, i, &plan);
	if (r->spoil_plan) { /* it knows the reason of the plan by the want so far */
		struct handler_result none = {.mem = r->standin.mem};

		if (c->hook == HOOK_SET) {
			w = oracle_predict(r->o, &none);
			r->spoil_plan(c, w, &plan, r->arg);
		}
	}
	standin_answer(&r->standin, c, &plan, &hr);
	if (!r->again) {
		*a = (struct rehearsed_answer){hr.ret, hr.optlen, r->standin.modelled};
		if (plan.called && !a->modelled && rehearsal_expects(&c->expect))
			search(r, tc, i);
	}
	if (!a->modelled && plan.called) {
		hr.ret = a->ret;
		hr.optlen = a->optlen;
		if (c->hook == HOOK_GET)
			fill(r, c, a->ret ? 0 : a->optlen);
	}
	r->call[i] = predict(r, tc, i, &hr, &plan);
	if (!rehearsal_expects(&c->expect))
		r->call[i] = REHEARSED_AGREES;
	return !r->lost;
}

enum rehearsed rehearse(struct rehearsal *r, const struct tcase *tc)
{
	enum rehearsed worst = REHEARSED_AGREES;

	oracle_begin(r->o, tc);
	standin_begin(&r->standin, tc, STANDIN_MODEL);
	for (r->n_calls = 0; r->n_calls < tc->n_calls;) {
		bool more = rehearse_call(r, tc, r->n_calls);

		worst = r->call[r->n_calls] > worst ? r->call[r->n_calls] : worst;
		r->n_calls++;
		if (!more)
			break;
	}
	return worst;
}
