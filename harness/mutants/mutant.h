/* SPDX-License-Identifier: MIT */
/*
 * Bugs that are put into a kernel on purpose: kernels/mutants/NAME.patch, one small bug each. Lines before
 *the diff say what it is:
 *
 *	What: what breaks, for whom
 *	Equivalent: why no call can tell it from the original        (then it need not be caught)
 */
#ifndef MUTANT_H
#define MUTANT_H

#include <limits.h>
#include <stddef.h>

struct mutant {
	char name[64]; /* of the file, without .patch */
	char path[PATH_MAX];
	char what[200];
	char equivalent[200]; /* "" if it is to be caught */
};

struct mutants {
	struct mutant *m;
	unsigned n;
};

/*
 * Reads a folder, sorted by name; with names, only those whose name begins so. Returns 0, or -errno with one
 * sentence in why: no folder, a patch without What:, a name that none begins with.
 */
int mutants_read(struct mutants *all, const char *dir, const char *const *name, unsigned n_names, char *why,
		 size_t n);
void mutants_fini(struct mutants *all);

#endif
