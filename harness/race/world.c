/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../emit/insn.h"
#include "../exec/bpf_uapi.h"
#include "../exec/bpfobj.h"

static int fail(struct world *w, int err, const char *what)
{
	snprintf(w->error, sizeof(w->error), "%s: %s", what, strerror(-err));
	return err;
}

/* ---- programs ---- */

static int load(const struct tree_prog *p, const char *name, unsigned delay)
{
	struct insn_opts opts = {.hook = (enum hook)p->hook};
	struct insn_list l;
	struct bpf_insn insn[3 + INSN_MAX] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = (int32_t)delay},
		{.code = BPF_ALU64 | BPF_SUB | BPF_K, .dst_reg = 0, .imm = 1},
		{.code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = 0, .off = -2},
	};
	struct hd_attr_load a = {.prog_type = HD_PROG_TYPE_CGROUP_SOCKOPT,
				 .insns = (uintptr_t)(delay ? insn : insn + 3),
				 .license = (uintptr_t) "GPL",
				 .expected_attach_type = hd_attach_type(p->hook)};

	insn_translate(&p->prog, &opts, &l);
	memcpy(insn + 3, l.insn, l.n * sizeof(l.insn[0]));
	a.insn_cnt = l.n + (delay ? 3 : 0);
	snprintf(a.prog_name, sizeof(a.prog_name), "%s", name);
	return hd_bpf(HD_BPF_PROG_LOAD, &a, sizeof(a));
}

int world_open(struct world *w, const struct tree *t, const char *name, unsigned delay)
{
	struct cgroup_swept swept;
	int ret;

	memset(w, 0, sizeof(*w));
	for (unsigned i = 0; i < SCENE_PLACES; i++)
		w->cg[i].dir = w->cg[i].procs = -1;
	memset(w->prog, -1, sizeof(w->prog));
	memset(w->link, -1, sizeof(w->link));
	bpfobj_raise_memlock();
	cgroup_sweep(&swept);
	ret = cgroup_base_open(&w->base, w->error, sizeof(w->error));
	if (ret)
		return ret;
	w->based = true;
	ret = cgroup_foreign(w->base.base.dir, w->error, sizeof(w->error));
	for (unsigned i = 0; !ret && i < t->n_progs; i++) {
		w->prog[i] = load(&t->prog[i], name, delay);
		if (w->prog[i] < 0)
			ret = fail(w, w->prog[i], "cannot load a program");
	}
	return ret;
}

void world_close(struct world *w)
{
	for (unsigned i = 0; i < sizeof(w->prog) / sizeof(w->prog[0]); i++)
		if (w->prog[i] >= 0)
			close(w->prog[i]);
	if (w->based)
		cgroup_base_close(&w->base);
	w->based = false;
}

/* ---- a round ---- */

static int parent_of(const struct world *w, const struct tree *t, unsigned i)
{
	return t->cgroup[i].parent == TREE_NONE ? w->base.base.dir : w->cg[t->cgroup[i].parent].dir;
}

int world_begin(struct world *w, const struct tree *t)
{
	for (unsigned i = 0; i < t->n_cgroups; i++) {
		int ret = cgroup_make(&w->cg[i], parent_of(w, t, i), (char[2]){t->cgroup[i].name});

		if (ret)
			return fail(w, ret, "cannot make a cgroup");
	}
	return 0;
}

int world_end(struct world *w, const struct tree *t)
{
	int ret = 0;

	for (unsigned i = 0; i < t->n_links; i++) {
		if (w->link[i] >= 0)
			close(w->link[i]);
		w->link[i] = -1;
	}
	for (unsigned i = t->n_cgroups; i-- > 0;) {
		int err = w->cg[i].dir < 0 ? 0
					   : cgroup_remove(parent_of(w, t, i), (char[2]){t->cgroup[i].name});

		if (err && err != -ENOENT)
			ret = fail(w, err, "cannot remove a cgroup");
	}
	for (unsigned i = 0; i < t->n_cgroups; i++)
		cgroup_fini(&w->cg[i]);
	return ret;
}

int world_socket(struct world *w, const struct tree_sock *k)
{
	int ret = cgroup_enter(&w->cg[k->cg]), back, fd;

	if (ret)
		return fail(w, ret, "cannot go to a cgroup");
	fd = socket(k->family, k->type | SOCK_CLOEXEC, k->protocol);
	ret = fd < 0 ? -errno : fd;
	back = cgroup_enter(&w->base.home);
	if (back && fd >= 0)
		close(fd);
	return back	 ? fail(w, back, "cannot leave a cgroup")
	       : ret < 0 ? fail(w, ret, "cannot make a socket")
			 : ret;
}

/* ---- operations ---- */

static int attach(struct world *w, const struct tree_step *s)
{
	struct hd_attr_attach a = {.target_fd = (uint32_t)w->cg[s->cg].dir,
				   .prog_fd = (uint32_t)w->prog[s->prog],
				   .attach_type = hd_attach_type(s->hook),
				   .attach_flags = s->flags,
				   .replace_prog_fd =
					   s->other == TREE_NONE ? 0 : (uint32_t)w->prog[s->other]};

	return hd_bpf(HD_BPF_PROG_ATTACH, &a, sizeof(a));
}

static int update(struct world *w, const struct tree_step *s)
{
	struct hd_attr_link_update a = {.link_fd = (uint32_t)w->link[s->link],
					.new_prog_fd = (uint32_t)w->prog[s->prog]};

	if (s->other != TREE_NONE) {
		a.flags = HD_F_REPLACE;
		a.old_prog_fd = (uint32_t)w->prog[s->other];
	}
	return hd_bpf(HD_BPF_LINK_UPDATE, &a, sizeof(a));
}

static int make_link(struct world *w, const struct tree_step *s)
{
	int fd = hd_link_create(w->cg[s->cg].dir, w->prog[s->prog], hd_attach_type(s->hook), s->flags);

	if (fd < 0)
		return fd;
	w->link[s->link] = fd;
	return 0;
}

static int close_link(struct world *w, uint8_t link)
{
	int ret = close(w->link[link]) ? -errno : 0;

	w->link[link] = -1;
	return ret;
}

int world_step(struct world *w, const struct tree *t, const struct tree_step *s)
{
	switch ((enum tree_op)s->op) {
	case TREE_ATTACH:
		return attach(w, s);
	case TREE_LINK:
		return make_link(w, s);
	case TREE_UPDATE:
		return update(w, s);
	case TREE_DETACH:
		return hd_prog_detach(w->cg[s->cg].dir, w->prog[s->prog], hd_attach_type(s->hook));
	case TREE_CLOSE_LINK:
		return close_link(w, s->link);
	case TREE_RMDIR:
		return unlinkat(parent_of(w, t, s->cg), (char[2]){t->cgroup[s->cg].name}, AT_REMOVEDIR)
			       ? -errno
			       : 0;
	default:
		return -ENOSYS;
	}
}
