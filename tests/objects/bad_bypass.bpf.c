/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests/check.sh: a value of its own for SO_MARK, also where a program below has answered already. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SOL_SOCKET 1
#define SO_MARK	   36
#define PAGE_SIZE  4096

char LICENSE[] SEC("license") = "GPL";

SEC("cgroup/setsockopt")
int bypass(struct bpf_sockopt *ctx)
{
	__u32 *optval = ctx->optval;

	if (ctx->level == SOL_SOCKET && ctx->optname == SO_MARK && optval + 1 <= (__u32 *)ctx->optval_end) {
		*optval = 7;
		ctx->optlen = 4;
	} else if (ctx->optlen > PAGE_SIZE) {
		ctx->optlen = 0;
	}
	return 1;
}
