/* SPDX-License-Identifier: MIT */
/* Edits that take from another case. */
#include <string.h>

#include "edit_impl.h"

/* The socket here that stands for another case's: the same kind, else a new one, else any. */
static uint8_t adopt_sock(struct edit *e, uint8_t sock)
{
	struct tcase *tc = e->tc;
	const struct tc_sock *s;
	unsigned up;

	if (sock >= e->other->n_socks)
		return TC_SOCK_BAD;
	s = &e->other->sock[sock];
	for (unsigned i = 0; i < tc->n_socks; i++)
		if (tc->sock[i].route == s->route && tc->sock[i].family == s->family &&
		    tc->sock[i].type == s->type && tc->sock[i].protocol == s->protocol)
			return (uint8_t)i;
	if (tc->n_socks == TC_MAX_SOCKS)
		return (uint8_t)draw(e, tc->n_socks);
	up = s->level ? e->other->n_levels - s->level : 0; /* as far from the leaf */
	tc->sock[tc->n_socks] = *s;
	if (s->level)
		tc->sock[tc->n_socks].level = (uint8_t)(up < tc->n_levels ? tc->n_levels - up : 1);
	return tc->n_socks++;
}

/* Copies n calls of the other case, from the first-th on, before our at-th; as many as there is room for. */
static bool take_calls(struct edit *e, unsigned at, unsigned first, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		struct tc_call *c = case_insert_call(e->tc, at + i);

		if (!c)
			break;
		*c = e->other->call[first + i];
		c->sock = adopt_sock(e, c->sock);
	}
	return i > 0;
}

/* A run of the other's calls, anywhere. */
bool join_calls(struct edit *e)
{
	unsigned first, n;

	if (!e->other || !e->other->n_calls)
		return false;
	first = draw(e, e->other->n_calls);
	n = 1 + draw(e, e->other->n_calls - first);
	return take_calls(e, draw(e, e->tc->n_calls + 1u), first, n);
}

/* The other's programs join ours where there is room: levels counted from the leaf. */
static bool take_progs(struct edit *e)
{
	struct slot_ref ref;
	unsigned taken = 0;

	for (unsigned i = 0; slot_find(e->other, i, &ref); i++) {
		unsigned up = e->other->n_levels - 1u - ref.level;
		struct tc_level *l = &e->tc->level[up < e->tc->n_levels ? e->tc->n_levels - 1u - up : 0];
		struct tc_slot *s = level_insert_slot(l, ref.hook, l->n[ref.hook]);

		if (s)
			s->prog = e->other->level[ref.level].slot[ref.hook][ref.slot].prog;
		taken += s != NULL;
	}
	return taken != 0;
}

/* Splice at a call: ours up to there, the other's from a call of its own on; often with its programs. */
bool join_tail(struct edit *e)
{
	struct tcase *tc = e->tc;
	unsigned keep, first;

	if (!e->other || !e->other->n_calls)
		return false;
	keep = draw(e, tc->n_calls < TC_MAX_CALLS ? tc->n_calls + 1u : tc->n_calls);
	first = draw(e, e->other->n_calls);
	tc->n_calls = (uint8_t)keep;
	take_calls(e, keep, first, e->other->n_calls - first);
	if (once_in(e, 2))
		take_progs(e);
	return true;
}

/* Our calls under the other's programs and levels. */
bool join_progs(struct edit *e)
{
	struct tcase *tc = e->tc;
	unsigned leaf = tc->n_levels;

	if (!e->other || !slot_total(e->other))
		return false;
	tc->n_levels = e->other->n_levels;
	memcpy(tc->level, e->other->level, tc->n_levels * sizeof(tc->level[0]));
	for (unsigned i = 0; i < tc->n_socks; i++)
		if (tc->sock[i].level == leaf || tc->sock[i].level > tc->n_levels)
			tc->sock[i].level = tc->n_levels;
	return true;
}

/* Ours and the other's programs. */
bool join_under(struct edit *e)
{
	return e->other && take_progs(e);
}

static const struct prog *other_prog(struct edit *e, unsigned hook)
{
	unsigned n = slot_total(e->other), first = draw(e, n);
	struct slot_ref ref;

	for (unsigned i = 0; i < n; i++)
		if (slot_find(e->other, (first + i) % n, &ref) && ref.hook == hook)
			return &e->other->level[ref.level].slot[ref.hook][ref.slot].prog;
	return NULL;
}

/* A program of ours up to an action, then one of the other's from an action on. */
bool join_acts(struct edit *e)
{
	unsigned n = slot_total(e->tc), keep, first;
	const struct prog *from;
	struct slot_ref ref;
	struct prog *p;

	if (!e->other || !n || !slot_find(e->tc, draw(e, n), &ref))
		return false;
	p = &slot_of(e->tc, ref)->prog;
	from = other_prog(e, ref.hook);
	if (!from || !from->n)
		return false;
	keep = draw(e, p->n + 1);
	first = draw(e, from->n);
	p->n = keep;
	while (first < from->n && prog_add(p, from->act[first]))
		first++;
	if (once_in(e, 2))
		p->ret = from->ret;
	return true;
}
