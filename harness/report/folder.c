/* SPDX-License-Identifier: MIT */
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void folder_begin(struct folder *d, const char *findings, const char *stem)
{
	struct stat st;

	d->err = 0;
	d->n_files = 0;
	if (snprintf(d->path, sizeof(d->path), "%s/%s", findings, stem) >= (int)sizeof(d->path) ||
	    snprintf(d->hidden, sizeof(d->hidden), "%s/.%s.%d", findings, stem, (int)getpid()) >=
		    (int)sizeof(d->hidden))
		d->err = -ENAMETOOLONG;
	else if (!stat(d->path, &st))
		d->err = -EEXIST;
	else if (mkdir(d->hidden, 0755))
		d->err = -errno;
}

const char *folder_file(struct folder *d, const char *name)
{
	static char path[sizeof(d->hidden) + FOLDER_NAME];

	if (d->n_files == FOLDER_FILES || strlen(name) >= FOLDER_NAME)
		d->err = d->err ? d->err : -ENAMETOOLONG;
	else
		strcpy(d->file[d->n_files++], name);
	snprintf(path, sizeof(path), "%s/%s", d->hidden, name);
	return path;
}

void folder_put(struct folder *d, const char *name, const void *bytes, size_t n)
{
	const char *path;
	int fd;

	if (d->err)
		return;
	path = folder_file(d, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0) {
		d->err = -errno;
		return;
	}
	if (write(fd, bytes, n) != (ssize_t)n)
		d->err = -EIO;
	close(fd);
}

void folder_put_text(struct folder *d, const char *name, const struct buf *text)
{
	if (text->failed && !d->err)
		d->err = -ENOMEM;
	folder_put(d, name, buf_str(text), text->n);
}

int folder_end(struct folder *d)
{
	if (!d->err && rename(d->hidden, d->path))
		d->err = errno == ENOTEMPTY ? -EEXIST : -errno;
	if (d->err && d->err != -ENAMETOOLONG) {
		char path[sizeof(d->hidden) + FOLDER_NAME];

		for (unsigned i = 0; i < d->n_files; i++) {
			snprintf(path, sizeof(path), "%s/%s", d->hidden, d->file[i]);
			unlink(path);
		}
		rmdir(d->hidden);
	}
	return d->err == -EEXIST ? 0 : d->err;
}
