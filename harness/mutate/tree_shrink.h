/* SPDX-License-Identifier: MIT */
/*
 * Makes a case with operations small, as shrink.h does for ordinary ones: first what there is (steps,
 * cgroups, programs, the ways of sockets, options of steps), by a table of tactics of its own, then actions
 * and values of programs and calls, by those of shrink.h. It ends because every candidate has less of
 * something and more of nothing.
 */
#ifndef TREE_SHRINK_H
#define TREE_SHRINK_H

#include "../case/tree.h"
#include "shrink.h"

#define TREE_SHRINK_CALLS 2000 /* the default of opts->max_calls */

/*
 * *t passes tree_check and still(t, arg) is true of it (not asked again). Afterwards it is the smallest case
 * found for which `still` was true, and passes tree_check. opts as in shrink.h: NULL is the defaults;
 * progress gets no case (NULL), and hears of the tactics below only. Returns the number of predicate calls.
 * Expectations of the author's are dropped first: of a smaller case something else would have to be expected.
 */
unsigned tree_shrink(struct tree *t, bool (*still)(const struct tree *t, void *arg), void *arg,
		     const struct shrink_opts *opts);

/* Names of the tactics of the first part in their order, for tests; NULL from the end on. */
const char *tree_shrink_tactic(unsigned i);

#endif
