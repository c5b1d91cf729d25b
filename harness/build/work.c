/* SPDX-License-Identifier: MIT */
#include "work.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/buf.h"
#include "harness/kernels/files.h"
#include "make.h"

struct work {
	const char *source;
	char src[PATH_MAX], touched[PATH_MAX]; /* the list of files that patches have changed */
	char *why;
	size_t n;
};

static int failed(struct work *w, int ret, const char *what)
{
	snprintf(w->why, w->n, "%s: %s", what, strerror(-ret));
	return ret;
}

static int link_one(const FTSENT *e, const char *to)
{
	char target[PATH_MAX];
	ssize_t n;

	switch (e->fts_info) {
	case FTS_D:
		return mkdir(to, 0755) && errno != EEXIST ? -errno : 0;
	case FTS_SL:
	case FTS_SLNONE:
		n = readlink(e->fts_path, target, sizeof(target) - 1);
		if (n < 0)
			return -errno;
		target[n] = 0;
		return symlink(target, to) ? -errno : 0;
	case FTS_F:
		return link(e->fts_path, to) ? -errno : 0;
	case FTS_DP:
		return 0;
	default:
		return e->fts_errno ? -e->fts_errno : -EINVAL;
	}
}

/* The whole tree; it gets its name when it is whole. */
static int link_all(struct work *w)
{
	char tmp[PATH_MAX], to[PATH_MAX];
	char *const roots[] = {(char *)w->source, NULL};
	size_t prefix = strlen(w->source);
	int ret = snprintf(tmp, sizeof(tmp), "%s.tmp", w->src) < (int)sizeof(tmp) ? dir_remove(tmp)
										  : -ENAMETOOLONG;
	FTS *fts = ret ? NULL : fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *e;

	if (!ret && !fts)
		ret = -errno;
	while (!ret && (e = fts_read(fts)))
		ret = snprintf(to, sizeof(to), "%s%s", tmp, e->fts_path + prefix) < (int)sizeof(to)
			      ? link_one(e, to)
			      : -ENAMETOOLONG;
	if (fts)
		fts_close(fts);
	if (!ret && rename(tmp, w->src))
		ret = -errno;
	return ret ? failed(w, ret, tmp) : 0;
}

/* A file of its own, with the time of now. */
static int copy(const char *from, const char *to)
{
	struct buf text = {0};
	struct stat st;
	int ret = file_read(from, &text);

	if (!ret)
		ret = file_write(to, buf_str(&text), text.n);
	if (!ret && !stat(from, &st) && chmod(to, st.st_mode & 0755))
		ret = -errno;
	buf_fini(&text);
	return ret;
}

/* Back to what the source has: as it is there, or gone. */
static int restore(struct work *w, const char *name)
{
	char from[PATH_MAX], to[PATH_MAX];

	if (snprintf(from, sizeof(from), "%s/%s", w->source, name) >= (int)sizeof(from) ||
	    snprintf(to, sizeof(to), "%s/%s", w->src, name) >= (int)sizeof(to))
		return -ENAMETOOLONG;
	if (access(from, F_OK))
		return unlink(to) && errno != ENOENT ? -errno : 0;
	return copy(from, to);
}

/* fn for each name of a list, a line each. */
static int each_line(struct work *w, const char *list, int (*fn)(struct work *w, const char *name))
{
	char name[PATH_MAX];
	int ret = 0;

	for (const char *s = list; !ret && *s;) {
		size_t n = strcspn(s, "\n");

		snprintf(name, sizeof(name), "%.*s", (int)n, s);
		ret = *name ? fn(w, name) : 0;
		s += n + (s[n] == '\n');
	}
	return ret;
}

static int undo(struct work *w)
{
	struct buf list = {0};
	int ret = file_read(w->touched, &list);

	if (!ret)
		ret = each_line(w, buf_str(&list), restore);
	if (!ret && unlink(w->touched))
		ret = -errno;
	buf_fini(&list);
	return ret == -ENOENT ? 0 : ret;
}

/* "--- a/net/socket.c" and "+++ b/net/socket.c": the name behind the first slash, if it stays in the tree. */
static bool named(const char *line, char *name, size_t n)
{
	const char *path, *end, *slash;

	if (strncmp(line, "--- ", 4) && strncmp(line, "+++ ", 4))
		return false;
	path = line + 4;
	end = path + strcspn(path, "\t\n");
	slash = memchr(path, '/', (size_t)(end - path));
	if (!slash || *path == '/')
		return false;
	snprintf(name, n, "%.*s", (int)(end - slash - 1), slash + 1);
	return *name && *name != '/' && strncmp(name, "../", 3) && !strstr(name, "/../");
}

/* Adds the files of a patch to the list, on disk before any of them changes. */
static int note_files(struct work *w, const char *patch, struct buf *list)
{
	struct buf text = {0};
	char name[PATH_MAX];
	int ret = file_read(patch, &text);
	unsigned found = 0;

	for (const char *s = buf_str(&text); !ret && s && *s;
	     s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL)
		if (named(s, name, sizeof(name))) {
			found++;
			if (!strstr(buf_str(list), name))
				buf_printf(list, "%s\n", name);
		}
	buf_fini(&text);
	if (!ret && !found)
		ret = -EINVAL;
	if (ret == -EINVAL)
		snprintf(w->why, w->n,
			 "%s: expected a patch with lines '--- a/FILE' and '+++ b/FILE', found none", patch);
	else if (ret)
		failed(w, ret, patch);
	return ret;
}

static int apply(struct work *w, const char *patch, const char *log)
{
	char path[PATH_MAX], why[256]; /* absolute: -d comes first */
	const char *const argv[] = {
		"patch", "-d", w->src, "-p1", "--batch", "--forward", "--no-backup-if-mismatch",
		"-r",	 "-",  "-i",   path,  NULL};
	struct make_run run = {.argv = argv, .log = log};
	int ret;

	if (!realpath(patch, path))
		return failed(w, -errno, patch);
	ret = make_run(&run, why, sizeof(why));
	if (ret < 0)
		snprintf(w->why, w->n, "%s", why);
	else if (ret)
		snprintf(w->why, w->n, "%s: does not apply to %s: %s", patch, w->source, why);
	return ret > 0 ? -EINVAL : ret;
}

int work_prepare(const char *source, const char *dir, const char *const *patch, unsigned n_patches,
		 const char *log, char *why, size_t n)
{
	struct work w = {.source = source, .why = why, .n = n};
	struct buf list = {0};
	int ret = 0;

	snprintf(w.src, sizeof(w.src), "%s/src", dir);
	snprintf(w.touched, sizeof(w.touched), "%s/touched", dir);
	ret = access(w.src, F_OK) ? link_all(&w) : 0;
	if (!ret) {
		ret = undo(&w);
		if (ret)
			failed(&w, ret, w.src);
	}
	for (unsigned i = 0; !ret && i < n_patches; i++)
		ret = note_files(&w, patch[i], &list);
	if (!ret && n_patches) {
		ret = list.failed ? -ENOMEM : file_write(w.touched, buf_str(&list), list.n);
		if (!ret) /* no longer shared with the source: patch(1) may write in place */
			ret = each_line(&w, buf_str(&list), restore);
		if (ret)
			failed(&w, ret, w.touched);
	}
	for (unsigned i = 0; !ret && i < n_patches; i++)
		ret = apply(&w, patch[i], log);
	if (ret && n_patches)
		undo(&w);
	buf_fini(&list);
	return ret;
}
