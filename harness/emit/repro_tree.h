/* SPDX-License-Identifier: MIT */
/*
 * A case with operations as a stand-alone C program: repro.h, with the operations of runtime/tree.c. What
 * each step must do is given as plain numbers, for who emits knows no rules.
 */
#ifndef REPRO_TREE_H
#define REPRO_TREE_H

#include "../base/buf.h"
#include "../case/tree.h"
#include "wanted.h"

#define REPRO_PROGS 64 /* of a query or call that are compared */

struct repro_step {
	bool known;	    /* false: nothing is compared */
	bool either;	    /* ret or other */
	int32_t ret, other; /* 0 or -errno; calls: not looked at */
	/* Of a query that answers. */
	bool answers, has_revision;
	uint32_t flags, count, revision, entry_flags;
	unsigned n; /* programs that are listed, or that run for the call */
	uint8_t progs[REPRO_PROGS];
};

/* Large. Strings and the case are borrowed, the wants of calls are its own. */
struct repro_tree {
	const struct tree *t;
	const char *title, *text, *origin; /* repro.h */
	bool record;			   /* programs write down that they ran, and that is compared */
	bool has_retval_helpers;
	unsigned n_steps; /* the first of t's; the others are left out */
	struct repro_step step[TREE_MAX_STEPS];
	struct wanted call[TREE_MAX_CALLS];
};

/* Are all sockets made in a way that the C program knows? Not those of other programs, threads, namespaces.
 */
bool repro_tree_can(const struct repro_tree *r);

/* Appends the C program of a case for which that is so. */
void repro_tree_print(const struct repro_tree *r, struct buf *out);

void repro_tree_fini(struct repro_tree *r);

#endif
