/* SPDX-License-Identifier: MIT */
/*
 * In which situations a clause had a say. A clause that decides a call's result is looked at in full: clause
 * x class of the outcome x shape of the chain x what the user's optlen was x what the programs left in it.
 * Any other clause that had a say (in the order of programs, say, or in what one of them sees): clause x
 * outcome x shape. Fuzzers take a new situation for progress (harness/targets/guide.h), `hookdiff coverage`
 * counts those that a corpus reaches (situations.h). Everything follows from the call and the want of it.
 */
#ifndef SITUATION_H
#define SITUATION_H

#include "../../oracle/clauses.h"
#include "../case/outcome.h"

/* What the call comes to. */
enum sit_outcome {
	SIT_OK,	      /* 0 */
	SIT_POSITIVE, /* above 0 */
	SIT_EFAULT,
	SIT_EPERM,
	SIT_ERRNO, /* another of -4095 .. -1 */
	SIT_RAW,   /* below -4095 */
	SIT_OPEN,  /* the profile does not say */
	SIT_OUTCOMES,
};

/* Which programs run, and whether one of them returns 0. */
enum sit_shape {
	SIT_NONE,
	SIT_ONE,
	SIT_LEVEL,  /* several of one cgroup */
	SIT_LEVELS, /* of several cgroups */
	SIT_ONE_REFUSED,
	SIT_LEVEL_REFUSED,
	SIT_LEVELS_REFUSED,
	SIT_SHAPES,
};

/* The user's optlen, beside the size of the option (4 if the table does not know it) and the page. */
enum sit_user {
	SIT_NULL, /* no optlen: a NULL pointer */
	SIT_NEGATIVE,
	SIT_ZERO,
	SIT_BELOW,
	SIT_AT,
	SIT_ABOVE,
	SIT_PAGE_LESS, /* PAGE_SIZE - 1 */
	SIT_PAGE,
	SIT_BEYOND,
	SIT_USERS,
};

/* The optlen that the last program leaves, beside the one that the first one saw and the window. */
enum sit_left {
	SIT_UNTOUCHED, /* nobody wrote it, or no program ran */
	SIT_SAME,
	SIT_CLEARED, /* 0 */
	SIT_BYPASS,  /* -1 */
	SIT_LESS,    /* below -1 */
	SIT_SHORTER,
	SIT_LONGER,    /* and still inside the window */
	SIT_PAST,      /* past the window, up to PAGE_SIZE */
	SIT_PAST_PAGE, /* past the window and PAGE_SIZE */
	SIT_LEFTS,
};

struct situation {
	uint8_t outcome, shape, user, left;
};

/* page_size is the oracle's. */
struct situation situation_of(const struct tc_call *c, const struct want *w, uint32_t page_size);

/* Short names, for reports: "EFAULT", "several cgroups", "PAGE_SIZE - 1", "-1". */
extern const char *const sit_outcome_names[SIT_OUTCOMES], *const sit_shape_names[SIT_SHAPES],
								  *const sit_user_names[SIT_USERS],
									  *const sit_left_names[SIT_LEFTS];

/* Numbers of what one clause can meet: by outcome and shape, and in full. */
#define SIT_COARSE (SIT_OUTCOMES * SIT_SHAPES)
#define SIT_FULL   (SIT_COARSE * SIT_USERS * SIT_LEFTS)

static inline unsigned situation_coarse(struct situation s)
{
	return s.outcome * (unsigned)SIT_SHAPES + s.shape;
}

static inline unsigned situation_full(struct situation s)
{
	return (situation_coarse(s) * SIT_USERS + s.user) * SIT_LEFTS + s.left;
}

/*
 * Counters for fuzzers. libFuzzer clears and reads all of them for each execution (0.2 ns a byte), so they
 * are few: far more situations can be named than ever happen, and those that do share the counters by a hash.
 */
#define SIT_COUNTER_BITS 13
#define SIT_COUNTERS	 (1u << SIT_COUNTER_BITS)
#define SIT_AT_ONCE	 (C_COUNT + 1) /* counters of one call, at most */

/* Writes the numbers of the call's counters, each below SIT_COUNTERS; returns how many. */
unsigned situation_counters(const struct want *w, struct situation s, uint16_t counter[SIT_AT_ONCE]);

#endif
