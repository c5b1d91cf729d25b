/* SPDX-License-Identifier: MIT */
/* Runs a program of the system and keeps what it prints. */
#ifndef KERNELS_RUN_H
#define KERNELS_RUN_H

#include "harness/base/buf.h"

/*
 * Runs argv (argv[0] is looked up in PATH) in the C locale with no standard input, and adds its stdout and
 * stderr to *out, a MiB at most. The program dies with us. Returns its exit status, 128 + N after signal N,
 * or -errno if it could not be started.
 */
int run_program(const char *const *argv, struct buf *out);

#endif
