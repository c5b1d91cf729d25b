/* SPDX-License-Identifier: MIT */
/* The kernels that build_kernel() has kept, as a table: the newest of each name, or all of them. */
#ifndef BUILD_KEPT_H
#define BUILD_KEPT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct kept_build {
	char spec[176]; /* build:NAME boots it; of the newest of a name without its hash, unless all are asked
			   for */
	char version[96], flavour[16], release[65];
	char folder[PATH_MAX];
	unsigned long long size; /* of the folder, in bytes */
	time_t when;
};

/*
 * Reads them, by name, the newest of a name first. No folder is none. Returns 0, or -errno with one sentence
 * in why. *rows is freed with free().
 */
int kept_builds(struct kept_build **rows, size_t *n_rows, bool all, char *why, size_t n);

#endif
