/* SPDX-License-Identifier: MIT */
/*
 * The columns of a matrix side by side: what stands in each cell, where a change between neighbours is
 * expected, and the verdict of the whole. table.h prints it, document.h writes it as JSON.
 */
#ifndef GRID_H
#define GRID_H

#include "../base/buf.h"
#include "change.h"
#include "waivers.h"
#include "column.h"

enum cell {
	CELL_OK,
	CELL_FAIL,
	CELL_XFAIL,  /* differs, and the waiver file knows it */
	CELL_ABSENT, /* the clause does not hold in the kernel's profile */
	CELL_SKIP,   /* the kernel, or every case about the clause, was skipped */
	CELL_UNSURE, /* the clause holds here, but no call reached it or no control shows that the hook ran */
	CELL_ERROR,  /* the kernel came to a bad end before this could be known */
	CELL_COUNT,
};

struct grid {
	struct column **column; /* oldest first; grid_sort */
	unsigned n;
	const struct waivers *waivers; /* NULL: none */
	const char *waivers_path;      /* NULL: it is not known, the waivers are from records */
	int64_t now;		       /* seconds since 1970: for expired waivers */
	bool seed_given;
	uint64_t seed;
};

void grid_sort(struct grid *g);

const char *cell_word(enum cell c); /* ok, FAIL, xfail, -, skip, ?, err */

enum cell grid_cell(const struct column *c, unsigned clause);

/* Between column i and the next one, by the profiles of their releases (not one forced by --profile). */
enum change grid_change(const struct grid *g, unsigned i, unsigned clause);

/* Does the outcome change between column i and the next one although no change is expected? */
bool grid_unexpected(const struct grid *g, unsigned i, unsigned clause);

/* PASS, FAIL, SKIP, INCONCLUSIVE, ERROR of one kernel, and a few words on it; text is appended to why. */
const char *column_verdict(const struct column *c, struct buf *why);

/*
 * The whole: a failure or an unexpected change outweighs an error, that an inconclusive kernel; all kernels
 * skipped is SKIP. *code (may be NULL): 0 something agrees and nothing else happened, 1 a failure, 2 the
 * rest.
 */
const char *grid_verdict(const struct grid *g, int *code);

/* Uses of a waiver in all columns; *judged: a kernel that it is for ran to its end. */
uint64_t grid_waiver_used(const struct grid *g, const struct waiver *w, bool *judged);

/* The waiver that excuses a finding of verdict XFAIL, or NULL. */
const struct waiver *grid_waiver(const struct grid *g, const struct column *c,
				 const struct column_finding *f);

#endif
