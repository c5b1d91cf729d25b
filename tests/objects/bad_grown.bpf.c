/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests/check.sh: optlen says 64 bytes, whatever room the caller has. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SOL_SOCKET  1
#define SO_PRIORITY 12
#define SO_MARK	    36
#define PAGE_SIZE   4096

char LICENSE[] SEC("license") = "GPL";

SEC("cgroup/getsockopt")
int grown(struct bpf_sockopt *ctx)
{
	if (ctx->level == SOL_SOCKET && ctx->optname == SO_MARK)
		ctx->optlen = 64;
	else if (ctx->optlen > PAGE_SIZE)
		ctx->optlen = 0;
	return 1;
}
