/* SPDX-License-Identifier: MIT */
#include "moddep.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"

enum { MOST_MODULES = 20000, MOST_MODULE = 64 << 20 };

struct module {
	char *path;    /* below the folder */
	char *name;    /* as in depends=: no folders, no suffix, '_' for '-' */
	char *depends; /* names with commas between */
	int state;     /* of the walk below */
};

struct modules {
	struct module *m;
	size_t n, cap;
};

enum { NEW, WALKING, DONE };

static void underscores(char *s)
{
	for (; s && *s; s++)
		if (*s == '-')
			*s = '_';
}

static char *name_of(const char *path)
{
	const char *base = strrchr(path, '/');
	char *name = strdup(base ? base + 1 : path);

	if (!name)
		return NULL;
	*strstr(name, ".ko") = 0;
	underscores(name);
	return name;
}

/* The value of depends= in .modinfo: NUL-terminated strings, which stand nowhere else with this beginning. */
static char *depends_of(const struct buf *b)
{
	static const char key[] = "\0depends=";
	const char *p = b->n ? memmem(b->p, b->n, key, sizeof(key) - 1) : NULL;

	char *names = strdup(p ? p + sizeof(key) - 1 : "");

	underscores(names);
	return names;
}

static int read_module(const char *path, struct buf *out)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	char piece[65536];
	ssize_t got = -1;

	if (!a)
		return -ENOMEM;
	archive_read_support_filter_xz(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_filter_gzip(a);
	archive_read_support_format_raw(a);
	if (!archive_read_open_filename(a, path, 1 << 16) && !archive_read_next_header(a, &e))
		while ((got = archive_read_data(a, piece, sizeof(piece))) > 0 && out->n < MOST_MODULE)
			buf_add(out, piece, (size_t)got);
	archive_read_free(a);
	if (got > 0)
		return -EFBIG;
	return got < 0 ? -EBADMSG : out->failed ? -ENOMEM : 0;
}

static int add(struct modules *all, const char *path, const char *file, struct buf *b)
{
	struct module m = {0};
	int ret;

	buf_reset(b);
	ret = read_module(file, b);
	if (ret)
		return ret;
	if (all->n == all->cap) {
		size_t cap = all->cap ? 2 * all->cap : 256;
		struct module *more = realloc(all->m, cap * sizeof(*more));

		if (!more)
			return -ENOMEM;
		all->m = more;
		all->cap = cap;
	}
	m.path = strdup(path);
	m.name = name_of(path);
	m.depends = depends_of(b);
	all->m[all->n++] = m;
	return m.path && m.name && m.depends ? 0 : -ENOMEM;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct module *)a)->name, ((const struct module *)b)->name);
}

/* Appends the modules that m needs to order, each after those that it needs itself. False: one is not there.
 */
static bool walk(struct modules *all, struct module *m, struct module **order, size_t *n)
{
	char *copy = strdup(m->depends), *rest = copy, *name;
	bool whole = copy != NULL;

	m->state = WALKING;
	while (whole && (name = strsep(&rest, ","))) {
		struct module key = {.name = name}, *d;

		if (!*name)
			continue;
		d = bsearch(&key, all->m, all->n, sizeof(key), by_name);
		if (!d ||
		    d->state == WALKING) /* not there, or a circle, which the kernel would refuse as well */
			whole = false;
		else if (d->state == NEW)
			whole = walk(all, d, order, n);
	}
	free(copy);
	m->state = DONE;
	order[(*n)++] = m;
	return whole;
}

static int write_dep(const char *dir, struct modules *all)
{
	struct module **order = calloc(all->n + 1, sizeof(*order));
	char path[PATH_MAX];
	struct buf out = {0};
	int ret = -ENOMEM;

	for (size_t i = 0; order && i < all->n; i++) {
		size_t n = 0;

		for (size_t k = 0; k < all->n; k++)
			all->m[k].state = NEW;
		if (!walk(all, &all->m[i], order, &n))
			continue; /* cannot be loaded: it needs one that was not unpacked */
		buf_printf(&out, "%s:", all->m[i].path);
		for (size_t k = n - 1; k--;)
			buf_printf(&out, " %s", order[k]->path);
		buf_puts(&out, "\n");
	}
	snprintf(path, sizeof(path), "%s/modules.dep", dir);
	if (order && !out.failed)
		ret = file_write(path, buf_str(&out), out.n);
	buf_fini(&out);
	free(order);
	return ret;
}

int moddep_write(const char *dir, char *why, size_t n)
{
	char *const roots[] = {(char *)dir, NULL};
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	struct modules all = {0};
	struct buf b = {0};
	size_t below = strlen(dir) + 1;
	int ret = fts ? 0 : -errno;
	FTSENT *e;

	if (ret)
		snprintf(why, n, "%s: %s", dir, strerror(-ret));
	while (!ret && (e = fts_read(fts))) {
		if (e->fts_info != FTS_F || !strstr(e->fts_name, ".ko"))
			continue;
		ret = all.n < MOST_MODULES ? add(&all, e->fts_path + below, e->fts_path, &b) : -EFBIG;
		if (ret)
			snprintf(why, n, "%s: %s", e->fts_path + below,
				 ret == -EBADMSG ? "a damaged module" : strerror(-ret));
	}
	if (fts)
		fts_close(fts);
	if (!ret) {
		if (all.n)
			qsort(all.m, all.n, sizeof(*all.m), by_name);
		ret = write_dep(dir, &all);
		if (ret)
			snprintf(why, n, "%s/modules.dep: %s", dir, strerror(-ret));
	}
	for (size_t i = 0; i < all.n; i++) {
		free(all.m[i].path);
		free(all.m[i].name);
		free(all.m[i].depends);
	}
	free(all.m);
	buf_fini(&b);
	return ret;
}
