/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests/check.sh: SO_MARK is denied, and every other option with its number. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SOL_SOCKET  1
#define SO_PRIORITY 12
#define SO_MARK	    36
#define PAGE_SIZE   4096

char LICENSE[] SEC("license") = "GPL";

SEC("cgroup/setsockopt")
int level(struct bpf_sockopt *ctx)
{
	if (ctx->optname == SO_MARK)
		return 0;
	if (ctx->optlen > PAGE_SIZE)
		ctx->optlen = 0;
	return 1;
}
