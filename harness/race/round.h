/* SPDX-License-Identifier: MIT */
/*
 * One round of a scene: threads make calls while the calling thread changes what is attached.
 *
 * States are numbered by operations: state k is what is attached after the k-th. Before an operation its
 * number is written to `begun`, after it to `done`. A caller reads done before its call and begun after it:
 * the call must give what one of the states done..begun gives, no other. That is as tight as user space can
 * say it: an operation in this range may have taken effect before the call or after it, one outside of it
 * cannot have.
 *
 * Updating a link exchanges a program inside of the list that running calls go through (kernel/bpf/cgroup.c
 * replace_effective_prog()). While only updates happen, a call may so meet an older program first and newer
 * ones behind it, a "mixed" chain that no state had. It may never meet a newer one first.
 */
#ifndef ROUND_H
#define ROUND_H

#include "../base/buf.h"
#include "expect.h"
#include "world.h"

#define ROUND_OPS     16384 /* a round ends after so many operations, or when its time is over */
#define ROUND_THREADS 64
#define ROUND_SIZES   4

/* Rules that are wrong on purpose, for tests: each must be noticed. */
enum race_wrong {
	RACE_RIGHT,
	RACE_WRONG_NEW,	 /* a call sees what is attached when it ends */
	RACE_WRONG_OLD,	 /* a call sees what was attached when it began */
	RACE_WRONG_MIX,	 /* no call meets a mixed chain */
	RACE_WRONG_BACK, /* mixed chains are taken the other way round: newer ones first */
	RACE_WRONG_LATE, /* the kernel: operations take effect after they have ended */
	RACE_WRONG_LEAK, /* the harness: a program, a link, a cgroup and an fd stay */
	RACE_WRONG_COUNT,
};

struct race_counts {
	uint64_t rounds, calls[HOOK_COUNT], operations, refused;
	uint64_t size[ROUND_SIZES];   /* calls by states in their range: 1, 2, 3 to 8, more */
	uint64_t overlapped;	      /* calls whose states differ in what they give... */
	uint64_t saw_first, saw_last; /* ... that gave what only the first, or only the last one, does */
	uint64_t mixed;		      /* calls that met a mixed chain */
	uint64_t early; /* EFAULT of getsockopt while its first program is attached (before 6.11) */
	uint64_t findings;
};

/* A result that is not allowed; all borrowed. Lists are lines, each with its '\n'. */
struct race_finding {
	const char *text; /* all of it, for people */
	const char *scene;
	uint64_t seed, round;
	const char *what;     /* "call 7 of thread 1, getsockopt on a socket of a/b", "operation 5" */
	unsigned clause;      /* of an operation; C_NONE: a call, which has a set of states */
	const char *got;      /* in words */
	const char *want;     /* what is allowed: a list */
	const char *schedule; /* the operations around it, by number; `*`: those of the states */
};

/* Adds n to *to. */
void race_counts_add(struct race_counts *to, const struct race_counts *n);

struct round_opts {
	const struct attach_epoch *epoch;
	uint64_t seed, round;
	double seconds;
	unsigned threads;
	bool early;	    /* the kernel has the race of round.c is_early() */
	uint8_t wrong;	    /* enum race_wrong */
	uint8_t wrong_rule; /* enum tree_wrong */
	bool stop_at_finding;
	/* Gets a finding; calls do not overlap. */
	void (*finding)(void *arg, const struct race_finding *f);
	void *arg;
};

/*
 * Runs a round in an open world and adds to *n. Returns 0, also with findings; -errno with a sentence in
 * w->error: the harness failed. e and r are the caller's: large.
 */
int round_run(struct world *w, struct expect *e, struct scene_run *r, const struct scene *scene,
	      const struct round_opts *o, struct race_counts *n);

#endif
