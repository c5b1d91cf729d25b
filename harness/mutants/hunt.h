/* SPDX-License-Identifier: MIT */
/*
 * One kernel that may hold a bug: runs what hookdiff has, cheapest first, until something differs. So a bug
 * that the corpus sees costs a second, and only what nothing sees costs the whole of it.
 */
#ifndef HUNT_H
#define HUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/base/buf.h"
#include "harness/kernels/image.h"

struct hunt {
	const struct kernel_image *im;
	const char *cases;   /* folder: the corpus */
	uint64_t seconds;    /* of `fuzz`, the last stage */
	const char *profile; /* name; NULL: that of the release */
	const char *log;     /* file that gets every line that the commands print; NULL: none */
};

enum hunt_end {
	HUNT_NOTHING, /* everything agrees: it survived */
	HUNT_CAUGHT,
	HUNT_FAILED, /* it did not boot, or died without a case to blame: why */
	HUNT_INTERRUPTED,
};

struct hunt_result {
	enum hunt_end end;
	char stage[24];	 /* which caught it, or in which it ended: corpus, sweep, ... */
	char clause[48]; /* "" if no clause was named */
	char where[512]; /* path of the case, or its number */
	char why[256];
	uint64_t cases; /* that were run in that stage before, with this one */
	double boot;	/* seconds to the guest's first word */
	double seconds; /* from then to the catch, or to the end */
};

/*
 * Reads one line of those that a command prints with --json (n bytes), which counts if it is a case. True if
 * that failed: r has its clause and where it is, a path below cwd without it.
 */
bool hunt_line(struct hunt_result *r, const char *cwd, const char *line, size_t n);

void hunt_run(const struct hunt *h, struct hunt_result *r);

#endif
