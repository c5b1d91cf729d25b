/* SPDX-License-Identifier: MIT */
/*
 * Inside of the bulk loop only: the parent (bulk.c), a worker (bulk_worker.c), and what it does with
 * operations (bulk_operations.c).
 */
#ifndef BULK_IMPL_H
#define BULK_IMPL_H

#include <stdatomic.h>

#include "../base/pulse.h"
#include "bulk.h"
#include "operate_finding.h"

struct shared {
	_Atomic uint64_t cases, findings; /* while it runs */
	struct bulk_result r;		  /* valid when the worker has ended */
};

struct worker {
	const struct bulk_opts *opts;
	struct shared *sh;
	struct bulk_result *r;
	unsigned index;
	_Atomic int *stop;
	struct pulse *pulse; /* of a campaign; NULL: nobody looks */
	uint64_t told;	     /* cases that are in it */
	struct gen gen;
	struct loop loop;
	struct loop straight;		    /* for straight-line programs: its own oracle and counters */
	struct bulk_operations *operations; /* NULL: ordinary cases */
	uint64_t left;			    /* cases until the next one on those; 0: never */
	struct splats splats;
	struct tcase tc;
	struct case_result res;
	struct finding finding;
	struct shadow shadow[TOPOLOGIES][SOCK_ROWS + SOCK_GUEST][TC_MAX_LEVELS + 1];
};

/* What a worker needs for cases with operations. */
struct bulk_operations {
	struct lane *lane;
	struct operate o;
	struct tree_gen gen;
	struct tree t;
	struct op_result res;
	struct op_finding finding;
	struct tree_model scratch;
};

/* The bucket of the key, a new one if there is room, or NULL. */
struct bucket *bulk_bucket(struct bulk_result *r, const struct triage_key *key);
unsigned bulk_thinning(const struct bulk_opts *o);
/* Has the run been asked to end? */
bool bulk_interrupted(const struct worker *w);

/* Saves the case that a worker stumbled over, so that `run` can show it alone. */
void bulk_save(const struct worker *w, uint64_t index, const struct buf *text);
/* The whole life of a worker process; never returns. */
void bulk_worker(const struct bulk_opts *opts, struct shared *sh, unsigned index, _Atomic int *stop)
	__attribute__((noreturn));

/* Opens the lane if the options ask for operations. 0, or -1 with the worker's error (none: out of memory).
 */
int bulk_operations_open(struct worker *w, struct backend *b);
void bulk_operations_close(struct worker *w);
/* One generated case; false: a worker's error. */
bool bulk_operations_case(struct worker *w, uint64_t index);
/* The worker's part of the sweep of chains. */
void bulk_operations_chains(struct worker *w);
/* In place of what the loop of ordinary cases counted: there were none. */
void bulk_operations_publish(struct worker *w);

#endif
