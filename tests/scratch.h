/* SPDX-License-Identifier: MIT */
/* For tests: a folder for the whole run, which goes with it. */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/kernels/files.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char top[64]; /* the folder */

/* The path of a name in it; valid for three more calls. */
static inline const char *at(const char *name)
{
	static char path[4][256];
	static unsigned turn;
	char *p = path[turn++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", top, name);
	return p;
}

static inline void put(const char *path, const void *data, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static inline int scratch_begin(void **state)
{
	snprintf(top, sizeof(top), "/tmp/hookdiff-test-XXXXXX");
	return mkdtemp(top) ? 0 : -1;
}

static inline int scratch_finish(void **state)
{
	return dir_remove(top);
}

#endif
