/* SPDX-License-Identifier: MIT */
#include "source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "harness/kernels/apt.h"
#include "harness/kernels/cache.h"
#include "harness/kernels/catalog.h"
#include "harness/kernels/files.h"
#include "unpack.h"

#define SPACE (4ull << 30) /* bytes that a tree and what is built of it take up */

struct sourcing {
	const char *spec;
	struct source_tree *t;
	bool quiet;
	char *why;
	size_t n;
	char cache[PATH_MAX - 512];
};

static enum image_status __attribute__((format(printf, 3, 4)))
end(struct sourcing *s, enum image_status status, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(s->why, s->n, format, ap);
	va_end(ap);
	return status;
}

/* "NAME = value" of a Makefile's first lines. */
static void makefile_value(const char *text, const char *name, char *out, size_t n)
{
	size_t len = strlen(name);

	*out = 0;
	for (const char *s = text; s && *s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL)
		if (!strncmp(s, name, len) && !strncmp(s + len, " =", 2)) {
			s += len + 2;
			s += strspn(s, " ");
			snprintf(out, n, "%.*s", (int)strcspn(s, " \n"), s);
			return;
		}
}

bool source_version(const char *dir, char *version, size_t n)
{
	char path[PATH_MAX], a[32], b[32], c[32], extra[32];
	struct buf text = {0};
	bool ok = snprintf(path, sizeof(path), "%s/Makefile", dir) < (int)sizeof(path) &&
		  !file_read(path, &text);

	if (ok) {
		makefile_value(buf_str(&text), "VERSION", a, sizeof(a));
		makefile_value(buf_str(&text), "PATCHLEVEL", b, sizeof(b));
		makefile_value(buf_str(&text), "SUBLEVEL", c, sizeof(c));
		makefile_value(buf_str(&text), "EXTRAVERSION", extra, sizeof(extra));
		snprintf(version, n, "%s.%s.%s%s", a, b, c, extra);
		ok = *a && *b;
	}
	buf_fini(&text);
	snprintf(path, sizeof(path), "%s/Kconfig", dir);
	return ok && !access(path, R_OK);
}

/* Behind "config NAME" or "menuconfig NAME" as a line of its own; NULL: there is none. */
static const char *declared(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *s = text; (s = strstr(s, "config ")); s += 7) {
		const char *line = s - (s - text >= 4 && !strncmp(s - 4, "menu", 4) ? 4 : 0);

		if ((line == text || line[-1] == '\n') && !strncmp(s + 7, name, n) &&
		    strchr(" \t\n", s[7 + n]))
			return s + 7 + n;
	}
	return NULL;
}

bool source_knows(const char *dir, const char *option)
{
	char *const roots[] = {(char *)dir, NULL};
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
	bool found = false;
	struct buf text = {0};
	FTSENT *e;

	while (fts && !found && (e = fts_read(fts))) {
		if (e->fts_info == FTS_D &&
		    (!strcmp(e->fts_name, ".git") || !strcmp(e->fts_name, "Documentation")))
			fts_set(fts, e, FTS_SKIP);
		if (e->fts_info == FTS_D || strncmp(e->fts_name, "Kconfig", 7))
			continue;
		buf_reset(&text);
		found = !file_read(e->fts_path, &text) &&
			declared(buf_str(&text), option + strlen("CONFIG_"));
	}
	if (fts)
		fts_close(fts);
	buf_fini(&text);
	return found;
}

bool source_depends(const char *dir, const char *file, const char *option, const char *on)
{
	static const char depends[] = "depends on ";
	char path[PATH_MAX];
	struct buf text = {0};
	bool found = false;
	const char *s;

	if (snprintf(path, sizeof(path), "%s/%s", dir, file) >= (int)sizeof(path) || file_read(path, &text))
		return false;
	s = declared(buf_str(&text), option);
	/* Its lines are indented; the next entry's first is not. */
	while (s && (s = strchr(s, '\n')) && !found && strchr(" \t\n", s[1])) {
		s++;
		s += strspn(s, " \t");
		found = !strncmp(s, depends, sizeof(depends) - 1) &&
			strcspn(s + sizeof(depends) - 1, "\n") == strlen(on) &&
			!strncmp(s + sizeof(depends) - 1, on, strlen(on));
	}
	buf_fini(&text);
	return found;
}

static enum image_status from_tree(struct sourcing *s)
{
	char version[96], path[PATH_MAX];
	const char *base;

	if (!realpath(s->spec, path) ||
	    snprintf(s->t->dir, sizeof(s->t->dir), "%s", path) >= (int)sizeof(s->t->dir))
		return end(s, IMAGE_ERROR, "%s: %s", s->spec, strerror(errno));
	if (!source_version(s->t->dir, version, sizeof(version)))
		return end(s, IMAGE_ERROR,
			   "%s: expected a tree of kernel sources, found no Makefile with a VERSION and a "
			   "Kconfig in it",
			   s->spec);
	base = strrchr(s->t->dir, '/');
	snprintf(s->t->name, sizeof(s->t->name), "%.60s", base && base[1] ? base + 1 : "tree");
	return IMAGE_OK;
}

/* ---- what is unpacked ---- */

/* A folder of the cache is whole once it has its name: it is unpacked beside it. */
static bool there(struct sourcing *s, const char *name)
{
	char version[96];

	snprintf(s->t->dir, sizeof(s->t->dir), "%s/%s", s->cache, name);
	snprintf(s->t->id, sizeof(s->t->id), "%s", name);
	return source_version(s->t->dir, version, sizeof(version));
}

static enum image_status unpack(struct sourcing *s, const char *archive)
{
	char tmp[PATH_MAX], version[96];
	struct statvfs fs;
	int ret;

	snprintf(tmp, sizeof(tmp), "%s.tmp", s->t->dir);
	if (!statvfs(s->cache, &fs) && (unsigned long long)fs.f_bavail * fs.f_frsize < SPACE)
		return end(s, IMAGE_ERROR, "expected %llu MiB of free space in %s, found %llu", SPACE >> 20,
			   s->cache, (unsigned long long)fs.f_bavail * fs.f_frsize >> 20);
	if (!s->quiet)
		fprintf(stderr, "hookdiff: unpacking the source %s\n", s->t->name);
	ret = dir_remove(tmp);
	if (!ret)
		ret = dir_make(tmp);
	if (ret)
		return end(s, IMAGE_ERROR, "%s: %s", tmp, strerror(-ret));
	if (unpack_source(archive, tmp, s->why, s->n)) {
		dir_remove(tmp);
		return IMAGE_ERROR;
	}
	if (!source_version(tmp, version, sizeof(version))) {
		dir_remove(tmp);
		return end(s, IMAGE_ERROR,
			   "%s: expected a tarball of kernel sources in one folder, found no Makefile with a "
			   "VERSION and a Kconfig there",
			   s->spec);
	}
	if (rename(tmp, s->t->dir))
		return end(s, IMAGE_ERROR, "%s: %s", s->t->dir, strerror(errno));
	return IMAGE_OK;
}

/* Another process that unpacks the same is waited for. Returns the lock or -errno. */
static int lock(struct sourcing *s)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s.lock", s->t->dir);
	return file_lock(path, s->quiet ? NULL : "another hookdiff that unpacks the same source");
}

static enum image_status from_tarball(struct sourcing *s, const struct stat *st)
{
	char path[PATH_MAX], name[128];
	const char *base = strrchr(s->spec, '/') ? strrchr(s->spec, '/') + 1 : s->spec;
	enum image_status status = IMAGE_OK;
	unsigned long long h = 0xcbf29ce484222325ull;
	int fd;

	if (!realpath(s->spec, path))
		return end(s, IMAGE_ERROR, "%s: %s", s->spec, strerror(errno));
	for (const char *p = path; *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3ull;
	h = (h ^ (unsigned long long)st->st_size) * 0x100000001b3ull;
	h = (h ^ (unsigned long long)st->st_mtim.tv_sec) * 0x100000001b3ull;
	h = (h ^ (unsigned long long)st->st_mtim.tv_nsec) * 0x100000001b3ull;
	snprintf(s->t->name, sizeof(s->t->name), "%.*s", (int)strcspn(base, "_"), base);
	for (char *dot; (dot = strstr(s->t->name, ".tar")) || (dot = strstr(s->t->name, ".tgz"));)
		*dot = 0;
	snprintf(name, sizeof(name), "tar_%016llx", h);
	if (there(s, name))
		return IMAGE_OK;
	fd = lock(s);
	if (fd < 0)
		return end(s, IMAGE_ERROR, "%s: %s", s->t->dir, strerror(-fd));
	if (!there(s, name))
		status = unpack(s, path);
	close(fd);
	return status;
}

static enum image_status fetch(struct sourcing *s, struct apt *apt, const struct package *p)
{
	char name[160], archive[PATH_MAX], why[512];
	enum image_status status = IMAGE_OK;
	enum apt_end e;
	int fd;

	snprintf(s->t->name, sizeof(s->t->name), "%s", p->version);
	snprintf(name, sizeof(name), "%s_%s", p->name, p->version);
	if (there(s, name))
		return IMAGE_OK;
	fd = lock(s);
	if (fd < 0)
		return end(s, IMAGE_ERROR, "%s: %s", s->t->dir, strerror(-fd));
	if (!there(s, name)) {
		if (!s->quiet)
			fprintf(stderr, "hookdiff: fetching %s %s (%s, %llu MB)\n", p->name, p->version,
				p->suite, (unsigned long long)p->size / 1000000);
		snprintf(archive, sizeof(archive), "%s.deb", s->t->dir);
		e = apt_fetch(apt, p, archive, why, sizeof(why));
		status = e ? end(s, e == APT_SKIP ? IMAGE_SKIP : IMAGE_ERROR, "%s: %s", s->spec, why)
			   : unpack(s, archive);
		unlink(archive);
	}
	close(fd);
	return status;
}

/* The newest that is unpacked already: no network is needed for it. */
static bool unpacked(struct sourcing *s)
{
	struct dirent **entry;
	int count = scandir(s->cache, &entry, NULL, versionsort);
	bool found = false;

	for (int i = count; i-- > 0;) {
		const char *version = strchr(entry[i]->d_name, '_');
		size_t n = strlen(entry[i]->d_name);

		if (!found && !strncmp(entry[i]->d_name, "linux-source-", 13) && version &&
		    strcmp(entry[i]->d_name + n - 4, ".tmp") && version_matches(s->spec, version + 1) &&
		    there(s, entry[i]->d_name)) {
			snprintf(s->t->name, sizeof(s->t->name), "%s", version + 1);
			found = true;
		}
		free(entry[i]);
	}
	if (count >= 0)
		free(entry);
	return found;
}

static enum image_status from_archive(struct sourcing *s)
{
	char dir[PATH_MAX], why[512] = "";
	const struct package *p;
	enum image_status status;
	struct apt apt;

	if (cache_dir(dir, sizeof(dir) - 8, s->why, s->n))
		return IMAGE_ERROR;
	strcat(dir, "/apt");
	if (apt_open(&apt, dir, why, sizeof(why)))
		return end(s, IMAGE_ERROR, "%s", why);
	if (time(NULL) - apt.when > LISTS_LAST)
		apt_update(&apt, s->quiet, why, sizeof(why));
	p = listing_source(&apt.lists, s->spec);
	if (p)
		status = fetch(s, &apt, p);
	else
		status =
			end(s, IMAGE_SKIP,
			    "%s: expected a package linux-source-* of that version in the archive, found none"
			    "%s%s; a tarball or a tree will do",
			    s->spec, *why ? ": " : "", why);
	apt_close(&apt);
	return status;
}

bool source_unpacked(const char *version, struct source_tree *t)
{
	char why[512];
	struct sourcing s = {.spec = version, .t = t, .quiet = true, .why = why, .n = sizeof(why)};

	*t = (struct source_tree){0};
	return !cache_folder("sources", s.cache, sizeof(s.cache), why, sizeof(why)) && unpacked(&s);
}

enum image_status source_get(const char *spec, struct source_tree *t, bool quiet, char *why, size_t n)
{
	struct sourcing s = {.spec = spec, .t = t, .quiet = quiet, .why = why, .n = n};
	struct stat st;

	*t = (struct source_tree){0};
	*why = 0;
	if (!stat(spec, &st) && S_ISDIR(st.st_mode))
		return from_tree(&s);
	if (cache_folder("sources", s.cache, sizeof(s.cache), why, n))
		return IMAGE_ERROR;
	if (!stat(spec, &st) && S_ISREG(st.st_mode))
		return from_tarball(&s, &st);
	if (!version_valid(spec) || strlen(spec) > 90)
		return end(&s, IMAGE_ERROR,
			   "%.80s: expected a series (6.12), a version (6.12.117-1), a tarball or a tree of "
			   "kernel sources, found none of them",
			   spec);
	return unpacked(&s) ? IMAGE_OK : from_archive(&s);
}
