/* SPDX-License-Identifier: MIT */
/* Runs make (or another program of a build) with a log file and a line of progress. */
#ifndef BUILD_MAKE_H
#define BUILD_MAKE_H

#include <stdbool.h>
#include <stddef.h>

struct make_run {
	const char *const *argv; /* argv[0] is looked up in PATH */
	const char *log;	 /* file that all output is added to */
	const char *doing;	 /* "building 7.2.13-1"; NULL: nothing is told */
	unsigned done;		 /* objects that were made, so far */
};

/*
 * Runs it to its end; it and all that it starts die with us. Returns its exit status, 128 + N after signal N,
 * or -errno if it could not be started. If it fails, why gets the first line that says an error, or its last.
 */
int make_run(struct make_run *r, char *why, size_t n);

/* Whether a program is in PATH. */
bool make_has(const char *program);

#endif
