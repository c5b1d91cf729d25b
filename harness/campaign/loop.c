/* SPDX-License-Identifier: MIT */
#include "loop_impl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../base/recorder.h"
#include "../case/options.h"

int loop_init(struct loop *lp, struct backend *b, const struct profile *p, uint32_t page_size)
{
	memset(lp, 0, sizeof(*lp));
	lp->b = b;
	lp->profile = p;
	lp->page_size = page_size ? page_size : b->page_size;
	lp->o = oracle_new(p, lp->page_size);
	return lp->o ? 0 : -ENOMEM;
}

void loop_fini(struct loop *lp)
{
	loop_flush(lp);
	oracle_free(lp->o);
	lp->o = NULL;
}

void loop_flush(struct loop *lp)
{
	for (unsigned p = 0; p < HIT_PLANES; p++)
		for (unsigned c = 1; c < C_CALLS; c++)
			lp->stat[c].hit += (uint64_t)clause_has(&lp->plane[p], c) << p;
	memset(lp->plane, 0, sizeof(lp->plane));
	lp->pending = 0;
}

/* Adds 1 to the counter of every clause in the set: a ripple-carry adder for all of them at once. */
static inline void count_hits(struct loop *lp, const struct want *w)
{
	struct clause_set carry = w->hits;

	for (unsigned p = 0; p < HIT_PLANES; p++) {
		struct clause_set was = lp->plane[p];

		for (unsigned i = 0; i < CLAUSE_WORDS; i++) {
			lp->plane[p].w[i] = was.w[i] ^ carry.w[i];
			carry.w[i] &= was.w[i];
		}
	}
	if (++lp->pending == (1u << HIT_PLANES) - 1)
		loop_flush(lp);
}

static void count_answer(struct loop *lp, const struct tc_call *c, const struct handler_result *hr)
{
	enum answer a = ANSWER_EQUAL;

	if (hr->ret || c->optlen_null)
		a = ANSWER_ERROR;
	else if (hr->optlen > (int32_t)lp->b->page_size)
		a = ANSWER_LARGE;
	else if (hr->optlen > c->optlen)
		a = ANSWER_MORE;
	else if (hr->optlen < c->optlen)
		a = ANSWER_LESS;
	lp->answers[a]++;
}

/* The first bytes that the handler will see, as one number; those of a short value count as zeros. */
static uint64_t planned_head(const struct tc_call *c, const struct plan *p)
{
	uint32_t n = p->optlen < 0 ? 0 : p->optlen < 8 ? (uint32_t)p->optlen : 8;
	uint64_t head = 0;

	if (p->kernel_buf)
		memcpy(&head, p->bytes, n);
	else if (n <= c->buf.n_data)
		memcpy(&head, c->buf.data, n);
	else
		tc_buf_image(&c->buf, (uint8_t *)&head, n);
	return head;
}

static bool repeats(const struct shadow *sh, const struct plan *p, uint64_t head)
{
	unsigned i = (unsigned)(p->level * 31 + p->optname) % SHADOW_SLOTS;

	return sh->slot[i].len == p->optlen && sh->slot[i].level == p->level &&
	       sh->slot[i].optname == p->optname && sh->slot[i].head == head && p->optlen > 0;
}

/* Plans a setsockopt; if its value is the option's last one, changes the value and plans again. */
static void plan_set(struct loop *lp, struct tcase *tc, unsigned i, struct shadow *sh, struct plan *plan)
{
	oracle_plan(lp->o, i, plan);
	if (!sh || !lp->freshen || !plan->called || !repeats(sh, plan, planned_head(&tc->call[i], plan)))
		return;
	if (lp->freshen(&tc->call[i]))
		oracle_plan(lp->o, i, plan);
}

static void remember_set(struct loop *lp, const struct tc_call *c, const struct plan *p, struct shadow *sh)
{
	unsigned i = (unsigned)(p->level * 31 + p->optname) % SHADOW_SLOTS;
	uint64_t head;

	lp->sets++;
	if (!sh)
		return;
	head = planned_head(c, p);
	lp->indistinct += repeats(sh, p, head);
	sh->slot[i].level = p->level;
	sh->slot[i].optname = p->optname;
	sh->slot[i].len = p->optlen;
	sh->slot[i].head = head;
}

static bool step(struct loop *lp, struct tcase *tc, unsigned i, struct shadow *sh, struct step *st)
{
	const struct backend_ops *ops = lp->b->ops;
	struct tc_call *c = &tc->call[i];
	struct handler_result hr;

	if (c->meanwhile == MEANWHILE_RACING) {
		bool ok = raced_step(lp, tc, i, st);

		lp->calls++;
		lp->calls_on[c->hook] += st->want->n_seen != 0;
		count_hits(lp, st->want);
		return ok;
	}
	if (c->hook == HOOK_SET)
		plan_set(lp, tc, i, ops->ahead ? NULL : sh, &st->plan);
	else
		oracle_plan(lp->o, i, &st->plan);
	if (st->plan.called) {
		ops->handler(lp->b, c, &st->plan, &hr);
		if (c->hook == HOOK_GET)
			count_answer(lp, c, &hr);
		else if (hr.ret == 0)
			remember_set(lp, c, &st->plan, sh);
	}
	st->want = oracle_predict(lp->o, &hr);
	if (lp->tamper)
		lp->tamper((struct want *)st->want, lp->tamper_arg);
	ops->call(lp->b, c, &st->got);
	st->call = c;
	if (lp->b->failed) {
		memset(&st->diff, 0, sizeof(st->diff));
		return false; /* failed() makes an error of it */
	}
	lp->calls++;
	lp->calls_on[c->hook] += st->want->n_seen != 0;
	count_hits(lp, st->want);
	if (lp->observe)
		lp->observe(tc, i, &st->plan, st->plan.called ? &hr : NULL, st->want, lp->observe_arg);
	return compare(c, st->want, &st->got, &st->diff);
}

/* Is this difference the kernel's own answer, so that an earlier setsockopt is to blame for it? */
static bool blames_state(const struct diff *d)
{
	if (d->clause == C_HOOK_NONE || d->clause == C_GET_EXPOSED)
		return true;
	return d->program == 0 &&
	       (d->field == DIFF_SEEN_OPTLEN || d->field == DIFF_SEEN_RETVAL || d->field == DIFF_SEEN_BYTES);
}

/*
 * Reads an option back through the hooks with programs that do nothing, and on the twin.
 * Only options that two reads show alike, and only where the answer fits.
 */
static bool readback_one(struct loop *lp, const struct tcase *tc, uint8_t sock, int32_t level,
			 int32_t optname, struct step *st)
{
	static struct tcase probe; /* too large for a stack frame; one loop runs at a time in a process */
	const struct option_info *info = option_find(level, optname);
	struct tc_call *c = &probe.call[0];
	bool ok;

	if (!info || !info->can_get || !info->host_safe || info->is_volatile)
		return true;
	probe = *tc;
	for (unsigned l = 0; l < probe.n_levels; l++)
		for (unsigned s = 0; s < probe.level[l].n[HOOK_GET]; s++) {
			probe.level[l].slot[HOOK_GET][s].prog.n = 0;
			probe.level[l].slot[HOOK_GET][s].prog.ret = 1;
		}
	probe.n_calls = 1;
	memset(c, 0, sizeof(*c));
	c->hook = HOOK_GET;
	c->sock = sock;
	c->level = level;
	c->optname = optname;
	c->buf.size = 256;
	c->optlen = 256;
	if (lp->aside)
		lp->aside(true, lp->aside_arg);
	lp->b->ops->load(lp->b, &probe);
	oracle_begin(lp->o, &probe);
	ok = step(lp, &probe, 0, NULL, st);
	if (lp->aside)
		lp->aside(false, lp->aside_arg);
	if (ok) {
		lp->b->ops->load(lp->b, tc);
		oracle_begin(lp->o, tc);
	}
	return ok;
}

static bool readback(struct loop *lp, const struct tcase *tc, const struct tc_call *c, const struct plan *p,
		     struct step *st)
{
	if (c->sock == TC_SOCK_BAD)
		return true;
	if (!readback_one(lp, tc, c->sock, c->level, c->optname, st))
		return false;
	if (!p->called || (p->level == c->level && p->optname == c->optname))
		return true;
	return readback_one(lp, tc, c->sock, p->level, p->optname, st);
}

static bool expectation(const struct loop *lp, const struct tc_call *c, const struct step *st, struct diff *d)
{
	if (!c->expect.has_ret && !c->expect.has_optlen && !c->expect.n_bytes)
		return true;
	if (lp->profile->in & IN_KERNEL && !expect_allowed(c, st->want, d))
		return false;
	return expect_holds(c, st->got.ret, st->got.optlen, c->buf.place == BUF_NULL ? NULL : st->got.mem, d);
}

static enum verdict inconclusive(struct loop *lp, enum verdict v, const char *why, struct case_result *res)
{
	lp->inconclusive += v == V_INCONCLUSIVE;
	lp->skipped += v == V_SKIP;
	if (res) {
		memset(res, 0, offsetof(struct case_result, want));
		res->verdict = v;
		snprintf(res->why, sizeof(res->why), "%s", why);
	}
	return v;
}

static enum verdict failed(struct loop *lp, const struct step *st, const struct diff *d, unsigned call,
			   bool state, struct case_result *res)
{
	if (lp->b->failed)
		return inconclusive(lp, V_ERROR, lp->b->error, res);
	lp->failed++;
	lp->stat[d->clause].fail++;
	if (res) {
		res->verdict = V_FAIL;
		res->call = call;
		res->state = state;
		res->at = *st->call;
		res->diff = *d;
		res->plan = st->plan;
		res->want = *st->want;
		res->got = st->got;
	}
	return V_FAIL;
}

/*
 * What one socket does with such an option, another one meets: the twin has taken the table that the hooked
 * call asks for. Then results and bytes say nothing; which programs ran, and what lies past the buffer, still
 * do.
 */
static bool is_shared(const struct tc_call *c, const struct step *st)
{
	const struct option_info *asked = option_find(c->level, c->optname),
				 *got = option_find(st->plan.level, st->plan.optname);

	return ((asked && asked->shared) || (st->plan.called && got && got->shared)) &&
	       st->diff.field != DIFF_RUNS && st->diff.field != DIFF_ORDER && st->diff.clause != C_MEM_PAST;
}

/* The calls of a case that has begun. *irregular: the pair of sockets no longer agree, or may not. */
static enum verdict run_calls(struct loop *lp, struct tcase *tc, struct shadow *sh, struct case_result *res,
			      bool *irregular)
{
	struct {
		uint8_t clause, call;
	} last[TC_MAX_SOCKS] = {{0}}; /* by socket: its last setsockopt, which its state is blamed on */
	unsigned compared = 0;

	for (unsigned i = 0; i < tc->n_calls; i++) {
		struct tc_call *c = &tc->call[i];
		struct step st;
		bool ok = step(lp, tc, i, sh, &st);

		if (!ok && is_shared(c, &st)) {
			lp->silent++;
			*irregular = true;
			if (compared)
				break;
			lp->cases--;
			return inconclusive(lp, V_SKIP, "sockets share what this option changes", res);
		}
		if (!ok && c->hook == HOOK_GET && c->sock != TC_SOCK_BAD && last[c->sock].clause &&
		    blames_state(&st.diff)) {
			st.diff.clause = last[c->sock].clause;
			*irregular = true;
			return failed(lp, &st, &st.diff, last[c->sock].call, true, res);
		}
		if (ok)
			ok = expectation(lp, c, &st, &st.diff);
		if (!ok) {
			*irregular = true;
			return failed(lp, &st, &st.diff, i, false, res);
		}
		lp->silent += st.want->any != 0;
		compared += (st.want->any & (ANY_RET | ANY_MEM)) != (ANY_RET | ANY_MEM) || st.want->n_seen ||
			    !(st.want->any & ANY_SEEN_TAIL);
		if (st.plan.unsure || st.want->lost) {
			*irregular = true; /* the profile no longer says what state the socket is in */
			break;
		}
		if (c->hook == HOOK_SET && c->sock != TC_SOCK_BAD) {
			last[c->sock].clause = st.want->c_ret;
			last[c->sock].call = (uint8_t)i;
		}
		if (c->hook == HOOK_SET && lp->readback) {
			uint8_t clause = st.want->c_ret;
			struct plan plan = st.plan;

			if (!readback(lp, tc, c, &plan, &st)) {
				/* Canaries, and whether programs run, are not the state that the set left. */
				if (st.diff.clause != C_MEM_PAST && st.diff.field != DIFF_RUNS &&
				    st.diff.field != DIFF_ORDER)
					st.diff.clause = clause;
				*irregular = true;
				return failed(lp, &st, &st.diff, i, true, res);
			}
		}
	}
	if (!compared)
		return inconclusive(lp, V_INCONCLUSIVE, "no call of the case could be compared with anything",
				    res);
	if (res)
		res->verdict = V_PASS;
	return V_PASS;
}

/* Tells the backend every call that the case will make. Reading back makes others, which it cannot know. */
static void look_ahead(struct loop *lp, struct tcase *tc, struct shadow *shadow)
{
	struct plan plan;

	oracle_begin(lp->o, tc);
	for (unsigned i = 0; i < tc->n_calls; i++) {
		if (tc->call[i].hook == HOOK_SET)
			plan_set(lp, tc, i, shadow, &plan);
		else
			oracle_plan(lp->o, i, &plan);
		lp->b->ops->ahead(lp->b, tc, i, &plan);
	}
}

enum verdict loop_case(struct loop *lp, struct tcase *tc, bool fresh, struct shadow *shadow,
		       struct case_result *res)
{
	bool irregular = false;
	enum verdict v;
	int err;

	if (lp->b->ops->ahead && !lp->readback)
		look_ahead(lp, tc, shadow);
	err = lp->b->ops->begin(lp->b, tc, fresh);
	if (err)
		return inconclusive(lp, err == -EOPNOTSUPP ? V_SKIP : V_ERROR, lp->b->error, res);
	recorder_tick();
	if (shadow && lp->births != lp->b->births)
		memset(shadow, 0, sizeof(*shadow));
	lp->births = lp->b->births;
	oracle_begin(lp->o, tc);
	lp->cases++;
	v = run_calls(lp, tc, shadow, res, &irregular);
	lp->b->ops->end(lp->b, irregular);
	return v;
}
