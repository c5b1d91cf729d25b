/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests/coverage_kernel.sh: a helper that no case can ask for, with and without the context. What it says
 * is not used. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("cgroup/setsockopt")
int cookie(struct bpf_sockopt *ctx)
{
	bpf_get_netns_cookie(ctx);
	bpf_get_netns_cookie((void *)0);
	if (ctx->optlen > 4096)
		ctx->optlen = 0;
	return 1;
}
