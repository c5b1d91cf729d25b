/* SPDX-License-Identifier: MIT */
/*
 * Two reports of one kernel, or of two kernels, side by side: which clauses, cases and findings (rows.h) were
 * added, deleted, changed; what became worse or better; and what of that the contract itself explains:
 *
 * - a clause that begins or ends between the profiles that the two sides are held to
 * - with --profile: a divergence where the kernels' own profiles differ, or where the kernel does what its
 * own profile says
 * - a divergence that the waiver file knows
 *
 * Worse is: PASS before XFAIL before INCONCLUSIVE and ERROR before FAIL. SKIP is neither better nor worse.
 */
#ifndef DELTA_H
#define DELTA_H

#include "../base/buf.h"
#include "rows.h"

enum delta_change { DELTA_ADDED, DELTA_DELETED, DELTA_CHANGED, DELTA_UNCHANGED, DELTA_CHANGES };

struct delta_row {
	enum delta_change change;
	const struct row *old, *new; /* NULL: there is none */
	bool improved, regressed;
	char expected[96]; /* why; "": it is not */
};

struct delta_pair {
	const struct column *old, *new;
	struct rows old_rows, new_rows;
	struct delta_row *row; /* by id; owned */
	size_t n, common;
	bool old_partial, new_partial;	/* that side has no record of each case: none is added or deleted */
	size_t count[2][DELTA_CHANGES]; /* clauses, and everything else */
	size_t improved[2], regressed[2], expected[2], unexpected;
};

struct delta {
	struct delta_pair *pair; /* owned */
	unsigned n;
	const struct column **only_old, **only_new; /* kernels that the other side has not; owned */
	unsigned n_old, n_new;
};

void delta_init(struct delta *d);
void delta_fini(struct delta *d);

/* Adds two kernels, which must outlive it. 0 or -ENOMEM. */
int delta_pair(struct delta *d, const struct column *old, const struct column *new);

/* Pairs what belongs together: the same spec, else the same release; two single kernels whatever they are. */
int delta_grids(struct delta *d, const struct grid *old, const struct grid *new);

/* 0: no unexpected regression, 1: some, 2: nothing could be compared. */
int delta_exit(const struct delta *d);

/* all: also what did not change. */
void delta_text(struct buf *out, const struct delta *d, bool all);
void delta_json(struct buf *out, const struct delta *d);

#endif
