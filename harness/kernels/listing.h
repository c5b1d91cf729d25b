/* SPDX-License-Identifier: MIT */
/*
 * The kernels of an archive, from its lists of packages: which there are, which packages make one up, and
 * which of them a name means. Pure data: nothing is fetched here (apt.h does).
 */
#ifndef LISTING_H
#define LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/buf.h"

struct package {
	char *name, *version, *suite, *base, *file, *sha256, *depends; /* base + file is its URI */
	uint64_t size;
};

/* Owns the packages. */
struct listing {
	struct package *p;
	size_t n, cap;
	bool failed; /* out of memory */
};

enum { KERNEL_PACKAGES = 8 };

/* One version of one flavour. Borrows from the listing that it was made of. */
struct kernel {
	char flavour[16]; /* "cloud-amd64" or "amd64" */
	const char *version, *suite;
	const struct package *package[KERNEL_PACKAGES];
	unsigned n;
	char missing[128]; /* the first package that it depends on and that is not listed; "" if it is
			      complete */
	bool cached;	   /* it is here already (the caller sets this) */
	uint64_t size;	   /* sum of the packages to fetch */
};

/*
 * Packages is a list as the archive has it: stanzas of "Field: value". Text may come in pieces: *carry keeps
 * what is not a whole stanza yet. last: nothing follows.
 */
void listing_add(struct listing *l, struct buf *carry, const char *text, size_t n, const char *suite,
		 const char *base, bool last);

/* Our own short form of a listing, one line a package, and back. False if the text is not one. */
void listing_print(const struct listing *l, struct buf *out);
bool listing_parse(struct listing *l, const char *text);

void listing_fini(struct listing *l);

/* All kernels of the listing, newest first. Freed with free(). NULL with *n 0 if there are none. */
struct kernel *listing_kernels(const struct listing *l, size_t *n);

/*
 * Whether a version of a package is what was asked for: a series (6.12), an upstream version
 * (6.12.117, 7.3-rc7 or 7.3~rc7) or the version itself.
 */
bool version_matches(const char *wanted, const char *version);

/* Whether text can name a version at all. */
bool version_valid(const char *wanted);

/*
 * The kernel that a name means: the newest that matches, in the cloud flavour if there is one. A kernel that
 * is complete, or cached, is better than a newer one with packages missing. NULL: none matches.
 */
const struct kernel *listing_choose(const struct kernel *k, size_t n, const char *wanted);

/* The newest package of kernel sources that a name means, as of version_matches(). NULL: none. */
const struct package *listing_source(const struct listing *l, const char *wanted);

/* The package with the debug information of a kernel, by what uname -r says and the version of its package.
 * NULL: none is listed. */
const struct package *listing_debug(const struct listing *l, const char *release, const char *version);

/* The series of a version: "6.12" of 6.12.117-1~deb12u1. */
void version_series(const char *version, char *series, size_t n);

#endif
