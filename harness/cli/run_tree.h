/* SPDX-License-Identifier: MIT */
/* Cases with operations of the command run: the slow lane, opened for the first of them. */
#ifndef RUN_TREE_H
#define RUN_TREE_H

#include "../campaign/operate.h"
#include "casefile.h"
#include "session.h"

struct run_tree {
	struct session *s;
	struct backend *b;
	struct lane *lane; /* NULL: not needed yet */
	struct operate o;
	struct op_result res;
};

/*
 * Runs one. The verdict; V_FAIL, V_SKIP and V_ERROR with the reason in q->res.why. A failure is made smaller
 * and written to the findings folder, its name to stem.
 */
enum verdict run_tree(struct run_tree *q, const struct casefile *f, char *stem, size_t size);

/* Runs one and does nothing about what it shows. */
enum verdict run_tree_once(struct run_tree *q, const struct casefile *f);
void run_tree_close(struct run_tree *q);

/* Adds its clauses and counts to those of the run, and ends it. */
void run_tree_end(struct run_tree *q, struct clause_stat *stat, struct report_totals *t);

#endif
