/* SPDX-License-Identifier: MIT */
/*
 * A grid for people: one row a clause, one column a kernel, at most 110 columns of text wide (more kernels
 * make a second block). Between two kernels stands `>` where their profiles promise a change and `!` where
 * the outcome changes without one. Below it: those changes in words, every finding with the profiles that the
 * kernel behaves like, what was skipped or broke, waivers that are of no use, times, and the verdict.
 */
#ifndef TABLE_H
#define TABLE_H

#include "../report/grid.h"

/* all: also clauses that hold in no column, and how many calls are behind each cell. */
void table_format(struct buf *out, const struct grid *g, bool all);

/* The parts of it that tests look at. */
void table_rows(struct buf *out, const struct grid *g, bool all);
void table_changes(struct buf *out, const struct grid *g);
void table_waivers(struct buf *out, const struct grid *g);

#endif
