/* SPDX-License-Identifier: MIT */
/* Which case it was, and the smallest one: questions to a machine that dies of the right answer. */
#ifndef CRASH_HUNT_H
#define CRASH_HUNT_H

#include "crash.h"
#include "splat_text.h"

struct hunt {
	const struct crash_lab *lab;
	const char *signature;		   /* the crash that is looked for; another one does not count */
	double deadline;		   /* of clock_now() */
	const volatile sig_atomic_t *stop; /* not 0: there is no time left; NULL: nobody sets it */
	unsigned boots;
	void (*progress)(void *arg, const char *what);
	void *arg;
	/* What is found: owned copies, in order. */
	struct tcase *tc[CRASH_CASES];
	unsigned n;
	bool minimal;
};

/* Runs tc[0..n) on a fresh machine. The number of the case that the crash belongs to; n: it was not seen. */
unsigned hunt_first(struct hunt *h, const struct tcase *const *tc, unsigned n);

/*
 * Sees it again with as few of cases[0..n) as it takes: h->tc, h->n (0: it was not seen again). One of the
 * last `suspects` (0: 1) ran when it crashed.
 */
void hunt_cases(struct hunt *h, const struct tcase *const *cases, unsigned n, unsigned suspects,
		unsigned attempts);

/*
 * Makes the only case small. Several candidates share a machine: the next ones are those that the shrinker
 * will propose if the machine lives through the earlier ones. What comes out crashed a machine on which no
 * other case ran before, or is the case as it was.
 */
void hunt_shrink(struct hunt *h);

/* How often h->tc crashes a fresh machine in so many runs. */
unsigned hunt_again(struct hunt *h, unsigned runs, unsigned *done);

void hunt_fini(struct hunt *h);

#endif
