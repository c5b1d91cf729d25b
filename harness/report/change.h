/* SPDX-License-Identifier: MIT */
/* What changes from one kernel's profile to another's, clause by clause: it follows from their traits. */
#ifndef CHANGE_H
#define CHANGE_H

#include "../../oracle/profiles.h"

/* From the first profile's side. */
enum change {
	CHANGE_NONE,
	CHANGE_BEGINS,
	CHANGE_ENDS,
	CHANGE_WIDENS, /* it holds in both, and its trait differs: it covers more, or less */
	CHANGE_COUNT,
};

const char *change_word(enum change c); /* begins, ends, changes; "" for none */

/* NULL is a kernel that no profile covers: nothing is expected of it. */
enum change profile_change(const struct profile *from, const struct profile *to, unsigned clause);

/* Do both clauses follow from one trait? */
bool same_trait(unsigned a, unsigned b);

#endif
