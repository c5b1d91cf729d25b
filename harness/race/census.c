/* SPDX-License-Identifier: MIT */
#include "census.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#define IDS_MAX 4096

struct ids {
	unsigned n;
	__u32 id[IDS_MAX];
};

static bool is_ours(__u32 id, const char *name)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);
	bool ours;

	if (fd < 0)
		return false;
	ours = !bpf_obj_get_info_by_fd(fd, &info, &len) && !strncmp(info.name, name, sizeof(info.name));
	close(fd);
	return ours;
}

static int take_progs(struct ids *ours, const char *name)
{
	__u32 id = 0;

	ours->n = 0;
	while (!bpf_prog_get_next_id(id, &id))
		if (ours->n < IDS_MAX && is_ours(id, name))
			ours->id[ours->n++] = id;
	return errno == ENOENT ? 0 : -errno;
}

static bool links_ours(__u32 id, const struct ids *ours)
{
	struct bpf_link_info info = {0};
	__u32 len = sizeof(info);
	int fd = bpf_link_get_fd_by_id(id), err;

	if (fd < 0)
		return false;
	err = bpf_obj_get_info_by_fd(fd, &info, &len);
	close(fd);
	for (unsigned i = 0; !err && i < ours->n; i++)
		if (ours->id[i] == info.prog_id)
			return true;
	return false;
}

static void take_links(struct census *c, const struct ids *ours)
{
	__u32 id = 0;

	c->links = 0;
	while (!bpf_link_get_next_id(id, &id))
		c->links += links_ours(id, ours);
	c->has_links = errno == ENOENT;
}

static unsigned count_dirs(int dir)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	unsigned n = 0;

	for (struct dirent *e; d && (e = readdir(d));)
		if (e->d_type == DT_DIR && e->d_name[0] != '.') {
			int below = openat(dir, e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

			n += 1 + (below < 0 ? 0 : count_dirs(below));
			if (below >= 0)
				close(below);
		}
	if (d)
		closedir(d);
	return n;
}

/* Removed, but something still holds them. */
static unsigned count_dying(int dir)
{
	int fd = openat(dir, "cgroup.stat", O_RDONLY | O_CLOEXEC);
	char text[512] = "", *p;
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	p = n > 0 ? strstr(text, "nr_dying_descendants ") : NULL;
	return p ? (unsigned)strtoul(p + strlen("nr_dying_descendants "), NULL, 10) : 0;
}

static unsigned count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

int census_take(struct census *c, const char *name, int dir)
{
	static struct ids ours; /* large */
	int ret = take_progs(&ours, name);

	memset(c, 0, sizeof(*c));
	if (ret)
		return ret;
	c->progs = ours.n;
	take_links(c, &ours);
	if (dir >= 0)
		c->cgroups = count_dirs(dir) + count_dying(dir);
	c->fds = count_fds();
	return 0;
}

bool census_same(const struct census *before, const struct census *after)
{
	return after->progs <= before->progs && after->links <= before->links &&
	       after->cgroups <= before->cgroups && after->fds <= before->fds;
}
