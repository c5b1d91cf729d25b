/* SPDX-License-Identifier: MIT */
/* The steps of a tree case as bpf(2) calls, and what takes them back. */
#include "lane.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "bpf_uapi.h"
#include "kernel.h"
#include "lane_impl.h"

int lane_fail(struct lane *l, int err, const char *what)
{
	snprintf(l->error, sizeof(l->error), "%s: %s", what, strerror(-err));
	return err;
}

const char *lane_error(const struct lane *l)
{
	return l->error;
}

struct backend *lane_kernel(const struct lane *l)
{
	return l->kernel;
}

struct lane *lane_open(struct backend *kernel, char *err, size_t size)
{
	struct lane *l = calloc(1, sizeof(*l));
	int ret;

	if (!l) {
		snprintf(err, size, "out of memory");
		return NULL;
	}
	l->kernel = kernel;
	l->set = kernel_set(kernel);
	bpfobj_share(&l->obj, &l->set->obj);
	l->obj.trace_by_run = true;
	ret = cgroup_make(&l->top, l->set->base.base.dir, "lane");
	if (ret) {
		snprintf(err, size, "cannot make the cgroup of cases with operations: %s", strerror(-ret));
		bpfobj_fini(&l->obj);
		free(l);
		return NULL;
	}
	return l;
}

void lane_close(struct lane *l)
{
	if (!l)
		return;
	if (l->t)
		lane_end(l, true);
	lane_drop_pairs(l, &l->outside);
	lane_dirs_close(l);
	cgroup_fini(&l->top);
	cgroup_remove(l->set->base.base.dir, "lane");
	bpfobj_fini(&l->obj);
	free(l);
}

/* ---- programs ---- */

static int prog_fd(struct lane *l, uint8_t prog)
{
	return l->obj.prog_fd[l->t->prog[prog].hook][l->copy[prog]];
}

static int load(struct lane *l, unsigned hook, unsigned copy)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);
	int fd = bpfobj_prog(&l->obj, hook, copy, l->error, sizeof(l->error));

	if (fd < 0)
		return fd;
	if (!l->prog_id[hook][copy] && bpf_obj_get_info_by_fd(fd, &info, &len))
		return lane_fail(l, -errno, "cannot ask for the id of a program");
	if (info.id)
		l->prog_id[hook][copy] = info.id;
	return 0;
}

static int begin_progs(struct lane *l)
{
	const struct tree *t = l->t;
	unsigned n[HOOK_COUNT] = {0};

	for (unsigned i = 0; i < t->n_progs; i++) {
		const struct prog *p = &t->prog[i].prog;
		unsigned hook = t->prog[i].hook, copy = n[hook]++;
		int ret = kernel_takes_prog(l->kernel, p, (enum hook)hook);

		if (ret) {
			snprintf(l->error, sizeof(l->error), "%.250s", l->kernel->error);
			return ret;
		}
		ret = load(l, hook, copy);
		if (ret)
			return ret;
		l->copy[i] = (uint8_t)copy;
		l->prog[hook][copy] = (uint8_t)i;
		lane_reload(l, (uint8_t)i);
	}
	return 0;
}

void lane_reload(struct lane *l, uint8_t prog)
{
	const struct tree_prog *p = &l->t->prog[prog];

	memcpy(&l->obj.shared->prog[p->hook][l->copy[prog]], &p->prog,
	       offsetof(struct prog, act) + p->prog.n * sizeof(p->prog.act[0]));
}

void lane_keep(struct lane *l, bool keep)
{
	l->keep = keep;
}

uint8_t lane_ran(const struct lane *l, uint8_t order)
{
	unsigned hook = order / HD_PROGS, copy = order % HD_PROGS;
	uint8_t p;

	if (hook >= HOOK_COUNT)
		return TREE_NONE;
	p = l->prog[hook][copy];
	return p < l->t->n_progs && l->t->prog[p].hook == hook && l->copy[p] == copy ? p : TREE_NONE;
}

static uint8_t by_id(const struct lane *l, unsigned hook, uint32_t id)
{
	for (uint8_t i = 0; i < l->t->n_progs; i++)
		if (l->t->prog[i].hook == hook && l->prog_id[hook][l->copy[i]] == id)
			return i;
	return TREE_NONE;
}

/* ---- steps ---- */

static uint32_t anchor_of(struct lane *l, const struct tree_step *s)
{
	bool id = s->flags & TREE_F_ID;

	if (s->anchor == ANCHOR_PROG)
		return id ? l->prog_id[l->t->prog[s->at].hook][l->copy[s->at]] : (uint32_t)prog_fd(l, s->at);
	if (s->anchor == ANCHOR_LINK)
		return id ? l->link_id[s->at] : (uint32_t)l->link[s->at];
	return 0;
}

static uint64_t revision_of(struct lane *l, const struct tree_step *s)
{
	return s->revision ? s->revision + lane_dir_of(l, s->cg)->base[s->hook] : 0;
}

static int attach(struct lane *l, const struct tree_step *s)
{
	struct hd_attr_attach a = {.target_fd = (uint32_t)lane_dir_of(l, s->cg)->cg.dir,
				   .prog_fd = (uint32_t)prog_fd(l, s->prog),
				   .attach_type = hd_attach_type(s->hook),
				   .attach_flags = s->flags,
				   .replace_prog_fd =
					   s->other == TREE_NONE ? 0 : (uint32_t)prog_fd(l, s->other),
				   .relative_fd = anchor_of(l, s),
				   .expected_revision = revision_of(l, s)};
	int ret = hd_bpf(HD_BPF_PROG_ATTACH, &a, sizeof(a));

	if (!ret && lane_dir_of(l, s->cg)->exists)
		l->touched[s->cg][s->hook] = true;
	return ret;
}

static int detach(struct lane *l, const struct tree_step *s)
{
	struct hd_attr_attach a = {.target_fd = (uint32_t)lane_dir_of(l, s->cg)->cg.dir,
				   .prog_fd = s->prog == TREE_NONE ? ~0u : (uint32_t)prog_fd(l, s->prog),
				   .attach_type = hd_attach_type(s->hook),
				   .attach_flags = s->flags,
				   .relative_fd = anchor_of(l, s),
				   .expected_revision = revision_of(l, s)};

	return hd_bpf(HD_BPF_PROG_DETACH, &a, sizeof(a));
}

/* Is the link's id named in the case? */
static bool wants_id(const struct tree *t, uint8_t link)
{
	for (unsigned i = 0; i < t->n_steps; i++)
		if (t->step[i].anchor == ANCHOR_LINK && t->step[i].at == link && t->step[i].flags & TREE_F_ID)
			return true;
	return false;
}

static int make_link(struct lane *l, const struct tree_step *s)
{
	struct hd_attr_link a = {.prog_fd = (uint32_t)prog_fd(l, s->prog),
				 .target_fd = (uint32_t)lane_dir_of(l, s->cg)->cg.dir,
				 .attach_type = hd_attach_type(s->hook),
				 .flags = s->flags,
				 .relative_fd = anchor_of(l, s),
				 .expected_revision = revision_of(l, s)};
	struct bpf_link_info info = {0};
	__u32 len = sizeof(info);
	int fd = hd_bpf(HD_BPF_LINK_CREATE, &a, sizeof(a));

	if (fd < 0)
		return fd;
	l->link[s->link] = fd;
	if (wants_id(l->t, s->link) && !bpf_obj_get_info_by_fd(fd, &info, &len))
		l->link_id[s->link] = info.id;
	return 0;
}

static int update(struct lane *l, const struct tree_step *s)
{
	struct hd_attr_link_update a = {.link_fd = (uint32_t)l->link[s->link],
					.new_prog_fd = (uint32_t)prog_fd(l, s->prog),
					.flags = s->other == TREE_NONE ? 0 : HD_F_REPLACE,
					.old_prog_fd =
						s->other == TREE_NONE ? 0 : (uint32_t)prog_fd(l, s->other)};

	return hd_bpf(HD_BPF_LINK_UPDATE, &a, sizeof(a));
}

static int close_link(struct lane *l, uint8_t link)
{
	int ret = close(l->link[link]) ? -errno : 0;

	l->link[link] = -1;
	return ret;
}

static int query(struct lane *l, const struct tree_step *s, struct lane_got *got)
{
	uint32_t ids[TREE_MAX_ROOM] = {0}, flags[TREE_MAX_ROOM] = {0};
	struct hd_attr_query a = {.target_fd = (uint32_t)lane_dir_of(l, s->cg)->cg.dir,
				  .attach_type = hd_attach_type(s->hook),
				  .query_flags = s->effective ? HD_QUERY_EFFECTIVE : 0,
				  .prog_ids = (uintptr_t)ids,
				  .prog_cnt = s->room,
				  .prog_attach_flags = s->array ? (uintptr_t)flags : 0};
	int ret = hd_bpf(HD_BPF_PROG_QUERY, &a, sizeof(a));

	got->flags = a.attach_flags;
	got->count = a.prog_cnt;
	got->revision = a.revision ? a.revision - lane_dir_of(l, s->cg)->base[s->hook] : 0;
	got->n = !s->room ? 0 : a.prog_cnt < s->room ? a.prog_cnt : s->room;
	got->entry_flags = flags[0];
	got->entries_differ = false;
	for (unsigned i = 0; i < got->n; i++) {
		got->progs[i] = by_id(l, s->hook, ids[i]);
		got->entries_differ |= flags[i] != flags[0];
	}
	return ret;
}

static int born(struct lane *l, const struct tree_step *s, struct lane_got *got)
{
	const struct tree_sock *k = &l->t->sock[s->sock];
	bool own;
	int ret = lane_socket(l, s->sock, &own);

	got->ret = own ? 0 : ret;
	if (!ret || !own)
		return 0;
	snprintf(l->error, sizeof(l->error), "cannot make a socket (family %u, type %u, protocol %u): %s",
		 k->family, k->type, k->protocol, strerror(-ret));
	return kernel_lacks_socket(ret) ? -EOPNOTSUPP : -EIO;
}

static int move(struct lane *l, const struct tree_step *s)
{
	int ret = lane_enter(l, s->cg);

	if (!ret)
		l->task = s->cg;
	return ret;
}

static int close_socket(struct lane *l, const struct tree_step *s)
{
	int ret = l->sock[s->sock] ? 0 : -EBADF;

	lane_close_socket(l, s->sock, false);
	return ret;
}

int lane_step(struct lane *l, unsigned i, struct lane_got *got)
{
	const struct tree_step *s = &l->t->step[i];
	struct hd_attr_link_update a = {.link_fd = 0};

	got->ret = 0;
	switch ((enum tree_op)s->op) {
	case TREE_ATTACH:
		got->ret = attach(l, s);
		break;
	case TREE_LINK:
		got->ret = make_link(l, s);
		break;
	case TREE_UPDATE:
		got->ret = update(l, s);
		break;
	case TREE_DETACH:
		got->ret = detach(l, s);
		break;
	case TREE_LINK_DETACH:
		a.link_fd = (uint32_t)l->link[s->link];
		got->ret = hd_bpf(HD_BPF_LINK_DETACH, &a, sizeof(a.link_fd));
		break;
	case TREE_CLOSE_LINK:
		got->ret = close_link(l, s->link);
		break;
	case TREE_QUERY:
		got->ret = query(l, s, got);
		break;
	case TREE_MKDIR:
		got->ret = lane_mkdir(l, s->cg);
		break;
	case TREE_RMDIR:
		got->ret = lane_rmdir(l, s->cg);
		if (!got->ret)
			l->touched[s->cg][HOOK_GET] = l->touched[s->cg][HOOK_SET] = false;
		break;
	case TREE_MOVE:
		got->ret = move(l, s);
		break;
	case TREE_SOCKET:
		return born(l, s, got);
	case TREE_CLOSE_SOCK:
		got->ret = close_socket(l, s);
		break;
	case TREE_CALL:
	case TREE_OP_COUNT:
		break;
	}
	return 0;
}

int lane_lend(struct lane *l, uint8_t sock, const struct tcase *flat)
{
	int ret = kernel_lend(l->kernel, sock == TC_SOCK_BAD || !l->sock[sock] ? NULL : &l->sock[sock]->pair,
			      flat);

	if (ret)
		snprintf(l->error, sizeof(l->error), "%.250s", l->kernel->error);
	return ret;
}

int lane_begin(struct lane *l, const struct tree *t)
{
	int ret;

	if (l->failed)
		return -EIO;
	if (l->begun++ % LANE_CONTROL == 0 && (ret = lane_controls(l)))
		return lane_fail(l, ret, "cannot make the controls of operations");
	l->t = t;
	l->task = TREE_NONE;
	l->keep = true;
	memset(l->touched, 0, sizeof(l->touched));
	memset(l->sock, 0, sizeof(l->sock));
	for (unsigned i = 0; i < t->n_links; i++) {
		l->link[i] = -1;
		l->link_id[i] = 0;
	}
	ret = begin_progs(l);
	if (ret) {
		l->t = NULL;
		return ret;
	}
	ret = lane_dirs_begin(l);
	if (ret)
		lane_end(l, true);
	return ret;
}

/* Detaches what BPF_PROG_ATTACH left on a cgroup of the case. 0 once nothing is there any more. */
static int strip(struct lane *l, uint8_t cg, unsigned hook)
{
	const struct tree_step ask = {
		.op = TREE_QUERY, .cg = cg, .hook = (uint8_t)hook, .room = TREE_MAX_ROOM};
	int dir = lane_dir_of(l, cg)->cg.dir, ret;
	struct lane_got got;

	ret = query(l, &ask, &got);
	for (unsigned i = 0; !ret && i < got.n; i++)
		ret = got.progs[i] == TREE_NONE
			      ? -EBUSY
			      : hd_prog_detach(dir, prog_fd(l, got.progs[i]), hd_attach_type(hook));
	return ret;
}

int lane_end(struct lane *l, bool irregular)
{
	const struct tree *t = l->t;
	int ret = 0;

	for (unsigned i = 0; i < t->n_links; i++)
		if (l->link[i] >= 0)
			close_link(l, (uint8_t)i);
	for (uint8_t i = 0; i < t->n_cgroups; i++)
		for (unsigned h = 0; h < HOOK_COUNT; h++) {
			int err = l->touched[i][h] ? strip(l, i, h) : 0;

			ret = ret ? ret : err;
		}
	if (l->task != TREE_NONE) {
		l->task = TREE_NONE;
		lane_enter(l, TREE_NONE);
	}
	kernel_lend(l->kernel, NULL, NULL);
	for (unsigned i = 0; i < t->n_socks; i++)
		lane_close_socket(l, i, l->keep && !irregular);
	lane_dirs_end(l);
	l->t = NULL;
	if (ret) {
		l->failed = true;
		return lane_fail(l, ret, "a program of a case with operations stays attached");
	}
	return 0;
}
