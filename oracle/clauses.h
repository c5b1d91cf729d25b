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
#define CLAUSE(id, name, in, when, sentence, source) C_##id,
#include "clauses.def"
	C_CALLS, /* the clauses before it speak of calls, and fit in a struct clause_set */
	C_CALLS_END = C_CALLS - 1,
#include "tree.def"
	C_OPERATIONS, /* those before it are of cases with operations, those behind it of storage */
	C_OPERATIONS_END = C_OPERATIONS - 1,
#include "storage.def"
#undef CLAUSE
	C_COUNT,
};

/*
 * The families of profiles: kernels, the published document, the first proposal. A clause may be in several.
 * Clauses of tree.def are in none: they speak of operations (tree.h), and hold by the kernel's attach epoch;
 * those of storage.def are harness/storage's.
 */
enum clause_in { IN_OPERATIONS = 0, IN_KERNEL = 1, IN_DOC = 2, IN_BOTH = 3, IN_DRAFT = 4, IN_ALL = 7 };

/* Among kernels a clause may need one trait: it holds where the trait has one of these values. */
struct clause_when {
	uint8_t trait;	/* offset in struct traits */
	uint8_t values; /* bit v: the value v will do; 0: holds in every kernel */
};

struct clause_info {
	const char *name;	 /* SET.OPTLEN.BYPASS: first word is the hook, or CHAIN, HOOK, MEM */
	unsigned in;		 /* enum clause_in, or-ed */
	struct clause_when when; /* of operations: values are the needs (attach.h), or 0 */
	const char *sentence;	 /* the rule, in our own words */
	const char *
		source; /* kernel function (and first version), or the document's section; row of the facts */
};

/* The row of a clause; never NULL for 0 < c < C_COUNT. */
const struct clause_info *clause_info(unsigned c);
/* The number of a clause by its name, or -1. */
int clause_find(const char *name);

#endif
