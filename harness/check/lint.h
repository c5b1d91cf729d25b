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
/* unreached.c: LINT_UNREACHED in every program that showed no fault, and what each is added by. */
void lint_look_for_unreached(struct check *k);
void lint_unreached(struct check *k, unsigned place, uint32_t insn, const char *why);
/* LINT_EXPECT: the case `name` expects another result. */
void lint_expect(struct check *k, const struct tc_call *c, const struct want *w, const char *name,
		 const struct diff *d);

#endif
