/* SPDX-License-Identifier: MIT */
#include "mutant.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/buf.h"
#include "harness/kernels/files.h"

static const char suffix[] = ".patch";

static int is_patch(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return *e->d_name != '.' && n > sizeof(suffix) - 1 &&
	       !strcmp(e->d_name + n - (sizeof(suffix) - 1), suffix);
}

static bool chosen(const char *file, const char *const *name, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!strncmp(file, name[i], strlen(name[i])))
			return true;
	return !n;
}

/* "What: text" above the diff. */
static void header(const char *text, const char *key, char *out, size_t n)
{
	size_t len = strlen(key);

	for (const char *s = text; s && *s && strncmp(s, "--- ", 4) && strncmp(s, "diff ", 5);
	     s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL)
		if (!strncmp(s, key, len)) {
			s += len + strspn(s + len, " ");
			snprintf(out, n, "%.*s", (int)strcspn(s, "\n"), s);
			for (; *out; out++)
				if (*out < ' ' || *out > '~')
					*out = '?';
			return;
		}
}

static int read_one(struct mutant *m, const char *dir, const char *file, char *why, size_t n)
{
	struct buf text = {0};
	int ret = snprintf(m->path, sizeof(m->path), "%s/%s", dir, file) < (int)sizeof(m->path)
			  ? file_read(m->path, &text)
			  : -ENAMETOOLONG;

	snprintf(m->name, sizeof(m->name), "%.*s", (int)(strlen(file) - (sizeof(suffix) - 1)), file);
	if (!ret) {
		header(buf_str(&text), "What:", m->what, sizeof(m->what));
		header(buf_str(&text), "Equivalent:", m->equivalent, sizeof(m->equivalent));
	}
	buf_fini(&text);
	if (ret) {
		snprintf(why, n, "%s/%s: %s", dir, file, strerror(-ret));
	} else if (!*m->what) {
		snprintf(why, n, "%s: expected a line 'What: ...' above the diff, found none", m->path);
		ret = -EINVAL;
	}
	return ret;
}

int mutants_read(struct mutants *all, const char *dir, const char *const *name, unsigned n_names, char *why,
		 size_t n)
{
	struct dirent **entry = NULL;
	int count = scandir(dir, &entry, is_patch, alphasort), ret = 0;

	*all = (struct mutants){0};
	if (count < 0) {
		snprintf(why, n, "%s: expected a folder of patches: %s", dir, strerror(errno));
		return -errno;
	}
	all->m = calloc(count ? (size_t)count : 1, sizeof(*all->m));
	for (int i = 0; i < count; i++) {
		if (!all->m)
			ret = -ENOMEM;
		if (!ret && chosen(entry[i]->d_name, name, n_names))
			ret = read_one(&all->m[all->n++], dir, entry[i]->d_name, why, n);
		free(entry[i]);
	}
	free(entry);
	for (unsigned i = 0; !ret && i < n_names; i++) {
		bool found = false;

		for (unsigned k = 0; k < all->n; k++)
			found |= !strncmp(all->m[k].name, name[i], strlen(name[i]));
		if (!found) {
			snprintf(why, n, "%s: expected a mutant of %s, found none whose name begins so",
				 name[i], dir);
			ret = -ENOENT;
		}
	}
	if (!ret && !all->n) {
		snprintf(why, n, "%s: expected files *.patch, found none", dir);
		ret = -ENOENT;
	}
	return ret;
}

void mutants_fini(struct mutants *all)
{
	free(all->m);
	*all = (struct mutants){0};
}
