/* SPDX-License-Identifier: MIT */
/* Inside of harness/check only: classic mistakes, seen while a call runs (lints.def). */
#ifndef LINT_H
#define LINT_H

#include "../diff/compare.h"
#include "check.h"

/* From now on each run of a program is looked at. */
void lint_watch(struct check *k);
/* After a call: what its runs showed becomes a find with this call as the example. */
void lint_call(struct check *k, const struct tc_call *c, const struct plan *plan, const struct want *w);
/* LINT_LEVEL: the option is matched at a level that has nothing to do with it. */
void lint_level(struct check *k, unsigned hook, int32_t level, int32_t optname);
/* LINT_EXPECT: the case `name` expects another result. */
void lint_expect(struct check *k, const struct tc_call *c, const struct want *w, const char *name,
		 const struct diff *d);

#endif
