/* SPDX-License-Identifier: MIT */
/*
 * Calls through io_uring's socket commands: what ends them before the pipelines, and what becomes of a
 * result. Source: io_uring/uring_cmd.c (later cmd_net.c) io_uring_cmd_sock, io_uring_cmd_getsockopt,
 * io_uring_cmd_setsockopt (6.7).
 */
#include "pipe.h"

enum {
	FAMILY_INET = 2,
	FAMILY_INET6 = 10,
	TYPE_DGRAM = 2,
	PROTOCOL_ICMP = 1,
	PROTOCOL_ICMPV6 = 58,
	LEVEL_SOCKET = 1
};

/* Does the socket's struct proto have an ioctl (tcp, udp, raw, mptcp)? ping_prot and all others have none. */
static bool has_ioctl(const struct tc_sock *s)
{
	if (s->family != FAMILY_INET && s->family != FAMILY_INET6)
		return false;
	return s->type != TYPE_DGRAM || (s->protocol != PROTOCOL_ICMP && s->protocol != PROTOCOL_ICMPV6);
}

static void refuse(struct oracle *o, int64_t ret, unsigned clause)
{
	struct want *w = &o->want;

	result(o, ret, clause);
	w->optlen = o->c->optlen;
	w->c_optlen = w->c_base = w->c_runs = clause;
}

bool uring_plan(struct oracle *o)
{
	const struct tc_call *c = o->c;
	unsigned clause = c->hook == HOOK_SET ? C_URING_SET : C_URING_GET;

	if (!clause_has(&o->mask, C_URING_SET) && !clause_has(&o->mask, C_URING_NONE)) { /* a document */
		o->want.any |= ANY_RET | ANY_OPTLEN | ANY_MEM | ANY_SEEN_TAIL;
		o->plan->unsure = true;
		return true;
	}
	if (o->t->uring == URING_NO_OPCODE)
		refuse(o, -EINVAL, C_URING_NONE);
	else if (c->sock == TC_SOCK_BAD)
		refuse(o, -EBADF, C_HOOK_BADFD);
	else if (o->t->uring == URING_NO_COMMAND)
		refuse(o, -EOPNOTSUPP, C_URING_NONE);
	else if (o->t->uring == URING_IOCTL && !has_ioctl(&o->tc->sock[c->sock]))
		refuse(o, -EOPNOTSUPP, C_URING_PROTO);
	else if (c->hook == HOOK_GET && c->level != LEVEL_SOCKET)
		refuse(o, -EOPNOTSUPP, C_URING_LEVEL);
	else
		return hit(o, clause), false;
	return true;
}

void uring_predict(struct oracle *o)
{
	struct want *w = &o->want;

	if (!(w->any & ANY_RET) && w->ret == 0) {
		w->any |= w->any & ANY_OPTLEN ? ANY_RET : 0;
		w->ret = w->optlen;
		w->c_ret = C_URING_GET;
	}
	w->any &= ~(uint32_t)ANY_OPTLEN;
	w->optlen = o->c->optlen;
	w->c_optlen = C_URING_GET;
}
