/* SPDX-License-Identifier: MIT */
#include "change.h"

#include <stddef.h>
#include <string.h>

#include "../../oracle/clauses.h"

static const char *const words[CHANGE_COUNT] = {
	[CHANGE_NONE] = "", [CHANGE_BEGINS] = "begins", [CHANGE_ENDS] = "ends", [CHANGE_WIDENS] = "changes"};

const char *change_word(enum change c)
{
	return c < CHANGE_COUNT ? words[c] : "";
}

/*
 * Traits whose values differ in what one and the same clause covers. Elsewhere two values that a clause holds
 * for mean the same to it: a window is one page whether an optlen beyond it is ignored or refused.
 */
static bool is_graded(unsigned trait)
{
	static const uint8_t graded[] = {offsetof(struct traits, get_early), offsetof(struct traits, uring),
					 offsetof(struct traits, bypass)};

	return memchr(graded, (int)trait, sizeof(graded));
}

enum change profile_change(const struct profile *from, const struct profile *to, unsigned clause)
{
	const struct clause_info *info = clause_info(clause);
	unsigned trait = clause ? info->when.trait : 0;
	bool a, b;

	if (!from || !to || from == to || clause == C_NONE)
		return CHANGE_NONE;
	a = profile_has(from, clause);
	b = profile_has(to, clause);
	if (a != b)
		return b ? CHANGE_BEGINS : CHANGE_ENDS;
	if (a && info->when.values && is_graded(trait) &&
	    ((const uint8_t *)&from->traits)[trait] != ((const uint8_t *)&to->traits)[trait])
		return CHANGE_WIDENS;
	return CHANGE_NONE;
}

bool same_trait(unsigned a, unsigned b)
{
	const struct clause_when *x = &clause_info(a)->when, *y = &clause_info(b)->when;

	return a && b && x->values && y->values && x->trait == y->trait;
}
