/* SPDX-License-Identifier: MIT */
/*
 * Takes the files of a kernel out of a Debian package, and nothing else: the image, its configuration and the
 * modules that a test may want. Names, types and sizes in the package are not trusted.
 */
#ifndef DEB_H
#define DEB_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What unpacking found out. Zeroed by the caller; several packages of one kernel add to the same record. */
struct deb_kernel {
	char package[128]; /* of the last package: its control file */
	char version[96];
	char architecture[32];
	char release[65]; /* the name of its folder below lib/modules; the packages must agree */
	bool image;	  /* DIR/vmlinuz is there */
	unsigned modules; /* files *.ko* in DIR/lib/modules/RELEASE */
	unsigned long long bytes;
};

/*
 * Reads only the control file of a package: package, version, architecture. Returns 0 or -errno with why.
 */
int deb_control(const char *path, struct deb_kernel *k, char *why, size_t n);

/*
 * Unpacks to dir, which exists: vmlinuz, config, lib/modules/RELEASE. Existing files are never replaced: a
 * second image is an error. Returns 0, or -errno with one sentence in why: -EBADMSG for a damaged or hostile
 * package, -EFBIG if it is beyond the limits, -ENOSPC and the like.
 */
int deb_unpack(const char *path, const char *dir, struct deb_kernel *k, char *why, size_t n);

/*
 * Reads the one file of a package whose path begins so (without "./"): fn gets an archive that stands at its
 * data, and what it returns ends the reading. Returns that, or -errno with why; -ENOENT if there is none.
 */
struct archive;
int deb_file(const char *path, const char *prefix, int (*fn)(struct archive *a, void *arg), void *arg,
	     struct deb_kernel *k, char *why, size_t n);

/* A reader for archive_read_open() whose data is the current file of another archive. */
ssize_t deb_feed(struct archive *inner, void *arg, const void **block);

#endif
