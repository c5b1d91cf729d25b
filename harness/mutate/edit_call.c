/* SPDX-License-Identifier: MIT */
/* Edits of calls and their sockets. */
#include <string.h>
#include <sys/socket.h>

#include "edit_impl.h"

static struct tc_call *pick_call(struct edit *e)
{
	return e->tc->n_calls ? &e->tc->call[draw(e, e->tc->n_calls)] : NULL;
}

static uint8_t pick_sock(struct edit *e)
{
	return (uint8_t)(e->tc->n_socks && draw(e, 32) ? draw(e, e->tc->n_socks) : TC_SOCK_BAD);
}

/* Replaces a call by a changed one; false, and nothing is done, if they mean the same. */
static bool put_call(struct tc_call *c, struct tc_call *changed)
{
	settle_call(changed);
	if (tc_call_equal(c, changed))
		return false;
	*c = *changed;
	return true;
}

bool call_drop(struct edit *e)
{
	if (e->tc->n_calls < 2)
		return false;
	case_drop_call(e->tc, draw(e, e->tc->n_calls));
	return true;
}

bool call_dup(struct edit *e)
{
	const struct tc_call *from = pick_call(e);
	struct tc_call copy, *c;

	if (!from)
		return false;
	copy = *from;
	c = case_insert_call(e->tc, draw(e, e->tc->n_calls + 1u));
	if (c)
		*c = copy;
	return c != NULL;
}

bool call_swap(struct edit *e)
{
	struct tc_call *a = pick_call(e), *b = pick_call(e), copy;

	if (!a || tc_call_equal(a, b))
		return false;
	copy = *a;
	*a = *b;
	*b = copy;
	return true;
}

bool call_new(struct edit *e)
{
	struct tc_call made, *c;

	any_call(e, &made, (enum hook)draw(e, HOOK_COUNT), pick_sock(e));
	c = case_insert_call(e->tc, draw(e, e->tc->n_calls + 1u));
	if (c)
		*c = made;
	return c != NULL;
}

bool call_readback(struct edit *e)
{
	const struct tc_call *set = some_call(e, HOOK_SET);
	struct tc_call made, *c;
	unsigned at;

	if (!set)
		return false;
	at = (unsigned)(set - e->tc->call) + 1;
	memset(&made, 0, sizeof(made));
	made.hook = HOOK_GET;
	made.sock = set->sock;
	made.level = set->level;
	made.optname = set->optname;
	made.buf.fill = TC_FILL;
	fit_value(e, &made);
	c = case_insert_call(e->tc, once_in(e, 2) ? at : e->tc->n_calls);
	if (c)
		*c = made;
	return c != NULL;
}

bool call_hook(struct edit *e)
{
	struct tc_call *c = pick_call(e);

	if (!c)
		return false;
	c->hook = !c->hook;
	settle_call(c);
	return true;
}

bool call_sock(struct edit *e)
{
	struct tc_call *c = pick_call(e);
	uint8_t sock = pick_sock(e);

	if (!c || c->sock == sock)
		return false;
	c->sock = sock;
	tc_len_settle(c);
	return true;
}

bool call_optlen(struct edit *e)
{
	struct tc_call *c = pick_call(e), to;

	if (!c)
		return false;
	to = *c;
	to.optlen_null = false;
	to.optlen = any_optlen(e, c, c->optlen);
	return put_call(c, &to);
}

bool call_size(struct edit *e)
{
	struct tc_call *c = pick_call(e), to;

	if (!c || c->buf.place == BUF_NULL)
		return false;
	to = *c;
	to.buf.size = any_size(e, c, c->buf.size);
	return put_call(c, &to);
}

/* The buffer as large as optlen says, or one byte off; or optlen as large as the buffer. */
bool call_relation(struct edit *e)
{
	struct tc_call *c = pick_call(e), to;
	int32_t off = (int32_t)draw(e, 3) - 1;

	if (!c || c->buf.place == BUF_NULL || c->optlen_null)
		return false;
	to = *c;
	if (once_in(e, 2))
		to.optlen = any_optlen(e, c, c->optlen);
	if (once_in(e, 2) && to.optlen >= 1 && to.optlen <= 2 * PAGE)
		to.buf.size = (uint32_t)(to.optlen + off);
	else
		to.optlen = (int32_t)to.buf.size + off;
	return put_call(c, &to);
}

bool call_option(struct edit *e)
{
	struct tc_call *c = pick_call(e), to;

	if (!c)
		return false;
	to = *c;
	any_option(e, sock_of(e->tc, c), &to.level, &to.optname);
	if (to.level == c->level && to.optname == c->optname)
		return false;
	if (to.buf.place != BUF_NULL && draw(e, 4))
		fit_value(e, &to);
	return put_call(c, &to);
}

bool call_level(struct edit *e)
{
	struct tc_call *c = pick_call(e), to;
	int32_t optname;

	if (!c)
		return false;
	to = *c;
	if (once_in(e, 4))
		to.level = once_in(e, 2) ? SOL_SOCKET : any_int(e);
	else
		any_option(e, sock_of(e->tc, c), &to.level, &optname);
	return put_call(c, &to);
}

bool call_optname(struct edit *e)
{
	struct tc_call *c = pick_call(e), to;
	int32_t level;

	if (!c)
		return false;
	to = *c;
	if (once_in(e, 2))
		to.optname = (int32_t)((uint32_t)to.optname + draw(e, 5) - 2);
	else
		any_option(e, sock_of(e->tc, c), &level, &to.optname);
	return put_call(c, &to);
}

bool call_place(struct edit *e)
{
	struct tc_call *c = pick_call(e), to;

	if (!c)
		return false;
	to = *c;
	to.buf.place = (uint8_t)draw(e, BUF_PLACE_COUNT);
	if (c->buf.place == BUF_NULL && to.buf.place != BUF_NULL)
		to.buf.size = any_size(e, c, 4);
	return put_call(c, &to);
}

/* One byte or one int of the value, at its start or anywhere. */
static void nudge_data(struct edit *e, struct tc_buf *b)
{
	unsigned at = once_in(e, 2) ? 0 : draw(e, b->n_data);
	uint32_t v = (uint32_t)(once_in(e, 4) ? any_int(e) : (int32_t)draw(e, 257));

	if (once_in(e, 2)) {
		b->data[at] = (uint8_t)(once_in(e, 2) ? v : b->data[at] ^ 1u << draw(e, 8));
		return;
	}
	for (unsigned i = 0; i < 4 && at + i < b->n_data; i++)
		b->data[at + i] = (uint8_t)(v >> 8 * i);
}

static void grow_data(struct edit *e, struct tc_buf *b)
{
	unsigned room = b->size < TC_MAX_DATA ? b->size : TC_MAX_DATA;
	unsigned n = once_in(e, 2) ? draw(e, room + 1) : b->n_data + 4u;

	n = n < room ? n : room;
	if (n > b->n_data)
		memset(b->data + b->n_data, b->fill, n - b->n_data);
	b->n_data = (uint8_t)n;
	if (n)
		nudge_data(e, b);
}

bool call_content(struct edit *e)
{
	struct tc_call *c = pick_call(e), to;
	struct tc_buf *b = &to.buf;

	if (!c || !c->buf.size)
		return false;
	to = *c;
	switch (draw(e, 8)) {
	case 0:
		b->fill = (uint8_t)(once_in(e, 2) ? TC_FILL : draw(e, 256));
		break;
	case 1:
		value_fill(option_find(to.level, to.optname), rng_u32(e->r), b);
		break;
	case 2:
	case 3:
		value_next(&to);
		break;
	case 4:
		grow_data(e, b);
		break;
	default:
		if (b->n_data)
			nudge_data(e, b);
		else
			grow_data(e, b);
	}
	return put_call(c, &to);
}

bool call_via(struct edit *e)
{
	struct tc_call *c = pick_call(e);
	uint8_t via = c && c->via == VIA_SYSCALL ? (uint8_t)(1 + draw(e, VIA_COUNT - 1)) : VIA_SYSCALL;

	if (!c ||
	    ((c->optlen_null || c->optlen_ro || c->len_across || c->len_in) && !tc_via_has_pointer(via)) ||
	    (via == VIA_HELPER && !tc_helper_fits(c)))
		return false;
	c->via = via;
	return true;
}

bool call_null(struct edit *e)
{
	struct tc_call *c = pick_call(e);

	if (!c || c->hook != HOOK_GET || !tc_via_has_pointer(c->via))
		return false;
	if (once_in(e, 4)) {
		c->len_across = !c->len_across;
		c->len_in = false;
		return true;
	}
	if (!c->optlen_null && once_in(e, 3)) {
		c->len_in = !c->len_in;
		c->len_off = (uint8_t)draw(e, c->buf.size < 32 ? c->buf.size + 1 : 32);
		tc_len_settle(c);
		return true;
	}
	if (!c->optlen_null && once_in(e, 2)) {
		c->optlen_ro = !c->optlen_ro;
		c->len_in = false;
		return true;
	}
	c->len_in = false;
	c->optlen_ro = false;
	c->optlen_null = !c->optlen_null;
	c->optlen = c->optlen_null ? 0 : any_optlen(e, c, 4);
	return true;
}

/* ---- sockets ---- */

/* A call follows it: a socket that nobody calls is no change that anybody sees. */
bool sock_add(struct edit *e)
{
	struct tcase *tc = e->tc;
	struct tc_sock *s = &tc->sock[tc->n_socks];

	if (tc->n_socks >= TC_MAX_SOCKS)
		return false;
	s->level = (uint8_t)(once_in(e, 8) ? draw(e, tc->n_levels + 1u) : tc->n_levels);
	any_socket(e, s);
	tc->n_socks++;
	if (tc->n_calls && once_in(e, 2))
		tc->call[draw(e, tc->n_calls)].sock = (uint8_t)(tc->n_socks - 1);
	else if (tc->n_calls < TC_MAX_CALLS)
		any_call(e, case_insert_call(tc, tc->n_calls), (enum hook)draw(e, HOOK_COUNT),
			 (uint8_t)(tc->n_socks - 1));
	return true;
}

/* Its calls go to another one. */
bool sock_drop(struct edit *e)
{
	struct tcase *tc = e->tc;
	unsigned i = draw(e, tc->n_socks), to;

	if (tc->n_socks < 2)
		return false;
	to = (i + 1) % tc->n_socks;
	for (unsigned c = 0; c < tc->n_calls; c++)
		if (tc->call[c].sock == i)
			tc->call[c].sock = (uint8_t)to;
	case_drop_sock(tc, i);
	return true;
}

bool sock_kind(struct edit *e)
{
	struct tc_sock *s = &e->tc->sock[draw(e, e->tc->n_socks)], to;

	if (!e->tc->n_socks)
		return false;
	to = *s;
	if (draw(e, 64)) {
		any_socket(e, &to);
	} else { /* any numbers: the machine will hardly make such a socket, the oracle does not mind */
		to.family = (uint16_t)draw(e, 46);
		to.type = (uint16_t)(1 + draw(e, 6));
		to.protocol = (uint16_t)(once_in(e, 2) ? 0 : draw(e, 264));
	}
	if (to.route == s->route && to.family == s->family && to.type == s->type &&
	    to.protocol == s->protocol)
		return false;
	*s = to;
	return true;
}

bool sock_move(struct edit *e)
{
	struct tc_sock *s = &e->tc->sock[draw(e, e->tc->n_socks)];
	uint8_t level = (uint8_t)draw(e, e->tc->n_levels + 1u);

	if (!e->tc->n_socks || s->level == level)
		return false;
	s->level = level;
	return true;
}
