/* SPDX-License-Identifier: MIT */
/*
 * Which clauses have a case. A case covers a clause in a profile if it names the clause, its expectations
 * hold in that profile (oracle/scope.h), and a call of it that carries an expectation, which the oracle
 * agrees with, hits the clause.
 */
#ifndef COVERAGE_H
#define COVERAGE_H

#include "../../oracle/clauses.h"
#include "../../oracle/profiles.h"
#include "../case/case_text.h"
#include "../case/outcome.h"

#define COVERAGE_PROFILES 32

struct coverage {
	unsigned cases;
	/* By clause: bit i, the i-th profile. */
	uint32_t holds[C_COUNT];   /* in these profiles it is a rule */
	uint32_t covered[C_COUNT]; /* in these some case covers it */
};

void coverage_init(struct coverage *v);

/* What one case gives: bits of profiles. */
struct coverage_case {
	uint32_t scope; /* its expectations hold there */
	uint32_t wrong; /* and there the oracle says otherwise */
	uint32_t open;	/* and there the oracle leaves some of them open */
	struct clause_set named;
	struct clause_set covers; /* the named ones that it covers in some profile */
};

/* Adds a case. 0 or -ENOMEM. */
int coverage_add(struct coverage *v, const struct tcase *tc, const struct case_meta *meta,
		 struct coverage_case *one);

/* The clauses of a line `# clauses`. */
struct clause_set coverage_named(const struct case_meta *meta);

#endif
