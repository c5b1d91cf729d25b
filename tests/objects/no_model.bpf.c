/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests/check.sh: a helper that kernels have since 5.10 for this type and that is not modelled. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define PAGE_SIZE 4096

char LICENSE[] SEC("license") = "GPL";

SEC("cgroup/setsockopt")
int no_model(struct bpf_sockopt *ctx)
{
	if (!bpf_this_cpu_ptr(ctx))
		return 0;
	if (ctx->optlen > PAGE_SIZE)
		ctx->optlen = 0;
	return 1;
}
