/* SPDX-License-Identifier: MIT */
/*
 * Holds what a call did against what the clauses allow. This is the only place that sees both sides.
 * The parts are compared in the order of time: which programs ran, what each saw, then the result, the user's
 * optlen and the user's memory; the first difference is the one reported.
 */
#ifndef COMPARE_H
#define COMPARE_H

#include "../case/outcome.h"

enum diff_field {
	DIFF_NONE,
	DIFF_RUNS,  /* number of program runs */
	DIFF_ORDER, /* the k-th program to run */
	DIFF_SEEN_LEVEL,
	DIFF_SEEN_OPTNAME,
	DIFF_SEEN_OPTLEN,
	DIFF_SEEN_SIZE,
	DIFF_SEEN_RETVAL,
	DIFF_SEEN_BYTES,
	DIFF_RET,    /* the raw result */
	DIFF_OPTLEN, /* the user's optlen */
	DIFF_MEM,    /* the user's buffer, or bytes past it */
	DIFF_EXPECT, /* the case's own expectation and the oracle disagree */
	DIFF_FIELD_COUNT,
};

struct diff {
	enum diff_field field;
	uint8_t clause;	 /* the clause that is broken */
	int program;	 /* DIFF_ORDER, DIFF_SEEN_*: the k-th program of the chain, from 0; else -1 */
	uint32_t offset; /* DIFF_SEEN_BYTES, DIFF_MEM: of the first differing byte */
	int64_t want, got;
};

/* "ret", "optlen", "seen.size", ... for reports and bucket keys. */
const char *diff_field_name(enum diff_field f);

/* True if got is allowed by w. Otherwise false, and *d says what differed first. */
bool compare(const struct tc_call *c, const struct want *w, const struct outcome *got, struct diff *d);
/* The same without what programs saw: the call's result and the user's memory. May be asked by several
 * threads. */
bool compare_result(const struct tc_call *c, const struct want *w, const struct outcome *got, struct diff *d);

/* The clause that a want names for the part in which some other want of the same call was found to differ. */
unsigned compare_clause(const struct want *w, const struct diff *d);

/*
 * Holds the case's own expectation (after `=`) against an outcome's parts; the same function serves the
 * oracle's side. mem may be NULL if nothing is known of the memory. True if it agrees or there is no
 * expectation.
 */
bool expect_holds(const struct tc_call *c, int64_t ret, int32_t optlen, const uint8_t *mem, struct diff *d);
/* The same against a want; what it leaves free agrees with anything. */
bool expect_allowed(const struct tc_call *c, const struct want *w, struct diff *d);

#endif
