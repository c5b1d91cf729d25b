/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests/check.sh: a byte is read without a look at optval_end. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SOL_SOCKET  1
#define SO_PRIORITY 12
#define SO_MARK	    36
#define PAGE_SIZE   4096

char LICENSE[] SEC("license") = "GPL";

SEC("cgroup/setsockopt")
int fault(struct bpf_sockopt *ctx)
{
	__u8 *optval = ctx->optval;

	if (ctx->level == SOL_SOCKET && ctx->optname == SO_MARK && optval[40] == 7)
		return 0;
	if (ctx->optlen > PAGE_SIZE)
		ctx->optlen = 0;
	return 1;
}
