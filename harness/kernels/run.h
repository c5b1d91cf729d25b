/* SPDX-License-Identifier: MIT */
/* Runs a program of the system and keeps what it prints. */
#ifndef KERNELS_RUN_H
#define KERNELS_RUN_H

#include <sys/types.h>

#include "harness/base/buf.h"

/*
 * Runs argv (argv[0] is looked up in PATH) in the C locale with no standard input, and adds its stdout and
 * stderr to *out, a MiB at most. The program dies with us. Returns its exit status, 128 + N after signal N,
 * or -errno if it could not be started.
 */
int run_program(const char *const *argv, struct buf *out);

/*
 * The same for output that is read while it comes: from c->output, until its end. Returns 0, or -errno if the
 * program could not be started. run_end waits for it and returns as run_program does.
 */
struct run_child {
	pid_t pid;
	int output;
};
int run_start(struct run_child *c, const char *const *argv);
int run_end(struct run_child *c);

#endif
