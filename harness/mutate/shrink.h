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

/*
 * The same one question at a time, for callers that cannot be called back (AFL++'s trimming): as long as
 * shrink_next() gives a candidate, say by shrink_tell() whether the predicate holds for it. The questions are
 * those of shrink(). The candidate and the best case belong to the shrinker, until its next function.
 * opts may be NULL, *opts need not stay. NULL: out of memory. arg is only for opts->progress.
 */
struct shrinker;
struct shrinker *shrink_open(const struct tcase *tc, const struct shrink_opts *opts, void *arg);
/* NULL: done, or the calls or the time are used up. Asked again without an answer, the same again. */
const struct tcase *shrink_next(struct shrinker *sh);
void shrink_tell(struct shrinker *sh, bool still);
/* The smallest case for which `still` was true so far. */
const struct tcase *shrink_best(const struct shrinker *sh);
void shrink_close(struct shrinker *sh);

/* Names of the tactics in their order, for --verbose and tests; NULL from the end on. */
const char *shrink_tactic(unsigned i);

#endif
