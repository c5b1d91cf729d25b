/* SPDX-License-Identifier: MIT */
/*
 * getsockopt: the handler first, on the user's own memory; then the programs on a copy of its answer.
 * Source: kernel/bpf/cgroup.c __cgroup_bpf_run_filter_getsockopt, net/socket.c do_sock_getsockopt; the forms
 * of 5.3 to 7.2 differ in the traits that are asked for.
 */
#include <limits.h>
#include <string.h>

#include "pipe.h"

void get_plan(struct oracle *o)
{
	const struct tc_call *c = o->c;

	*o->plan =
		(struct plan){.called = true, .level = c->level, .optname = c->optname, .optlen = c->optlen};
}

/* The user's memory and optlen are the handler's, because of `clause`. */
static void keep_handler(struct oracle *o, const struct handler_result *hr, unsigned clause)
{
	o->want.optlen = hr->optlen;
	o->want.c_optlen = o->want.c_base = clause;
	if (hr->is_volatile) /* optlen too if it lies among the bytes that change by themselves */
		o->want.any |= ANY_MEM | (o->c->len_in ? ANY_OPTLEN : 0);
}

static void free_all(struct oracle *o)
{
	o->want.any |= ANY_RET | ANY_OPTLEN | ANY_MEM;
}

/* The document promises that programs are called, and nothing of what they see but level and optname. */
static void called_somehow(struct oracle *o)
{
	struct want_seen *s;

	chain_window(o, 0);
	o->ctx.unknown = UNK_OPTLEN | UNK_SIZE | UNK_RETVAL;
	s = chain_first(o);
	s->c_args = s->c_optlen = s->c_size = s->c_bytes = s->c_tail = s->c_retval = C_GET_ARGS;
	hit(o, C_HOOK_CALLED);
	o->want.any |= ANY_SEEN_TAIL;
	free_all(o);
}

/* The length of a successful handler's answer, as programs and the rules after them take it. */
static int32_t answer_length(const struct oracle *o, const struct handler_result *hr, uint32_t size)
{
	return o->t->get_long == LONG_CLAMPED && (uint32_t)hr->optlen > size ? (int32_t)size : hr->optlen;
}

/* Puts the handler's answer into the window: its bytes, then zeros. */
static void fill_window(struct oracle *o, const struct handler_result *hr)
{
	struct ctx *x = &o->ctx;
	uint32_t known = 0;

	if (hr->ret == 0) {
		known = (uint32_t)hr->optlen < x->size ? (uint32_t)hr->optlen : x->size;
		x->optlen = answer_length(o, hr, x->size);
	} else if (o->t->get_error_window == ERROR_FREE) {
		x->unknown |= UNK_OPTLEN;
		chain_forget(o, 0, x->size);
	}
	if (x->size <= 16 && o->c->buf.place == BUF_PLAIN) {
		bytes16 head = bytes16_load(hr->mem) & bytes16_mask(known); /* canaries follow the buffer */

		memcpy(x->win, &head, sizeof(head));
	} else {
		if (known)
			memcpy(x->win, hr->mem, known);
		memset(x->win + known, 0, x->size - known);
	}
	if (hr->is_volatile)
		chain_forget(o, 0, known);
	if (o->t->get_window == WINDOW_FREE) {
		x->unknown |= (uint32_t)o->c->optlen <= o->page ? UNK_SIZE : 0;
		chain_forget(o, known, x->size);
	}
}

static void first_program(struct oracle *o, const struct handler_result *hr)
{
	const struct ctx *x = &o->ctx;
	struct want_seen *s = chain_first(o);
	struct clause_set h = {{0}};
	bool shorter = hr->ret == 0 && (uint32_t)hr->optlen < x->size;

	s->c_args = C_GET_ARGS;
	s->c_retval = C_GET_RETVAL_SEEN;
	s->c_size = x->size == o->page && (uint32_t)o->c->optlen > o->page ? C_GET_WINDOW_PAGE
									   : C_GET_WINDOW_SIZE;
	s->c_tail = C_GET_WINDOW_ZEROS;
	s->c_bytes = s->c_optlen = hr->ret ? C_GET_ERROR_WINDOW : C_GET_AFTER;
	if (!hr->ret && x->optlen != hr->optlen) {
		s->c_optlen = C_GET_LONG_CLAMPED;
		hit(o, C_GET_LONG_CLAMPED);
	}
	s->split = shorter ? (uint32_t)hr->optlen : x->size;
	clause_add_if(&h, C_GET_WINDOW_ZEROS, shorter);
	clause_add(&h, C_GET_ARGS);
	clause_add(&h, C_GET_RETVAL_SEEN);
	clause_add(&h, s->c_size);
	clause_add(&h, s->c_bytes);
	hits(o, &h);
	if (o->c->meanwhile == MEANWHILE_HELD) {
		if (!hr->ret)
			s->c_optlen = C_GET_OPTLEN_LATER;
		hit(o, C_GET_OPTLEN_LATER);
	}
	if (o->c->optlen_null) {
		s->c_size = s->c_optlen = o->want.c_runs = C_GET_NULL_OPTLEN;
		hit(o, C_GET_NULL_OPTLEN);
	}
}

/* The call fails, and the user's memory stays as the handler left it: by `clause` if it failed too. */
static void keep_rejected(struct oracle *o, const struct handler_result *hr, unsigned clause)
{
	if (hr->ret == 0) {
		clause = C_GET_EXPOSED;
		hit(o, C_GET_EXPOSED);
	}
	keep_handler(o, hr, clause);
}

void get_name_negative(struct oracle *o)
{
	const struct ctx *x = &o->ctx;

	if ((x->raw && x->why == WHY_REJECTED) || x->retval < -4095)
		result(o, x->retval, C_GET_RETVAL_RAW);
	else if (x->why == WHY_REJECTED)
		result(o, x->retval, C_GET_RETURN_ZERO);
	else if (x->why == WHY_KEPT_ERRNO || (x->rejected && x->why == WHY_INITIAL))
		result(o, x->retval, C_GET_REJECT_ERRNO);
	else
		result(o, x->retval, C_GET_RETVAL_NEGATIVE);
	hit(o, C_GET_RETVAL_NEGATIVE);
}

/* A final retval below 0, since 5.18. True if it ends the call. */
static bool negative_decides(struct oracle *o, const struct handler_result *hr)
{
	if (o->ctx.retval >= 0 || o->t->get_negative_ret == NEGATIVE_COPIES)
		return false;
	get_name_negative(o);
	keep_rejected(o, hr, C_GET_RETVAL_NEGATIVE);
	return true;
}

/* The same for an optlen that lies inside of optval: the window's bytes, and then the length over them. */
static void overlap(struct oracle *o, const struct handler_result *hr)
{
	const struct tc_call *c = o->c;
	struct want *w = &o->want;
	struct ctx *x = &o->ctx;
	const uint8_t *win = x->win, *mask = x->mask;
	uint32_t n = w->n_out, all = n > c->len_off + 4u ? n : c->len_off + 4u;

	hit(o, C_GET_OVERLAP);
	chain_window(o, all);
	memcpy(x->win, hr->mem, all);
	memcpy(x->win, win, n);
	if (hr->is_volatile)
		chain_forget(o, n, all);
	for (uint32_t i = 0; mask && i < n; i++)
		if (mask[i])
			chain_forget(o, i, i + 1);
	tc_put_word(x->win + c->len_off, x->optlen);
	if (x->mask)
		memset(x->mask + c->len_off, 0, 4);
	w->n_out = all;
	w->out = x->win;
	w->out_mask = x->mask;
	w->c_out = C_GET_OVERLAP;
}

/* The user gets L bytes of the window. */
static void copy_out(struct oracle *o, const struct handler_result *hr, unsigned clause)
{
	const struct ctx *x = &o->ctx;
	const struct tc_call *c = o->c;
	struct want *w = &o->want;

	keep_handler(o, hr, C_GET_COPYOUT);
	if (c->buf.place == BUF_NULL && o->t->get_null == NULL_CHECKED && x->optlen) {
		result(o, -EFAULT, C_GET_NULL_CHECKED);
		return;
	}
	if (c->buf.place != BUF_NULL && !buf_writable(&c->buf, (uint32_t)x->optlen)) {
		result(o, -EFAULT, C_GET_COPYOUT_FAULT);
		if (c->buf.place == BUF_EDGE)
			w->any |= ANY_MEM; /* how much of the copy arrives before the fault is not promised */
		if (c->len_in)
			w->any |= ANY_OPTLEN;
		return;
	}
	if (c->buf.place != BUF_NULL) {
		w->n_out = (uint32_t)x->optlen;
		w->out = x->win;
		w->out_mask = x->mask;
		w->c_out = clause;
		clause_add_if(&w->hits, C_GET_COPYOUT, x->optlen);
	}
	if (c->optlen_null || c->optlen_ro) {
		result(o, -EFAULT, C_GET_COPYOUT_FAULT);
		if (c->len_across)
			w->any |= ANY_OPTLEN; /* the first half may have arrived */
		return;
	}
	w->optlen = x->optlen;
	w->c_optlen = clause;
	if (__builtin_expect(c->len_in, 0))
		overlap(o, hr);
	result(o, x->retval, clause);
}

/* Names the clause of a call that ends with retval and the programs' answer, or the handler's. */
static unsigned success_clause(struct oracle *o, const struct handler_result *hr, unsigned otherwise)
{
	const struct ctx *x = &o->ctx;

	if (x->retval > 0 || (x->retval != hr->ret && x->retval != 0)) {
		hit(o, C_GET_RETVAL_ANY);
		return C_GET_RETVAL_ANY;
	}
	if (hr->ret < 0 && x->retval == 0) {
		hit(o, C_GET_RETVAL_RESET);
		return C_GET_RETVAL_RESET;
	}
	if (x->retval < 0 && clause_has(&o->mask, C_GET_ERROR_COPIED)) {
		hit(o, C_GET_ERROR_COPIED);
		return C_GET_ERROR_COPIED;
	}
	return otherwise;
}

/* optlen beyond the window or below 0, and what it comes to. True if it ends the call. */
static bool range_decides(struct oracle *o, const struct handler_result *hr, int32_t original)
{
	const struct ctx *x = &o->ctx;

	if (o->c->buf.place == BUF_NULL && o->t->get_null == NULL_UNCHECKED)
		return false;
	if (x->optlen >= 0 && (uint32_t)x->optlen <= x->size)
		return false;
	if (original > 0 && (uint32_t)original > o->page && x->optlen >= 0 &&
	    o->t->get_large == LARGE_IGNORED) {
		result(o, hr->ret, C_GET_LARGE_IGNORED);
		keep_handler(o, hr, C_GET_LARGE_IGNORED);
		return true;
	}
	keep_handler(o, hr, C_GET_OPTLEN_RANGE);
	if (o->c->buf.place == BUF_NULL)
		result(o, -EFAULT, C_GET_NULL_CHECKED);
	else if (original > 0 && (uint32_t)original > o->page)
		result(o, -EFAULT, x->optlen < 0 ? C_GET_LARGE_NEGATIVE : C_GET_LARGE_EFAULT);
	else if (x->optlen < 0)
		result(o, -EFAULT, C_GET_OPTLEN_BELOW);
	else if (hr->ret == 0 && !(x->wrote & WROTE_OPTLEN))
		result(o, -EFAULT, C_GET_LONG_ANSWER);
	else
		result(o, -EFAULT, C_GET_OPTLEN_RANGE);
	return true;
}

/* The kernel's rules after the chain. */
static void finish_kernel(struct oracle *o, const struct handler_result *hr, int32_t original)
{
	const struct ctx *x = &o->ctx;
	bool large = original > 0 && (uint32_t)original > o->page;
	unsigned clause;

	if (o->t->reject == REJECT_EPERM && x->rejected) {
		result(o, -EPERM, C_GET_RETURN_ZERO);
		keep_rejected(o, hr, C_GET_RETURN_ZERO);
		return;
	}
	if (negative_decides(o, hr) || range_decides(o, hr, original))
		return;
	if (o->t->get_retval == GET_RETVAL_ORIGINAL && x->retval != 0 && x->retval != hr->ret) {
		result(o, -EFAULT, C_GET_RETVAL_ORIGINAL);
		keep_rejected(o, hr, C_GET_RETVAL_ORIGINAL);
		return;
	}
	if (x->odd_optlen)
		hit(o, C_CHAIN_FINAL);
	if (o->c->buf.place == BUF_NULL)
		hit(o, C_GET_NULL_OPTVAL);
	if (x->optlen == 0 && o->t->get_zero == ZERO_LITERAL) {
		hit(o, C_GET_OPTLEN_STORED);
		copy_out(o, hr, success_clause(o, hr, C_GET_OPTLEN_STORED));
		return;
	}
	if (x->optlen == 0) {
		clause = large ? C_GET_LARGE_ZERO : C_GET_OPTLEN_ZERO;
		keep_handler(o, hr, clause);
		hit(o, clause);
		result(o, x->retval, success_clause(o, hr, clause));
		return;
	}
	clause = o->c->buf.place == BUF_NULL		  ? C_GET_NULL_OPTVAL
		 : large				  ? C_GET_LARGE_TRIMMED
		 : hr->ret == 0 && x->optlen > hr->optlen ? C_GET_OPTLEN_GROW
							  : C_GET_COPYOUT;
	hit(o, clause);
	copy_out(o, hr, success_clause(o, hr, clause));
}

/* The published document's rules after the chain, as far as it has any. */
static void finish_document(struct oracle *o, const struct handler_result *hr)
{
	const struct ctx *x = &o->ctx;
	const int32_t user = o->c->optlen;
	struct want *w = &o->want;
	bool large = (uint32_t)user > o->page || (hr->ret == 0 && (uint32_t)hr->optlen > o->page);
	bool raised = (x->wrote & WROTE_OPTLEN) && x->optlen > user;

	keep_handler(o, hr, C_GET_RETURN_ONE);
	if (x->rejected) {
		result(o, -EPERM, C_GET_RETURN_ZERO);
		w->any |= ANY_OPTLEN | ANY_MEM;
		return;
	}
	if (!(raised && large) && x->retval != 0 && x->retval != hr->ret) {
		result(o, -EFAULT, C_GET_RETVAL_ORIGINAL);
		w->any |= ANY_OPTLEN | ANY_MEM;
		return;
	}
	if ((x->unknown & UNK_OPTLEN) || ((x->wrote & WROTE_OPTLEN) && x->optlen < 0)) {
		free_all(o);
		if ((x->wrote & WROTE_RETVAL) && x->retval == 0 && !(x->wrote & WROTE_OPTLEN)) {
			w->any &= ~(uint32_t)ANY_RET; /* "reset retval to 0" is promised whatever optlen is */
			result(o, 0, C_GET_RETVAL_RESET);
		}
		return;
	}
	if (raised && large) { /* "EFAULT", and "will receive original kernel buffers" */
		free_all(o);
		return;
	}
	if (raised) {
		result(o, -EFAULT, C_GET_OPTLEN_RANGE);
		w->any |= ANY_OPTLEN | ANY_MEM;
		return;
	}
	if (large && (x->optlen == 0 || (uint32_t)x->optlen >= o->page)) {
		unsigned clause = x->optlen ? C_GET_LARGE_IGNORED : C_GET_LARGE_ZERO;

		result(o, x->retval, clause);
		w->c_base = clause;
		w->any |= ANY_OPTLEN | (x->optlen && x->retval != hr->ret ? ANY_RET : 0);
		if ((uint32_t)x->optlen == o->page)
			free_all(o); /* neither less nor greater */
		return;
	}
	if (hr->ret == 0 && (x->wrote & WROTE_OPTLEN) && x->optlen > hr->optlen)
		hit(o, C_GET_OPTLEN_GROW);
	copy_out(o, hr, large ? C_GET_LARGE_TRIMMED : success_clause(o, hr, C_GET_RETURN_ONE));
	if (w->n_out > x->size)
		w->n_out = x->size; /* a long answer: the rest is the handler's */
}

#define BIT(n) (1u << (n))

/*
 * Sockets whose struct proto_ops has getsockopt_iter, by the numbers of AF_*, SOCK_* and protocols. types and
 * protocols: sets; 0: all of the family.
 */
static const struct iter_row {
	uint16_t family, types, protocols;
	uint8_t since; /* trait_early */
} iter_rows[] = {
	{17, BIT(2) | BIT(3), 0, EARLY_PACKET}, /* PACKET, not SOCK_PACKET */
	{29, BIT(3), BIT(1), EARLY_PACKET},	/* CAN_RAW */
	{8, 0, 0, EARLY_MORE},			/* ATMPVC */
	{9, 0, 0, EARLY_MORE},			/* X25 */
	{16, 0, 0, EARLY_MORE},			/* NETLINK */
	{21, 0, 0, EARLY_MORE},			/* RDS */
	{24, 0, BIT(1), EARLY_MORE},		/* PPPOX: L2TP */
	{26, 0, 0, EARLY_MORE},			/* LLC */
	{30, 0, 0, EARLY_MORE},			/* TIPC */
	{31, 0, 0x0f | BIT(8), EARLY_MORE},	/* BLUETOOTH: L2CAP, HCI, SCO, RFCOMM, ISO */
	{32, 0, 0, EARLY_MORE},			/* IUCV */
	{33, 0, 0, EARLY_MORE},			/* RXRPC */
	{40, BIT(1) | BIT(5), 0, EARLY_MORE},	/* VSOCK: stream, seqpacket */
	{41, 0, 0, EARLY_MORE},			/* KCM */
	{44, 0, 0, EARLY_MORE},			/* XDP */
	{45, 0, 0, EARLY_MORE},			/* MCTP */
};

static bool in_set(uint16_t set, uint16_t n)
{
	return !set || (n < 16 && set >> n & 1);
}

/* Did the protocol's handler get to look at optlen before the hook, and did it end the call? */
static bool is_early(const struct oracle *o)
{
	const struct tc_call *c = o->c;
	const struct tc_sock *s = &o->tc->sock[c->sock];

	if (o->t->get_early == EARLY_NEVER || c->level == 1 /* SOL_SOCKET */ ||
	    (!c->optlen_null && !c->optlen_ro && c->optlen >= 0))
		return false;
	for (size_t i = 0; i < sizeof(iter_rows) / sizeof(iter_rows[0]); i++) {
		const struct iter_row *r = &iter_rows[i];

		if (r->family == s->family && in_set(r->types, s->type) && in_set(r->protocols, s->protocol))
			return r->since <= o->t->get_early;
	}
	return false;
}

/* Calls that end before any program runs. True if this is one. */
static bool ends_early(struct oracle *o, const struct handler_result *hr, int32_t user, uint32_t size)
{
	struct want *w = &o->want;

	if (is_early(o)) {
		keep_handler(o, hr, C_GET_EARLY);
		result(o, hr->ret, C_GET_EARLY);
		w->c_runs = C_GET_EARLY;
		return true;
	}
	if (user > 0 && (uint32_t)user > o->page && o->t->get_large == LARGE_EINVAL) {
		keep_handler(o, hr, C_GET_LARGE_REFUSED);
		result(o, -EINVAL, C_GET_LARGE_REFUSED);
		w->c_runs = C_GET_LARGE_REFUSED;
		return true;
	}
	if (user < 0) {
		keep_handler(o, hr, C_GET_OPTLEN_NEGATIVE);
		result(o, -EINVAL, C_GET_OPTLEN_NEGATIVE);
		w->c_runs = C_GET_OPTLEN_NEGATIVE;
		return true;
	}
	if (hr->ret == 0) {
		uint32_t back = hr->optlen >= 0 && (uint32_t)hr->optlen < size ? (uint32_t)hr->optlen : size;

		if (o->c->optlen_null || hr->optlen < 0 || !buf_readable(&o->c->buf, back)) {
			keep_handler(o, hr, C_GET_COPYIN_FAULT);
			result(o, -EFAULT, C_GET_COPYIN_FAULT);
			w->c_runs = C_GET_COPYIN_FAULT;
			return true;
		}
	}
	return false;
}

/* The programs were detached while the handler copied its answer: the hook has nobody to call. */
static void gone(struct oracle *o, const struct handler_result *hr)
{
	struct want *w = &o->want;

	memset(&w->hits, 0, sizeof(w->hits)); /* of programs that would have run */
	hit(o, C_MEM_PAST);
	w->c_runs = C_HOOK_LATER;
	result(o, hr->ret, C_HOOK_LATER);
	keep_handler(o, hr, C_HOOK_LATER);
}

void get_predict(struct oracle *o, const struct handler_result *hr)
{
	const struct tc_call *c = o->c;
	struct ctx *x = &o->ctx;
	int32_t user = c->optlen_null ? 0 : c->optlen;
	uint32_t size;

	o->want.base = hr->mem;
	if (!o->chain || !o->chain->n) {
		result(o, hr->ret, o->alone);
		keep_handler(o, hr, o->alone);
		return;
	}
	if (__builtin_expect(c->meanwhile == MEANWHILE_DETACH && hr->touched, 0) &&
	    clause_has(&o->mask, C_HOOK_LATER)) { /* a document calls its programs every time */
		gone(o, hr);
		return;
	}
	if (__builtin_expect(bypass_possible(c), 0)) {
		enum bypass past = bypass_kind(o);

		if (past != PAST_NOTHING && bypass_predict(o, past, hr))
			return;
	}
	if (o->t->get_negative == GET_NEGATIVE_CALLED &&
	    (user < 0 || c->optlen_null || c->optlen_ro || c->len_in || c->meanwhile ||
	     c->buf.place != BUF_PLAIN)) {
		called_somehow(o);
		return;
	}
	size = (uint32_t)user < o->page ? (uint32_t)user : o->page;
	if (ends_early(o, hr, user, size))
		return;
	x->retval = (int32_t)hr->ret;
	x->optlen = user;
	chain_window(o, size);
	fill_window(o, hr);
	first_program(o, hr);
	chain_run(o);
	if (x->lost)
		free_all(o);
	else if (o->t->get_bound == GET_BOUND_RAISED)
		finish_document(o, hr);
	else
		finish_kernel(o, hr, hr->ret == 0 ? answer_length(o, hr, size) : user);
}
