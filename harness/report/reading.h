/* SPDX-License-Identifier: MIT */
/*
 * Reports read back: any number of files, each a kernel's, as one grid. A file is the report.jsonl of a run,
 * a sweep or a fuzz, several of them one after the other, or a kernel's *.jsonl of a matrix. A folder is that
 * of a run (its report.jsonl) or of a matrix (every *.jsonl in it). "-" is standard input.
 *
 * Nothing is trusted: a file has at most READING_BYTES, a line at most 4 MiB, and a column its own limits.
 */
#ifndef READING_H
#define READING_H

#include "grid.h"

#define READING_KERNELS 256
#define READING_BYTES	(1ull << 30)

struct reading {
	struct grid grid;
	struct waivers waivers;	     /* grid.waivers: of all columns; the texts are theirs */
	struct column **column;	     /* grid.column; owned, as each of them */
	char *file[READING_KERNELS]; /* where column i was read; owned */
	unsigned n;
};

/* Empty. reading_fini frees what it holds. */
void reading_init(struct reading *r);
void reading_fini(struct reading *r);

/*
 * Adds what stands at path. 0, or -errno with one sentence in why (what is wrong, what was expected) and
 * nothing added: also -EINVAL for a file without any record of ours, -EFBIG, -E2BIG for too many kernels.
 */
int reading_add(struct reading *r, const char *path, char *why, size_t size);

/*
 * To be called once, when all is added: oldest kernel first; columns of the same kernel stay in the order in
 * which they were added. The grid gets their waivers, and as its time that of the last run that began: a
 * waiver has expired if it had then. 0 or -ENOMEM.
 */
int reading_finish(struct reading *r);

#endif
