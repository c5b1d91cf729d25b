/* SPDX-License-Identifier: MIT */
#include "unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/kernels/deb.h"

#define MOST_ENTRIES 300000u
#define MOST_BYTES   (8ll << 30)

struct unpacking {
	const char *dir;
	char *why;
	size_t n;
};

static bool starts(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

/*
 * A third of a tree is for other machines. What make reads for its questions (Kconfig, Makefile, Kbuild)
 * stays everywhere.
 */
static bool wanted(const char *path)
{
	static const char *const big[] = {
		"sound/",	    "drivers/gpu/",	     "drivers/media/",
		"drivers/staging/", "drivers/net/ethernet/", "drivers/net/wireless/",
		"Documentation/",   "tools/testing/"};
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	bool skip = starts(path, "arch/") && strchr(path + 5, '/') && !starts(path, "arch/x86/") &&
		    !starts(path, "arch/um/");

	for (size_t i = 0; i < sizeof(big) / sizeof(big[0]); i++)
		skip |= starts(path, big[i]);
	return !skip || starts(base, "Kconfig") || starts(base, "Makefile") || starts(base, "Kbuild");
}

static int failed(struct unpacking *u, int ret, const char *what)
{
	snprintf(u->why, u->n, "unpacking the source: %s", what ? what : "damaged");
	return ret;
}

static int unpack(struct unpacking *u, struct archive *a)
{
	struct archive *disk = archive_write_disk_new();
	struct archive_entry *e;
	unsigned entries = 0;
	long long bytes = 0;
	int r = ARCHIVE_OK, ret = 0;

	if (!disk)
		return failed(u, -ENOMEM, "out of memory");
	/* With these libarchive refuses a path or a link that leaves the folder. */
	archive_write_disk_set_options(disk, ARCHIVE_EXTRACT_SECURE_NODOTDOT |
						     ARCHIVE_EXTRACT_SECURE_SYMLINKS | ARCHIVE_EXTRACT_TIME);
	while (!ret && (r = archive_read_next_header(a, &e)) == ARCHIVE_OK) {
		const char *path = archive_entry_pathname(e), *rest;
		char to[PATH_MAX];
		const void *block;
		size_t n;
		la_int64_t at;

		if (path && starts(path, "./"))
			path += 2;
		rest = path && *path != '/' ? strchr(path, '/') : NULL;
		if (!path || ++entries > MOST_ENTRIES || archive_entry_hardlink(e)) {
			ret = failed(u, -EBADMSG,
				     "expected a tarball of kernel sources, found other things in it");
		} else if (!rest || !rest[1] || !wanted(rest + 1)) {
			continue;
		} else if (snprintf(to, sizeof(to), "%s/%s", u->dir, rest + 1) >= (int)sizeof(to)) {
			ret = failed(u, -ENAMETOOLONG, "a name is too long");
		} else {
			archive_entry_set_pathname(e, to);
			archive_entry_set_perm(e, archive_entry_perm(e) & 0755);
			if (archive_write_header(disk, e) != ARCHIVE_OK)
				ret = failed(u, -archive_errno(disk), archive_error_string(disk));
		}
		while (!ret && (r = archive_read_data_block(a, &block, &n, &at)) == ARCHIVE_OK) {
			bytes += (long long)n;
			if (bytes > MOST_BYTES)
				ret = failed(u, -EFBIG, "it is larger than sources of a kernel are");
			else if (archive_write_data_block(disk, block, n, at) != ARCHIVE_OK)
				ret = failed(u, -archive_errno(disk), archive_error_string(disk));
		}
		if (!ret && r != ARCHIVE_EOF)
			break;
	}
	if (!ret && r != ARCHIVE_EOF)
		ret = failed(u, -EBADMSG, archive_error_string(a));
	if (archive_write_close(disk) != ARCHIVE_OK && !ret)
		ret = failed(u, -archive_errno(disk), archive_error_string(disk));
	archive_write_free(disk);
	return ret;
}

static struct archive *reader(void)
{
	struct archive *a = archive_read_new();

	if (!a)
		return NULL;
	archive_read_support_filter_all(a);
	archive_read_support_format_tar(a);
	return a;
}

static int unpack_inner(struct archive *outer, void *arg)
{
	struct unpacking *u = arg;
	struct archive *a = reader();
	int ret;

	if (!a)
		return failed(u, -ENOMEM, "out of memory");
	ret = archive_read_open(a, outer, NULL, deb_feed, NULL) ? failed(u, -EBADMSG, archive_error_string(a))
								: unpack(u, a);
	archive_read_free(a);
	return ret;
}

int unpack_source(const char *path, const char *dir, char *why, size_t n)
{
	struct unpacking u = {dir, why, n};
	struct deb_kernel k = {0};
	size_t len = strlen(path);
	struct archive *a;
	int ret;

	if (len > 4 && !strcmp(path + len - 4, ".deb"))
		return deb_file(path, "usr/src/linux-source-", unpack_inner, &u, &k, why, n);
	a = reader();
	if (!a)
		return failed(&u, -ENOMEM, "out of memory");
	ret = archive_read_open_filename(a, path, 1 << 16) ? failed(&u, -EBADMSG, archive_error_string(a))
							   : unpack(&u, a);
	archive_read_free(a);
	return ret;
}
