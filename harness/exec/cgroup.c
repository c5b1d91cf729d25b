/* SPDX-License-Identifier: MIT */
/*
 * Directories, locks and attachments. The one subtle thing is who may remove what: a base belongs to whoever
 * holds the flock on its directory. The owner takes the lock right after mkdir and then looks whether the
 * name still leads to the same directory, because a sweeper may have come in between; a sweeper removes only
 * while it holds the lock itself.
 */
#include "cgroup.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "bpf_uapi.h"

#define PREFIX	    "hookdiff."
#define PATIENCE_MS 300 /* how long a dying process may keep its cgroup busy */

static void nap_ms(long ms)
{
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&ts, NULL);
}

/* mountinfo writes blanks in paths as \040 and the like */
static void unescape(char *s)
{
	char *out = s;

	for (; *s; s++, out++) {
		if (s[0] == '\\' && isdigit(s[1]) && isdigit(s[2]) && isdigit(s[3])) {
			*out = (s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0');
			s += 3;
		} else {
			*out = *s;
		}
	}
	*out = 0;
}

/* A line: ID PARENT MAJ:MIN ROOT MOUNTPOINT OPTIONS [TAGS…] - TYPE SOURCE SUPEROPTIONS */
static int find_mount(char *path, char *root, size_t size)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t cap = 0;
	int ret = -ENOENT;

	if (!f)
		return -errno;
	while (ret && getline(&line, &cap, f) > 0) {
		char *tail = strstr(line, " - "), *save = NULL, *field[5];
		int n = 0;

		if (!tail || strncmp(tail + 3, "cgroup2 ", 8))
			continue;
		*tail = 0;
		for (char *t = strtok_r(line, " ", &save); t && n < 5; t = strtok_r(NULL, " ", &save))
			field[n++] = t;
		if (n < 5)
			continue;
		unescape(field[3]);
		unescape(field[4]);
		if (strlen(field[3]) >= size || strlen(field[4]) >= size)
			continue;
		strcpy(root, field[3]);
		strcpy(path, field[4]);
		ret = 0;
	}
	free(line);
	fclose(f);
	return ret;
}

int cgroup_mount(char *path, size_t size, char *err, size_t errsize)
{
	char root[PATH_MAX], at[PATH_MAX];
	int ret = find_mount(at, root, sizeof(at));

	if (!ret && (size_t)snprintf(path, size, "%s", at) >= size)
		ret = -ENAMETOOLONG;
	if (ret)
		snprintf(err, errsize,
			 "no cgroup2 file system is mounted; "
			 "mount -t cgroup2 none /some/directory makes one");
	return ret;
}

/* The directory of the process's own cgroup, as seen through the mount. */
static int own_dir(const char *mount, const char *root, char *out, size_t size)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char *line = NULL, *rel = NULL;
	size_t cap = 0, skip = strcmp(root, "/") ? strlen(root) : 0;
	int ret = -ENOENT;

	if (!f)
		return -errno;
	while (getline(&line, &cap, f) > 0) {
		if (strncmp(line, "0::/", 4))
			continue;
		line[strcspn(line, "\n")] = 0;
		rel = line + 3;
		break;
	}
	/* "/../x" or a path outside the mount's root: not reachable from here */
	if (rel && strncmp(rel, "/..", 3) && !strncmp(rel, root, skip)) {
		rel += skip;
		if ((size_t)snprintf(out, size, "%s%s", mount, strcmp(rel, "/") ? rel : "") < size)
			ret = 0;
	}
	free(line);
	fclose(f);
	return ret;
}

static bool is_base_name(const char *s)
{
	if (strncmp(s, PREFIX, sizeof(PREFIX) - 1))
		return false;
	s += sizeof(PREFIX) - 1;
	if (!isdigit(*s))
		return false;
	s += strspn(s, "0123456789");
	if (*s == '.' && isdigit(s[1])) {
		s++;
		s += strspn(s, "0123456789");
	}
	return !*s;
}

static int open_dir(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

/* Calls fn on the name of each child directory; stops at the first nonzero answer. */
static int for_each_child(int dir, int (*fn)(int dir, const char *name, void *arg), void *arg)
{
	int ret = 0, fd = open_dir(dir, ".");
	struct dirent *e;
	DIR *d;

	if (fd < 0)
		return fd;
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return -ENOMEM;
	}
	while (!ret && (e = readdir(d)))
		if (e->d_type == DT_DIR && e->d_name[0] != '.')
			ret = fn(dir, e->d_name, arg);
	closedir(d);
	return ret;
}

static int remove_child(int dir, const char *name, void *arg)
{
	int fd = open_dir(dir, name);

	(void)arg;
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	for_each_child(fd, remove_child, NULL);
	close(fd);
	for (int ms = 0;; ms += 5) {
		if (!unlinkat(dir, name, AT_REMOVEDIR) || errno == ENOENT)
			return 0;
		if (errno != EBUSY || ms >= PATIENCE_MS)
			return -errno;
		nap_ms(5);
	}
}

int cgroup_remove(int parent, const char *name)
{
	return remove_child(parent, name, NULL);
}

static bool same_dir(int fd, int parent, const char *name)
{
	struct stat a, b;

	return !fstat(fd, &a) && !fstatat(parent, name, &b, AT_SYMLINK_NOFOLLOW) && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

static int sweep_child(int dir, const char *name, void *arg)
{
	struct cgroup_swept *out = arg;
	int fd = open_dir(dir, name);

	if (fd < 0)
		return 0; /* gone meanwhile, or not ours to see */
	if (!is_base_name(name)) {
		for_each_child(fd, sweep_child, out);
	} else if (flock(fd, LOCK_EX | LOCK_NB)) {
		out->live++;
	} else if (!same_dir(fd, dir, name) || !cgroup_remove(dir, name)) {
		out->removed++;
	} else {
		char link[64];
		ssize_t n;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, out->busy_path, sizeof(out->busy_path) - 1);
		out->busy_path[n > 0 ? n : 0] = 0;
		out->busy++;
	}
	close(fd);
	return 0;
}

int cgroup_sweep(struct cgroup_swept *out)
{
	char mount[PATH_MAX], root[PATH_MAX];
	int fd, ret = find_mount(mount, root, sizeof(mount));

	memset(out, 0, sizeof(*out));
	if (ret)
		return ret;
	fd = open_dir(AT_FDCWD, mount);
	if (fd < 0)
		return fd;
	ret = for_each_child(fd, sweep_child, out);
	close(fd);
	return ret;
}

static int open_cgroup(struct cgroup *cg, int parent, const char *name)
{
	cg->procs = -1;
	cg->dir = open_dir(parent, name);
	if (cg->dir < 0)
		return cg->dir;
	cg->procs = openat(cg->dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (cg->procs < 0) {
		int ret = -errno;

		close(cg->dir);
		cg->dir = -1;
		return ret;
	}
	return 0;
}

int cgroup_make(struct cgroup *cg, int parent, const char *name)
{
	int ret;

	cg->dir = cg->procs = -1;
	if (mkdirat(parent, name, 0755))
		return -errno;
	ret = open_cgroup(cg, parent, name);
	if (ret)
		unlinkat(parent, name, AT_REMOVEDIR);
	return ret;
}

void cgroup_fini(struct cgroup *cg)
{
	if (cg->dir >= 0)
		close(cg->dir);
	if (cg->procs >= 0)
		close(cg->procs);
	cg->dir = cg->procs = -1;
}

int cgroup_enter(const struct cgroup *cg)
{
	return write(cg->procs, "0", 1) == 1 ? 0 : -errno;
}

/* mkdir, lock, and look whether it is still there */
static int make_locked(struct cgroup_base *b)
{
	for (unsigned n = 0; n < 64; n++) {
		int ret;

		if (!n)
			snprintf(b->name, sizeof(b->name), PREFIX "%d", getpid());
		else
			snprintf(b->name, sizeof(b->name), PREFIX "%d.%u", getpid(), n);
		ret = cgroup_make(&b->base, b->parent, b->name);
		if (ret == -EEXIST)
			continue; /* another backend of this process, or a dead namesake that is busy */
		if (ret)
			return ret;
		if (!flock(b->base.dir, LOCK_EX | LOCK_NB) && same_dir(b->base.dir, b->parent, b->name))
			return 0;
		cgroup_fini(&b->base); /* a sweeper was quicker: it removes what it locked */
	}
	return -EEXIST;
}

static int open_under(struct cgroup_base *b, const char *dir)
{
	int ret;

	b->parent = open_dir(AT_FDCWD, dir);
	if (b->parent < 0)
		return b->parent;
	ret = make_locked(b);
	if (ret)
		goto out_parent;
	ret = cgroup_make(&b->home, b->base.dir, "home");
	if (!ret)
		ret = cgroup_enter(&b->home);
	if (!ret) {
		snprintf(b->path, sizeof(b->path), "%.*s/%s", (int)(sizeof(b->path) - sizeof(b->name) - 2),
			 dir, b->name);
		return 0;
	}
	cgroup_remove(b->parent, b->name);
	cgroup_fini(&b->home);
	cgroup_fini(&b->base);
out_parent:
	close(b->parent);
	b->parent = -1;
	return ret;
}

int cgroup_base_open(struct cgroup_base *b, char *err, size_t size)
{
	char mount[PATH_MAX], root[PATH_MAX], own[PATH_MAX];
	int ret;

	memset(b, 0, sizeof(*b));
	b->base.dir = b->base.procs = b->home.dir = b->home.procs = b->parent = b->origin = -1;
	ret = cgroup_mount(mount, sizeof(mount), err, size);
	if (ret)
		return ret;
	find_mount(mount, root, sizeof(mount));
	ret = own_dir(mount, root, own, sizeof(own));
	if (!ret) {
		int dir = open_dir(AT_FDCWD, own);

		if (dir >= 0) {
			b->origin = openat(dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);
			close(dir);
		}
		ret = open_under(b, own);
	}
	if (ret)
		ret = open_under(b, mount);
	if (ret) {
		snprintf(err, size,
			 "cannot make a cgroup under %.120s: %s (needs root and a writable cgroup2 mount)",
			 mount, strerror(-ret));
		if (b->origin >= 0)
			close(b->origin);
	}
	return ret;
}

void cgroup_base_close(struct cgroup_base *b)
{
	if (b->base.dir < 0)
		return;
	/* Where it came from may be gone or refuse; the parent, which holds no controller business, will do.
	 */
	if (b->origin < 0 || write(b->origin, "0", 1) != 1) {
		int fd = openat(b->parent, "cgroup.procs", O_WRONLY | O_CLOEXEC);

		if (fd >= 0) {
			if (write(fd, "0", 1) != 1)
				nap_ms(0);
			close(fd);
		}
	}
	cgroup_remove(b->parent, b->name);
	cgroup_fini(&b->home);
	cgroup_fini(&b->base);
	close(b->parent);
	if (b->origin >= 0)
		close(b->origin);
	b->parent = b->origin = -1;
}

static const unsigned mode_flags[MODE_COUNT] = {
	[MODE_MULTI] = HD_F_ALLOW_MULTI,
	[MODE_OVERRIDE] = HD_F_ALLOW_OVERRIDE,
	[MODE_NONE] = 0,
};

int cgroup_attach(struct attachment *a, const struct cgroup *cg, int prog, unsigned hook,
		  enum attach_mode mode)
{
	unsigned type = hd_attach_type(hook);

	a->cgroup = cg->dir;
	a->prog = prog;
	a->hook = hook;
	a->link = -1;
	if (mode == MODE_MULTI) {
		int fd = hd_link_create(cg->dir, prog, type, 0);

		if (fd >= 0) {
			a->link = fd;
			return 0;
		}
		if (fd != -EINVAL) /* a kernel without links knows no such command */
			return fd;
	}
	return hd_prog_attach(cg->dir, prog, type, mode_flags[mode]);
}

int cgroup_swap(struct attachment *a, int prog, enum attach_mode mode)
{
	unsigned type = hd_attach_type(a->hook);
	int ret;

	if (a->prog == prog)
		return 0;
	if (a->link >= 0) {
		ret = hd_link_update(a->link, prog);
	} else {
		ret = mode == MODE_MULTI ? hd_prog_detach(a->cgroup, a->prog, type) : 0;
		if (!ret)
			ret = hd_prog_attach(a->cgroup, prog, type, mode_flags[mode]);
	}
	if (!ret)
		a->prog = prog;
	return ret;
}

void cgroup_detach(struct attachment *a)
{
	if (a->link >= 0)
		close(a->link);
	else
		hd_prog_detach(a->cgroup, a->prog, hd_attach_type(a->hook));
	a->link = -1;
}

static void describe_prog(unsigned id, char *out, size_t size)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	out[0] = 0;
	if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len) && info.name[0])
		snprintf(out, size, ", name \"%.15s\"", info.name);
	if (fd >= 0)
		close(fd);
}

int cgroup_foreign(int dir, char *err, size_t size)
{
	static const char *const names[HOOK_COUNT] = {"getsockopt", "setsockopt"};

	for (unsigned hook = 0; hook < HOOK_COUNT; hook++) {
		uint32_t ids[64], n = 64;
		int ret = hd_prog_query(dir, hd_attach_type(hook), HD_QUERY_EFFECTIVE, ids, &n);
		char more[64];

		if (ret && ret != -ENOSPC) {
			snprintf(err, size, "cannot query the cgroup/%s programs: %s", names[hook],
				 strerror(-ret));
			return ret;
		}
		if (!n)
			continue;
		describe_prog(ids[0], more, sizeof(more));
		snprintf(err, size,
			 "a cgroup/%s program (id %u%s) is already effective here and would run in every "
			 "case; "
			 "detach it or run elsewhere",
			 names[hook], ids[0], more);
		return -EBUSY;
	}
	return 0;
}
