/* SPDX-License-Identifier: MIT */
/*
 * Inside of the shrinker only (shrink.c, shrink_tactics.c): the table of tactics, and what the measure must
 * know as the tactics do. The way in from outside is shrink.h.
 */
#ifndef SHRINK_TACTICS_H
#define SHRINK_TACTICS_H

#include "../case/tcase.h"

/* What a tactic made of its copy. */
enum made {
	MADE,	   /* a candidate */
	MADE_SKIP, /* nothing for this i, but perhaps for the next */
	MADE_END,  /* no more */
};

/*
 * Makes its i-th candidate in place on *tc, a copy of the case. It need not know whether that is valid, new
 * or smaller: the loop asks.
 */
struct tactic {
	const char *name;
	enum made (*make)(struct tcase *tc, unsigned i);
};

extern const struct tactic shrink_tactics[]; /* the biggest cuts first */
extern const unsigned shrink_n_tactics;

/* Does an action use `val`, `off`? */
static inline bool shrink_has_val(const struct act *a)
{
	return a->op != ACT_KEEP_RETVAL && a->op != ACT_RETURN;
}

static inline bool shrink_has_off(const struct act *a)
{
	return a->op == ACT_BYTES || (a->op == ACT_IF && a->field == FIELD_BYTE);
}

#endif
