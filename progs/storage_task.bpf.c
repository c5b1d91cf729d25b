/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters in BPF_MAP_TYPE_CGRP_STORAGE (harness/storage; Linux 6.2): each program adds 1 to the counter of
 * the cgroup in which the calling task is, and leaves the call as it is.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define SO_MARK	    36
#define SO_RCVTIMEO 20

struct cgroup;

struct css_set {
	struct cgroup *dfl_cgrp;
} __attribute__((preserve_access_index));

struct task_struct {
	struct css_set *cgroups;
} __attribute__((preserve_access_index));

/* Not in older headers: 32 and 210 are ABI. */
#define MAP_TYPE_CGRP_STORAGE 32
static void *(*const cgrp_storage_get)(void *map, struct cgroup *cgrp, void *value,
				       __u64 flags) = (void *)210;

struct {
	__uint(type, MAP_TYPE_CGRP_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} of_task SEC(".maps");

static __always_inline int count(struct bpf_sockopt *ctx, int optname)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task_btf();
	__u64 *n;

	if (ctx->optname != optname)
		return 1;
	n = cgrp_storage_get(&of_task, task->cgroups->dfl_cgrp, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (n)
		__sync_fetch_and_add(n, 1);
	return 1;
}

SEC("cgroup/getsockopt")
int get_task(struct bpf_sockopt *ctx)
{
	return count(ctx, SO_RCVTIMEO);
}

SEC("cgroup/setsockopt")
int set_task(struct bpf_sockopt *ctx)
{
	return count(ctx, SO_MARK);
}
