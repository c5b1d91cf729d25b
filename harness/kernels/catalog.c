/* SPDX-License-Identifier: MIT */
#include "catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apt.h"
#include "debver.h"
#include "files.h"

struct kernel *catalog_merge(const struct listing *l, const struct cache_info *cached, size_t n_cached,
			     size_t *n)
{
	struct kernel *listed = listing_kernels(l, n), *all;

	all = listed ? realloc(listed, (*n + n_cached + 1) * sizeof(*all)) : NULL;
	if (!all) {
		free(listed);
		return NULL;
	}
	for (size_t i = 0; i < n_cached; i++) {
		size_t at = 0;

		if (!strcmp(cached[i].flavour, "deb"))
			continue;
		while (at < *n && (strcmp(all[at].version, cached[i].version) ||
				   strcmp(all[at].flavour, cached[i].flavour)))
			at++;
		if (at == *n) {
			while (at && debver_compare(all[at - 1].version, cached[i].version) < 0)
				at--;
			memmove(&all[at + 1], &all[at], (*n - at) * sizeof(*all));
			all[at] = (struct kernel){.version = cached[i].version, .suite = cached[i].suite};
			snprintf(all[at].flavour, sizeof(all[at].flavour), "%s", cached[i].flavour);
			++*n;
		}
		all[at].cached = true;
	}
	return all;
}

static void add_row(struct catalog *c, const struct kernel *k, bool all)
{
	struct catalog_row *r = &c->row[c->n++];
	char series[32], path[PATH_MAX];

	version_series(k->version, series, sizeof(series));
	snprintf(r->spec, sizeof(r->spec), "debian:%s", all ? k->version : series);
	snprintf(r->version, sizeof(r->version), "%s", k->version);
	snprintf(r->flavour, sizeof(r->flavour), "%s", k->flavour);
	snprintf(r->suite, sizeof(r->suite), "%s", k->suite);
	r->cached = k->cached;
	r->missing = *k->missing != 0;
	r->size = k->size;
	if (k->cached &&
	    snprintf(path, sizeof(path), "%s/%s_%s", c->dir, k->version, k->flavour) < (int)sizeof(path))
		r->size = dir_size(path);
}

/* all: each version in the flavour that its name stands for; else what the name of its series stands for. */
static void add_rows(struct catalog *c, const struct kernel *k, size_t n, bool all)
{
	for (size_t i = n; i--;) {
		char series[32];

		version_series(k[i].version, series, sizeof(series));
		if (listing_choose(k, n, all ? k[i].version : series) == &k[i])
			add_row(c, &k[i], all);
	}
}

int catalog_read(struct catalog *c, bool refresh, bool all, bool quiet, char *why, size_t n)
{
	char dir[PATH_MAX + 8];
	struct cache_info *cached = NULL;
	struct kernel *k = NULL;
	size_t n_cached = 0, n_kernels = 0;
	struct apt apt = {0};

	*c = (struct catalog){0};
	*why = 0;
	if (cache_dir(c->dir, sizeof(c->dir), why, n))
		return -1;
	snprintf(dir, sizeof(dir), "%s/apt", c->dir);
	if (apt_open(&apt, dir, why, n))
		return -1;
	if (refresh || time(NULL) - apt.when > LISTS_LAST)
		apt_update(&apt, quiet, why, n);
	cached = cache_all(c->dir, &n_cached);
	k = cached ? catalog_merge(&apt.lists, cached, n_cached, &n_kernels) : NULL;
	c->row = calloc(n_kernels + 1, sizeof(*c->row));
	if (k && c->row)
		add_rows(c, k, n_kernels, all);
	c->when = apt.when;
	buf_puts(&c->notes, buf_str(&apt.notes));
	free(k);
	free(cached);
	apt_close(&apt);
	if (!c->n && !*why)
		snprintf(why, n, "expected kernels in the archive or the cache, found none");
	return c->n ? 0 : -1;
}

/* The newest row that the name matches; one that is whole or here is better than a newer one that is not. */
static bool find_row(const struct catalog *c, const char *spec, size_t *row, char *why, size_t n)
{
	bool found = false, good = false;

	if (strncmp(spec, "debian:", 7) || !version_valid(spec + 7)) {
		snprintf(why, n, "%.80s: expected a version of the archive such as debian:6.12.94", spec);
		return false;
	}
	for (size_t i = c->n; i-- && !good;) {
		bool whole = c->row[i].cached || !c->row[i].missing;

		if (!version_matches(spec + 7, c->row[i].version) || (found && !whole))
			continue;
		*row = i;
		found = true;
		good = whole;
	}
	if (!found)
		snprintf(why, n,
			 "%.80s: neither the archive nor the cache has such a version; hookdiff kernel list "
			 "--verbose shows what there is",
			 spec);
	return found;
}

bool catalog_between(const struct catalog *c, const char *from, const char *to, size_t *from_row,
		     size_t *to_row, char *why, size_t n)
{
	if (!find_row(c, from, from_row, why, n) || !find_row(c, to, to_row, why, n))
		return false;
	if (*from_row != *to_row)
		return true;
	snprintf(why, n, "%.80s and %.80s are the same version, %s", from, to, c->row[*to_row].version);
	return false;
}

void catalog_fini(struct catalog *c)
{
	free(c->row);
	buf_fini(&c->notes);
	*c = (struct catalog){0};
}
