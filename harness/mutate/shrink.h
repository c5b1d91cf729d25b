/* SPDX-License-Identifier: MIT */
/*
 * Makes a case small. The caller says by a predicate what must stay true ("this kernel still diverges in the
 * same clause"); the tactics (shrink_tactics.c, one row each) propose smaller cases, big cuts first, and the
 * first one for which the predicate holds becomes the case. After each success it starts again with the
 * biggest cut.
 *
 * It ends because every candidate must be smaller by a measure that cannot fall for ever: a row of numbers
 * compared from the left (expectations, calls, programs, sockets, levels, actions, then how far each value is
 * from the plainest one). The same case, predicate and options give the same result and the same number of
 * calls.
 *
 * Source of the method: syzkaller prog/minimization.go, theft_shrink.c.
 */
#ifndef SHRINK_H
#define SHRINK_H

#include "../case/tcase.h"

#define SHRINK_CALLS 5000 /* the default of max_calls */

struct shrink_opts {
	unsigned max_calls; /* of the predicate; 0: SHRINK_CALLS */
	unsigned max_ms; /* by the clock, looked at before each call; 0: no limit (and fully deterministic) */
	/*
	 * For a predicate that does not always see what is there: a candidate is taken if `k` of at most `n`
	 * calls say true. It stops as soon as k is reached or can no longer be. 0 counts as 1; k > n counts
	 * as n. A predicate that is true by chance one time in p where the thing is, and never where it is
	 * not: k 1, n 4p.
	 */
	unsigned n, k;
	/* Called after each success, for progress; NULL: nobody looks. name: of the tactic, static. */
	void (*progress)(const struct tcase *tc, const char *name, unsigned calls, void *arg);
};

/*
 * Shrinks *tc, which must pass tcase_check and for which still(tc, arg) is true (it is not asked again).
 * Returns the number of predicate calls, at most max_calls; *tc is then the smallest case found for which
 * `still` was true, and passes tcase_check. The predicate sees a case that is the shrinker's: it must not
 * keep the pointer. opts may be NULL: the defaults. Out of memory: 0, *tc unchanged.
 */
unsigned shrink(struct tcase *tc, bool (*still)(const struct tcase *tc, void *arg), void *arg,
		const struct shrink_opts *opts);

/* Names of the tactics in their order, for --verbose and tests; NULL from the end on. */
const char *shrink_tactic(unsigned i);

#endif
