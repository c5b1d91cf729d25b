/* SPDX-License-Identifier: MIT */
/* Where the edits take numbers from. */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "../case/safe.h"
#include "edit_impl.h"

#define ANY_PAGES 2 /* a buffer is seldom larger: it costs time */

int32_t any_int(struct edit *e)
{
	uint32_t v = rng_u32(e->r) >> draw(e, 32);

	return once_in(e, 3) ? (int32_t)-v : (int32_t)v;
}

/* v, or one beside it. */
static int32_t about(struct edit *e, int32_t v)
{
	int64_t n = (int64_t)v + (once_in(e, 2) ? 0 : once_in(e, 2) ? 1 : -1);

	return n < INT32_MIN ? INT32_MIN : n > INT32_MAX ? INT32_MAX : (int32_t)n;
}

static int32_t own_size(const struct tc_call *c)
{
	const struct option_info *o = option_find(c->level, c->optname);

	return o && o->size ? o->size : 4;
}

/* A length that some program writes or compares with; `none` if there is none. */
static int32_t written_optlen(struct edit *e, int32_t none)
{
	struct slot_ref ref;
	const struct prog *p;
	unsigned n = slot_total(e->tc);

	if (!n || !slot_find(e->tc, draw(e, n), &ref))
		return none;
	p = &slot_of(e->tc, ref)->prog;
	for (unsigned i = 0; i < p->n; i++)
		if (p->act[i].op == ACT_OPTLEN ||
		    (p->act[i].op == ACT_IF &&
		     (p->act[i].field == FIELD_OPTLEN || p->act[i].field == FIELD_SIZE)))
			return p->act[i].val;
	return none;
}

static int32_t near_old(struct edit *e, int32_t old)
{
	switch (draw(e, 4)) {
	case 0:
		return about(e, old / 2);
	case 1:
		return about(e, (int32_t)((uint32_t)old * 2));
	case 2:
		return (int32_t)((uint32_t)old + draw(e, 17) - 8);
	}
	return about(e, old);
}

int32_t any_optlen(struct edit *e, const struct tc_call *c, int32_t old)
{
	unsigned x = draw(e, 32);

	if (x < 12)
		return user_optlens[draw(e, USER_OPTLENS)];
	if (x < 16 && c)
		return about(e, own_size(c));
	if (x < 20 && c)
		return about(e, (int32_t)c->buf.size);
	if (x < 24)
		return left_value((enum left)(1 + draw(e, LEFT_COUNT - 1)), c ? c->optlen : old);
	if (x < 28)
		return near_old(e, old);
	if (x < 31)
		return about(e, written_optlen(e, old));
	return any_int(e);
}

uint32_t any_size(struct edit *e, const struct tc_call *c, uint32_t old)
{
	int32_t v = once_in(e, 3) && !c->optlen_null ? about(e, c->optlen) : any_optlen(e, c, (int32_t)old);

	if (v < 0)
		v = 0;
	if (v > ANY_PAGES * PAGE && draw(e, 16))
		return PAGE + draw(e, PAGE);
	return v > TC_MAX_BUF ? TC_MAX_BUF : (uint32_t)v;
}

uint32_t any_offset(struct edit *e, uint32_t old)
{
	const struct tc_call *c = e->tc->n_calls ? &e->tc->call[draw(e, e->tc->n_calls)] : NULL;
	unsigned x = draw(e, 16);
	int64_t v;

	if (x < 6)
		v = draw(e, 9);
	else if (x < 10 && c)
		v = (int64_t)(once_in(e, 2) ? c->optlen : (int32_t)c->buf.size) - draw(e, 5) + draw(e, 2);
	else if (x < 12)
		v = PAGE - 5 + draw(e, 7);
	else if (x < 14)
		v = near_old(e, (int32_t)old);
	else if (x < 15)
		v = user_optlens[draw(e, USER_OPTLENS)];
	else
		v = draw(e, 65536);
	return v < 0 ? draw(e, 2) : v > 65535 ? 65535 - draw(e, 5) : (uint32_t)v;
}

int32_t any_retval(struct edit *e, int32_t old)
{
	const struct rv_class *k = &rv_classes[1 + draw(e, RV_COUNT - 1)];
	unsigned x = draw(e, 16);

	if (x < 11)
		return k->val[draw(e, k->n)];
	if (x < 13)
		return about(e, once_in(e, 2) ? -4095 : old);
	return x < 15 ? -(int32_t)draw(e, 134) : any_int(e);
}

/* ---- sockets and options ---- */

/* Beside the rows of sock_rows[]: other words for the same, and kinds that every kernel has. */
static const struct tc_sock more_socks[] = {
	{.family = AF_INET, .type = SOCK_STREAM, .protocol = IPPROTO_TCP},
	{.family = AF_INET, .type = SOCK_DGRAM, .protocol = IPPROTO_UDP},
	{.family = AF_INET6, .type = SOCK_STREAM, .protocol = IPPROTO_TCP},
	{.family = AF_INET6, .type = SOCK_DGRAM, .protocol = IPPROTO_UDP},
	{.family = AF_INET, .type = SOCK_RAW, .protocol = IPPROTO_UDP},
	{.family = AF_UNIX, .type = SOCK_DGRAM},
	{.family = AF_UNIX, .type = SOCK_SEQPACKET},
	{.route = ROUTE_SOCKETPAIR, .family = AF_UNIX, .type = SOCK_DGRAM},
	{.route = ROUTE_SOCKETPAIR, .family = AF_UNIX, .type = SOCK_SEQPACKET},
	{.route = ROUTE_LISTENING, .family = AF_INET, .type = SOCK_STREAM},
	{.route = ROUTE_CONNECTED, .family = AF_INET, .type = SOCK_STREAM},
	{.route = ROUTE_CLOSED, .family = AF_INET, .type = SOCK_STREAM},
	{.route = ROUTE_CONNECTED, .family = AF_INET6, .type = SOCK_STREAM},
	{.route = ROUTE_CONNECTED, .family = AF_INET, .type = SOCK_DGRAM},
	{.route = ROUTE_LISTENING, .family = AF_UNIX, .type = SOCK_STREAM},
	{.route = ROUTE_CONNECTED, .family = AF_UNIX, .type = SOCK_SEQPACKET},
};
#define MORE_SOCKS (sizeof(more_socks) / sizeof(more_socks[0]))

static bool same_kind(const struct tc_sock *a, const struct tc_sock *b)
{
	return a->route == b->route && a->family == b->family && a->type == b->type &&
	       a->protocol == b->protocol;
}

static unsigned n_rows(void)
{
	return SOCK_ROWS + (safe_unlocked() ? SOCK_GUEST : 0);
}

void any_socket(struct edit *e, struct tc_sock *s)
{
	uint8_t level = s->level;

	*s = once_in(e, 6) ? more_socks[draw(e, MORE_SOCKS)] : sock_rows[draw(e, n_rows())].sock;
	s->level = level;
}

bool usual_socket(const struct tc_sock *s)
{
	for (unsigned i = 0; i < n_rows(); i++)
		if (same_kind(s, &sock_rows[i].sock))
			return true;
	for (unsigned i = 0; i < MORE_SOCKS; i++)
		if (same_kind(s, &more_socks[i]))
			return true;
	return false;
}

/* Bits of the option table for a socket: those of the row of its family and type. */
static uint16_t mask_of(const struct tc_sock *s)
{
	for (unsigned i = 0; s && i < n_rows(); i++)
		if (sock_rows[i].sock.family == s->family && sock_rows[i].sock.type == s->type &&
		    (i < SOCK_ROWS || sock_rows[i].sock.protocol == s->protocol))
			return sock_rows[i].mask;
	return 0xffff;
}

/* A harmless option that the socket knows; volatile ones seldom: they are hard to compare. */
static const struct option_info *known_option(struct edit *e, uint16_t mask)
{
	bool changing = once_in(e, 12);

	for (unsigned i = 0; i < 48; i++) {
		const struct option_info *o = option_at(draw(e, (unsigned)option_count()));

		if (o->sock_mask & mask && option_usable(o) && (changing || !o->is_volatile))
			return o;
	}
	return option_find(SOL_SOCKET, SO_PRIORITY);
}

void any_option(struct edit *e, const struct tc_sock *s, int32_t *level, int32_t *optname)
{
	const struct option_info *o;
	unsigned x = draw(e, 24);

	if (x < 3 && e->tc->n_calls) { /* what another call names */
		const struct tc_call *c = &e->tc->call[draw(e, e->tc->n_calls)];

		*level = c->level;
		*optname = c->optname;
		return;
	}
	if (x < 5) {
		*level = LEVEL_UNKNOWN + (int32_t)draw(e, 2);
		*optname = (int32_t)draw(e, 64);
		return;
	}
	o = known_option(e, x < 7 ? 0xffff : mask_of(s));
	*level = o->level;
	*optname =
		x == 23 ? (once_in(e, 2) ? 4096 + (int32_t)draw(e, 16) : -(int32_t)draw(e, 3)) : o->optname;
}

/* ---- calls ---- */

void settle_call(struct tc_call *c)
{
	struct tc_buf *b = &c->buf;

	if (c->hook != HOOK_GET || !tc_via_has_pointer(c->via))
		c->optlen_null = c->optlen_ro = c->len_across = c->len_in = false;
	if (c->optlen_null)
		c->optlen_ro = false;
	if (b->place == BUF_NULL)
		b->size = 0;
	if (b->size > TC_MAX_BUF)
		b->size = TC_MAX_BUF;
	if (b->n_data > b->size)
		b->n_data = (uint8_t)b->size;
	tc_len_settle(c);
}

void fit_value(struct edit *e, struct tc_call *c)
{
	const struct option_info *o = option_find(c->level, c->optname);
	uint32_t own = value_fill(o, rng_u32(e->r), &c->buf);

	if (c->hook == HOOK_GET && (!o || o->kind != OPT_LARGE))
		c->buf.n_data = 0;
	if (o && o->kind == OPT_STRING && c->hook == HOOK_GET)
		own = 16;
	c->optlen = (int32_t)own;
	if (once_in(e, 4))
		c->optlen = any_optlen(e, c, c->optlen);
	c->buf.size = c->optlen < 0 ? own : c->optlen <= ANY_PAGES * PAGE ? (uint32_t)c->optlen : PAGE + 100;
	settle_call(c);
}

void any_call(struct edit *e, struct tc_call *c, enum hook hook, uint8_t sock)
{
	memset(c, 0, sizeof(*c));
	c->hook = (uint8_t)hook;
	c->sock = sock;
	c->buf.fill = TC_FILL;
	any_option(e, sock_of(e->tc, c), &c->level, &c->optname);
	fit_value(e, c);
}

const struct tc_call *some_call(struct edit *e, enum hook hook)
{
	unsigned n = e->tc->n_calls, first = draw(e, n);

	for (unsigned i = 0; i < n; i++) {
		const struct tc_call *c = &e->tc->call[(first + i) % n];

		if (c->hook == hook)
			return c;
	}
	return NULL;
}

/* ---- actions ---- */

static uint32_t below_width(unsigned n)
{
	return n == 4 ? UINT32_MAX : (1u << 8 * n) - 1;
}

bool any_act_value(struct edit *e, struct act *a, enum hook hook)
{
	const struct tc_call *c = some_call(e, hook);
	const struct tc_sock *s = c ? sock_of(e->tc, c) : NULL;
	unsigned field = a->op == ACT_IF	   ? a->field
			 : a->op == ACT_LEVEL	   ? FIELD_LEVEL
			 : a->op == ACT_OPTNAME	   ? FIELD_OPTNAME
			 : a->op == ACT_OPTLEN	   ? FIELD_OPTLEN
			 : a->op == ACT_RETVAL	   ? FIELD_RETVAL
			 : a->op == ACT_SET_RETVAL ? FIELD_RETVAL
			 : a->op == ACT_BYTES	   ? FIELD_BYTE
						   : FIELD_COUNT;
	int32_t level, optname;

	switch ((enum act_field)field) {
	case FIELD_LEVEL:
	case FIELD_OPTNAME:
		for (unsigned i = 0; i < 8; i++) { /* one of the call's level, if it is quickly found */
			any_option(e, s, &level, &optname);
			if (!c || field == FIELD_LEVEL || level == c->level)
				break;
		}
		if (a->op == ACT_IF && c && draw(e, 3)) {
			level = c->level;
			optname = c->optname;
		}
		a->val = field == FIELD_LEVEL ? level : optname;
		return true;
	case FIELD_OPTLEN:
	case FIELD_SIZE:
		a->val = any_optlen(e, c, a->val);
		return true;
	case FIELD_RETVAL:
		a->val = a->op == ACT_IF && once_in(e, 2) ? 0 : any_retval(e, a->val);
		return true;
	case FIELD_BYTE:
		a->val = (int32_t)((uint32_t)(once_in(e, 2) ? any_int(e) : (int32_t)draw(e, 4)) &
				   below_width(a->op == ACT_IF ? 1 : a->n));
		return true;
	case FIELD_COUNT:
		break;
	}
	if (a->op != ACT_RETURN)
		return false;
	a->val = once_in(e, 64) ? 2 : !a->val;
	return true;
}

struct act any_cond(struct edit *e, enum hook hook)
{
	struct act a = {
		.op = ACT_IF, .field = (uint8_t)draw(e, FIELD_COUNT), .cmp = (uint8_t)draw(e, CMP_COUNT)};

	if (a.field == FIELD_BYTE)
		a.off = any_offset(e, 0);
	any_act_value(e, &a, hook);
	return a;
}

struct act any_act(struct edit *e, enum hook hook)
{
	static const uint8_t widths[] = {1, 2, 4};
	static const uint8_t ops[HOOK_COUNT][16] = {
		[HOOK_GET] = {ACT_BYTES, ACT_BYTES, ACT_BYTES, ACT_BYTES, ACT_OPTLEN, ACT_OPTLEN, ACT_OPTLEN,
			      ACT_OPTLEN, ACT_OPTLEN, ACT_RETVAL, ACT_RETVAL, ACT_RETVAL, ACT_SET_RETVAL,
			      ACT_SET_RETVAL, ACT_KEEP_RETVAL, ACT_RETURN},
		[HOOK_SET] = {ACT_BYTES, ACT_BYTES, ACT_BYTES, ACT_BYTES, ACT_OPTLEN, ACT_OPTLEN, ACT_OPTLEN,
			      ACT_OPTLEN, ACT_OPTLEN, ACT_LEVEL, ACT_OPTNAME, ACT_OPTNAME, ACT_SET_RETVAL,
			      ACT_SET_RETVAL, ACT_KEEP_RETVAL, ACT_RETURN},
	};
	struct act a = {.op = ops[hook][draw(e, 16)]};

	if (a.op == ACT_BYTES) {
		a.n = widths[draw(e, 3)];
		a.off = any_offset(e, 0);
	}
	a.val = (int32_t)draw(e, 2);
	any_act_value(e, &a, hook);
	return a;
}
