/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests/check_kernel.sh: each call of a case sees what the calls before it left in maps, and no more than
 * that. A getsockopt of SO_MARK gives how many calls each of them has counted.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SOL_SOCKET 1
#define SO_MARK	   36
#define PAGE_SIZE  4096

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} by_option SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 8);
	__type(value, __u32);
} calls SEC(".maps");

__u32 from = 100; /* .data */
__u32 family;

SEC("cgroup/getsockopt")
int queues(struct bpf_sockopt *ctx)
{
	__u32 *optval = ctx->optval, key = ctx->optname, one = 1, *n, depth = 0;

	n = bpf_map_lookup_elem(&by_option, &key);
	if (n)
		*n += 1;
	else
		bpf_map_update_elem(&by_option, &key, &one, 0);
	from++;
	family = ctx->sk->family;
	bpf_map_push_elem(&calls, &from, 0);
	bpf_map_peek_elem(&calls, &depth);
	if (ctx->level == SOL_SOCKET && ctx->optname == SO_MARK && optval + 4 <= (__u32 *)ctx->optval_end) {
		optval[0] = n ? *n : 1;
		optval[1] = from;
		optval[2] = depth;
		optval[3] = family;
		ctx->optlen = 16;
	} else if (ctx->optlen > PAGE_SIZE) {
		ctx->optlen = 0;
	}
	return 1;
}
