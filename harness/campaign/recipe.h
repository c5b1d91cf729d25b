/* SPDX-License-Identifier: MIT */
/*
 * What a stand-alone reproducer (emit/repro.h) must be told of a finding: the calls up to the one that showed
 * the difference, and what must come of each. The wants are those of a run of the smallest case: what the
 * kernel's handlers answered then, on this machine, is part of them.
 */
#ifndef RECIPE_H
#define RECIPE_H

#include "../emit/repro.h"
#include "triage.h"

/*
 * Fills *r with every call of tc and what must come of it in a run on fresh sockets now. A call behind one
 * that differs is not made, so nothing is known of it. The rest as below.
 */
int recipe_run(struct loop *lp, const struct tcase *tc, const char *title, struct repro *r);

/*
 * Fills *r, which borrows from f and title. Runs f's case once more; afterwards f->res.want and f->res.got
 * are no longer valid, lp's counters are as before. 0, or -ENOMEM. repro_fini(r) in any case.
 */
int recipe_make(struct loop *lp, const struct finding *f, const char *title, struct repro *r);

#endif
