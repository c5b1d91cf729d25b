/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests/check.sh: an errno of its own on getsockopt, which kernels before 5.18 turn into EFAULT. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SOL_SOCKET  1
#define SO_PRIORITY 12
#define SO_MARK	    36
#define PAGE_SIZE   4096

char LICENSE[] SEC("license") = "GPL";

SEC("cgroup/getsockopt")
int retval(struct bpf_sockopt *ctx)
{
	if (ctx->level == SOL_SOCKET && ctx->optname == SO_MARK) {
		ctx->optlen = 0;
		barrier();
		ctx->retval = -13;
		return 1;
	}
	if (ctx->optlen > PAGE_SIZE)
		ctx->optlen = 0;
	return 1;
}
