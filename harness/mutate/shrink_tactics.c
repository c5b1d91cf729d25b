/* SPDX-License-Identifier: MIT */
/*
 * The tactics of the shrinker; the table is at the bottom. Those that edit a program's actions are the ones
 * to read first if the results look too big.
 */
#include "shrink_tactics.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "parts.h"
#include "shrink.h"

/* ---- helpers ---- */

static struct tc_slot *slot_at(struct tcase *tc, unsigned i)
{
	struct slot_ref ref;

	return slot_find(tc, i, &ref) ? slot_of(tc, ref) : NULL;
}

/* The i-th action of all programs, its program and place; NULL past the last. */
static struct act *act_at(struct tcase *tc, unsigned i, struct prog **prog, unsigned *pos)
{
	struct tc_slot *s;

	for (unsigned k = 0; (s = slot_at(tc, k)); k++) {
		if (i < s->prog.n) {
			*prog = &s->prog;
			*pos = i;
			return &s->prog.act[i];
		}
		i -= s->prog.n;
	}
	return NULL;
}

/* The i-th call; NULL past the last. */
static struct tc_call *call_at(struct tcase *tc, unsigned i)
{
	return i < tc->n_calls ? &tc->call[i] : NULL;
}

/* How many steps towards 0 there are at most: all the way, half of it, a quarter ... down to one. */
#define STEPS 33

/* The v-th step of a number towards 0; false if there is none. */
static bool step(int64_t *x, unsigned v)
{
	uint64_t size = (uint64_t)(*x < 0 ? -*x : *x), d = v < 64 ? size >> v : 0;

	if (!d)
		return false;
	*x += *x < 0 ? (int64_t)d : -(int64_t)d;
	return true;
}

/* ---- the tactics ---- */

static enum made t_expect(struct tcase *tc, unsigned i)
{
	if (i > tc->n_calls)
		return MADE_END;
	for (unsigned c = 0; c < tc->n_calls; c++)
		if (i == 0 || i - 1 == c)
			memset(&tc->call[c].expect, 0, sizeof(tc->call[c].expect));
	return MADE;
}

static enum made t_half(struct tcase *tc, unsigned i)
{
	unsigned half = tc->n_calls / 2u;

	if (i > 1 || !half)
		return MADE_END;
	if (i == 1)
		memmove(tc->call, tc->call + half, (tc->n_calls - half) * sizeof(tc->call[0]));
	tc->n_calls = (uint8_t)(tc->n_calls - half);
	return MADE;
}

static enum made t_call(struct tcase *tc, unsigned i)
{
	if (i >= tc->n_calls)
		return MADE_END;
	i = tc->n_calls - 1 - i; /* later calls are the likelier chaff: the first difference ends a run */
	case_drop_call(tc, i);
	return MADE;
}

static enum made t_slots(struct tcase *tc, unsigned i)
{
	struct slot_ref ref;

	if (i < HOOK_COUNT) {
		for (unsigned l = 0; l < tc->n_levels; l++)
			tc->level[l].n[i] = 0;
		return MADE;
	}
	i -= HOOK_COUNT;
	if (i < tc->n_levels * 2u) {
		tc->level[i / 2].n[i % 2] = 0;
		return MADE;
	}
	if (!slot_find(tc, i - tc->n_levels * 2u, &ref))
		return MADE_END;
	level_drop_slots(&tc->level[ref.level], ref.hook, ref.slot, 1);
	return MADE;
}

/* The program that runs after this one, if both are of one chain; false: none. */
static bool slot_after(const struct tcase *tc, const struct slot_ref *ref, struct slot_ref *next)
{
	*next = *ref;
	if (++next->slot < tc->level[ref->level].n[ref->hook])
		return true;
	next->slot = 0;
	while (next->level-- > 0)
		if (tc->level[next->level].n[ref->hook])
			return true;
	return false;
}

/* One program does what two did, one after the other. */
static enum made t_join(struct tcase *tc, unsigned i)
{
	struct slot_ref ref, after;
	struct prog *p, *q;

	if (!slot_find(tc, i, &ref))
		return MADE_END;
	if (!slot_after(tc, &ref, &after))
		return MADE_SKIP;
	p = &tc->level[ref.level].slot[ref.hook][ref.slot].prog;
	q = &tc->level[after.level].slot[after.hook][after.slot].prog;
	if (p->n + q->n > ACT_MAX)
		return MADE_SKIP;
	memcpy(p->act + p->n, q->act, q->n * sizeof(q->act[0]));
	p->n += q->n;
	p->ret = p->ret < q->ret ? p->ret : q->ret;
	level_drop_slots(&tc->level[after.level], after.hook, after.slot, 1);
	return MADE;
}

/* Adds n actions of q, from `from` on, behind those of p; at_start: in front of them. */
static void give(struct prog *p, const struct prog *q, unsigned from, unsigned n, bool at_start)
{
	unsigned to = at_start ? 0 : p->n;

	memmove(p->act + to + n, p->act + to, (p->n - to) * sizeof(p->act[0]));
	memcpy(p->act + to, q->act + from, n * sizeof(p->act[0]));
	p->n = (uint8_t)(p->n + n);
}

/* The programs before and after one do what it did, each a part; its return goes to the first or is lost. */
static enum made t_share(struct tcase *tc, unsigned i)
{
	enum { WAYS = 4 * (ACT_MAX + 1) };
	unsigned way = i % WAYS, cut = way / 4;
	struct slot_ref before, ref, after;
	struct prog *p, *q, *r;

	if (!slot_find(tc, i / WAYS, &before))
		return MADE_END;
	if (!slot_after(tc, &before, &ref) || !slot_after(tc, &ref, &after))
		return MADE_SKIP;
	p = &slot_of(tc, before)->prog;
	q = &slot_of(tc, ref)->prog;
	r = &slot_of(tc, after)->prog;
	if (cut > q->n || p->n + q->n > ACT_MAX || r->n + q->n > ACT_MAX)
		return MADE_SKIP;
	if (way % 2) {
		give(p, q, cut, q->n - cut, false);
		give(r, q, 0, cut, true);
	} else {
		give(p, q, 0, cut, false);
		give(r, q, cut, q->n - cut, true);
	}
	if (way & 2 && q->ret < p->ret)
		p->ret = q->ret;
	level_drop_slots(&tc->level[ref.level], ref.hook, ref.slot, 1);
	return MADE;
}

static enum made t_sock(struct tcase *tc, unsigned i)
{
	if (i >= tc->n_socks)
		return MADE_END;
	for (unsigned c = 0; c < tc->n_calls; c++)
		if (tc->call[c].sock == i)
			return MADE_SKIP;
	case_drop_sock(tc, i);
	return MADE;
}

static enum made t_level(struct tcase *tc, unsigned i)
{
	if (i >= tc->n_levels || tc->n_levels < 2)
		return MADE_END;
	case_drop_level(tc, i);
	return MADE;
}

static enum made t_empty(struct tcase *tc, unsigned i)
{
	struct tc_slot *s = slot_at(tc, i / 2);

	if (!s)
		return MADE_END;
	s->prog.n = 0;
	if (i % 2 == 0)
		s->prog.ret = 1;
	return MADE;
}

static enum made t_act(struct tcase *tc, unsigned i)
{
	struct prog *p;
	unsigned pos;
	struct act *a = act_at(tc, i / 4, &p, &pos);

	if (!a)
		return MADE_END;
	switch (i % 4) {
	case 0: /* this one and all behind it */
		prog_cut(p, pos, p->n - pos);
		return MADE;
	case 1: /* a return outside of blocks is the program's end */
		if (a->op != ACT_RETURN)
			return MADE_SKIP;
		p->ret = (uint32_t)a->val;
		prog_cut(p, pos, p->n - pos);
		return MADE;
	case 2: /* an if with its block */
		if (a->op != ACT_IF)
			return MADE_SKIP;
		prog_cut(p, pos, 1u + a->n);
		return MADE;
	}
	prog_cut(p, pos, 1);
	return MADE;
}

static enum made t_ret(struct tcase *tc, unsigned i)
{
	struct tc_slot *s = slot_at(tc, i);
	struct prog *p;
	unsigned pos, k = 0;
	struct act *a;

	if (s) {
		s->prog.ret = 1;
		return MADE;
	}
	while (slot_at(tc, k))
		k++;
	a = act_at(tc, i - k, &p, &pos);
	if (!a)
		return MADE_END;
	if (a->op != ACT_RETURN)
		return MADE_SKIP;
	a->val = 1;
	return MADE;
}

static enum made t_mode(struct tcase *tc, unsigned i)
{
	if (i > tc->n_levels * 2u)
		return MADE_END;
	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned h = 0; h < HOOK_COUNT; h++)
			for (unsigned s = 0; s < tc->level[l].n[h]; s++)
				if (i == 0 || i - 1 == l * 2 + h)
					tc->level[l].slot[h][s].mode = MODE_MULTI;
	return MADE;
}

static enum made t_inet(struct tcase *tc, unsigned i)
{
	struct tc_sock *s = &tc->sock[i / 5 % TC_MAX_SOCKS];

	if (i / 5 >= tc->n_socks)
		return MADE_END;
	if (i % 5 == 0 || i % 5 == 1)
		s->family = AF_INET;
	if (i % 5 == 0 || i % 5 == 2)
		s->type = SOCK_STREAM;
	if (i % 5 == 0 || i % 5 == 3)
		s->protocol = 0;
	if (i % 5 == 0 || i % 5 == 4)
		s->route = ROUTE_SOCKET;
	return MADE;
}

static enum made t_leaf(struct tcase *tc, unsigned i)
{
	unsigned up = i % TC_MAX_LEVELS;

	if (i / TC_MAX_LEVELS >= tc->n_socks)
		return MADE_END;
	if (up >= tc->n_levels)
		return MADE_SKIP;
	tc->sock[i / TC_MAX_LEVELS].level = (uint8_t)(tc->n_levels - up);
	return MADE;
}

static enum made t_sock_use(struct tcase *tc, unsigned i)
{
	if (i / TC_MAX_SOCKS >= tc->n_calls)
		return MADE_END;
	tc->call[i / TC_MAX_SOCKS].sock = i % TC_MAX_SOCKS;
	return MADE;
}

static enum made t_place(struct tcase *tc, unsigned i)
{
	struct tc_call *c = call_at(tc, i / 4);

	if (!c)
		return MADE_END;
	if (i % 4 == 3) {
		c->via = VIA_SYSCALL;
		c->meanwhile = MEANWHILE_NOTHING;
	} else if (i % 4 == 0) {
		c->optlen = c->optlen_null ? (int32_t)c->buf.size : c->optlen;
		c->optlen_null = c->optlen_ro = c->len_across = c->len_in = false;
	} else {
		if (i % 4 == 1 && c->buf.place == BUF_NULL)
			c->buf.size = c->optlen > 0 ? (uint32_t)c->optlen : 0;
		c->buf.place = BUF_PLAIN;
	}
	return MADE;
}

static enum made t_data_len(struct tcase *tc, unsigned i)
{
	struct tc_call *c = call_at(tc, i / STEPS);
	int64_t n;

	if (!c)
		return MADE_END;
	n = c->buf.n_data;
	if (!step(&n, i % STEPS))
		return MADE_SKIP;
	c->buf.n_data = (uint8_t)n;
	return MADE;
}

/* First to the declared length; then smaller, where an optlen that is the size stays the size. */
static enum made t_size(struct tcase *tc, unsigned i)
{
	struct tc_call *c = call_at(tc, i / (STEPS + 1));
	unsigned v = i % (STEPS + 1);
	int64_t size;
	bool follows;

	if (!c)
		return MADE_END;
	size = c->buf.size;
	follows = c->optlen == size;
	if (v == 0)
		size = c->optlen > 0 ? c->optlen : 0;
	else if (!step(&size, v - 1))
		return MADE_SKIP;
	if (size > c->buf.size)
		return MADE_SKIP;
	c->buf.size = (uint32_t)size;
	if (c->buf.n_data > size)
		c->buf.n_data = (uint8_t)size;
	if (follows)
		c->optlen = (int32_t)size;
	return MADE;
}

static enum made t_optlen(struct tcase *tc, unsigned i)
{
	static const int32_t plain[] = {0 /* the size */, 4, 0, 1};
	struct tc_call *c = call_at(tc, i / (STEPS + 4));
	unsigned v = i % (STEPS + 4);
	int64_t n;

	if (!c)
		return MADE_END;
	n = c->optlen;
	if (v < 4)
		n = v ? (int64_t)plain[v] : (int64_t)c->buf.size;
	else if (!step(&n, v - 4))
		return MADE_SKIP;
	c->optlen = (int32_t)n;
	return MADE;
}

static enum made t_data(struct tcase *tc, unsigned i)
{
	struct tc_call *c = call_at(tc, i / 17);
	unsigned v = i % 17;

	if (!c)
		return MADE_END;
	if (v == 0)
		memset(c->buf.data, 0, c->buf.n_data);
	else
		c->buf.data[v - 1] = 0;
	return MADE;
}

static enum made t_fill(struct tcase *tc, unsigned i)
{
	if (i >= tc->n_calls)
		return MADE_END;
	tc->call[i].buf.fill = TC_FILL;
	return MADE;
}

/* One call's option; or everywhere where it is named, programs too, so that conditions on it stay true. */
static void rename_option(struct tcase *tc, const struct tc_call *from, int32_t level, int32_t optname)
{
	const int32_t old_level = from->level, old_optname = from->optname;
	struct prog *p;
	unsigned pos;
	struct act *a;

	for (unsigned i = 0; i < tc->n_calls; i++)
		if (tc->call[i].level == old_level && tc->call[i].optname == old_optname) {
			tc->call[i].level = level;
			tc->call[i].optname = optname;
		}
	for (unsigned i = 0; (a = act_at(tc, i, &p, &pos)); i++) {
		bool cond = a->op == ACT_IF;

		if ((a->op == ACT_LEVEL || (cond && a->field == FIELD_LEVEL)) && a->val == old_level)
			a->val = level;
		if ((a->op == ACT_OPTNAME || (cond && a->field == FIELD_OPTNAME)) && a->val == old_optname)
			a->val = optname;
	}
}

static enum made t_option(struct tcase *tc, unsigned i)
{
	static const struct {
		int32_t level, optname;
		bool keeps; /* the call's optname */
	} to[] = {
		{SOL_IP, IP_TOS, false},
		{SOL_SOCKET, SO_PRIORITY, false},
		{SOL_IP, 0, true},
		{SOL_SOCKET, 0, true},
	};
	struct tc_call *c = call_at(tc, i / 8);
	unsigned v = i % 8 / 2;
	int32_t optname;

	if (!c)
		return MADE_END;
	optname = to[v].keeps ? c->optname : to[v].optname;
	if (i % 2 == 0) {
		rename_option(tc, c, to[v].level, optname);
	} else {
		c->level = to[v].level;
		c->optname = optname;
	}
	return MADE;
}

static enum made t_value(struct tcase *tc, unsigned i)
{
	static const int32_t plain[] = {0, 1, -1};
	unsigned v = i % (3 + TC_MAX_CALLS + STEPS), pos;
	struct prog *p;
	struct act *a = act_at(tc, i / (3 + TC_MAX_CALLS + STEPS), &p, &pos);
	int64_t n;

	if (!a)
		return MADE_END;
	if (!shrink_has_val(a))
		return MADE_SKIP;
	n = a->val;
	if (v < 3)
		n = plain[v];
	else if (v < 3 + TC_MAX_CALLS) {
		if (v - 3 >= tc->n_calls)
			return MADE_SKIP;
		n = tc->call[v - 3].optlen;
	} else if (!step(&n, v - 3 - TC_MAX_CALLS)) {
		return MADE_SKIP;
	}
	a->val = (int32_t)n;
	return MADE;
}

static enum made t_off(struct tcase *tc, unsigned i)
{
	struct prog *p;
	unsigned pos;
	struct act *a = act_at(tc, i / STEPS, &p, &pos);
	int64_t n;

	if (!a)
		return MADE_END;
	n = a->off;
	if (!shrink_has_off(a) || !step(&n, i % STEPS))
		return MADE_SKIP;
	a->off = (uint32_t)n;
	return MADE;
}

/* clang-format off */
const struct tactic shrink_tactics[] = {
	{"drop expectations", t_expect},
	{"drop half of the calls", t_half},
	{"drop a call", t_call},
	{"drop programs", t_slots},
	{"join two programs", t_join},
	{"share a program out", t_share},
	{"drop a socket", t_sock},
	{"drop a level", t_level},
	{"empty a program", t_empty},
	{"drop actions", t_act},
	{"return 1", t_ret},
	{"attach multi", t_mode},
	{"plain socket", t_inet},
	{"socket in the leaf", t_leaf},
	{"call on an earlier socket", t_sock_use},
	{"plain buffer", t_place},
	{"fewer bytes", t_data_len},
	{"smaller buffer", t_size},
	{"simpler optlen", t_optlen},
	{"zero bytes", t_data},
	{"plain filler", t_fill},
	{"simpler option", t_option},
	{"simpler value", t_value},
	{"smaller offset", t_off},
};
/* clang-format on */
const unsigned shrink_n_tactics = sizeof(shrink_tactics) / sizeof(shrink_tactics[0]);

const char *shrink_tactic(unsigned i)
{
	return i < shrink_n_tactics ? shrink_tactics[i].name : NULL;
}
