/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests/check_kernel.sh: the value of SO_MARK is a random number, which the interpreter cannot foresee.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SOL_SOCKET 1
#define SO_MARK	   36
#define PAGE_SIZE  4096

char LICENSE[] SEC("license") = "GPL";

SEC("cgroup/getsockopt")
int asks(struct bpf_sockopt *ctx)
{
	__u32 *optval = ctx->optval;

	if (ctx->level == SOL_SOCKET && ctx->optname == SO_MARK && optval + 1 <= (__u32 *)ctx->optval_end)
		*optval = bpf_get_prandom_u32();
	if (ctx->optlen > PAGE_SIZE)
		ctx->optlen = 0;
	return 1;
}
