/* SPDX-License-Identifier: MIT */
/*
 * A kernel of our own: a source (source.h) in the smallest configuration that has everything that cases
 * exercise (fragment.h), with patches. The result is kept by its content below XDG_CACHE_HOME/hookdiff/builds
 * and booted as build:NAME; of a tree, which changes as its owner likes, it stays where it was built.
 */
#ifndef BUILD_H
#define BUILD_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/kernels/image.h"

struct build_recipe {
	const char *source;
	bool um; /* User-Mode Linux, else x86-64 */
	bool kcov, kasan;
	const char *const *config; /* files with more fragments, each later one has the last word */
	unsigned n_config;
	const char *const *patch; /* not for a tree */
	unsigned n_patch;
	bool quiet;
};

enum build_step {
	BUILD_NOTHING, /* it was in the cache */
	BUILD_TOOLS,
	BUILD_SOURCE,
	BUILD_PATCH,
	BUILD_CONFIGURE,
	BUILD_COMPILE,
	BUILD_DONE,
};

struct build_result {
	struct kernel_image im;
	char name[160];	      /* build:NAME boots it; "" for a tree */
	char log[PATH_MAX];   /* what patch and make said */
	enum build_step step; /* the last one that was begun */
	bool ccache;
	unsigned objects; /* that were compiled */
	double seconds;	  /* of everything */
};

/*
 * Builds it, or finds it in the cache. IMAGE_SKIP: this machine lacks a tool, or the source cannot be had:
 * why says the remedy. IMAGE_ERROR: b->step says what failed.
 */
enum image_status build_kernel(const struct build_recipe *r, struct build_result *b, char *why, size_t n);

#endif
