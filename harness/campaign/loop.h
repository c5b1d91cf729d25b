/* SPDX-License-Identifier: MIT */
/*
 * The loop that every command shares: bind a case, plan, make the planned call on the twin, predict, make the
 * call itself, compare. It owns the oracle and the counters; where cases come from and where findings go is
 * the caller's business (bulk.h, run.h).
 */
#ifndef LOOP_H
#define LOOP_H

#include "../../oracle/clauses.h"
#include "../../oracle/oracle.h"
#include "../../oracle/profiles.h"
#include "../diff/compare.h"
#include "../exec/backend.h"
#include "../report/stat.h"

enum verdict { V_PASS, V_FAIL, V_INCONCLUSIVE, V_SKIP, V_ERROR, V_COUNT };

/* What the handler left of the user's optlen on a getsockopt: a dimension that only the run knows. */
enum answer { ANSWER_ERROR, ANSWER_LESS, ANSWER_EQUAL, ANSWER_MORE, ANSWER_LARGE, ANSWER_COUNT };

/* The last value that a successful set gave to each option of a socket pair: what a later set must differ
 * from. */
#define SHADOW_SLOTS 64
struct shadow {
	struct {
		int32_t level, optname, len;
		uint64_t head;
	} slot[SHADOW_SLOTS];
};

#define HIT_PLANES 8

/* When another thread changed optlen during a getsockopt, as far as the kernel's use of it goes: raced.c. */
enum raced_moment { RACED_BEFORE, RACED_SAMPLED, RACED_LOST, RACED_ANSWERED, RACED_AFTER, RACED_MOMENTS };

struct loop {
	struct backend *b;
	struct oracle *o;
	const struct profile *profile;
	uint32_t page_size;		  /* the oracle's */
	struct clause_stat stat[C_COUNT]; /* .hit: complete after loop_flush() */
	/* Hits not yet in stat: bit p of each clause's count, so that a call adds to all counts without a
	 * loop over its clauses. */
	struct clause_set plane[HIT_PLANES];
	unsigned pending; /* calls counted in plane[], at most 2^HIT_PLANES - 1 */
	uint64_t cases, calls, failed, inconclusive;
	uint64_t skipped;	       /* cases that this machine cannot express; not among `cases` */
	uint64_t calls_on[HOOK_COUNT]; /* calls for which a program was to run */
	uint64_t silent;	       /* calls on which the profile left something free */
	uint64_t sets;		       /* setsockopts that reached the handler and succeeded */
	uint64_t indistinct; /* those whose value was the option's last one: a lost handler call would not
				show */
	uint64_t answers[ANSWER_COUNT];
	/* Tests put a wrong oracle here: called on every want before it is compared. */
	void (*tamper)(struct want *w, void *arg);
	void *tamper_arg;
	/* Fuzz targets look here: called on every call once it is predicted and made. hr is NULL if the
	 * handler was not to run. */
	void (*observe)(const struct tcase *tc, unsigned call, const struct plan *plan,
			const struct handler_result *hr, const struct want *w, void *arg);
	void *observe_arg;
	/* Called before a set that would repeat the option's last value; true if it changed the case's value.
	 */
	bool (*freshen)(struct tc_call *c);
	uint64_t births; /* the backend's count at the last case */
	/* Called around that reading: programs that no action list describes stand aside, and come back. */
	void (*aside)(bool away, void *arg);
	void *aside_arg;
	uint64_t raced[RACED_MOMENTS + 1]; /* calls that only this moment explains; the last: several do */
	uint8_t raced_without;		   /* tests: bits of moments that are not thought of */
	unsigned raced_turns; /* times that a raced call is made, a thread each; 0: enough to meet */
	bool readback;	      /* after each setsockopt read the option back, outside the case's own calls */
};

/* How a case ended. The pointers reach into the oracle and the backend, valid until the next case. */
struct case_result {
	enum verdict verdict;
	unsigned call;	   /* V_FAIL: the call that differed */
	bool state;	   /* it showed in the socket's state after that call, not in the call itself */
	struct tc_call at; /* state: the call that showed it, whose want and got these are */
	struct diff diff;
	struct plan plan;
	struct want want;
	struct outcome got;
	char why[256]; /* V_SKIP, V_ERROR, V_INCONCLUSIVE: one sentence */
};

/* page_size of the oracle is the backend's unless page_size is not 0 (tests). 0 or -ENOMEM. */
int loop_init(struct loop *lp, struct backend *b, const struct profile *p, uint32_t page_size);
void loop_fini(struct loop *lp);

/* Brings stat[].hit up to date. */
void loop_flush(struct loop *lp);

/*
 * Runs one case. tc may be changed by freshen only. shadow may be NULL; it belongs to the socket pair that
 * the backend uses for the case, and is emptied when that pair is new. fresh: sockets that no case used
 * before. res may be NULL if only counters matter.
 */
enum verdict loop_case(struct loop *lp, struct tcase *tc, bool fresh, struct shadow *shadow,
		       struct case_result *res);

#endif
