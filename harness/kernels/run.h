/* SPDX-License-Identifier: MIT */
/* Runs a program of the system and keeps what it prints. */
#ifndef KERNELS_RUN_H
#define KERNELS_RUN_H

#include <stdbool.h>
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
	bool group; /* set before run_start: it starts programs of its own, which go with it (run_in_group) */
};
int run_start(struct run_child *c, const char *const *argv);
int run_end(struct run_child *c);

/*
 * In a child that fork() has just made, before it executes a program that starts others: make, a shell. The
 * program becomes a process group of its own, whose keeper is the child: it waits for the program, ends as
 * that does, and asks all of the group to end (SIGTERM, after two seconds SIGKILL) when it gets SIGTERM
 * itself or when `parent`, the process that called fork(), is gone, killed or not. Returns in the program's
 * process, whose standard input must not be a terminal; false if there can be no such process.
 */
bool run_in_group(pid_t parent);

/* Asks the group that run_start has started last to end. Does nothing if there is none. For signal handlers.
 */
void run_stop(void);

#endif
