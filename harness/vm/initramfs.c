/* SPDX-License-Identifier: MIT */
/*
 * A newc cpio, not compressed: unpacking costs a slow emulated processor more than reading. Links are
 * followed, because what they point to may not be in the guest; devices and sockets are left out.
 */
#include "initramfs.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../guest/guest.h"
#include "modules.h"

struct cpio {
	struct archive *a;
	char **folder; /* those that are in the archive already; owned */
	size_t n_folders;
	char *why;
	size_t size;
};

bool initramfs_path(const char *path, char *out, size_t size)
{
	size_t n = 0;

	if (path[0] != '/' || !size)
		return false;
	for (const char *p = path; *p;) {
		size_t len = strcspn(p, "/");

		if (len == 2 && !memcmp(p, "..", 2)) {
			while (n && out[--n] != '/')
				;
		} else if (len && !(len == 1 && *p == '.')) {
			if (n + len + 2 > size)
				return false;
			out[n++] = '/';
			memmove(out + n, p, len);
			n += len;
		}
		p += len + (p[len] == '/');
	}
	if (!n)
		out[n++] = '/';
	out[n] = 0;
	return n < size;
}

static int failed(struct cpio *c, const char *what, int err)
{
	snprintf(c->why, c->size, "cannot put %.150s into the guest: %s", what, strerror(err));
	return -err;
}

static int put_entry(struct cpio *c, const char *path, unsigned mode, int64_t n)
{
	struct archive_entry *e = archive_entry_new();
	int ret;

	if (!e)
		return failed(c, path, ENOMEM);
	archive_entry_set_pathname(e, path + 1);
	archive_entry_set_mode(e, mode);
	archive_entry_set_size(e, n);
	archive_entry_set_nlink(e, S_ISDIR(mode) ? 2 : 1);
	archive_entry_set_mtime(e, 0, 0);
	ret = archive_write_header(c->a, e) == ARCHIVE_OK ? 0 : failed(c, path, ENOSPC);
	archive_entry_free(e);
	return ret;
}

/* The folder and those above it, each once. */
static int put_folder(struct cpio *c, const char *path)
{
	char **grown, upper[PATH_MAX];
	int ret;

	if (!strcmp(path, "/") || !*path)
		return 0;
	for (size_t i = 0; i < c->n_folders; i++)
		if (!strcmp(c->folder[i], path))
			return 0;
	snprintf(upper, sizeof(upper), "%s", path);
	*strrchr(upper, '/') = 0;
	ret = put_folder(c, upper);
	if (ret)
		return ret;
	grown = realloc(c->folder, (c->n_folders + 1) * sizeof(*grown));
	if (grown)
		c->folder = grown;
	if (!grown || !(grown[c->n_folders] = strdup(path)))
		return failed(c, path, ENOMEM);
	c->n_folders++;
	return put_entry(c, path, S_IFDIR | 0755, 0);
}

static int put_parents(struct cpio *c, const char *path)
{
	char upper[PATH_MAX];

	snprintf(upper, sizeof(upper), "%s", path);
	*strrchr(upper, '/') = 0;
	return put_folder(c, upper);
}

static int put_bytes(struct cpio *c, const char *path, unsigned mode, const void *bytes, size_t n)
{
	int ret = put_parents(c, path);

	if (!ret)
		ret = put_entry(c, path, S_IFREG | mode, (int64_t)n);
	if (!ret && archive_write_data(c->a, bytes, n) != (la_ssize_t)n)
		ret = failed(c, path, ENOSPC);
	return ret;
}

/* The size is fixed by the header before the bytes are read: a file that changes meanwhile is an error. */
static int put_file(struct cpio *c, const char *host, const char *path, unsigned mode)
{
	char bytes[65536];
	int64_t left;
	struct stat st;
	int fd = open(host, O_RDONLY | O_CLOEXEC | O_NONBLOCK), ret;

	if (fd < 0)
		return failed(c, host, errno);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return failed(c, host, EINVAL);
	}
	left = st.st_size;
	ret = put_parents(c, path);
	if (!ret)
		ret = put_entry(c, path, S_IFREG | mode, left);
	while (!ret && left) {
		ssize_t n = read(fd, bytes, left < (int64_t)sizeof(bytes) ? (size_t)left : sizeof(bytes));

		if (n <= 0)
			ret = failed(c, host, n < 0 ? errno : EIO);
		else if (archive_write_data(c->a, bytes, (size_t)n) != n)
			ret = failed(c, host, ENOSPC);
		left -= n > 0 ? n : 0;
	}
	close(fd);
	return ret;
}

static int put_tree(struct cpio *c, const char *host, const char *path)
{
	char *roots[] = {(char *)host, NULL}, to[PATH_MAX];
	FTS *tree = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL);
	size_t skip = strlen(host);
	int ret = 0;
	FTSENT *e;

	if (!tree)
		return failed(c, host, errno);
	while (!ret && (e = fts_read(tree))) {
		if ((size_t)snprintf(to, sizeof(to), "%s/%s", strcmp(path, "/") ? path : "",
				     e->fts_path + skip) >= sizeof(to) ||
		    !initramfs_path(to, to, sizeof(to)))
			ret = failed(c, e->fts_path, ENAMETOOLONG);
		else if (e->fts_info == FTS_D)
			ret = put_folder(c, to);
		else if (e->fts_info == FTS_F)
			ret = put_file(c, e->fts_path, to, 0644);
		else if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR || e->fts_info == FTS_NS)
			ret = failed(c, e->fts_path, e->fts_errno);
	}
	fts_close(tree);
	return ret;
}

static int put_one(struct cpio *c, const struct vm_file *f)
{
	char path[PATH_MAX];
	struct stat st;

	if (!initramfs_path(f->guest, path, sizeof(path)) || !strcmp(path, "/"))
		return failed(c, f->guest, EINVAL);
	if (stat(f->host, &st))
		return failed(c, f->host, errno);
	return S_ISDIR(st.st_mode) ? put_tree(c, f->host, path)
				   : put_file(c, f->host, path, st.st_mode & 0111 ? 0755 : 0644);
}

static int put_job(struct cpio *c, const struct vm_job *job)
{
	struct buf b = {0};
	int ret;

	buf_add(&b, job->cwd ? job->cwd : "/tmp", strlen(job->cwd ? job->cwd : "/tmp") + 1);
	buf_add(&b, job->collect ? job->collect : "", job->collect ? strlen(job->collect) + 1 : 1);
	for (unsigned i = 0; i < job->n_commands; i++) {
		const char *const *argv = job->command[i].argv;
		unsigned argc = 0;

		while (argv[argc])
			argc++;
		buf_printf(&b, "%u", argc + 1);
		buf_add(&b, "\0hookdiff", 10); /* both their NULs */
		for (unsigned k = 0; k < argc; k++)
			buf_add(&b, argv[k], strlen(argv[k]) + 1);
	}
	ret = b.failed ? failed(c, "the job", ENOMEM) : put_bytes(c, GUEST_JOB, 0644, b.p, b.n);
	buf_fini(&b);
	return ret;
}

static int put_module(void *arg, const char *name, const struct buf *bytes)
{
	char path[400];

	snprintf(path, sizeof(path), GUEST_MODULES "/%s", name);
	return put_bytes(arg, path, 0644, bytes->p, bytes->n);
}

static int put_all(struct cpio *c, const struct vm_job *job, const char *guest)
{
	static const char *const folders[] = {"/dev", "/proc", "/sys", "/tmp", "/.hookdiff"};
	char collect[PATH_MAX];
	int ret = put_file(c, guest, "/init", 0755);

	for (size_t i = 0; !ret && i < sizeof(folders) / sizeof(folders[0]); i++)
		ret = put_folder(c, folders[i]);
	if (!ret && job->cwd)
		ret = put_folder(c, job->cwd);
	if (!ret && job->collect && initramfs_path(job->collect, collect, sizeof(collect)))
		ret = put_parents(c, collect);
	for (unsigned i = 0; !ret && i < job->n_files; i++)
		ret = put_one(c, &job->file[i]);
	if (!ret && job->modules)
		ret = modules_each(job->modules, put_module, c);
	return ret ? ret : put_job(c, job);
}

int initramfs_make(const struct vm_job *job, const char *guest, char *why, size_t size)
{
	struct cpio c = {.why = why, .size = size, .a = archive_write_new()};
	int fd = memfd_create("hookdiff initramfs", MFD_CLOEXEC), ret;

	if (!c.a || fd < 0) {
		ret = failed(&c, "anything", fd < 0 ? errno : ENOMEM);
	} else if (archive_write_set_format_cpio_newc(c.a) != ARCHIVE_OK ||
		   archive_write_set_bytes_per_block(c.a, 65536) != ARCHIVE_OK ||
		   archive_write_open_fd(c.a, fd) != ARCHIVE_OK) {
		ret = failed(&c, "anything", ENOSPC);
	} else {
		ret = put_all(&c, job, guest);
		if (archive_write_close(c.a) != ARCHIVE_OK && !ret)
			ret = failed(&c, "the last bytes", ENOSPC);
	}
	archive_write_free(c.a);
	for (size_t i = 0; i < c.n_folders; i++)
		free(c.folder[i]);
	free(c.folder);
	if (!ret)
		return fd;
	if (fd >= 0)
		close(fd);
	return ret;
}
