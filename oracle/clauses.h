/* SPDX-License-Identifier: MIT */
/*
 * The clause catalogue: every rule of the contract, one row each. `hookdiff clauses` and all reports print
 * from it. The rows are in clauses.def; a clause's number is its place there.
 */
#ifndef CLAUSES_H
#define CLAUSES_H

#include <stdint.h>

enum clause {
	C_NONE, /* no clause had a say */
#define CLAUSE(id, name, in, sentence, source) C_##id,
#include "clauses.def"
#undef CLAUSE
	C_COUNT,
};

/* In which families of profiles a clause holds. */
enum clause_in { IN_KERNEL = 1, IN_DOC = 2, IN_BOTH = 3 };

struct clause_info {
	const char *name;     /* SET.OPTLEN.BYPASS: first word is the hook, or CHAIN, HOOK, MEM */
	unsigned in;	      /* enum clause_in */
	const char *sentence; /* the rule, in our own words */
	const char *
		source; /* kernel function (and first version), or the document's section; row of the facts */
};

/* The row of a clause; never NULL for 0 < c < C_COUNT. */
const struct clause_info *clause_info(unsigned c);
/* The number of a clause by its name, or -1. */
int clause_find(const char *name);

#endif
