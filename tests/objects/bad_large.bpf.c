/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests/check.sh: a value larger than a page is left as it is. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SOL_SOCKET  1
#define SO_PRIORITY 12
#define SO_MARK	    36
#define PAGE_SIZE   4096

char LICENSE[] SEC("license") = "GPL";

SEC("cgroup/setsockopt")
int large(struct bpf_sockopt *ctx)
{
	return 1;
}
