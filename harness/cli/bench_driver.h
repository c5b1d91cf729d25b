/* SPDX-License-Identifier: MIT */
/* The rows of `hookdiff bench` that are about fuzz_oracle under its engine (docs/fuzzing.md, Speed). */
#ifndef BENCH_DRIVER_H
#define BENCH_DRIVER_H

#include <stdbool.h>

/*
 * Runs the fuzz_oracle of each set of drivers beside this program with one case an execution and with eight,
 * and prints executions and cases in a second of CPU time. Prints SKIP with the remedy where there is none.
 */
void bench_drivers(bool json);

#endif
