/* SPDX-License-Identifier: MIT */
/*
 * What can work in a campaign: the bulk loop (`hookdiff fuzz`), libFuzzer's fork mode, AFL++. One row each:
 * what it needs, how its command line is made, how long one round of it lasts.
 */
#ifndef CREW_ENGINE_H
#define CREW_ENGINE_H

#include "worker.h"

enum engine_id { ENGINE_BULK, ENGINE_LIBFUZZER, ENGINE_AFL, ENGINE_COUNT };

/* What a command is made from. Strings are borrowed. */
struct place {
	const char *self;    /* this program */
	const char *folder;  /* of the campaign */
	const char *drivers; /* folder with libfuzzer/, asan/, afl/, seeds/ (docs/fuzzing.md) */
	const char *target;  /* fuzz_kernel, or fuzz_oracle where cases cannot run */
	const char *kernel;  /* --kernel: each worker is a guest of it; NULL: they work on this machine */
	bool unsafe;	     /* --unsafe: with a kernel only */
	const char *profile; /* --profile */
	const char *waivers; /* --waivers; NULL: none */
	const char *machine; /* first part of the names of AFL++'s fuzzers */
	const char *name;    /* the worker's */
	unsigned nth;	     /* among those of its engine, from 0 */
	uint64_t seed;
	unsigned seconds; /* that are left; 0: no end */
};

struct engine {
	const char *name;
	const char *set;   /* of drivers that it needs, below `drivers`; NULL: none */
	unsigned round;	   /* seconds; 0: as long as it may */
	int fine;	   /* worker.h */
	bool needs_kernel; /* it is of use only where cases can run */
	void (*command)(const struct place *p, struct command *c);
};

const struct engine *engine_at(enum engine_id id);

/* The path of an engine's driver: 0, -ENOENT if it was not built, -ENAMETOOLONG. */
int engine_driver(const struct place *p, enum engine_id id, char *path, size_t size);

/* Can it work here? NULL, or one sentence that says what is missing and what to do. */
const char *engine_missing(const struct place *p, enum engine_id id, bool can_run, char *why, size_t size);

/*
 * The command that merges and minimises: `from` folders into the empty folder `to`. In a guest, whose
 * kernel's coverage counts, what is kept comes to a spool below `to` instead, which is then a folder of the
 * campaign's.
 */
#define ENGINE_MERGED "merged"
void engine_merge(const struct place *p, struct command *c, const char *to, const char *const *from,
		  unsigned n);

#endif
