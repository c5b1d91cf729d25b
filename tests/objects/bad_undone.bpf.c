/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests/check.sh: retval 0 for an option, whoever denied it before. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SOL_SOCKET  1
#define SO_PRIORITY 12
#define SO_MARK	    36
#define PAGE_SIZE   4096

char LICENSE[] SEC("license") = "GPL";

SEC("cgroup/getsockopt")
int undone(struct bpf_sockopt *ctx)
{
	if (ctx->level == SOL_SOCKET && ctx->optname == SO_MARK) {
		ctx->optlen = 0;
		barrier();
		ctx->retval = 0;
	} else if (ctx->optlen > PAGE_SIZE) {
		ctx->optlen = 0;
	}
	return 1;
}
