/* SPDX-License-Identifier: MIT */
/*
 * The pipeline of the first proposal ("document 0": the documentation patch that came with version 6 of the
 * patch set), taken literally. Getsockopt programs run before the handler and fill optval; a setsockopt
 * program can only read; a third result, 2, means that the kernel does not handle the call. All of the
 * chapter on chains is about getsockopt and one program a cgroup: of other chains nothing is promised.
 */
#include <string.h>

#include "pipe.h"

static void free_all(struct oracle *o)
{
	o->want.any |= ANY_RET | ANY_OPTLEN | ANY_MEM;
	o->plan->unsure = true;
}

/* Nothing but the call's own arguments is promised to the first program, and no result. */
static void called_somehow(struct oracle *o, unsigned args)
{
	struct want_seen *s;

	chain_window(o, 0);
	o->ctx.unknown = UNK_OPTLEN | UNK_SIZE | UNK_RETVAL;
	s = chain_see(o, o->chain->ids[0]);
	s->c_args = s->c_optlen = s->c_size = s->c_bytes = s->c_tail = s->c_retval = (uint8_t)args;
	o->want.any |= ANY_SEEN_TAIL;
	free_all(o);
}

/* Which program runs, or comes first, is not promised. */
static void runs_somehow(struct oracle *o)
{
	o->want.any |= ANY_SEEN_TAIL;
	free_all(o);
}

/* Runs one program; false if the document has no word for something that it did. */
static bool run(struct oracle *o, uint8_t id, uint32_t *ret)
{
	struct ctx *x = &o->ctx;

	if (o->foreign[o->c->hook] >> id & 1)
		x->lost = true;
	else
		*ret = run_program(o, tcase_prog(o->tc, (enum hook)o->c->hook, id), id);
	o->want.refused |= !x->lost && !*ret;
	x->lost |= x->wrote & WROTE_RETVAL; /* the context has no retval */
	if (x->lost)
		o->want.lost = true;
	return !x->lost;
}

/* ---- setsockopt ---- */

/* Does a condition of the program stand behind something that it writes, and could ask for it? */
static bool reads_own_write(const struct prog *p)
{
	bool wrote = false;

	for (unsigned i = 0; i < p->n; i++) {
		if (p->act[i].op == ACT_IF && wrote)
			return true;
		wrote |= p->act[i].op != ACT_IF && p->act[i].op != ACT_RETURN;
	}
	return false;
}

/* The context as the user's call makes it. Each program gets it so: none can change it for the next. */
static void set_context(struct oracle *o)
{
	const struct tc_call *c = o->c;
	struct ctx *x = &o->ctx;
	uint32_t n = (uint32_t)c->optlen < o->page ? (uint32_t)c->optlen : o->page;

	*x = (struct ctx){.level = c->level, .optname = c->optname, .optlen = c->optlen};
	chain_window(o, n);
	tc_buf_image(&c->buf, x->win, n);
	x->unknown = UNK_SIZE | UNK_RETVAL;
}

static void set_first(struct oracle *o)
{
	struct want_seen *s;

	set_context(o);
	s = chain_see(o, o->chain->ids[0]);
	s->c_args = s->c_optlen = s->c_size = s->c_bytes = s->c_tail = s->c_retval = C_SET_ARGS;
	hit(o, C_SET_ARGS);
}

/* The handler runs with the user's own call, whatever programs wrote. */
static void set_handled(struct oracle *o)
{
	const struct tc_call *c = o->c;

	*o->plan =
		(struct plan){.called = true, .level = c->level, .optname = c->optname, .optlen = c->optlen};
	o->want.c_ret = C_SET_READONLY;
	hit(o, C_SET_READONLY);
}

static void set(struct oracle *o)
{
	const struct tc_call *c = o->c;
	unsigned of[3] = {0}; /* how many programs gave each result */

	if (c->optlen < 0 || !buf_readable(&c->buf, (uint32_t)c->optlen)) {
		if (o->chain->n > 1)
			runs_somehow(o);
		else
			called_somehow(o, C_SET_ARGS);
		return;
	}
	if (o->chain->n == 1)
		set_first(o);
	else
		o->want.any |= ANY_SEEN_TAIL; /* in which order, and whether behind a 0 or 2: not said */
	for (unsigned k = 0; k < o->chain->n; k++) {
		const struct prog *p = tcase_prog(o->tc, HOOK_SET, o->chain->ids[k]);
		uint32_t ret = 1;

		if (o->chain->n > 1)
			set_context(o);
		if (!run(o, o->chain->ids[k], &ret) || (o->ctx.wrote && reads_own_write(p))) {
			o->want.lost = true;
			o->want.any |= ANY_SEEN_TAIL;
			free_all(o);
			return;
		}
		of[ret]++;
	}
	if (of[0] && of[2])
		free_all(o);
	else if (of[0])
		result(o, -EPERM, C_SET_RETURN_ZERO);
	else if (of[2])
		result(o, 0, C_SET_RETURN_DONE);
	else
		set_handled(o);
}

/* ---- getsockopt ---- */

static void get_first(struct oracle *o)
{
	const struct tc_call *c = o->c;
	struct ctx *x = &o->ctx;

	chain_window(o, (uint32_t)c->optlen < o->page ? (uint32_t)c->optlen : o->page);
	memset(x->win, 0, x->size);
	chain_forget(o, 0, x->size); /* optval is there to be filled; what it holds before is not said */
	x->unknown = UNK_SIZE | UNK_RETVAL;
	hit(o, C_GET_ARGS);
	hit(o, C_GET_OPTLEN_INPUT);
}

/* Between two programs: whether the next one finds what this one wrote is not said. */
static void get_next(struct oracle *o)
{
	struct ctx *x = &o->ctx;

	if (x->wrote & WROTE_OPTLEN)
		x->unknown |= UNK_OPTLEN;
	if (x->wrote & WROTE_BYTES)
		chain_forget(o, 0, x->size);
	hit(o, C_CHAIN_NEXT);
}

static void get_see(struct oracle *o, uint8_t id)
{
	struct want_seen *s = chain_see(o, id);

	s->c_args = s->c_size = s->c_bytes = s->c_tail = s->c_retval = C_GET_ARGS;
	s->c_optlen = C_GET_OPTLEN_INPUT;
}

/* A program returned 2: the user gets its answer. */
static void get_done(struct oracle *o)
{
	const struct ctx *x = &o->ctx;
	struct want *w = &o->want;

	/* Larger can not be; what a length below zero would mean is not said. */
	if (x->unknown & UNK_OPTLEN || x->optlen < 0 || x->optlen > o->c->optlen) {
		free_all(o);
		return;
	}
	result(o, 0, C_GET_RETURN_DONE);
	w->optlen = x->optlen;
	w->c_optlen = x->optlen < o->c->optlen ? C_GET_OPTLEN_LESS : C_GET_RETURN_DONE;
	hit(o, w->c_optlen);
	w->n_out = (uint32_t)x->optlen < x->size ? (uint32_t)x->optlen : x->size;
	w->out = x->win;
	w->out_mask = x->mask;
	w->c_out = w->c_base = C_GET_RETURN_DONE;
	w->any |= ANY_MEM; /* of the bytes behind the answer nothing is said */
}

static void get_handled(struct oracle *o)
{
	const struct tc_call *c = o->c;

	if (o->ctx.wrote & WROTE_OPTLEN) { /* the handler runs, but with which length? */
		free_all(o);
		return;
	}
	*o->plan =
		(struct plan){.called = true, .level = c->level, .optname = c->optname, .optlen = c->optlen};
}

static void get(struct oracle *o)
{
	const struct tc_call *c = o->c;
	uint32_t ret = 1;
	unsigned k;

	o->want.optlen = c->optlen;
	if (c->optlen_null || c->len_in || c->meanwhile || c->optlen < 0 || c->buf.place != BUF_PLAIN) {
		called_somehow(o, C_GET_ARGS);
		return;
	}
	get_first(o);
	for (k = 0; k < o->chain->n && ret == 1; k++) {
		if (k) {
			get_next(o);
			hit(o, C_CHAIN_ORDER);
		}
		get_see(o, o->chain->ids[k]);
		if (!run(o, o->chain->ids[k], &ret)) {
			o->want.any |= ANY_SEEN_TAIL;
			free_all(o);
			return;
		}
	}
	if (ret != 1 && k < o->chain->n) {
		o->want.c_runs = C_CHAIN_STOPS;
		hit(o, C_CHAIN_STOPS);
	} else if (o->chain->n > 1) {
		o->want.c_runs = C_CHAIN_NEXT;
	}
	if (ret == 2) {
		get_done(o);
	} else if (ret == 0) {
		result(o, -EPERM, C_GET_RETURN_ZERO);
		o->want.any |= ANY_OPTLEN | ANY_MEM;
	} else {
		get_handled(o);
	}
}

/* ---- both ---- */

void draft_plan(struct oracle *o)
{
	const struct tc_call *c = o->c;

	o->want.c_runs = C_HOOK_FIRST;
	if (!o->chain->n) {
		o->want.c_runs = o->want.c_ret = C_HOOK_NONE;
		*o->plan = (struct plan){
			.called = true, .level = c->level, .optname = c->optname, .optlen = c->optlen};
		return;
	}
	if (c->meanwhile == MEANWHILE_DETACH) { /* when a call looks for its programs is not said */
		runs_somehow(o);
		return;
	}
	hit(o, C_HOOK_FIRST);
	if (c->hook == HOOK_SET)
		set(o);
	else
		get(o);
}

void draft_predict(struct oracle *o, const struct handler_result *hr)
{
	unsigned clause = o->chain->n ? C_GET_BEFORE : C_HOOK_NONE;
	struct want *w = &o->want;

	if (o->c->hook == HOOK_SET) {
		w->ret = hr->ret;
		hit(o, C_SET_RESULT);
		return;
	}
	result(o, hr->ret, clause);
	w->base = hr->mem;
	w->optlen = hr->optlen;
	w->c_optlen = w->c_base = (uint8_t)clause;
	/* Does the handler's answer replace what the programs filled in? Not said. */
	if (hr->is_volatile || o->ctx.wrote & WROTE_BYTES)
		w->any |= ANY_MEM;
}
