/* SPDX-License-Identifier: MIT */
/* What image_get() could fetch or has at hand, as a table: the newest version of each series, or all of them.
 */
#ifndef CATALOG_H
#define CATALOG_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "harness/base/buf.h"

#include "cache.h"
#include "listing.h"

enum { LISTS_LAST = 86400 }; /* seconds until package lists are fetched again */

struct catalog_row {
	char spec[128], version[96], flavour[16], suite[64];
	bool cached;
	bool missing; /* not all of its packages are listed any more: no modules, if it can be had at all */
	unsigned long long size; /* on this disk if it is cached, else to fetch */
};

struct catalog {
	struct catalog_row *row; /* oldest first; owned */
	size_t n;
	time_t when;	    /* of the package lists; 0: none */
	char dir[PATH_MAX]; /* of the cache */
	struct buf notes;   /* what apt-get had to say when it fetched the lists */
};

/*
 * Reads it; fetches lists that are absent, a day old, or not to be trusted (refresh). Returns 0, or -1 with
 * why when there is nothing to show. why may also be filled on success: the lists are old, and the reason.
 */
int catalog_read(struct catalog *c, bool refresh, bool all, bool quiet, char *why, size_t n);
void catalog_fini(struct catalog *c);

/*
 * The rows of two names as of image.h, debian:6.12.94 or debian:6.12: what each of them stands for. The rows
 * between are every version between the two, in Debian's order, if the catalogue was read with all.
 * *to may be below *from. False with one sentence in why.
 */
bool catalog_between(const struct catalog *c, const char *from, const char *to, size_t *from_row,
		     size_t *to_row, char *why, size_t n);

/*
 * The listed kernels with those that are only in the cache, newest first. Borrows from both; freed with
 * free(). NULL: out of memory.
 */
struct kernel *catalog_merge(const struct listing *l, const struct cache_info *cached, size_t n_cached,
			     size_t *n);

#endif
