/* SPDX-License-Identifier: MIT */
/*
 * The reference oracle of the two cgroup sockopt hooks: a pure library without system calls. It has two
 *doors:
 *
 *	oracle_plan     case -> the exact call that the kernel's handler must receive, or none
 *	oracle_predict  plan + what the handler did -> everything that is allowed to be seen
 *
 * A profile (profiles.h) says which version of the contract is meant; a clause (clauses.h) names each rule.
 *
 *	struct oracle *o = oracle_new(profile, 4096);
 *	oracle_begin(o, tc);
 *	for each call i: oracle_plan(o, i, &plan); ...make the planned call on the twin -> hr...;
 *	                 want = oracle_predict(o, &hr);
 */
#ifndef ORACLE_H
#define ORACLE_H

#include "../harness/case/outcome.h"

struct profile;
struct oracle;

/* page_size: the kernel-under-test's, 4096..65536, a power of two. NULL if out of memory. Owned by the
 * caller. */
struct oracle *oracle_new(const struct profile *p, uint32_t page_size);
void oracle_free(struct oracle *o);

/* Binds a case, which must be valid and stay unchanged until the next begin. Works out the effective
 * programs. */
void oracle_begin(struct oracle *o, const struct tcase *tc);

/*
 * Programs that are no action lists: who runs them is the caller's (oracle/byte runs BPF instructions). An
 * entry is what such a program gets; it may change level, optname, optlen, retval and the window, and says in
 * `wrote` what it has changed.
 */
struct oracle_entry {
	uint8_t hook;  /* enum hook */
	uint8_t sock;  /* of the case */
	uint8_t id;    /* level * TC_MAX_SLOTS + slot */
	uint8_t wrote; /* enum wrote */
	int32_t level, optname, optlen, retval;
	uint8_t *window; /* size bytes */
	uint32_t size;
};

/* Results of `run` besides 0 and 1, what the program returned. */
#define ORACLE_LIST (-1) /* this place of the chain has an action list: the case's */
#define ORACLE_LOST (-2) /* the program has no result: nothing is said of the call */

struct oracle_engine {
	int (*run)(void *owner, struct oracle_entry *e);
	void *owner;
};

/* Asks the engine for every program from the next plan on; it is borrowed. NULL: all are action lists.
 * Nothing is said where such a program would read what the profile leaves unknown. */
void oracle_use_engine(struct oracle *o, const struct oracle_engine *engine);

/*
 * First door. Plans call number `call` of the bound case; what *plan points to is the oracle's until the next
 * plan. *plan itself is the caller's, and must stay as it is until oracle_predict has answered for this call.
 */
void oracle_plan(struct oracle *o, unsigned call, struct plan *plan);

/*
 * Second door, for the call that was planned last. hr is ignored (may be NULL) if the plan says not called.
 * The result points into the oracle and into hr->mem, and stays valid until the next plan.
 */
const struct want *oracle_predict(struct oracle *o, const struct handler_result *hr);

#endif
