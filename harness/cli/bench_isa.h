/* SPDX-License-Identifier: MIT */
/* The row of `hookdiff bench` for the interpreter of oracle/isa. Needs no root. */
#ifndef BENCH_ISA_H
#define BENCH_ISA_H

#include <stdbool.h>

/* Measures and prints the row; false: out of memory, or the loop did not end with its result. */
bool bench_isa(bool json);

#endif
