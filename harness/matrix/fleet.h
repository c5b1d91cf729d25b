/* SPDX-License-Identifier: MIT */
/* Runs the jobs of a matrix, several at once, each in a process of its own, and reads what they write. */
#ifndef FLEET_H
#define FLEET_H

#include <stdio.h>

#include "../report/column.h"
#include "job.h"

/*
 * Runs all n jobs, at most `workers` at a time, and fills column[i] from the file of job i while it grows.
 * progress (stderr, or NULL): one line for each step of a kernel, and on a terminal what runs now. SIGINT and
 * SIGTERM are passed on to the jobs; those that did not begin end in ERROR. A job that dies is an ERROR of
 * its column, the others go on. True if a signal ended it.
 */
bool fleet_run(const struct job *job, struct column *column, unsigned n, unsigned workers, FILE *progress);

#endif
