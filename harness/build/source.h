/* SPDX-License-Identifier: MIT */
/*
 * The source of a kernel by a name: a series or version (linux-source-SERIES of the Debian archive), a
 * tarball, or a tree. The first two are unpacked once, below XDG_CACHE_HOME/hookdiff/sources, without what no
 * configuration of ours compiles.
 */
#ifndef BUILD_SOURCE_H
#define BUILD_SOURCE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/kernels/image.h"

struct source_tree {
	char dir[PATH_MAX - 128];
	char name[96]; /* for people and for names of folders: 7.2.13-1, linux-7.3-rc2, my-tree */
	char id[288];  /* its content; "" of a tree, which is its owner's and may change any time */
};

/* Finds it, fetching and unpacking it if need be. Long work is told on stderr unless quiet. */
enum image_status source_get(const char *spec, struct source_tree *t, bool quiet, char *why, size_t n);

/* Finds the archive's source of a series or version if it is unpacked already; nothing is fetched. */
bool source_unpacked(const char *version, struct source_tree *t);

/* "7.2.13" of the Makefile of a tree. False: it is none. */
bool source_version(const char *dir, char *version, size_t n);

/* Whether some Kconfig of a tree declares an option, CONFIG_ and all. Reads all of them. */
bool source_knows(const char *dir, const char *option);

/*
 * Whether a Kconfig of a tree (file is its path there) declares an option, without CONFIG_, with a line
 * "depends on" that is `on` and no more. False if there is no such file.
 */
bool source_depends(const char *dir, const char *file, const char *option, const char *on);

#endif
