/* SPDX-License-Identifier: MIT */
/*
 * The few options that go past getsockopt's hook because their handler would suffer from it, and the one of
 * them whose handler calls the programs itself, on its own struct: TCP_ZEROCOPY_RECEIVE. What that struct
 * holds when they run follows from the user's and from what the handler makes of it without programs. Source:
 * struct proto bpf_bypass_getsockopt in net/ipv4/tcp.c, net/unix/af_unix.c, net/sctp/socket.c; net/ipv4/tcp.c
 * do_tcp_getsockopt, kernel/bpf/cgroup.c __cgroup_bpf_run_filter_getsockopt_kern.
 */
#include <string.h>

#include "pipe.h"

enum {
	FAMILY_UNIX = 1,
	FAMILY_INET = 2,
	FAMILY_INET6 = 10,
	TYPE_STREAM = 1,
	PROTOCOL_TCP = 6,
	PROTOCOL_SCTP = 132,
	LEVEL_SOCKET = 1,
	LEVEL_TCP = 6,
	LEVEL_SCTP = 132,
	PEERPIDFD = 77,
	ZEROCOPY_RECEIVE = 35,
	PEELOFF = 102,
	CONNECTX3 = 111,
	PEELOFF_FLAGS = 122,
};

/* include/uapi/linux/tcp.h struct tcp_zerocopy_receive (5.12): where its members begin, by what counts. */
enum {
	ZC_LENGTH = 8,
	ZC_LENGTH_END = 12,
	ZC_INQ = 16,
	ZC_ERR = 20,
	ZC_COPYBUF = 24,
	ZC_COPYBUF_LEN = 32,
	ZC_FLAGS = 56
};
enum { ZC_RESERVED = 60, ZC_SIZE = 64, ZC_VALID_FLAGS = 2 /* TCP_CMSG_TS */ };
#define ZC_SHORT_SIZE 40 /* in 5.10.y: up to copybuf_len, and padding */

static bool is_inet(const struct tc_sock *s, uint16_t protocol)
{
	if (s->family != FAMILY_INET && s->family != FAMILY_INET6)
		return false;
	return s->protocol == protocol ||
	       (protocol == PROTOCOL_TCP && s->type == TYPE_STREAM && s->protocol == 0);
}

enum bypass bypass_kind(const struct oracle *o)
{
	const struct tc_call *c = o->c;
	const struct tc_sock *s = &o->tc->sock[c->sock];

	if (c->level == LEVEL_TCP && c->optname == ZEROCOPY_RECEIVE && is_inet(s, PROTOCOL_TCP))
		return PAST_ZEROCOPY;
	if (c->level == LEVEL_SOCKET && c->optname == PEERPIDFD && s->family == FAMILY_UNIX)
		return PAST_PEERPIDFD;
	if (c->level == LEVEL_SCTP && is_inet(s, PROTOCOL_SCTP) &&
	    (c->optname == PEELOFF || c->optname == PEELOFF_FLAGS || c->optname == CONNECTX3))
		return PAST_SCTP;
	return PAST_NOTHING;
}

/* Does the profile let this kind past the hook? */
static enum {
	NO,
	YES,
	MAYBE
} lets_past(const struct oracle *o, enum bypass kind, const struct handler_result *hr)
{
	enum trait_bypass t = (enum trait_bypass)o->t->bypass;
	enum trait_zerocopy z = (enum trait_zerocopy)o->t->zerocopy;

	if (!clause_has(&o->mask, C_COMPAT_SKIPPED)) /* a document */
		return NO;
	if (kind == PAST_ZEROCOPY)
		return z == ZEROCOPY_HOOK ? NO : z == ZEROCOPY_FREE || o->c->len_in ? MAYBE : YES;
	if (kind == PAST_SCTP)
		return t == BYPASS_NONE ? NO : t == BYPASS_FREE ? MAYBE : YES;
	if (t != BYPASS_PIDFD && t != BYPASS_SOME)
		return NO;
	if (hr->ret == -ENOPROTOOPT) /* the kernel does not know the option */
		return NO;
	return t == BYPASS_SOME && (hr->ret == -EFAULT || hr->ret == -EINVAL) ? MAYBE : YES;
}

/* One byte of the user's memory before the call, or -1 where there is none. */
static int user_byte(const struct tc_buf *b, uint32_t off)
{
	if (off < b->size)
		return off < b->n_data ? b->data[off] : b->fill;
	return off < tc_buf_reach(b, false) ? tc_canary(off) : -1;
}

static bool is_short(const struct oracle *o)
{
	return o->t->zerocopy == ZEROCOPY_SHORT;
}

/* The size of TCP's struct, which cuts off a longer optlen. */
static int32_t zc_size(const struct oracle *o)
{
	return is_short(o) ? ZC_SHORT_SIZE : ZC_SIZE;
}

/* Do TCP's own checks end the call before the programs? The short struct has nothing that must be zero. */
static bool refused(const struct oracle *o)
{
	const struct tc_call *c = o->c;
	const bool cut = c->optlen > zc_size(o);
	const uint32_t read = (uint32_t)(cut && is_short(o) ? ZC_SHORT_SIZE : c->optlen);
	uint32_t flags = 0;

	if (c->optlen_null || (c->optlen_ro && cut) || c->optlen < ZC_LENGTH_END || c->buf.place == BUF_NULL)
		return true;
	for (uint32_t off = 0; off < read; off++) {
		int v = user_byte(&c->buf, off);

		if (v < 0 || (v && off >= ZC_RESERVED))
			return true;
		if (off >= ZC_FLAGS && off < ZC_RESERVED)
			flags |= (uint32_t)v << 8 * (off - ZC_FLAGS);
	}
	return flags & ~(uint32_t)ZC_VALID_FLAGS;
}

/* Members of four bytes, in the order of the struct. */
enum late { LATE_INQ = 1, LATE_ERR = 2, LATE_FLAGS = 4 };

/*
 * What TCP computes after the programs, by how much of the struct it copies then: 5.12 looks for the end of a
 * member, 5.10 asks for `len >=` the end of err ahead of the same switch.
 */
static unsigned late_fields(const struct oracle *o, uint32_t len)
{
	static const uint8_t ends[] = {24, 32, 36, 40, 48, 56};

	if (len == ZC_ERR) /* where inq ends */
		return LATE_INQ;
	if (is_short(o))
		return len >= ZC_COPYBUF ? LATE_INQ | LATE_ERR : 0;
	if (len >= ZC_RESERVED)
		return LATE_INQ | LATE_ERR | LATE_FLAGS;
	return memchr(ends, (int)len, sizeof(ends)) ? LATE_INQ | LATE_ERR : 0;
}

/* What is known of one call. */
struct zc {
	uint32_t len;	       /* of the struct, as far as the user has it */
	int64_t original;      /* TCP's result, before programs and copy */
	const uint8_t *answer; /* the handler's memory; NULL if the struct was not copied there */
	bool is_volatile;      /* what TCP wrote to the struct is not known */
};

/*
 * The struct as the programs get it: the user's, but for what tcp_zerocopy_receive has written by then.
 * answer: the handler's memory; NULL if it did not get to copy the struct there, because TCP had failed
 * (original) or the copy did. No case sends anything, so there is nothing to map then.
 */
static void zc_window(struct oracle *o, const struct zc *z)
{
	static const uint8_t cleared[] = {ZC_COPYBUF_LEN, ZC_FLAGS};
	uint32_t head = z->len < ZC_INQ ? z->len : ZC_INQ;
	struct ctx *x = &o->ctx;

	chain_window(o, z->len);
	for (uint32_t off = 0; off < z->len; off++)
		x->win[off] = (uint8_t)user_byte(&o->c->buf, off);
	for (unsigned i = 0; i < 2; i++)
		for (uint32_t off = cleared[i]; off < z->len && off < cleared[i] + 4u; off++)
			x->win[off] = 0;
	if (!z->answer && (!z->original || z->original == -EIO)) /* length and recv_skip_hint */
		memset(x->win + ZC_LENGTH, 0, head - ZC_LENGTH);
	if (!z->answer)
		return;
	memcpy(x->win, z->answer, head);
	if (z->len >= ZC_COPYBUF_LEN + 4)
		memcpy(x->win + ZC_COPYBUF_LEN, z->answer + ZC_COPYBUF_LEN, 4);
	if (z->is_volatile) {
		chain_forget(o, ZC_LENGTH, ZC_INQ);
		chain_forget(o, ZC_COPYBUF_LEN, ZC_COPYBUF_LEN + 4);
	}
}

static void zc_first(struct oracle *o)
{
	struct want_seen *s = chain_first(o);

	s->c_args = C_GET_ARGS;
	s->c_retval = C_GET_RETVAL_SEEN;
	s->c_optlen = s->c_size = s->c_bytes = s->c_tail = C_ZC_INSIDE;
	hit(o, C_GET_ARGS);
	hit(o, C_GET_RETVAL_SEEN);
	hit(o, C_ZC_INSIDE);
}

/*
 * One of the members that TCP computes late: as the handler alone has it, if that got so far. If not (TCP had
 * failed, and a program made it succeed), it follows from the socket: no case sends anything or meets an
 * error, so tcp_inq_hint is 0, or 1 after the other end's FIN, sock_error 0, and no time stamp was taken.
 */
static void zc_late(struct oracle *o, const struct zc *z, unsigned field)
{
	static const uint8_t at[] = {ZC_INQ, ZC_ERR, ZC_FLAGS};
	const bool fin = o->tc->sock[o->c->sock].route == ROUTE_CLOSED;
	struct ctx *x = &o->ctx;
	uint8_t *to = x->win + at[field];

	if (z->answer && z->is_volatile) {
		chain_forget(o, at[field], at[field] + 4u);
		return;
	}
	if (z->answer && late_fields(o, z->len) >> field & 1) {
		memcpy(to, z->answer + at[field], 4);
	} else {
		memset(to, 0, 4);
		to[0] = 1u << field == LATE_INQ && fin;
	}
	if (x->mask)
		memset(x->mask + at[field], 0, 4);
}

/* The user's memory of the struct: the first n bytes from the programs' window, the rest as it was. */
static void zc_memory(struct oracle *o, const struct zc *z, uint32_t n)
{
	struct ctx *x = &o->ctx;
	const uint8_t *win = x->win, *mask = x->mask;
	unsigned late = n ? late_fields(o, n) : 0;

	chain_window(o, z->len);
	for (uint32_t off = 0; off < z->len; off++)
		x->win[off] = off < n ? win[off] : (uint8_t)user_byte(&o->c->buf, off);
	for (uint32_t off = 0; mask && off < n; off++)
		if (mask[off])
			chain_forget(o, off, off + 1);
	for (unsigned f = 0; f < 3; f++)
		if (late >> f & 1)
			zc_late(o, z, f);
	o->want.n_out = z->len;
	o->want.out = x->win;
	o->want.out_mask = x->mask;
}

static void anything(struct oracle *o)
{
	o->want.any |= ANY_RET | ANY_OPTLEN | ANY_MEM;
}

/* The rules after the chain: names the result, and returns how many bytes the user gets. */
static uint32_t zc_result(struct oracle *o, const struct zc *z)
{
	struct ctx *x = &o->ctx;
	uint32_t n = x->optlen ? (uint32_t)x->optlen : z->len;
	bool old = o->t->reject == REJECT_EPERM;

	if (old && x->rejected) {
		result(o, -EPERM, C_GET_RETURN_ZERO);
		return 0;
	}
	if (!old && x->retval < 0) {
		get_name_negative(o);
		return 0;
	}
	if (old && x->optlen <= (int32_t)z->len && x->retval && x->retval != z->original) {
		result(o, -EFAULT, C_GET_RETVAL_ORIGINAL);
		return 0;
	}
	if (x->optlen < 0 || n > z->len) {
		/* Before 7.3 a negative one is found out by the copy, which is not made with a retval. */
		if (old && x->optlen < 0 && x->retval)
			result(o, x->retval, C_ZC_FAILED);
		else
			result(o, -EFAULT, C_ZC_RANGE);
		if (!old && x->optlen < 0 && x->retval)
			o->want.any |= ANY_RET;
		return 0;
	}
	if (x->retval) {
		result(o, x->retval, C_ZC_FAILED);
		return 0;
	}
	if (!buf_writable(&o->c->buf, n)) {
		result(o, -EFAULT, C_GET_COPYOUT_FAULT);
		return 0;
	}
	result(o, 0, C_ZC_COPYOUT);
	return n;
}

static void zc_finish(struct oracle *o, const struct zc *z)
{
	struct want *w = &o->want;
	uint32_t n = zc_result(o, z);

	w->c_optlen = C_ZC_OPTLEN;
	w->c_out = w->c_base = n ? C_ZC_COPYOUT : C_ZC_FAILED;
	hit(o, C_ZC_OPTLEN);
	hit(o, w->c_out);
	if (n >= ZC_RESERVED && o->ctx.win[ZC_FLAGS] & ZC_VALID_FLAGS)
		anything(o); /* a program asks for a time stamp that nobody took */
	if (n || (z->answer && buf_writable(&o->c->buf, z->len)))
		zc_memory(o, z, n);
}

static void zc_predict(struct oracle *o, const struct handler_result *hr)
{
	const struct tc_call *c = o->c;
	struct zc z = {.len = (uint32_t)(c->optlen < zc_size(o) ? c->optlen : zc_size(o)),
		       .original = hr->ret,
		       .answer = hr->ret ? NULL : hr->mem,
		       .is_volatile = hr->is_volatile};
	struct want *w = &o->want;

	w->optlen = hr->optlen;
	w->c_optlen = w->c_base = w->c_runs = C_ZC_INSIDE;
	hit(o, is_short(o) ? C_ZC_STRUCT_SHORT : C_ZC_STRUCT_LONG);
	if (refused(o)) {
		w->c_optlen = w->c_base = w->c_runs = C_ZC_EARLY;
		result(o, hr->ret, C_ZC_EARLY);
		return;
	}
	if (!buf_writable(&c->buf, z.len) && hr->ret == -EFAULT)
		z.original = 0; /* what failed is the copy, which comes last */
	o->ctx.retval = (int32_t)z.original;
	o->ctx.optlen = (int32_t)z.len;
	zc_window(o, &z);
	zc_first(o);
	chain_run(o);
	if (o->ctx.lost)
		anything(o);
	else
		zc_finish(o, &z);
}

bool bypass_predict(struct oracle *o, enum bypass kind, const struct handler_result *hr)
{
	struct want *w = &o->want;

	switch (lets_past(o, kind, hr)) {
	case NO:
		return false;
	case MAYBE:
		anything(o);
		w->any |= ANY_SEEN_TAIL;
		w->optlen = hr->optlen;
		return true;
	case YES:
		break;
	}
	if (kind == PAST_ZEROCOPY) {
		zc_predict(o, hr);
		return true;
	}
	memset(&w->hits, 0, sizeof(w->hits)); /* of programs that might have run */
	hit(o, C_MEM_PAST);
	w->optlen = hr->optlen;
	w->c_optlen = w->c_base = w->c_runs = C_BYPASS_OPTION;
	if (hr->is_volatile)
		w->any |= ANY_MEM;
	result(o, hr->ret, C_BYPASS_OPTION);
	return true;
}
