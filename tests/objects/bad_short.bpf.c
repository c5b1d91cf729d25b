/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests/check.sh: one byte for an option of four. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SOL_SOCKET  1
#define SO_PRIORITY 12
#define SO_MARK	    36
#define PAGE_SIZE   4096

char LICENSE[] SEC("license") = "GPL";

SEC("cgroup/setsockopt")
int narrow(struct bpf_sockopt *ctx)
{
	__u8 *optval = ctx->optval;

	if (ctx->optlen >= 0 && ctx->level == SOL_SOCKET && ctx->optname == SO_PRIORITY) {
		if (optval + 1 > (__u8 *)ctx->optval_end)
			return 0;
		optval[0] = 1;
		ctx->optlen = 1;
	} else if (ctx->optlen > PAGE_SIZE) {
		ctx->optlen = 0;
	}
	return 1;
}
