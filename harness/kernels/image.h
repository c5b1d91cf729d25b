/* SPDX-License-Identifier: MIT */
/*
 * A kernel to boot, by a name that people use: debian:6.12 (newest of that series in the archive),
 * debian:6.12.95-1 (that package version), deb:DIR (package files at hand), build:NAME (made by hookdiff
 * kernel build; without the hash at its end the newest of its source and kind), or the path of a bzImage, a
 * vmlinux or a built tree. Packages are fetched by apt with a state directory of our own, unpacked below
 * XDG_CACHE_HOME/hookdiff/kernels, and never installed.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct kernel_image {
	char spec[128];	     /* as it was asked for */
	char version[96];    /* of the package, 6.12.117-1~deb12u1; "" for a path */
	char release[65];    /* what uname -r will say; "" if the image does not tell */
	char boot[PATH_MAX]; /* the file to boot: an unpacked vmlinux where there is one, else the bzImage */
	char modules[PATH_MAX]; /* its lib/modules/RELEASE folder; "" if there is none */
	bool uml;		/* boot is a program of this machine: no QEMU */
	bool fetched;		/* false: everything came from the cache or from the path */
};

enum image_status {
	IMAGE_OK,
	IMAGE_SKIP,  /* this machine cannot get it now: no longer listed, no network. why says the remedy */
	IMAGE_ERROR, /* a name that means nothing, a damaged package, a full disk */
};

/*
 * Whether spec can name an image: the form of debian: and deb: names, the presence of a file. A caller with
 * many can so refuse a typing error before it boots the first. False with one sentence in why.
 */
bool image_spec_valid(const char *spec, char *why, size_t n);

/* Finds the image, fetching it if it is not cached. Long work is told on stderr unless quiet. */
enum image_status image_get(const char *spec, struct kernel_image *im, bool quiet, char *why, size_t n);

#endif
