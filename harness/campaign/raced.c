/* SPDX-License-Identifier: MIT */
/*
 * The set of what may come of a getsockopt whose optlen is changed once, from old to new, while it runs. The
 * kernel touches it five times: it samples the window's length, the handler reads it and writes its answer's
 * length, the hook reads that back, and writes the programs' length at the end
 * (net/socket.c do_sock_getsockopt, __cgroup_bpf_run_filter_getsockopt). Each moment between two of these
 * has one outcome:
 *
 *	before    the call is one with the new optlen
 *	sampled   the window is of the old length, the handler answers to the new one
 *	lost      a later write covers the change: the call is one with the old optlen
 *	answered  the change covers the handler's length, and programs see it
 *	after     the call is one with the old optlen, and afterwards the new one stands there
 */
#include <string.h>
#include <unistd.h>

#include "loop_impl.h"

#define RACED_TURNS 300
#define RACED_ALONE 30 /* on one processor the threads meet only where a time slice ends */

/* The handler's answer to one of the two lengths. */
struct raced_answer {
	struct handler_result hr;
	uint8_t mem[TC_MAX_DATA + TC_PAST];
};

struct raced {
	struct tc_call as; /* as it was written */
	struct raced_answer old_len, new_len;
	struct want want; /* of an undisturbed call */
};

static bool ask_handler(struct loop *lp, struct tcase *tc, unsigned i, struct raced_answer *a)
{
	struct tc_call *c = &tc->call[i];
	struct plan plan;

	oracle_plan(lp->o, i, &plan);
	lp->b->ops->handler(lp->b, c, &plan, &a->hr);
	if (lp->b->failed)
		return false;
	memcpy(a->mem, a->hr.mem, c->buf.size + TC_PAST);
	a->hr.mem = a->mem;
	return true;
}

/* What a moment allows; NULL if the call has no such moment. The case's call is that of the moment. */
static const struct want *at_moment(struct loop *lp, struct tcase *tc, unsigned i, const struct raced *r,
				    enum raced_moment m, struct plan *plan)
{
	struct tc_call *c = &tc->call[i];
	struct handler_result hr = r->old_len.hr;
	struct want *w;

	c->optlen = m == RACED_BEFORE ? r->as.len_next : r->as.optlen;
	if (m == RACED_BEFORE || m == RACED_SAMPLED)
		hr = r->new_len.hr;
	if (m == RACED_ANSWERED && hr.ret)
		return NULL;
	if (m == RACED_ANSWERED)
		hr.optlen = r->as.len_next;
	oracle_plan(lp->o, i, plan);
	w = (struct want *)oracle_predict(lp->o, &hr);
	if (m == RACED_AFTER)
		w->optlen = r->as.len_next;
	return w;
}

/* One call, held against every moment. */
static bool one_turn(struct loop *lp, struct tcase *tc, unsigned i, const struct raced *r, struct step *st)
{
	struct tc_call *c = &tc->call[i];
	unsigned fits = 0, which = 0;
	struct plan plan;
	struct diff diff;

	lp->b->ops->call(lp->b, &r->as, &st->got);
	if (lp->b->failed)
		return false;
	for (unsigned m = 0; m < RACED_MOMENTS; m++) {
		const struct want *w = lp->raced_without >> m & 1
					       ? NULL
					       : at_moment(lp, tc, i, r, (enum raced_moment)m, &plan);

		if (!w || !compare(c, w, &st->got, &diff))
			continue;
		fits++;
		which = m;
	}
	lp->raced[RACED_MOMENTS] += fits > 1;
	lp->raced[which] += fits == 1;
	if (fits)
		return true;
	compare(&r->as, &r->want, &st->got, &st->diff);
	st->diff.clause = C_GET_OPTLEN_LATER;
	return false;
}

bool raced_step(struct loop *lp, struct tcase *tc, unsigned i, struct step *st)
{
	static struct raced r; /* large; one loop runs at a time in a process */
	struct tc_call *c = &tc->call[i];
	unsigned turns;
	bool ok;

	memset(&st->diff, 0, sizeof(st->diff));
	r.as = *c;
	c->meanwhile = MEANWHILE_NOTHING;
	c->optlen = r.as.len_next;
	ok = ask_handler(lp, tc, i, &r.new_len);
	c->optlen = r.as.optlen;
	ok = ok && ask_handler(lp, tc, i, &r.old_len);
	if (ok)
		r.want = *at_moment(lp, tc, i, &r, RACED_LOST, &st->plan);
	clause_add(&r.want.hits, C_GET_OPTLEN_LATER);
	turns = lp->raced_turns			     ? lp->raced_turns
		: sysconf(_SC_NPROCESSORS_ONLN) == 1 ? RACED_ALONE
						     : RACED_TURNS;
	for (unsigned n = 0; ok && n < turns; n++)
		ok = one_turn(lp, tc, i, &r, st);
	*c = r.as;
	st->call = c;
	st->want = &r.want;
	return ok;
}
