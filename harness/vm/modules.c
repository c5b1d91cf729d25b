/* SPDX-License-Identifier: MIT */
#include "modules.h"

#include <archive.h>
#include <archive_entry.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODULES	    32		/* at most, with what they need */
#define MODULE_SIZE (32u << 20) /* bytes of one, unpacked */

static const char *const wanted[] = {"vsock", "vsock_loopback", "tls", "smc", "sctp", "algif_hash"};

struct list {
	char *path[MODULES]; /* below dir; owned */
	unsigned n;
};

static void add(struct list *l, const char *path, size_t n)
{
	for (unsigned i = 0; i < l->n; i++)
		if (strlen(l->path[i]) == n && !strncmp(l->path[i], path, n))
			return;
	if (l->n < MODULES && (l->path[l->n] = strndup(path, n)))
		l->n++;
}

/* "kernel/net/x/y.ko.xz" is y */
static bool is_module(const char *path, size_t n, const char *name)
{
	const char *base = path;
	size_t len = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (path[i] == '/')
			base = path + i + 1;
	return (size_t)(path + n - base) >= len + 3 && !strncmp(base, name, len) &&
	       !strncmp(base + len, ".ko", 3);
}

/* A line of modules.dep is "MODULE: NEEDED...", to be loaded from the last to the first. */
static void take_line(struct list *l, char *line)
{
	char *colon = strchr(line, ':'), *word[MODULES], *save = NULL;
	unsigned n = 0;

	if (!colon)
		return;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (!is_module(line, (size_t)(colon - line), wanted[i]))
			continue;
		for (char *w = strtok_r(colon + 1, " \n", &save); w && n < MODULES;
		     w = strtok_r(NULL, " \n", &save))
			word[n++] = w;
		while (n)
			add(l, word[n - 1], strlen(word[n - 1])), n--; /* what is needed most stands last */
		add(l, line, (size_t)(colon - line));
		return;
	}
}

static void read_dep(struct list *l, const char *dir)
{
	char path[PATH_MAX], *line = NULL;
	size_t cap = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/modules.dep", dir);
	f = fopen(path, "re");
	while (f && getline(&line, &cap, f) > 0)
		take_line(l, line);
	free(line);
	if (f)
		fclose(f);
}

/* Unpacks whatever compression it has, none too. False: not readable, or absurdly large. */
static bool unpack(const char *path, struct buf *out)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	char bytes[16384];
	la_ssize_t n = -1;

	archive_read_support_filter_all(a);
	archive_read_support_format_raw(a);
	if (archive_read_open_filename(a, path, 65536) == ARCHIVE_OK &&
	    archive_read_next_header(a, &e) == ARCHIVE_OK)
		while ((n = archive_read_data(a, bytes, sizeof(bytes))) > 0 && out->n < MODULE_SIZE)
			buf_add(out, bytes, (size_t)n);
	archive_read_free(a);
	return n == 0 && !out->failed;
}

int modules_each(const char *dir, int (*put)(void *arg, const char *name, const struct buf *bytes), void *arg)
{
	struct list l = {0};
	int ret = 0;

	read_dep(&l, dir);
	for (unsigned i = 0; i < l.n; i++) {
		char path[PATH_MAX], name[300];
		const char *slash = strrchr(l.path[i], '/');
		struct buf bytes = {0};

		snprintf(path, sizeof(path), "%s/%s", dir, l.path[i]);
		snprintf(name, sizeof(name), "%02u-%.250s", i, slash ? slash + 1 : l.path[i]);
		if (!ret && unpack(path, &bytes))
			ret = put(arg, name, &bytes);
		buf_fini(&bytes);
		free(l.path[i]);
	}
	return ret;
}
