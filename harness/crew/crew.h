/* SPDX-License-Identifier: MIT */
/*
 * A campaign: a crew of workers (engine.h) on one machine, for minutes or for ever. It starts what suits the
 * machine, restarts what dies, carries inputs between the engines and, if asked, to and from other machines,
 * gathers findings, and leaves a merged and minimised corpus.
 *
 * The folder of a campaign, which may be one of an earlier run that is to go on:
 *	findings/   a folder each (docs/findings.md)	crashes/   inputs that ended a driver
 *	stalls/	    inputs that took one too long: no findings
 *	corpus/     what the last run left		start/     the seeds and that: where the engines begin
 *	vm/	    guests', a folder for each worker
 *	live/       libFuzzer's				afl/       AFL++'s, a folder for each fuzzer
 *	bulk/	    reports of the bulk loop		logs/, pulses/, artifacts/   of the workers
 */
#ifndef CREW_H
#define CREW_H

#include "corpus.h"
#include "engine.h"

#define CREW_MAX 64

struct crew_opts {
	struct place place; /* name, nth, seconds are the crew's */
	bool can_run;	    /* cases can run on this kernel */
	unsigned workers;   /* 1..CREW_MAX */
	unsigned engines;   /* bit set of 1 << enum engine_id: those that may work; 0: all */
	unsigned seconds;   /* 0: until a signal */
	const char *sync;   /* folder shared with other machines, or copied to and from them; NULL: none */
	const char *const *seeds; /* more folders of inputs to begin with */
	unsigned n_seeds;
	/* Called about twice a second while it runs; NULL: nobody looks. */
	void (*watch)(const void *crew, void *arg);
	void *watch_arg;
};

struct crew {
	const struct crew_opts *o;
	struct worker worker[CREW_MAX];
	enum engine_id engine[CREW_MAX];
	unsigned nth[CREW_MAX];
	unsigned n;
	unsigned restarts;
	size_t findings, crashes, stalls; /* folders of findings/, files of crashes/ and stalls/ */
	unsigned merging;		  /* 1 + the worker whose round makes live/ small; 0: none */
	long merge_began;		  /* time() of that round */
	size_t small;			  /* inputs when live/ was made small last, or could not be */
	size_t seeds, corpus;		  /* files at the start and, after the end, that are left */
	double start;			  /* clock_now() */
	bool interrupted, merged;
	bool ended;	/* nobody works any more: what is there is whole */
	char note[512]; /* not empty: something that is worth a line at the end */
	char error[512];
};

/* The counters of all workers, or with one >= 0 of that one. */
struct crew_sum {
	uint64_t execs, cases, refused, clauses[PULSE_WORDS];
};
struct crew_sum crew_sum(const struct crew *c, int one);

/*
 * Runs until the time is over, a signal comes, or no worker is left. 0, or -errno with c->error if it could
 * not start or not go on. crew_fini() afterwards in each case.
 */
int crew_run(struct crew *c, const struct crew_opts *opts);
void crew_fini(struct crew *c);

#endif
