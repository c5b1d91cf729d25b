/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests/check.sh: writes a field that getsockopt programs cannot write, only if somebody has filled the
 * map. */
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
} levels SEC(".maps");

SEC("cgroup/getsockopt")
int unreached(struct bpf_sockopt *ctx)
{
	__u32 key = ctx->optname, *level;

	if (ctx->optlen > PAGE_SIZE)
		ctx->optlen = 0;
	if (ctx->level != SOL_SOCKET || ctx->optname != SO_MARK)
		return 1;
	level = bpf_map_lookup_elem(&levels, &key);
	if (level)
		ctx->level = *level;
	return 1;
}
