/* SPDX-License-Identifier: MIT */
#include "mirror.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../vm/frame.h"

struct walk {
	struct mirror *m;
	bool last;
	void (*put)(void *arg, const void *payload, size_t n);
	void *arg;
	char path[512]; /* below the root */
	char payload[FRAME_MAX];
};

void mirror_init(struct mirror *m, const char *root)
{
	memset(m, 0, sizeof(*m));
	m->root = root;
}

static struct mirror_file *find(struct mirror *m, uint64_t inode)
{
	for (unsigned i = 0; i < m->n; i++)
		if (m->file[i].inode == inode)
			return &m->file[i];
	if (m->n == MIRROR_FILES)
		return NULL;
	m->file[m->n].inode = inode;
	return &m->file[m->n++];
}

/* Everything from *sent on, as an appended file, and an empty one if nothing was sent yet. */
static void send_from(struct walk *w, int fd, uint64_t *sent)
{
	size_t head = strlen(w->path) + 1;

	memcpy(w->payload, w->path, head);
	for (;;) {
		ssize_t n = pread(fd, w->payload + head, sizeof(w->payload) - head,
				  *sent ? (off_t)(*sent - 1) : 0);

		if (n < 0 || (n == 0 && *sent))
			break;
		w->put(w->arg, w->payload, head + (size_t)n);
		*sent += (*sent ? 0 : 1) + (uint64_t)n;
	}
}

/* Nobody writes to it any more: the kernel gives out a lease for reading only then. */
static bool is_whole(int fd, const struct stat *st)
{
	struct timespec now;
	int64_t ms;

	if (!fcntl(fd, F_SETLEASE, F_RDLCK))
		return true;
	if (errno == EAGAIN)
		return false;
	clock_gettime(CLOCK_REALTIME, &now); /* a kernel without leases */
	ms = (int64_t)(now.tv_sec - st->st_mtim.tv_sec) * 1000 +
	     (now.tv_nsec - st->st_mtim.tv_nsec) / 1000000;
	return ms >= MIRROR_REST || ms < 0;
}

static void send_file(struct walk *w, int dir, const char *name, const struct stat *st, bool spooled)
{
	struct mirror_file *f = spooled ? NULL : find(w->m, st->st_ino);
	uint64_t once = 0;
	int fd;

	if (!spooled && (!f || (f->sent && (uint64_t)st->st_size < f->sent)))
		return;
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return;
	if (!spooled) {
		send_from(w, fd, &f->sent);
	} else if (w->last || is_whole(fd, st)) {
		send_from(w, fd, &once);
		unlinkat(dir, name, 0);
	}
	close(fd);
}

static void walk(struct walk *w, int at, const char *name, unsigned depth)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	size_t n = strlen(w->path);
	struct dirent *e;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((e = readdir(d))) {
		struct stat st;

		if (e->d_name[0] == '.' || fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if ((size_t)snprintf(w->path + n, sizeof(w->path) - n, "%s%s", n ? "/" : "", e->d_name) <
		    sizeof(w->path) - n) {
			if (S_ISDIR(st.st_mode) && depth < MIRROR_DEPTH)
				walk(w, fd, e->d_name, depth + 1);
			else if (S_ISREG(st.st_mode))
				send_file(w, fd, e->d_name, &st, !strcmp(name, MIRROR_SPOOL));
		}
		w->path[n] = 0;
	}
	closedir(d);
}

void mirror_send(struct mirror *m, bool last, void (*put)(void *arg, const void *payload, size_t n),
		 void *arg)
{
	static struct walk w; /* large */

	w.m = m;
	w.last = last;
	w.put = put;
	w.arg = arg;
	w.path[0] = 0;
	if (m->root[0])
		walk(&w, AT_FDCWD, m->root, 0);
}
