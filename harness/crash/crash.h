/* SPDX-License-Identifier: MIT */
/*
 * From a kernel that crashed to a finding: takes the complaint out of what the guest said, names its source
 * lines, runs what ran again on fresh guests of the same kernel, makes it small (each crash costs a boot),
 * and writes a folder below the findings (docs/findings.md). Everything that the guest said is hostile.
 *
 * A crash of a current kernel is sensitive: the findings folder is git-ignored, and neither its cases nor its
 * reproducer belong into the corpus.
 */
#ifndef CRASH_H
#define CRASH_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "../base/buf.h"
#include "../case/tcase.h"

#define CRASH_STEM  96
#define CRASH_CASES 160 /* at most so many may have run before it */

/*
 * A machine that cases are run on, again and again; crash_vm_lab() is the real one, tests have others.
 * run: a fresh machine runs tc[0..n) in order, each on sockets of its own. Returns the number of the case
 * during which the kernel complained, n if it lived through all of them, or -1 if the machine could not be
 * had (a hang counts as lived through: it says nothing). What it said is appended to *said.
 */
struct crash_lab {
	int (*run)(void *arg, const struct tcase *const *tc, unsigned n, double seconds, struct buf *said);
	void *arg;
};

struct crash_opts {
	const char *spec; /* --kernel, for the command that repeats it */
	const char *elf;  /* the kernel's file with its symbols; NULL: none. Of struct kernel_image: boot */
	const char *release; /* uname -r of the guest; "" if it never said so */
	const char *profile; /* --profile of the run, for the same command */
	const char *folder;  /* the findings folder; it is made if it is not there */
	const char *known;   /* one more folder whose findings are not made again; NULL: none */
	unsigned seconds;    /* for everything; 0: CRASH_SECONDS. The folder is written in any case */
	unsigned reruns;     /* of the smallest case; 0: CRASH_RERUNS */
	const volatile sig_atomic_t *stop; /* not 0: nothing more is run, what is known is written; NULL */
	unsigned suspects;	     /* so many of the last cases may be the one that ran; 0: the last one */
	unsigned attempts;	     /* runs of all cases before it is given up to see it again; 0: 2 */
	const struct crash_lab *lab; /* NULL: nothing is run, the finding is what is known already */
	/* What ran as a text that is no ordinary case (one with operations), or NULL. Written as it is. */
	const char *text;
	/* Called now and then with one sentence; NULL: nobody looks. */
	void (*progress)(void *arg, const char *what);
	void *arg;
};
#define CRASH_SECONDS 120
#define CRASH_RERUNS  3

enum crash_status {
	CRASH_WRITTEN, /* a new folder */
	CRASH_KNOWN,   /* one of that signature is there already: nothing was run */
	CRASH_NONE,    /* the kernel said nothing that is a complaint */
	CRASH_FAILED,  /* the folder could not be written: why */
};

struct crash_result {
	char stem[CRASH_STEM];	   /* name of the folder */
	char headline[256];	   /* the complaint's first line, safe to print */
	unsigned cases;		   /* that it takes: 0 if it was not seen again */
	unsigned reruns, recurred; /* the smallest case or cases on fresh machines */
	unsigned boots;		   /* of all this */
	bool minimal;		   /* the shrinker came to its end */
	char why[200];
};

/*
 * said: the console or the log, any bytes. cases: what ran, in order, the suspect last; n may be 0 and is at
 * most CRASH_CASES (of more the last ones count). Safe in a forked process; not for several threads at a
 * time.
 */
enum crash_status crash_investigate(const struct crash_opts *opts, const char *said, size_t n_said,
				    const struct tcase *const *cases, unsigned n, struct crash_result *r);

/*
 * The cases that fuzz_kernel runs of an input (mutate/batch.h), as it runs them (mutate/fit.h): returns how
 * many, each to be freed by the caller. Of a driver that was unlocked also those that can hurt a machine, if
 * safe_unlock() (case/safe.h) says so here.
 */
unsigned crash_cases_of(const void *input, size_t n, struct tcase *out[CRASH_CASES]);

#endif
