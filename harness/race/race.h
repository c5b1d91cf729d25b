/* SPDX-License-Identifier: MIT */
/*
 * Calls while what is attached changes: rounds of scenes (scene.h), one after the other, until the time is
 * over; a count of what the kernel holds for us before and after. docs/races.md.
 */
#ifndef RACE_H
#define RACE_H

#include "census.h"
#include "round.h"

#define RACE_SCENES 16

struct race_opts {
	const struct profile *profile;
	const struct attach_epoch *epoch;
	uint64_t seed;
	uint64_t only_round; /* this one alone; 0: all */
	unsigned threads;
	double seconds, round_seconds;
	double settle_seconds; /* how long what the kernel frees in its own time may take */
	unsigned delay;	       /* turns of an empty loop at the beginning of each program */
	bool early;
	uint8_t wrong, wrong_rule;
	bool stop_at_finding;
	uint32_t scenes; /* bits: rows of the table that run */
	void (*finding)(void *arg, const struct race_finding *f);
	void *arg;
};

struct race_result {
	struct race_counts scene[RACE_SCENES], total;
	bool lacks[RACE_SCENES]; /* the kernel cannot do it */
	struct census before, after;
	bool leaked;
	unsigned elsewhere; /* programs of the two hooks on cgroups of others: the static key stays on */
	bool key_known;
	double seconds;
	char error[256];
};

/* Does a kernel of that release have the race that round.c calls early (fixed in 6.11, 6.10.10 and 6.6.51)?
 */
bool race_early(const char *release);

/* Runs. 0, also with findings; -errno with a sentence in error: no result. */
int race_run(const struct race_opts *o, struct race_result *res);

#endif
