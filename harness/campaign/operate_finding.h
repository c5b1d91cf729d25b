/* SPDX-License-Identifier: MIT */
/*
 * What is done with a divergence of a case with operations, as triage.h does it for ordinary ones: the
 * smallest case that still shows it, a number of re-runs on fresh sockets, and what a stand-alone reproducer
 * must be told.
 */
#ifndef OPERATE_FINDING_H
#define OPERATE_FINDING_H

#include "../emit/repro_tree.h"
#include "operate.h"

struct op_finding {
	struct tree t;		 /* the smallest case found */
	struct op_result res;	 /* of its last run that failed */
	unsigned failed, reruns; /* failed of so many runs of t on fresh sockets */
	unsigned tries;	 /* cases that the shrinker ran; 0: it was not asked (the case's own expectation) */
	bool reproduced; /* false: only the first run showed it, t is that run's case */
	char want[400], got[400]; /* both sides of the step that differed, for people */
};

/*
 * Confirms and shrinks what *first says of *t, the case that o ran last. o's counters are left as they were.
 */
void operate_investigate(struct operate *o, const struct tree *t, const struct op_result *first,
			 struct op_finding *f);

/*
 * Fills *r, which borrows from f and title, with what each step up to the one that differed must do, in one
 * more run of f->t. 0; -EOPNOTSUPP if a reproducer cannot make a socket of the case: repro_tree_can();
 * -ENOMEM. repro_tree_fini(r) in any case.
 */
int operate_recipe(struct operate *o, const struct op_finding *f, const char *title, struct repro_tree *r);

#endif
