/* SPDX-License-Identifier: MIT */
/*
 * setsockopt: programs first, then the handler with what they left.
 * Source: kernel/bpf/cgroup.c __cgroup_bpf_run_filter_setsockopt, net/socket.c do_sock_setsockopt; the forms
 * of 5.3 to 7.2 differ in the traits that are asked for.
 */
#include <limits.h>
#include <string.h>

#include "pipe.h"

#define WINDOW_MIN 16 /* __cgroup_bpf_run_filter_setsockopt: max_t(int, 16, *optlen) */

static uint32_t window_size(const struct oracle *o, int32_t optlen)
{
	uint32_t n = (uint32_t)optlen;

	if (o->t->set_window == WINDOW_MIN16 && n < WINDOW_MIN)
		n = WINDOW_MIN;
	return n < o->page ? n : o->page;
}

/* The handler runs with the user's own buffer and length. */
static void handler_original(struct oracle *o, int32_t level, int32_t optname, unsigned clause)
{
	*o->plan = (struct plan){.called = true, .level = level, .optname = optname, .optlen = o->c->optlen};
	o->want.c_ret = clause;
	hit(o, clause);
	if (level != o->c->level || optname != o->c->optname)
		hit(o, C_SET_REWRITE);
}

/* The profile does not say what comes of the call. */
static void free_result(struct oracle *o)
{
	o->want.any |= ANY_RET;
	o->plan->unsure = true;
}

/* Is each of the first n bytes of the window known? */
static bool all_known(const struct ctx *x, int32_t n)
{
	return !x->mask || n <= 0 || !memchr(x->mask, 1, (size_t)n);
}

/* The handler runs with the programs' buffer. */
static void handler_window(struct oracle *o, unsigned clause)
{
	const struct ctx *x = &o->ctx;

	if (!all_known(x, x->optlen)) {
		free_result(o);
		return;
	}

	*o->plan = (struct plan){.called = true,
				 .kernel_buf = true,
				 .level = x->level,
				 .optname = x->optname,
				 .optlen = x->optlen,
				 .bytes = x->win};
	o->want.c_ret = clause;
	hit(o, clause);
	if (x->wrote & (WROTE_ARGS | WROTE_BYTES))
		hit(o, C_SET_REWRITE);
}

/* Nothing but the call's own arguments is promised to the first program, and no result. */
static void called_somehow(struct oracle *o)
{
	struct ctx *x = &o->ctx;
	struct want_seen *s;

	chain_window(o, 0);
	x->unknown = UNK_SIZE | UNK_RETVAL;
	s = chain_first(o);
	s->c_args = s->c_optlen = s->c_size = s->c_bytes = s->c_tail = s->c_retval = C_SET_ARGS;
	hit(o, C_HOOK_CALLED);
	o->want.any |= ANY_SEEN_TAIL;
	free_result(o);
}

/* The user's bytes, then zeros. */
static void fill_window(struct oracle *o, uint32_t known)
{
	struct ctx *x = &o->ctx;

	if (x->size <= 16) {
		bytes16 head = tc_buf_head(&o->c->buf) & bytes16_mask(known);

		memcpy(x->win, &head, sizeof(head));
	} else {
		tc_buf_image(&o->c->buf, x->win, known);
		memset(x->win + known, 0, x->size - known);
	}
}

static void first_program(struct oracle *o)
{
	const int32_t user = o->c->optlen;
	struct ctx *x = &o->ctx;
	struct clause_set h = {{0}};
	struct want_seen *s;
	uint32_t known = (uint32_t)user < x->size ? (uint32_t)user : x->size;

	x->unknown = (o->t->set_window == WINDOW_FREE && (uint32_t)user <= o->page ? UNK_SIZE : 0) |
		     (o->t->set_retval == SET_RETVAL_FREE || o->t->helper == HELPER_NONE ? UNK_RETVAL : 0);
	fill_window(o, known);
	s = chain_first(o);
	s->split = known;
	s->c_args = s->c_bytes = s->c_optlen = s->c_size = C_SET_ARGS;
	s->c_tail = C_SET_WINDOW_ZEROS;
	s->c_retval = C_SET_RETVAL_INITIAL;
	clause_add(&h, C_SET_ARGS);
	clause_add(&h, C_SET_RETVAL_INITIAL);
	if ((uint32_t)user > o->page)
		s->c_size = s->c_optlen = C_SET_WINDOW_PAGE;
	else if (user < WINDOW_MIN)
		s->c_size = o->t->set_window == WINDOW_EXACT ? C_SET_WINDOW_EXACT : C_SET_WINDOW_MIN16;
	clause_add(&h, s->c_size);
	clause_add_if(&h, C_SET_WINDOW_ZEROS, known < x->size);
	hits(o, &h);
}

/* A retval other than 0 ends the call before optlen is looked at. True if it did. */
static bool retval_decides(struct oracle *o)
{
	const struct ctx *x = &o->ctx;

	if (o->t->reject == REJECT_EPERM && x->rejected) {
		result(o, -EPERM, C_SET_RETURN_ZERO);
		if (x->optlen < 0 || (uint32_t)x->optlen > x->size)
			hit(o, C_SET_RETVAL_FIRST);
		return true;
	}
	if (o->t->set_retval == SET_RETVAL_FREE && (x->wrote & WROTE_RETVAL)) {
		free_result(o);
		return true;
	}
	if (x->retval == 0 || (x->retval > 0 && o->t->set_positive == POSITIVE_RUNS))
		return false;
	if (x->retval > 0)
		result(o, 0, C_SET_RETVAL_POSITIVE);
	else if ((x->raw && x->why == WHY_REJECTED) || x->retval < -4095)
		result(o, x->retval, C_SET_RETVAL_RAW);
	else if (x->why == WHY_REJECTED)
		result(o, x->retval, C_SET_RETURN_ZERO);
	else if (x->why == WHY_KEPT_ERRNO)
		result(o, x->retval, C_SET_REJECT_ERRNO);
	else
		result(o, x->retval, C_SET_RETVAL_NEGATIVE);
	if (x->optlen < 0 || (uint32_t)x->optlen > x->size)
		hit(o, C_SET_RETVAL_FIRST);
	return true;
}

/* U above PAGE_SIZE: optlen 0 and optlen beyond the window have a meaning of their own. */
static void optlen_large(struct oracle *o)
{
	const struct ctx *x = &o->ctx;
	const struct tc_call *c = o->c;

	if (x->optlen < 0) {
		result(o, -EFAULT, C_SET_LARGE_NEGATIVE);
	} else if (o->t->set_large == LARGE_EFAULT && (uint32_t)x->optlen > x->size) {
		result(o, -EFAULT, C_SET_LARGE_EFAULT);
	} else if (x->optlen == 0) {
		handler_original(o, x->level, x->optname, C_SET_LARGE_ZERO);
	} else if ((uint32_t)x->optlen > o->page) {
		/* The document says nothing of level and optname here, and contradicts itself above the
		 * user's optlen. */
		if (o->t->set_large == LARGE_ORIGINAL && ((x->wrote & WROTE_ARGS) || x->optlen > c->optlen))
			free_result(o);
		else
			handler_original(o, c->level, c->optname, C_SET_LARGE_IGNORED);
	} else if (o->t->set_large == LARGE_ORIGINAL && (uint32_t)x->optlen == o->page) {
		free_result(o); /* "less than PAGE_SIZE", "greater than PAGE_SIZE": equal is nowhere */
	} else {
		handler_window(o, C_SET_LARGE_TRIMMED);
	}
}

static void optlen_small(struct oracle *o)
{
	const struct ctx *x = &o->ctx;
	const struct tc_call *c = o->c;
	uint32_t bound = o->t->set_bound == BOUND_USER ? (uint32_t)c->optlen : x->size;

	if (x->optlen < 0 || (uint32_t)x->optlen > bound)
		result(o, -EFAULT, o->t->set_bound == BOUND_USER ? C_SET_OPTLEN_BOUND : C_SET_OPTLEN_RANGE);
	else if (x->optlen == 0 && o->t->set_zero == ZERO_ORIGINAL)
		handler_original(o, x->level, x->optname, C_SET_OPTLEN_ZERO);
	else if (x->optlen < c->optlen && (o->t->set_bound == BOUND_USER || x->optlen == 0))
		handler_window(o, C_SET_OPTLEN_DECREASED);
	else if (x->optlen > c->optlen)
		handler_window(o, C_SET_OPTLEN_GROW);
	else
		handler_window(o, C_SET_REWRITE);
}

/*
 * The programs were detached while optval was copied: the handler gets the copy, as if they did nothing.
 * tc_meanwhile_fits(): optlen is small.
 */
static void gone(struct oracle *o, uint32_t known)
{
	if (!clause_has(&o->mask, C_HOOK_LATER)) { /* a document */
		called_somehow(o);
		return;
	}
	fill_window(o, known);
	memset(&o->want.hits, 0, sizeof(o->want.hits));
	o->ctx.optlen = o->c->optlen;
	optlen_small(o);
	o->want.c_ret = o->want.c_runs = C_HOOK_LATER;
	hit(o, C_SET_MEM);
	hit(o, C_HOOK_LATER);
}

void set_plan(struct oracle *o)
{
	const struct tc_call *c = o->c;
	struct ctx *x = &o->ctx;
	uint32_t size, known;

	o->want.c_base = C_SET_MEM;
	hit(o, C_SET_MEM);
	if (c->optlen < 0 && o->t->set_negative == NEGATIVE_EINVAL) {
		result(o, -EINVAL, C_SET_OPTLEN_NEGATIVE);
		o->want.c_runs = C_SET_OPTLEN_NEGATIVE;
		return;
	}
	if (!o->chain || !o->chain->n) {
		handler_original(o, c->level, c->optname, o->alone);
		return;
	}
	if (c->optlen < 0) {
		called_somehow(o);
		return;
	}
	if (o->t->set_large == LARGE_EINVAL && (uint32_t)c->optlen > o->page) {
		result(o, -EINVAL, C_SET_LARGE_REFUSED);
		o->want.c_runs = C_SET_LARGE_REFUSED;
		return;
	}
	size = window_size(o, c->optlen);
	known = (uint32_t)c->optlen < size ? (uint32_t)c->optlen : size;
	if (!buf_readable(&c->buf, known)) {
		if (o->t->set_fault == FAULT_FREE) {
			called_somehow(o);
			return;
		}
		result(o, -EFAULT, C_SET_OPTVAL_FAULT);
		o->want.c_runs = C_SET_OPTVAL_FAULT;
		return;
	}
	chain_window(o, size);
	if (__builtin_expect(c->meanwhile == MEANWHILE_DETACH && known, 0)) {
		gone(o, known);
		return;
	}
	first_program(o);
	chain_run(o);
	if (x->lost) {
		free_result(o);
		return;
	}
	if (retval_decides(o))
		return;
	if (x->odd_optlen && x->optlen >= 0 && (uint32_t)x->optlen <= x->size)
		hit(o, C_CHAIN_FINAL);
	if (o->t->set_export == EXPORT_DROPPED) {
		x->level = c->level;
		x->optname = c->optname;
	}
	if (x->optlen == -1)
		result(o, 0, C_SET_OPTLEN_BYPASS);
	else if ((uint32_t)c->optlen > o->page)
		optlen_large(o);
	else
		optlen_small(o);
}

void set_predict(struct oracle *o, const struct handler_result *hr)
{
	if (!o->plan->called)
		return;
	o->want.ret = hr->ret;
	hit(o, C_SET_RESULT);
}
