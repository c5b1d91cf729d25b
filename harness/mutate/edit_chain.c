/* SPDX-License-Identifier: MIT */
/* Edits of the chain: levels, attach modes, programs as a whole. */
#include "edit_impl.h"
#include "fit.h"

#include <string.h>

static bool pick_slot(struct edit *e, struct slot_ref *ref)
{
	unsigned n = slot_total(e->tc);

	return n && slot_find(e->tc, draw(e, n), ref);
}

/* A level of hook that has room for a program; false: none was found. */
static bool pick_room(struct edit *e, unsigned hook, unsigned *level)
{
	for (unsigned tries = 0; tries < 4; tries++) {
		*level = draw(e, e->tc->n_levels);
		if (e->tc->level[*level].n[hook] < TC_MAX_SLOTS)
			return true;
	}
	return false;
}

static struct tc_slot *insert_slot(struct edit *e, unsigned level, unsigned hook)
{
	struct tc_level *l = &e->tc->level[level];

	return level_insert_slot(l, hook, draw(e, l->n[hook] + 1u));
}

void add_prog(struct edit *e, unsigned level, enum hook hook)
{
	struct prog p = {.ret = !once_in(e, 12)};
	struct tc_slot *s;

	for (unsigned i = draw(e, 3); i-- > 0;)
		prog_add(&p, any_act(e, hook));
	s = insert_slot(e, level, hook);
	if (s)
		s->prog = p;
}

/* ---- levels ---- */

bool level_add(struct edit *e)
{
	unsigned at = draw(e, e->tc->n_levels + 1u);
	bool leaf = at == e->tc->n_levels;

	if (!case_insert_level(e->tc, at))
		return false;
	if (draw(e, 4))
		add_prog(e, at, (enum hook)draw(e, HOOK_COUNT));
	for (unsigned i = 0; leaf && i < e->tc->n_socks; i++) /* those of the leaf stay in the leaf */
		if (e->tc->sock[i].level == at && draw(e, 4))
			e->tc->sock[i].level++;
	return true;
}

bool level_cut(struct edit *e)
{
	if (e->tc->n_levels < 2)
		return false;
	case_drop_level(e->tc, draw(e, e->tc->n_levels));
	return true;
}

static bool same_level(const struct tc_level *a, const struct tc_level *b)
{
	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		if (a->n[h] != b->n[h])
			return false;
		for (unsigned s = 0; s < a->n[h]; s++)
			if (a->slot[h][s].mode != b->slot[h][s].mode ||
			    !prog_equal(&a->slot[h][s].prog, &b->slot[h][s].prog))
				return false;
	}
	return true;
}

bool level_swap(struct edit *e)
{
	struct tc_level *a = &e->tc->level[draw(e, e->tc->n_levels)],
			*b = &e->tc->level[draw(e, e->tc->n_levels)], copy;

	if (a == b || same_level(a, b))
		return false;
	copy = *a;
	*a = *b;
	*b = copy;
	return true;
}

/* A mode that shuts off levels below takes their programs away; other modes leave one program. */
bool level_mode(struct edit *e)
{
	struct slot_ref ref;
	struct tc_level *l;
	uint8_t mode = (uint8_t)draw(e, MODE_COUNT);

	if (!pick_slot(e, &ref))
		return false;
	l = &e->tc->level[ref.level];
	if (l->slot[ref.hook][0].mode == mode)
		return false;
	if (mode != MODE_MULTI)
		l->n[ref.hook] = 1;
	l->slot[ref.hook][0].mode = mode;
	for (unsigned s = 1; s < l->n[ref.hook]; s++)
		l->slot[ref.hook][s].mode = mode;
	for (unsigned b = ref.level + 1u; mode == MODE_NONE && b < e->tc->n_levels; b++)
		e->tc->level[b].n[ref.hook] = 0;
	return true;
}

/* The levels and modes of a usual chain, with the programs that there were in its places, in their order. */
bool level_shape(struct edit *e)
{
	fit_topology(e->tc, &topologies[draw(e, TOPOLOGIES)]);
	return true;
}

/* ---- programs ---- */

bool prog_new(struct edit *e)
{
	enum hook hook = (enum hook)draw(e, HOOK_COUNT);
	unsigned level;

	if (!pick_room(e, hook, &level))
		return false;
	add_prog(e, level, hook);
	return true;
}

bool prog_drop(struct edit *e)
{
	struct slot_ref ref;

	if (!pick_slot(e, &ref))
		return false;
	level_drop_slots(&e->tc->level[ref.level], ref.hook, ref.slot, 1);
	return true;
}

bool prog_dup(struct edit *e)
{
	struct slot_ref ref;
	struct prog copy;
	unsigned level;

	if (!pick_slot(e, &ref) || !pick_room(e, ref.hook, &level))
		return false;
	copy = slot_of(e->tc, ref)->prog;
	insert_slot(e, level, ref.hook)->prog = copy;
	return true;
}

bool prog_swap(struct edit *e)
{
	struct slot_ref a, b;
	struct prog *p, *q, copy;

	if (!pick_slot(e, &a) || !pick_slot(e, &b) || a.hook != b.hook)
		return false;
	p = &slot_of(e->tc, a)->prog;
	q = &slot_of(e->tc, b)->prog;
	if (prog_equal(p, q))
		return false;
	copy = *p;
	*p = *q;
	*q = copy;
	return true;
}

bool prog_move(struct edit *e)
{
	struct slot_ref ref;
	struct prog copy;
	unsigned level;

	if (!pick_slot(e, &ref) || !pick_room(e, ref.hook, &level) || level == ref.level)
		return false;
	copy = slot_of(e->tc, ref)->prog;
	level_drop_slots(&e->tc->level[ref.level], ref.hook, ref.slot, 1);
	insert_slot(e, level, ref.hook)->prog = copy;
	return true;
}

/* Moves or copies a program to the other hook of its level. */
bool prog_rehook(struct edit *e)
{
	struct slot_ref ref;
	struct prog copy;

	if (!pick_slot(e, &ref) || e->tc->level[ref.level].n[!ref.hook] >= TC_MAX_SLOTS)
		return false;
	copy = slot_of(e->tc, ref)->prog;
	if (once_in(e, 2))
		level_drop_slots(&e->tc->level[ref.level], ref.hook, ref.slot, 1);
	insert_slot(e, ref.level, !ref.hook)->prog = copy;
	return true;
}

bool prog_return(struct edit *e)
{
	struct slot_ref ref;
	struct prog *p;

	if (!pick_slot(e, &ref))
		return false;
	p = &slot_of(e->tc, ref)->prog;
	p->ret = once_in(e, 64) && p->ret != 2 ? 2 : !p->ret;
	return true;
}
