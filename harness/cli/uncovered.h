/* SPDX-License-Identifier: MIT */
/* Inside of `hookdiff clauses` only: the catalogue against the corpus. */
#ifndef UNCOVERED_H
#define UNCOVERED_H

#include "../base/buf.h"
#include "opts.h"

/* --uncovered: operands are directories of cases. Returns the exit code. */
int uncovered(struct cli *cli);

/* Appends a set of profiles (bit i: the i-th), kernels as ranges: "v5.3..v5.8 doc". */
void uncovered_print_profiles(uint32_t set, struct buf *b);

#endif
