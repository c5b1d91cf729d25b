/* SPDX-License-Identifier: MIT */
/*
 * A case without a kernel: every call is planned and predicted, the handler's part is the model's
 * (standin.h). Where the model does not know the option, the handler gives the answer that lets the case's
 * expectation come true, if there is one: what is rehearsed is the rules of the hooks, not the kernel's
 * options.
 */
#ifndef REHEARSAL_H
#define REHEARSAL_H

#include "../../oracle/oracle.h"
#include "../../oracle/profiles.h"
#include "standin.h"

/* What comes of a call's expectation; of a case: the worst of its calls. */
enum rehearsed { REHEARSED_AGREES, REHEARSED_OPEN /* the profile allows more */, REHEARSED_DISAGREES };

/* One answer of the handler, kept so that a second run gets the same one. */
struct rehearsed_answer {
	int64_t ret;
	int32_t optlen;
	bool modelled;
};

struct rehearsal {
	const struct profile *profile;
	struct oracle *o;
	struct standin standin;
	struct clause_set named; /* of answers that will do, one that hits the most of these is taken */
	bool again; /* unmodelled answers are those of the last rehearsal: tests spoil something and look */
	struct rehearsed_answer answer[TC_MAX_CALLS];
	bool lost; /* inside: the last call left the sockets in a state that nobody knows */
	/* What came of each call; of those behind n_calls nothing can be said. */
	unsigned n_calls;
	enum rehearsed call[TC_MAX_CALLS];
	struct clause_set hits[TC_MAX_CALLS];
	/* Tests: called on each plan and each want. */
	void (*spoil_plan)(const struct tc_call *c, const struct want *w, struct plan *p, void *arg);
	void (*spoil_want)(const struct tc_call *c, struct want *w, void *arg);
	void *arg;
};

/* 0 or -ENOMEM. */
int rehearsal_init(struct rehearsal *r, const struct profile *p);
void rehearsal_fini(struct rehearsal *r);

/* Has the call an expectation at all? */
static inline bool rehearsal_expects(const struct tc_expect *e)
{
	return e->has_ret || e->has_optlen || e->n_bytes;
}

enum rehearsed rehearse(struct rehearsal *r, const struct tcase *tc);

#endif
