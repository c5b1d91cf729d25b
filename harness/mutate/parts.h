/* SPDX-License-Identifier: MIT */
/*
 * Taking parts out of a case and putting parts in, so that what stays still fits together: blocks of ifs,
 * sockets of calls, levels of sockets, attach modes. The shrinker and the edits are made of these.
 */
#ifndef PARTS_H
#define PARTS_H

#include "../case/tcase.h"

/* Where a program is. */
struct slot_ref {
	uint8_t level, hook, slot;
};

/* The i-th program of the case, levels top-down, getsockopt first; false past the last. */
bool slot_find(const struct tcase *tc, unsigned i, struct slot_ref *ref);
unsigned slot_total(const struct tcase *tc);
static inline struct tc_slot *slot_of(struct tcase *tc, struct slot_ref ref)
{
	return &tc->level[ref.level].slot[ref.hook][ref.slot];
}

/* Takes act[from .. from + n) out, which must be there; an if loses from its count what its block loses. */
void prog_cut(struct prog *p, unsigned from, unsigned n);
/* Puts an action at pos <= p->n; blocks around pos grow by it, one that ends there does not. False: full. */
bool prog_insert(struct prog *p, unsigned pos, struct act a);
/* How far a block that begins at pos may reach: the end of the innermost block around pos, or p->n. */
unsigned prog_block_end(const struct prog *p, unsigned pos);
/* Cuts blocks of ifs at the end of the block around them, and makes allowed actions of what hook forbids. */
void prog_settle(struct prog *p, enum hook hook);

/* Takes slots [from .. from + n) of one level and hook out, which must be there. */
void level_drop_slots(struct tc_level *l, unsigned hook, unsigned from, unsigned n);
/* Room for a program at `at` <= how many there are; the slot has the level's mode. NULL: the level is full.
 */
struct tc_slot *level_insert_slot(struct tc_level *l, unsigned hook, unsigned at);

/* Calls, sockets and levels by index, which must be there. */
void case_drop_call(struct tcase *tc, unsigned i);
/* Room for a call before the i-th (i <= n_calls): its content is undefined. NULL: the case is full. */
struct tc_call *case_insert_call(struct tcase *tc, unsigned i);
/* No call may be on the socket. */
void case_drop_sock(struct tcase *tc, unsigned i);
/* A level with all it holds; its sockets move up, those of the top level down. There must be another. */
void case_drop_level(struct tcase *tc, unsigned i);
/* Room for a level without programs before the i-th (i <= n_levels). False: the case is full. */
bool case_insert_level(struct tcase *tc, unsigned i);

/*
 * Attach modes that tcase_check accepts, whatever they were: several programs make a level multi, and so do
 * programs below a level whose mode is none.
 */
void case_settle_modes(struct tcase *tc);

#endif
