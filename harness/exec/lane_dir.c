/* SPDX-License-Identifier: MIT */
/* The lane's cgroups: kept by path from case to case. A case that removes or threads some begins without
 * others. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bpf_uapi.h"
#include "lane_impl.h"

static int parent_fd(const struct lane *l, const struct lane_dir *d)
{
	return d->parent == TREE_NONE ? l->top.dir : l->dir[d->parent].cg.dir;
}

struct lane_dir *lane_dir_of(struct lane *l, uint8_t cg)
{
	return &l->dir[l->at[cg]];
}

int lane_enter(struct lane *l, uint8_t cg)
{
	return cgroup_enter(cg == TREE_NONE ? &l->set->base.home : &lane_dir_of(l, cg)->cg);
}

static uint8_t find(struct lane *l, uint8_t parent, char name)
{
	struct lane_dir *d;

	for (unsigned i = 0; i < l->n_dirs; i++)
		if (l->dir[i].parent == parent && l->dir[i].name == name)
			return (uint8_t)i;
	if (l->n_dirs == LANE_DIRS)
		return TREE_NONE;
	d = &l->dir[l->n_dirs];
	*d = (struct lane_dir){.cg = {-1, -1}, .parent = parent, .name = name};
	return (uint8_t)l->n_dirs++;
}

/* Its sockets first: they would hold what is attached to it. */
static int remove_dir(struct lane *l, struct lane_dir *d)
{
	char name[2] = {d->name};
	int ret;

	if (!d->exists)
		return 0;
	lane_drop_pairs(l, &d->pairs);
	ret = cgroup_remove(parent_fd(l, d), name);
	if (ret)
		return ret;
	d->exists = d->threaded = false;
	cgroup_fini(&d->cg);
	return 0;
}

static int make_dir(struct lane *l, struct lane_dir *d)
{
	char name[2] = {d->name};
	struct cgroup cg;
	int ret = cgroup_make(&cg, parent_fd(l, d), name);

	if (ret)
		return ret;
	cgroup_fini(&d->cg);
	d->cg = cg;
	d->exists = true;
	d->birth = ++l->births;
	d->threaded = false;
	d->base[HOOK_GET] = d->base[HOOK_SET] = 0;
	return 0;
}

/* Children come after their parents in dir[]. */
static int remove_all(struct lane *l, const bool *but)
{
	for (unsigned i = l->n_dirs; i-- > 0;)
		if (!but || !but[i]) {
			int ret = remove_dir(l, &l->dir[i]);

			if (ret)
				return ret;
		}
	return 0;
}

void lane_dirs_close(struct lane *l)
{
	remove_all(l, NULL);
	for (unsigned i = 0; i < l->n_dirs; i++)
		cgroup_fini(&l->dir[i].cg);
	l->n_dirs = 0;
}

/* Does the case see which other cgroups there are? */
static bool is_picky(const struct tree *t)
{
	for (unsigned i = 0; i < t->n_steps; i++)
		if (t->step[i].op == TREE_MKDIR || t->step[i].op == TREE_RMDIR)
			return true;
	for (unsigned i = 0; i < t->n_socks; i++)
		if (t->sock[i].route == ROUTE_THREAD)
			return true;
	return false;
}

static bool sees_revisions(const struct tree *t)
{
	for (unsigned i = 0; i < t->n_steps; i++)
		if (t->step[i].op == TREE_QUERY || t->step[i].revision)
			return true;
	return false;
}

static int read_bases(struct lane *l, struct lane_dir *d)
{
	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		struct hd_attr_query a = {.target_fd = (uint32_t)d->cg.dir, .attach_type = hd_attach_type(h)};
		int ret = hd_bpf(HD_BPF_PROG_QUERY, &a, sizeof(a));

		if (ret)
			return ret;
		if (a.prog_cnt)
			return -EBUSY;
		d->base[h] = a.revision ? a.revision - 1 : 0;
		l->has_revisions = a.revision != 0;
	}
	return 0;
}

int lane_dirs_begin(struct lane *l)
{
	const struct tree *t = l->t;
	bool keep[LANE_DIRS] = {false};
	int ret = 0;

	if (l->n_dirs > LANE_DIRS - TREE_MAX_CGROUPS) {
		ret = remove_all(l, NULL);
		l->n_dirs = 0;
	}
	for (unsigned i = 0; !ret && i < t->n_cgroups; i++) {
		uint8_t up = t->cgroup[i].parent;

		l->at[i] = find(l, up == TREE_NONE ? TREE_NONE : l->at[up], t->cgroup[i].name);
		keep[l->at[i]] = !t->cgroup[i].later;
	}
	if (!ret && is_picky(t))
		ret = remove_all(l, keep);
	for (unsigned i = 0; !ret && i < t->n_cgroups; i++) {
		struct lane_dir *d = lane_dir_of(l, (uint8_t)i);

		if (t->cgroup[i].later)
			continue;
		if (!d->exists)
			ret = make_dir(l, d);
		if (!ret && sees_revisions(t))
			ret = read_bases(l, d);
	}
	return ret ? lane_fail(l, ret, "cannot make the cgroups of the case") : 0;
}

/* What the case changed about cgroups goes; the rest is kept. */
void lane_dirs_end(struct lane *l)
{
	for (unsigned i = l->t->n_cgroups; i-- > 0;) {
		struct lane_dir *d = lane_dir_of(l, (uint8_t)i);

		if (d->threaded)
			remove_dir(l, d);
		if (d->exists)
			continue;
		lane_drop_pairs(l, &d->pairs);
		cgroup_fini(&d->cg);
	}
}

int lane_mkdir(struct lane *l, uint8_t cg)
{
	struct lane_dir *d = lane_dir_of(l, cg);

	if (d->exists && (d->parent == TREE_NONE || l->dir[d->parent].exists))
		return mkdirat(parent_fd(l, d), (char[2]){d->name}, 0755) ? -errno : -EIO;
	return make_dir(l, d);
}

int lane_rmdir(struct lane *l, uint8_t cg)
{
	struct lane_dir *d = lane_dir_of(l, cg);
	int ret;

	if (d->exists)
		lane_drop_pairs(l, &d->pairs);
	ret = unlinkat(parent_fd(l, d), (char[2]){d->name}, AT_REMOVEDIR) ? -errno : 0;
	if (!ret)
		d->exists = d->threaded = false;
	return ret;
}
