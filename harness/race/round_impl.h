/* SPDX-License-Identifier: MIT */
/* Inside of a round only: round.c (threads), verdict.c (what a call may give), finding.c (words). */
#ifndef ROUND_IMPL_H
#define ROUND_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "round.h"

struct round_state {
	struct tree_step step; /* the operation that led here */
	int32_t want, got;
	uint8_t clause;		      /* behind want */
	uint32_t version[HOOK_COUNT]; /* equal while programs of the hook are only exchanged in place */
	uint16_t expect[SCENE_PLACES][HOOK_COUNT];
};

struct round {
	struct world *world;
	struct expect *expect;
	struct scene_run *run;
	const struct round_opts *o;
	_Atomic uint32_t begun, done;
	atomic_bool stop;
	pthread_barrier_t start;
	pthread_mutex_t lock; /* of finding() */
	struct round_state state[ROUND_OPS];
};

struct caller {
	struct round *round;
	pthread_t thread;
	unsigned number;
	int fd[SCENE_PLACES];
	struct rng rng;
	struct race_counts n;
	int error; /* -errno: a call of the harness failed */
};

/* One call: which, on which socket, which states its time touched, what it gave. */
struct observed {
	unsigned caller, place;
	enum hook hook;
	uint64_t number;
	uint32_t lo, hi;
	struct race_seen seen;
	uint8_t before[4];
};

/* Is what came allowed? Counts what it was. */
bool verdict(struct round *r, const struct observed *o, struct race_counts *n);

/* The words of a call, or of an operation, that gave something else. */
void finding_call(struct round *r, const struct observed *o);
void finding_step(struct round *r, uint32_t k);

#endif
