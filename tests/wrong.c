/* SPDX-License-Identifier: MIT */
#include "wrong.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/profiles/standin.h"
#include "oracle/clauses.h"
#include "oracle/oracle.h"
#include "oracle/profiles.h"

#define PAGE	4096
#define PROFILE "v6.7"

#define ARGS                                                                                                 \
	const struct tcase *tc, unsigned call, const struct plan *p, const struct handler_result *hr,        \
		const struct wrong_past *past, struct want *w

static bool result(struct want *w, int64_t ret)
{
	if (w->ret == ret)
		return false;
	w->ret = ret;
	return true;
}

static bool set_undone(ARGS)
{
	const struct tc_call *c = &tc->call[call];

	if (c->hook != HOOK_SET || !clause_has(&w->hits, C_CHAIN_UNDONE) || w->c_ret != C_SET_LARGE_ZERO ||
	    !p->called || p->level == c->level || p->optname == c->optname || c->buf.place != BUF_READONLY)
		return false;
	return result(w, -EPERM);
}

static bool get_null(ARGS)
{
	const struct tc_call *c = &tc->call[call];

	if (c->hook != HOOK_GET || !c->optlen_null || !w->refused || w->ret <= 0 ||
	    !clause_has(&w->hits, C_CHAIN_FINAL) || c->buf.place != BUF_NULL)
		return false;
	return result(w, -EFAULT);
}

/* Was the call before this one on the same socket a setsockopt that a program bypassed? */
static bool follows_bypass(const struct tcase *tc, unsigned call, const struct wrong_past *past)
{
	return call && past->c_ret[call - 1] == C_SET_OPTLEN_BYPASS &&
	       tc->call[call - 1].sock == tc->call[call].sock;
}

static bool get_after_bypass(ARGS)
{
	const struct tc_call *c = &tc->call[call];

	if (c->hook != HOOK_GET || !follows_bypass(tc, call, past) || c[-1].optlen <= PAGE ||
	    c[-1].optname != c->optname || w->c_ret != C_GET_OPTLEN_GROW || w->left != PAGE ||
	    !(w->wrote & WROTE_BYTES) || !(w->wrote & WROTE_RETVAL))
		return false;
	return result(w, -EFAULT);
}

static bool set_after_bypass(ARGS)
{
	const struct tc_call *c = &tc->call[call];

	if (c->hook != HOOK_SET || !follows_bypass(tc, call, past) || w->c_ret != C_SET_LARGE_TRIMMED ||
	    w->left != PAGE)
		return false;
	return result(w, -EFAULT);
}

static bool uring_set(ARGS)
{
	const struct tc_call *c = &tc->call[call];

	if (c->hook != HOOK_SET || c->via != VIA_URING || w->c_ret != C_SET_LARGE_ZERO || !p->called ||
	    p->level == c->level || p->optname == c->optname || !(w->wrote & WROTE_BYTES))
		return false;
	return result(w, -EOPNOTSUPP);
}

static bool uring_get(ARGS)
{
	const struct tc_call *c = &tc->call[call];

	if (c->hook != HOOK_GET || c->via != VIA_URING || w->ret != PAGE - 1 || c->optlen != PAGE ||
	    w->n_seen < 2)
		return false;
	return result(w, 0);
}

const struct wrong wrongs[] = {
	{"set-undone",
	 "a rejection that a later program undid counts again if the handler gets the original buffer, which "
	 "is "
	 "read-only, under another level and optname",
	 set_undone},
	{"get-null",
	 "without both pointers a retval above 0 that overrules a rejection is EFAULT if optlen was out of "
	 "range in between",
	 get_null},
	{"get-after-bypass",
	 "after a bypass with a large optval, a getsockopt of the option in which programs write bytes and "
	 "retval cannot raise optlen to a full page",
	 get_after_bypass},
	{"set-after-bypass", "after a bypass, a large optval that is trimmed to exactly PAGE_SIZE is EFAULT",
	 set_after_bypass},
	{"uring-set",
	 "through io_uring a large optval of which programs wrote bytes never goes back to the original "
	 "buffer for "
	 "another option",
	 uring_set},
	{"uring-get",
	 "through io_uring two programs' optlen of PAGE_SIZE - 1 is not the result of a call with PAGE_SIZE",
	 uring_get},
};
const unsigned n_wrongs = sizeof(wrongs) / sizeof(wrongs[0]);

const struct wrong *wrong_find(const char *name)
{
	for (unsigned i = 0; i < n_wrongs; i++)
		if (!strcmp(wrongs[i].name, name))
			return &wrongs[i];
	return NULL;
}

struct wrong_run {
	struct oracle *o;
	struct standin standin;
	struct want want; /* the wrong oracle's */
};

struct wrong_run *wrong_run_new(void)
{
	struct wrong_run *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->o = oracle_new(profile_find(PROFILE), PAGE);
	if (!r->o || standin_init(&r->standin)) {
		wrong_run_free(r);
		return NULL;
	}
	return r;
}

void wrong_run_free(struct wrong_run *r)
{
	if (!r)
		return;
	oracle_free(r->o);
	standin_fini(&r->standin);
	free(r);
}

/* One bit for each row of wrongs[] in `set` whose oracle disagrees with the right one. */
static uint32_t disagree(struct wrong_run *r, uint32_t set, const struct tcase *tc, wrong_each *each)
{
	struct wrong_past past = {0};
	uint32_t shown = 0;

	oracle_begin(r->o, tc);
	standin_begin(&r->standin, tc, STANDIN_MODEL);
	for (unsigned i = 0; i < tc->n_calls; i++) {
		const struct tc_call *c = &tc->call[i];
		struct handler_result hr;
		const struct want *w;
		struct plan plan;

		oracle_plan(r->o, i, &plan);
		standin_answer(&r->standin, c, &plan, &hr);
		w = oracle_predict(r->o, &hr);
		if (each)
			each(c, w, PAGE);
		if (plan.unsure || w->lost)
			break;
		past.c_ret[i] = w->c_ret;
		for (uint32_t left = w->any & ANY_RET ? 0 : set; left; left &= left - 1) {
			unsigned x = (unsigned)__builtin_ctz(left);

			r->want = *w;
			if (wrongs[x].spoil(tc, i, &plan, plan.called ? &hr : NULL, &past, &r->want))
				shown |= 1u << x;
		}
	}
	return shown;
}

bool wrong_shows(struct wrong_run *r, const struct wrong *x, const struct tcase *tc, wrong_each *each)
{
	return disagree(r, 1u << (x - wrongs), tc, each) != 0;
}

uint32_t wrong_which(struct wrong_run *r, const struct tcase *tc)
{
	return disagree(r, (1u << n_wrongs) - 1, tc, NULL);
}
