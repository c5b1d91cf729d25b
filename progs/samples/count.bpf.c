/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counts the calls of each socket in its own storage, and of all sockets in a global variable. Nothing that
 * the application asks for is changed, except for one option of our own that reads the socket's counters:
 *
 *   getsockopt(s, SOL_COUNT, 0, counters, &len)   two 64-bit numbers: calls of setsockopt, calls of
 * getsockopt
 *
 * The call that reads is counted too.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SOL_COUNT 0x7b02
#define PAGE_SIZE 4096

char LICENSE[] SEC("license") = "GPL";

struct counters {
	__u64 sets, gets;
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct counters);
} per_socket SEC(".maps");

__u64 all_sets, all_gets; /* .bss: a loader reads them through the map of that name */

SEC("cgroup/getsockopt")
int count_get(struct bpf_sockopt *ctx)
{
	struct counters *optval = ctx->optval;
	struct counters *c = bpf_sk_storage_get(&per_socket, ctx->sk, 0, BPF_SK_STORAGE_GET_F_CREATE);

	__sync_fetch_and_add(&all_gets, 1);
	if (c)
		__sync_fetch_and_add(&c->gets, 1);
	if (ctx->level == SOL_COUNT && ctx->optname == 0) {
		if (!c || optval + 1 > (struct counters *)ctx->optval_end)
			return 0;
		*optval = *c;
		ctx->optlen = sizeof(*optval);
		barrier(); /* or clang makes one store of 8 bytes, which the verifier refuses */
		ctx->retval = 0;
		return 1;
	}
	if (ctx->optlen > PAGE_SIZE)
		ctx->optlen = 0;
	return 1;
}

SEC("cgroup/setsockopt")
int count_set(struct bpf_sockopt *ctx)
{
	struct counters *c = bpf_sk_storage_get(&per_socket, ctx->sk, 0, BPF_SK_STORAGE_GET_F_CREATE);

	__sync_fetch_and_add(&all_sets, 1);
	if (c)
		__sync_fetch_and_add(&c->sets, 1);
	if (ctx->optlen > PAGE_SIZE)
		ctx->optlen = 0;
	return 1;
}
