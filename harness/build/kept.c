/* SPDX-License-Identifier: MIT */
#include "kept.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/kernels/cache.h"
#include "harness/kernels/files.h"

/* Characters of a name without the hash at its end (harness/kernels/image.c names_build). */
static size_t name_length(const char *spec)
{
	const char *dash = strrchr(spec, '-');

	return dash ? (size_t)(dash - spec) : strlen(spec);
}

static bool same_name(const struct kept_build *a, const struct kept_build *b)
{
	size_t n = name_length(a->spec);

	return n == name_length(b->spec) && !memcmp(a->spec, b->spec, n);
}

static int in_order(const void *a, const void *b)
{
	const struct kept_build *x = a, *y = b;
	char p[sizeof(x->spec)], q[sizeof(y->spec)];

	if (same_name(x, y))
		return (y->when > x->when) - (y->when < x->when);
	snprintf(p, sizeof(p), "%.*s", (int)name_length(x->spec), x->spec);
	snprintf(q, sizeof(q), "%.*s", (int)name_length(y->spec), y->spec);
	return strverscmp(p, q);
}

static void fill(struct kept_build *r, const char *dir, const struct cache_info *info)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(r->spec, sizeof(r->spec), "build:%s", info->name);
	snprintf(r->version, sizeof(r->version), "%s", info->version);
	snprintf(r->flavour, sizeof(r->flavour), "%s", info->flavour);
	snprintf(r->release, sizeof(r->release), "%s", info->release);
	snprintf(r->folder, sizeof(r->folder), "%s/%s", dir, info->name);
	r->size = dir_size(r->folder);
	snprintf(path, sizeof(path), "%s/%s/info", dir, info->name);
	r->when = stat(path, &st) ? 0 : st.st_mtime;
}

/* The first row of each name, which is called by that name. */
static size_t newest(struct kept_build *r, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!kept || !same_name(&r[kept - 1], &r[i]))
			r[kept++] = r[i];
	for (size_t i = 0; i < kept; i++)
		r[i].spec[name_length(r[i].spec)] = 0;
	return kept;
}

int kept_builds(struct kept_build **rows, size_t *n_rows, bool all, char *why, size_t n)
{
	char dir[PATH_MAX - 256];
	struct cache_info *info;
	size_t count = 0;
	int ret;

	*rows = NULL;
	*n_rows = 0;
	ret = cache_folder("builds", dir, sizeof(dir), why, n);
	if (ret)
		return ret;
	info = cache_all(dir, &count);
	*rows = info ? calloc(count + 1, sizeof(**rows)) : NULL;
	for (size_t i = 0; *rows && i < count; i++)
		fill(&(*rows)[i], dir, &info[i]);
	free(info);
	if (!*rows) {
		snprintf(why, n, "%s: out of memory", dir);
		return -ENOMEM;
	}
	qsort(*rows, count, sizeof(**rows), in_order);
	*n_rows = all ? count : newest(*rows, count);
	return 0;
}
