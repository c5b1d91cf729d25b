/* SPDX-License-Identifier: MIT */
/*
 * A .deb is an ar archive of debian-binary, control.tar.* and data.tar.* (deb(5)). Only regular files with a
 * name that is expected are written, below a folder that is ours alone and holds no links, so that nothing in
 * a package decides where bytes go. A package with names that try (.., absolute) is refused as a whole.
 */
#include "deb.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/buf.h"

#define MOST_ENTRIES 100000u
#define MOST_FILE    (512ull << 20)
#define MOST_TOTAL   (2ull << 30)
#define MOST_CONTROL (1u << 20)

struct unpack {
	struct deb_kernel *k;
	const char *dir;    /* NULL: only the control file is wanted */
	const char *prefix; /* or only the file whose path begins so */
	int (*fn)(struct archive *a, void *arg);
	void *arg;
	bool found;
	unsigned long long total;
	char *why;
	size_t n;
	int ret;
};

static int fail(struct unpack *u, int ret, const char *format, ...) __attribute__((format(printf, 3, 4)));
static int fail(struct unpack *u, int ret, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(u->why, u->n, format, ap);
	va_end(ap);
	return u->ret = ret;
}

static int fail_archive(struct unpack *u, struct archive *a, const char *what)
{
	const char *text = archive_error_string(a);

	if (u->ret) /* the outer archive has said why already */
		return u->ret;
	return fail(u, -EBADMSG, "%s: %s", what, text ? text : "damaged");
}

/* ---- names ---- */

static bool release_valid(const char *s, size_t n)
{
	static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+~_-";

	if (!n || n > 64 || s[0] < '0' || s[0] > '9')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!s[i] || !strchr(letters, s[i]))
			return false;
	return true;
}

static bool starts(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

/* True for a relative path of plain components. */
static bool path_safe(const char *path)
{
	if (!*path || *path == '/')
		return false;
	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 0 || (n == 1 && path[0] == '.') || (n == 2 && !strncmp(path, "..", 2)))
			return false;
		path += n;
		path += *path == '/';
	}
	return true;
}

/* Modules that a test may want: the network and what a guest's devices need. The rest is most of the size. */
static bool module_wanted(const char *path)
{
	static const char *const folders[] = {
		"kernel/net/",
		"kernel/lib/",
		"kernel/crypto/",
		"kernel/arch/x86/crypto/",
		"kernel/arch/x86/lib/",
		"kernel/drivers/virtio/",
		"kernel/drivers/vhost/",
		"kernel/drivers/char/",
		"kernel/drivers/block/virtio_blk",
		"kernel/drivers/net/virtio_net",
		"kernel/net/core/",
		"kernel/drivers/net/net_failover",
		"kernel/fs/fuse/",
		"kernel/fs/overlayfs/",
		"kernel/fs/9p/",
		"kernel/fs/netfs/",
	};

	if (!strstr(path, ".ko"))
		return false;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (starts(path, folders[i]))
			return true;
	return false;
}

enum kind { SKIPPED, IMAGE, CONFIG, MODULE };

/*
 * Where a file of the package goes below dir (NULL: not wanted), by its path without "./":
 * boot/vmlinuz-R, boot/config-R, [usr/]lib/modules/R/{vmlinuz,vmlinuz.unsigned,config,modules.*,kernel/...}
 */
static enum kind destination(const char *path, char *to, size_t n, const char **release, size_t *release_n)
{
	const char *rest;

	*release = NULL;
	if (starts(path, "usr/"))
		path += 4;
	if (starts(path, "boot/")) {
		path += 5;
		if (strchr(path, '/'))
			return SKIPPED;
		if (starts(path, "vmlinuz-")) {
			*release = path + 8;
			*release_n = strlen(*release);
			snprintf(to, n, "vmlinuz");
			return IMAGE;
		}
		if (starts(path, "config-")) {
			snprintf(to, n, "config");
			return CONFIG;
		}
		return SKIPPED;
	}
	if (!starts(path, "lib/modules/"))
		return SKIPPED;
	rest = strchr(path + 12, '/');
	if (!rest)
		return SKIPPED;
	*release = path + 12;
	*release_n = (size_t)(rest - *release);
	rest++;
	if (!strcmp(rest, "vmlinuz") || !strcmp(rest, "vmlinuz.unsigned")) {
		snprintf(to, n, "vmlinuz");
		return IMAGE;
	}
	if (!strcmp(rest, "config")) {
		snprintf(to, n, "config");
		return CONFIG;
	}
	if (strcmp(rest, "modules.builtin") && strcmp(rest, "modules.order") && !module_wanted(rest))
		return SKIPPED;
	snprintf(to, n, "%s", path);
	return MODULE;
}

/* ---- files ---- */

/* Makes the folders above the last component. The tree is ours and without links. */
static int make_parents(char *path, size_t from)
{
	for (char *p = path + from; (p = strchr(p, '/')); p++) {
		*p = 0;
		if (mkdir(path, 0755) && errno != EEXIST) {
			*p = '/';
			return -errno;
		}
		*p = '/';
	}
	return 0;
}

static int copy_out(struct unpack *u, struct archive *a, const char *name, int fd)
{
	unsigned long long size = 0;
	char piece[65536];
	ssize_t got;

	while ((got = archive_read_data(a, piece, sizeof(piece))) > 0) {
		size += (unsigned long long)got;
		u->total += (unsigned long long)got;
		if (size > MOST_FILE || u->total > MOST_TOTAL)
			return fail(u, -EFBIG, "%s is larger than a kernel's files are: refused", name);
		for (char *p = piece; got;) {
			ssize_t done = write(fd, p, (size_t)got);

			if (done < 0 && errno == EINTR)
				continue;
			if (done < 0)
				return fail(u, -errno, "writing %s: %s", name, strerror(errno));
			p += done;
			got -= done;
		}
	}
	u->k->bytes += size;
	return got < 0 ? fail_archive(u, a, name) : 0;
}

static int take_file(struct unpack *u, struct archive *a, struct archive_entry *e, const char *path)
{
	char to[PATH_MAX], file[PATH_MAX];
	const char *release;
	size_t release_n = 0, dir_n = strlen(u->dir);
	enum kind kind = destination(path, to, sizeof(to), &release, &release_n);
	int fd, ret;

	if (kind == SKIPPED)
		return 0;
	if (archive_entry_filetype(e) != AE_IFREG || archive_entry_hardlink(e))
		return fail(u, -EBADMSG, "%s is a link or no regular file: refused", path);
	if (archive_entry_size(e) < 0 || (unsigned long long)archive_entry_size(e) > MOST_FILE)
		return fail(u, -EFBIG, "%s is larger than a kernel's files are: refused", path);
	if (release && !release_valid(release, release_n))
		return fail(u, -EBADMSG, "%s names no kernel release: refused", path);
	if (release && *u->k->release &&
	    (strlen(u->k->release) != release_n || memcmp(release, u->k->release, release_n)))
		return fail(u, -EBADMSG, "%s belongs to another kernel than %s: expected the packages of one",
			    path, u->k->release);
	if (release)
		snprintf(u->k->release, sizeof(u->k->release), "%.*s", (int)release_n, release);
	if (snprintf(file, sizeof(file), "%s/%s", u->dir, to) >= (int)sizeof(file))
		return fail(u, -ENAMETOOLONG, "%s: the name is too long", path);
	ret = make_parents(file, dir_n + 1);
	if (ret)
		return fail(u, ret, "%s: %s", file, strerror(-ret));
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0 && errno == EEXIST)
		return fail(u, -EBADMSG, "%s is there twice: expected one kernel, found several", path);
	if (fd < 0)
		return fail(u, -errno, "%s: %s", file, strerror(errno));
	ret = copy_out(u, a, path, fd);
	if (close(fd) && !ret)
		ret = fail(u, -errno, "writing %s: %s", path, strerror(errno));
	if (ret)
		return ret;
	u->k->image |= kind == IMAGE;
	u->k->modules += kind == MODULE && strstr(to, ".ko") != NULL;
	return 0;
}

/* ---- the control file ---- */

static void field(const char *text, const char *name, char *out, size_t n)
{
	size_t len = strlen(name);

	for (const char *line = text; line && *line;
	     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		if (strncasecmp(line, name, len) || line[len] != ':')
			continue;
		line += len + 1;
		line += strspn(line, " \t");
		snprintf(out, n, "%.*s", (int)strcspn(line, " \t\r\n"), line);
		return;
	}
}

static int take_control(struct unpack *u, struct archive *a)
{
	struct buf text = {0};
	char piece[4096];
	ssize_t got;
	int ret = 0;

	while ((got = archive_read_data(a, piece, sizeof(piece))) > 0 && text.n < MOST_CONTROL)
		buf_add(&text, piece, (size_t)got);
	if (got < 0) {
		ret = fail_archive(u, a, "its control file");
	} else if (got || text.failed) {
		ret = fail(u, -EFBIG, "its control file is larger than a MiB: refused");
	} else {
		field(buf_str(&text), "Package", u->k->package, sizeof(u->k->package));
		field(buf_str(&text), "Version", u->k->version, sizeof(u->k->version));
		field(buf_str(&text), "Architecture", u->k->architecture, sizeof(u->k->architecture));
		if (!*u->k->package || !*u->k->version)
			ret = fail(u, -EBADMSG, "its control file names no package and version");
	}
	buf_fini(&text);
	return ret;
}

/* ---- the archives ---- */

ssize_t deb_feed(struct archive *inner, void *arg, const void **block)
{
	struct archive *outer = arg;
	int64_t offset;
	size_t n = 0;
	int r;

	do
		r = archive_read_data_block(outer, block, &n, &offset);
	while (r == ARCHIVE_OK && !n);
	if (r == ARCHIVE_EOF)
		return 0;
	if (r < ARCHIVE_OK) {
		archive_set_error(inner, EIO, "%s", archive_error_string(outer));
		return -1;
	}
	return (ssize_t)n;
}

/* The members of control.tar or data.tar. */
static int read_tar(struct unpack *u, struct archive *outer, const char *member, bool control)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	unsigned entries = 0;
	int r, ret = 0;

	if (!a)
		return fail(u, -ENOMEM, "out of memory");
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_filter_bzip2(a);
	archive_read_support_filter_lzma(a);
	archive_read_support_format_tar(a);
	if (archive_read_open(a, outer, NULL, deb_feed, NULL)) {
		ret = fail_archive(u, a, member);
		goto out;
	}
	while ((r = archive_read_next_header(a, &e)) == ARCHIVE_OK || r == ARCHIVE_WARN) {
		const char *path = archive_entry_pathname(e);

		if (++entries > MOST_ENTRIES) {
			ret = fail(u, -EFBIG, "%s has more than %u entries: refused", member, MOST_ENTRIES);
			goto out;
		}
		if (path && starts(path, "./"))
			path += 2;
		if (path && (!*path || !strcmp(path, ".")))
			continue;
		if (!path || !path_safe(path)) {
			ret = fail(u, -EBADMSG, "it holds a path that leaves its folder, '%.80s': refused",
				   path ? path : "(unreadable)");
			goto out;
		}
		if (control) {
			if (strcmp(path, "control"))
				continue;
			ret = take_control(u, a);
			goto out;
		}
		if (u->fn) {
			if (!starts(path, u->prefix) || archive_entry_filetype(e) != AE_IFREG)
				continue;
			u->found = true;
			ret = u->fn(a, u->arg);
			goto out;
		}
		ret = take_file(u, a, e, path);
		if (ret)
			goto out;
	}
	if (r != ARCHIVE_EOF)
		ret = fail_archive(u, a, member);
	else if (control)
		ret = fail(u, -EBADMSG, "%s holds no control file", member);
out:
	archive_read_free(a);
	return ret;
}

static int read_deb(struct unpack *u, const char *path)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	bool control = false, data = false;
	int r = 0, ret = 0;

	if (!a)
		return fail(u, -ENOMEM, "out of memory");
	archive_read_support_format_ar(a);
	if (archive_read_open_filename(a, path, 65536)) {
		/* libarchive has numbers of its own beside errno: EILSEQ for a format that it does not know,
		 * and -1. */
		ret = archive_errno(a) > 0 && archive_errno(a) != EILSEQ ? -archive_errno(a) : -EBADMSG;
		fail(u, ret, "%s", archive_error_string(a));
		goto out;
	}
	while (!ret && (r = archive_read_next_header(a, &e)) == ARCHIVE_OK) {
		const char *name = archive_entry_pathname(e);

		if (name && starts(name, "control.tar") && !control) {
			control = true;
			ret = read_tar(u, a, name, true);
			if (!u->dir && !u->fn)
				goto out;
		} else if (name && starts(name, "data.tar") && !data) {
			if (!control)
				ret = fail(u, -EBADMSG, "expected control.tar before data.tar");
			else
				ret = read_tar(u, a, name, false);
			data = true;
			if (u->fn)
				goto out;
		}
	}
	if (!ret && r != ARCHIVE_EOF)
		ret = fail_archive(u, a, "expected a Debian package");
	else if (!ret && !(control && data))
		ret = fail(u, -EBADMSG, "expected a Debian package, found no %s",
			   control ? "data.tar" : "control.tar");
out:
	archive_read_free(a);
	return ret;
}

int deb_control(const char *path, struct deb_kernel *k, char *why, size_t n)
{
	struct unpack u = {.k = k, .why = why, .n = n};

	return read_deb(&u, path);
}

int deb_unpack(const char *path, const char *dir, struct deb_kernel *k, char *why, size_t n)
{
	struct unpack u = {.k = k, .dir = dir, .why = why, .n = n, .total = k->bytes};

	return read_deb(&u, path);
}

int deb_file(const char *path, const char *prefix, int (*fn)(struct archive *a, void *arg), void *arg,
	     struct deb_kernel *k, char *why, size_t n)
{
	struct unpack u = {.k = k, .prefix = prefix, .fn = fn, .arg = arg, .why = why, .n = n};
	int ret = read_deb(&u, path);

	return !ret && !u.found ? fail(&u, -ENOENT, "expected a file %s... in it, found none", prefix) : ret;
}
