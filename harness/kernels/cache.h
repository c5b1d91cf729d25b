/* SPDX-License-Identifier: MIT */
/*
 * Where unpacked kernels are kept: XDG_CACHE_HOME/hookdiff/kernels (else ~/.cache/...), one folder a kernel:
 *
 *	VERSION_FLAVOUR/vmlinux        or vmlinuz, where the vmlinux cannot be had or not be booted: the file
 *to boot VERSION_FLAVOUR/config VERSION_FLAVOUR/lib/modules/R  the modules that tests want, with modules.dep
 *	VERSION_FLAVOUR/info           written last; says what the rest is
 *	deb_PATH_CONTENT/...           the same of a folder of packages (deb:DIR), the last content only
 *	VERSION_FLAVOUR.lock, .tmp     while it is made: the folder gets its name by a rename when it is whole
 *	apt/                           lists of packages
 *
 * Packages are deleted once they are unpacked. Nothing is ever removed by itself: an archive forgets kernels.
 */
#ifndef KERNELS_CACHE_H
#define KERNELS_CACHE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "image.h"

/* What info says. */
struct cache_info {
	char name[160]; /* of the folder */
	char version[96], flavour[16], suite[64], release[65], boot[16];
	unsigned long long boot_size; /* of the file; another size is not believed */
	unsigned modules;
};

/*
 * The folder of the cache, made if need be. Returns 0, or -errno with why. cache_folder: one beside it, for
 * what is not fetched as it is: sources, builds.
 */
int cache_dir(char *dir, size_t n, char *why, size_t why_n);
int cache_folder(const char *kind, char *dir, size_t n, char *why, size_t why_n);

/* Reads a cached kernel. False if it is not there, or not whole. */
bool cache_find(const char *dir, const char *name, struct cache_info *info);

/* All whole kernels, in no order. Freed with free(). */
struct cache_info *cache_all(const char *dir, size_t *n);

/* Removes what processes that were killed left half made. */
void cache_sweep(const char *dir);

/* Writes info to a folder that is being made. Returns 0 or -errno. */
int cache_write_info(const char *folder, const struct cache_info *info);

/* Fills boot, modules, release and version. */
void cache_image(const char *dir, const struct cache_info *info, struct kernel_image *im);

#endif
