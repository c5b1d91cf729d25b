/* SPDX-License-Identifier: MIT */
/*
 * Many cases on all cores: worker processes share a range of case numbers, each with its own backend and
 * oracle. The sweep and the generator are two sources of cases; everything else is the same for both. A
 * worker that meets a divergence confirms it on fresh sockets, shrinks it and writes it down (triage.h).
 */
#ifndef BULK_H
#define BULK_H

#include "../exec/splat.h"
#include "../mutate/gen.h"
#include "../mutate/tree_gen.h"
#include "tally.h"
#include "target.h"
#include "triage.h"
#include "loop.h"

#define BULK_WORKERS 64
#define BULK_BUCKETS 128
#define BULK_SPLATS  4

/* Divergences with one key: clause, hook, kind of option, first differing field. */
struct bucket {
	struct triage_key key;
	uint64_t count, waived;
	uint32_t failed, reruns; /* how often the smallest case failed on fresh sockets */
	char stem[96];		 /* name of its folder below the findings folder */
};

/* A complaint of the kernel, and the cases of one worker between two looks at its log. */
struct bulk_splat {
	char text[SPLAT_TEXT + 600], running[200];
};

struct bulk_opts {
	struct target target;
	const struct profile *profile; /* NULL: by the kernel's release */
	bool sweep;		       /* the boundary sweep instead of the generator */
	bool operations;	       /* cases with operations, on the slow lane: generated ones, or ... */
	bool chains;		       /* ... all chains (chains.h) */
	const struct attach_epoch *epoch; /* for both of them */
	unsigned thin;			  /* of the sweep only every thin-th case; 0 or 1: all */
	uint64_t seed;			  /* of the generator */
	uint64_t cases;			  /* 0: no limit (generator), all (sweep) */
	uint64_t seconds;		  /* 0: no limit */
	unsigned workers;		  /* 1..BULK_WORKERS */
	unsigned reuse;			  /* cases that share a socket pair */
	uint64_t straight;	 /* every so many-th case also runs on straight-line programs; 0: none */
	uint32_t page_size;	 /* of the oracle; 0: the kernel's (tests) */
	const char *findings;	 /* folder for findings; NULL: none are written */
	const char *reproduce;	 /* the command that repeats the run, for findings that need all of it */
	const char *spec;	 /* --kernel of the run; NULL: it is on this machine */
	struct waivers *waivers; /* NULL: none */
	bool dmesg;		 /* the kernel's log is read, and a complaint in it is a failure */
	const struct splat_list *splats;	   /* those that are known; NULL: none */
	bool stop_at_first;			   /* end with the first divergence that is not waived */
	bool quiet;				   /* no progress line */
	void (*tamper)(struct want *w, void *arg); /* tests: a wrong oracle */
	void *tamper_arg;
	uint8_t wrong; /* tests: enum tree_wrong, a wrong attach model */
};

struct bulk_result {
	struct clause_stat stat[C_COUNT];
	uint64_t dim[DIM_COUNT][DIM_VALUES];
	uint64_t answers[ANSWER_COUNT], calls_on[HOOK_COUNT];
	struct control_counts controls;
	uint64_t operations, ops[TREE_OP_COUNT], kinds[TREE_KIND_COUNT]; /* of cases with operations */
	struct tally tally; /* what those that were generated do */
	uint64_t chains;    /* topologies, of the sweep of chains */
	uint64_t straight;  /* of the cases: those that ran on straight-line programs too */
	uint64_t cases, calls, failed, waived, inconclusive, skipped, silent, sets, indistinct;
	uint64_t
		caught_after; /* cases before the first divergence in the worker that met it first; 0: none */
	struct bucket bucket[BULK_BUCKETS];
	unsigned n_buckets;
	uint64_t n_splats; /* all of them; splat[] holds the first */
	struct bulk_splat splat[BULK_SPLATS];
	double seconds;
	char release[65];
	const struct profile *profile;
	bool interrupted;
	char error[512]; /* not empty: a worker could not run, or died */
};

/* How many cases the options ask for; 0: no limit. */
uint64_t bulk_total(const struct bulk_opts *opts);

/* Runs until the limits are reached, SIGINT or SIGTERM arrives, or a worker fails. 0, or -errno with
 * r->error. */
int bulk_run(const struct bulk_opts *opts, struct bulk_result *r);

/*
 * The run's own check of its generator, for at least a million cases: every clause of the profile had at
 * least one hit in a thousand cases, every value of every dimension was in at least one case in a thousand.
 * Appends a line for each that was not; returns how many.
 */
unsigned bulk_starved(const struct bulk_result *r, struct buf *out);

#endif
