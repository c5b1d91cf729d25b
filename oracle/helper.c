/* SPDX-License-Identifier: MIT */
/*
 * Calls that a program makes through bpf_setsockopt and bpf_getsockopt: what the helpers let pass to the
 * handler, and what comes back. Source: net/core/filter.c __bpf_setsockopt, __bpf_getsockopt,
 * sol_socket_sockopt, sol_tcp_sockopt, sol_ip_sockopt, sol_ipv6_sockopt (6.1 to 7.3).
 */
#include <string.h>

#include "pipe.h"

enum {
	FAMILY_INET = 2,
	FAMILY_INET6 = 10,
	FAMILY_VSOCK = 40,
	FAMILY_SMC = 43,
	TYPE_STREAM = 1,
	TYPE_RAW = 3,
	PROTOCOL_TCP = 6,
	PROTOCOL_MPTCP = 262,
	LEVEL_IP = 0,
	LEVEL_SOCKET = 1,
	LEVEL_TCP = 6,
	LEVEL_IPV6 = 41,
	OPTION_BINDTODEVICE = 25,
	OPTION_CONGESTION = 13,
	OPTION_SAVED_SYN = 28,
};

enum passes { REFUSED, PASSES, PERHAPS };

#define ON_GET	(1 << HOOK_GET)
#define ON_SET	(1 << HOOK_SET)
#define ON_BOTH (ON_GET | ON_SET)

/* An option that a helper knows. */
static const struct row {
	int32_t level, optname;
	uint8_t hooks;
	uint8_t least, most; /* lengths of the value; most 0: no limit */
	uint8_t sure;	     /* 0: not in all kernels of the epoch, or not by the option's own handler */
} rows[] = {
	{LEVEL_SOCKET, 2, ON_BOTH, 4, 4, 1},  /* SO_REUSEADDR */
	{LEVEL_SOCKET, 7, ON_BOTH, 4, 4, 1},  /* SO_SNDBUF */
	{LEVEL_SOCKET, 8, ON_BOTH, 4, 4, 1},  /* SO_RCVBUF */
	{LEVEL_SOCKET, 9, ON_BOTH, 4, 4, 1},  /* SO_KEEPALIVE */
	{LEVEL_SOCKET, 12, ON_BOTH, 4, 4, 1}, /* SO_PRIORITY */
	{LEVEL_SOCKET, 15, ON_BOTH, 4, 4, 1}, /* SO_REUSEPORT */
	{LEVEL_SOCKET, 18, ON_BOTH, 4, 4, 1}, /* SO_RCVLOWAT */
	{LEVEL_SOCKET, 36, ON_BOTH, 4, 4, 1}, /* SO_MARK */
	{LEVEL_SOCKET, 47, ON_BOTH, 4, 4, 1}, /* SO_MAX_PACING_RATE */
	{LEVEL_SOCKET, 62, ON_BOTH, 4, 4, 1}, /* SO_BINDTOIFINDEX */
	{LEVEL_SOCKET, 74, ON_BOTH, 4, 4, 1}, /* SO_TXREHASH */
	{LEVEL_SOCKET, OPTION_BINDTODEVICE, ON_SET, 0, 0, 1},
	{LEVEL_SOCKET, 1009, ON_BOTH, 4, 4, 0}, /* SK_BPF_CB_FLAGS (6.14): no handler has it */
	{LEVEL_TCP, 1, ON_BOTH, 4, 4, 1},	/* TCP_NODELAY */
	{LEVEL_TCP, 2, ON_BOTH, 4, 4, 1},	/* TCP_MAXSEG */
	{LEVEL_TCP, 4, ON_BOTH, 4, 4, 1},	/* TCP_KEEPIDLE */
	{LEVEL_TCP, 5, ON_BOTH, 4, 4, 1},	/* TCP_KEEPINTVL */
	{LEVEL_TCP, 6, ON_BOTH, 4, 4, 1},	/* TCP_KEEPCNT */
	{LEVEL_TCP, 7, ON_BOTH, 4, 4, 1},	/* TCP_SYNCNT */
	{LEVEL_TCP, 10, ON_BOTH, 4, 4, 1},	/* TCP_WINDOW_CLAMP */
	{LEVEL_TCP, OPTION_CONGESTION, ON_BOTH, 2, 0, 1},
	{LEVEL_TCP, 16, ON_BOTH, 4, 4, 1}, /* TCP_THIN_LINEAR_TIMEOUTS */
	{LEVEL_TCP, 18, ON_BOTH, 4, 4, 1}, /* TCP_USER_TIMEOUT */
	{LEVEL_TCP, 25, ON_BOTH, 4, 4, 1}, /* TCP_NOTSENT_LOWAT */
	{LEVEL_TCP, 27, ON_BOTH, 4, 4, 1}, /* TCP_SAVE_SYN */
	{LEVEL_TCP, OPTION_SAVED_SYN, ON_BOTH, 1, 0, 0},
	{LEVEL_TCP, 44, ON_BOTH, 4, 4, 0},   /* TCP_RTO_MAX_MS (6.15) */
	{LEVEL_TCP, 1001, ON_SET, 4, 4, 0},  /* TCP_BPF_IW: no handler has these either */
	{LEVEL_TCP, 1002, ON_SET, 4, 4, 0},  /* TCP_BPF_SNDCWND_CLAMP */
	{LEVEL_TCP, 1003, ON_BOTH, 4, 4, 0}, /* TCP_BPF_DELACK_MAX */
	{LEVEL_TCP, 1004, ON_BOTH, 4, 4, 0}, /* TCP_BPF_RTO_MIN */
	{LEVEL_TCP, 1008, ON_BOTH, 4, 4, 0}, /* TCP_BPF_SOCK_OPS_CB_FLAGS */
	{LEVEL_IP, 1, ON_BOTH, 4, 4, 1},     /* IP_TOS */
	{LEVEL_IP, 19, ON_BOTH, 4, 4, 0},    /* IP_TRANSPARENT (7.3) */
	{LEVEL_IPV6, 67, ON_BOTH, 4, 4, 1},  /* IPV6_TCLASS */
	{LEVEL_IPV6, 70, ON_BOTH, 4, 4, 1},  /* IPV6_AUTOFLOWLABEL */
	{LEVEL_IPV6, 75, ON_BOTH, 4, 4, 0},  /* IPV6_TRANSPARENT (7.3) */
};

static const struct row *find(const struct tc_call *c)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].level == c->level && rows[i].optname == c->optname &&
		    rows[i].hooks >> c->hook & 1)
			return &rows[i];
	return NULL;
}

/* Does the helper take the level on this socket? By struct sock, not by what the socket calls itself. */
static enum passes level_passes(const struct tc_sock *s, int32_t level)
{
	bool inet = s->family == FAMILY_INET || s->family == FAMILY_INET6;

	switch (level) {
	case LEVEL_SOCKET:
		return PASSES;
	case LEVEL_TCP:
		if (!inet || (s->protocol && s->protocol != PROTOCOL_TCP) ||
		    (s->type != TYPE_STREAM && s->type != TYPE_RAW))
			return REFUSED;
		/* A raw socket of TCP's number was taken for one of TCP up to 7.0. */
		return s->type == TYPE_STREAM ? PASSES : s->protocol ? PERHAPS : REFUSED;
	case LEVEL_IP:
		/* On an INET6 socket that also does IPv4: since 7.2, and in stable series. */
		return s->family == FAMILY_INET ? PASSES : s->family == FAMILY_INET6 ? PERHAPS : REFUSED;
	case LEVEL_IPV6:
		return s->family == FAMILY_INET6 ? PASSES : REFUSED;
	}
	return REFUSED;
}

/* These have a SOL_SOCKET, or sockets inside the socket, of their own, which the helpers do not know of. */
static bool has_own_handler(const struct tc_sock *s)
{
	return s->family == FAMILY_VSOCK || s->family == FAMILY_SMC || s->protocol == PROTOCOL_MPTCP;
}

/*
 * The helper takes no module for a congestion control, and not "cdg", so only one that every kernel has is
 * sure to go as the handler goes.
 */
static bool congestion_sure(const struct tc_call *c)
{
	static const char reno[] = "reno";

	if (c->hook == HOOK_GET)
		return true;
	return c->buf.n_data >= sizeof(reno) - 1 && c->optlen >= (int32_t)sizeof(reno) - 1 &&
	       !memcmp(c->buf.data, reno, sizeof(reno) - 1) &&
	       (c->optlen == sizeof(reno) - 1 || (c->buf.n_data >= sizeof(reno) && !c->buf.data[4]));
}

static enum passes passes(const struct oracle *o)
{
	const struct tc_call *c = o->c;
	const struct tc_sock *s = &o->tc->sock[c->sock];
	enum passes p = level_passes(s, c->level);
	const struct row *r = p == REFUSED ? NULL : find(c);

	if (!r)
		return REFUSED;
	if (c->optlen < r->least || (r->most && c->optlen > r->most))
		return r->sure && p == PASSES ? REFUSED : PERHAPS;
	if (!r->sure || has_own_handler(s))
		return PERHAPS;
	if (c->level == LEVEL_TCP && c->optname == OPTION_CONGESTION && !congestion_sure(c))
		return PERHAPS;
	return p;
}

/* The user's memory when the helper has left `known` bytes of `answer` in it, then zeros up to optlen. */
static void leave(struct oracle *o, const uint8_t *answer, uint32_t known)
{
	const struct tc_call *c = o->c;
	uint32_t optlen = (uint32_t)c->optlen;

	chain_window(o, c->buf.size + TC_PAST);
	tc_buf_image(&c->buf, o->ctx.win, o->ctx.size);
	memset(o->ctx.win, 0, optlen);
	if (known)
		memcpy(o->ctx.win, answer, known);
	if (c->level == LEVEL_TCP && c->optname == OPTION_CONGESTION)
		o->ctx.win[optlen - 1] = 0;
	o->want.base = o->ctx.win;
}

void helper_plan(struct oracle *o)
{
	const struct tc_call *c = o->c;
	struct want *w = &o->want;
	enum passes p = c->sock == TC_SOCK_BAD ? PERHAPS : passes(o);

	w->optlen = c->optlen;
	w->c_runs = w->c_order = C_HELPER_SKIPPED;
	w->c_ret = w->c_optlen = w->c_base = p == REFUSED ? C_HELPER_REFUSED : C_HELPER_HANDLER;
	if (o->t->sockopt_helper == SOCKOPT_HELPER_FREE || !tc_helper_fits(c)) {
		w->any |= ANY_RET | ANY_OPTLEN | ANY_MEM | ANY_SEEN_TAIL;
		o->plan->unsure = true;
		return;
	}
	hit(o, C_HELPER_SKIPPED);
	hit(o, C_MEM_PAST);
	if (p == PERHAPS) {
		w->any |= ANY_RET | ANY_MEM;
		o->plan->unsure = c->hook == HOOK_SET;
		return;
	}
	hit(o, w->c_ret);
	if (p == REFUSED) {
		result(o, -EINVAL, C_HELPER_REFUSED);
		if (c->hook == HOOK_GET)
			leave(o, NULL, 0);
		return;
	}
	*o->plan =
		(struct plan){.called = true, .level = c->level, .optname = c->optname, .optlen = c->optlen};
}

void helper_predict(struct oracle *o, const struct handler_result *hr)
{
	const struct tc_call *c = o->c;
	uint32_t known = 0;

	result(o, hr->ret, C_HELPER_HANDLER);
	if (c->hook == HOOK_SET)
		return;
	if (hr->ret == 0 && hr->optlen > 0)
		known = hr->optlen < c->optlen ? (uint32_t)hr->optlen : (uint32_t)c->optlen;
	leave(o, hr->mem, known);
	if (hr->is_volatile)
		o->want.any |= ANY_MEM;
}
