/* SPDX-License-Identifier: MIT */
/* Controls of the lane: its programs run for a socket below them, and neither outside nor once they are
 * detached. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lane_impl.h"

/* The copy whose trace lies at its own place although traces lie by the number of the run: tree_flat_id(0).
 */
#define COPY (HD_PROGS - HD_SLOTS)

static int one_socket(struct lane *l, const struct cgroup *in)
{
	int ret = in ? cgroup_enter(in) : 0, fd, back;

	if (ret)
		return ret;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	back = in ? cgroup_enter(&l->set->base.home) : 0;
	return fd < 0 ? -errno : back ? back : fd;
}

static int attach_all(struct lane *l, const struct cgroup *cg, struct attachment att[HOOK_COUNT])
{
	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		int prog = bpfobj_prog(&l->obj, h, COPY, l->error, sizeof(l->error));
		int ret = prog < 0 ? prog : cgroup_attach(&att[h], cg, prog, h, MODE_MULTI);

		if (ret)
			return ret;
	}
	return 0;
}

int lane_controls(struct lane *l)
{
	const struct control_ids ids = {.n = 1, .id = {COPY}};
	struct attachment att[HOOK_COUNT];
	struct cgroup cg;
	int in, out = one_socket(l, NULL), ret = cgroup_make(&cg, l->top.dir, "control");

	if (ret)
		goto close_out;
	ret = attach_all(l, &cg, att);
	in = one_socket(l, &cg);
	for (unsigned h = 0; !ret && in >= 0 && out >= 0 && h < HOOK_COUNT; h++) {
		control_ran(&l->set->control, in, (enum hook)h, &ids);
		control_silent(&l->set->control, out, (enum hook)h);
		cgroup_detach(&att[h]);
		control_silent(&l->set->control, in, (enum hook)h);
	}
	if (in >= 0)
		close(in);
	cgroup_fini(&cg);
	cgroup_remove(l->top.dir, "control");
close_out:
	if (out >= 0)
		close(out);
	return ret;
}
