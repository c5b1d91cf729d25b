/* SPDX-License-Identifier: MIT */
/*
 * The oracle held against itself, without a kernel: a case is planned and predicted under two profiles with
 * the same answers of a handler. Every prediction must keep the invariants (invariant.h), the same case must
 * give the same twice, and where the profiles differ a clause must be in play that only one of them has, or
 * whose trait has another value in each. Made for speed: fuzz_oracle runs it for every case, `hookdiff bench`
 * measures it.
 */
#ifndef SELFCHECK_H
#define SELFCHECK_H

#include "../base/buf.h"
#include "invariant.h"
#include "standin.h"

struct selfcheck_find {
	const char *rule;	 /* an invariant's name, "deterministic" or "profiles-differ" */
	const char *sentence;	 /* static */
	const struct profile *a; /* the prediction that breaks it */
	const struct profile *b; /* "profiles-differ": the other one; else NULL */
	uint32_t page;
	unsigned call; /* of the case */
};

struct selfcheck {
	struct selfcheck_side *side;	/* by profile and page size; owned */
	struct clause_set *differences; /* by two profiles: clauses that may tell them apart; owned */
	struct standin standin;
	uint8_t *answer; /* what handlers answer that are not the model; owned */
	struct selfcheck_find find;
	/* Guidance: called on every prediction of the first profile. NULL: nobody looks. */
	void (*observe)(const struct tc_call *c, const struct want *w, uint32_t page_size);
	/* Tests: called on every prediction of profile number `side` (0 or 1) before it is checked. */
	void (*tamper)(const struct tc_call *c, unsigned side, struct plan *p, struct want *w, void *arg);
	void *tamper_arg;
};

/* NULL if out of memory. */
struct selfcheck *selfcheck_new(void);
void selfcheck_free(struct selfcheck *s);

/*
 * Checks one case, which must pass tcase_check. pick chooses the two profiles, the page size and the
 * handler's answers: the same case and pick give the same run. NULL: all holds; else what does not, until the
 * next call.
 */
const struct selfcheck_find *selfcheck_case(struct selfcheck *s, const struct tcase *tc, uint64_t pick);

/* A number for pick: a function of the n bytes that the case was made of. */
uint64_t selfcheck_pick(const uint8_t *data, size_t n);

/* Appends the find and the text of the case, for people. */
void selfcheck_print(const struct selfcheck_find *f, const struct tcase *tc, uint64_t pick, struct buf *out);

#endif
