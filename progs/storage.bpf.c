/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters in cgroup storage and socket storage (harness/storage). Each program adds 1 to its two counters
 * and writes what they are then, modulo 256, to the next two bytes of the value: byte 15 of the window says
 * how many pairs are there. Only for SO_RCVTIMEO on getsockopt, whose value is 16 zero bytes, and SO_MARK on
 * setsockopt, whose window has 16 bytes.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define SO_MARK	    36
#define SO_RCVTIMEO 20
#define LAST	    15

struct { /* by cgroup and attach type */
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, struct bpf_cgroup_storage_key);
	__type(value, __u64);
} apart SEC(".maps");

struct { /* by cgroup */
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, __u64);
	__type(value, __u64);
} shared SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, __u64);
} cloned SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} own SEC(".maps");

static __always_inline int count(struct bpf_sockopt *ctx, __u64 *cg, void *sk_map, int optname)
{
	volatile __u8 *p = ctx->optval;
	__u8 *end = ctx->optval_end;
	struct bpf_sock *sk = ctx->sk;
	__u64 *of_sk;
	__u32 at;

	if (ctx->optname != optname || !sk || (__u8 *)ctx->optval + LAST + 1 > end)
		return 1;
	of_sk = bpf_sk_storage_get(sk_map, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!of_sk)
		return 1;
	at = p[LAST];
	__sync_fetch_and_add(cg, 1);
	__sync_fetch_and_add(of_sk, 1);
	p[LAST] = at + 1;
	if (at == 0) {
		p[0] = *cg;
		p[1] = *of_sk;
	} else if (at == 1) {
		p[2] = *cg;
		p[3] = *of_sk;
	} else if (at == 2) {
		p[4] = *cg;
		p[5] = *of_sk;
	} else if (at == 3) {
		p[6] = *cg;
		p[7] = *of_sk;
	}
	return 1;
}

SEC("cgroup/getsockopt")
int get_apart(struct bpf_sockopt *ctx)
{
	return count(ctx, bpf_get_local_storage(&apart, 0), &cloned, SO_RCVTIMEO);
}

SEC("cgroup/getsockopt")
int get_apart_too(struct bpf_sockopt *ctx)
{
	return count(ctx, bpf_get_local_storage(&apart, 0), &own, SO_RCVTIMEO);
}

SEC("cgroup/getsockopt")
int get_shared(struct bpf_sockopt *ctx)
{
	return count(ctx, bpf_get_local_storage(&shared, 0), &own, SO_RCVTIMEO);
}

SEC("cgroup/setsockopt")
int set_apart(struct bpf_sockopt *ctx)
{
	return count(ctx, bpf_get_local_storage(&apart, 0), &cloned, SO_MARK);
}

SEC("cgroup/setsockopt")
int set_shared(struct bpf_sockopt *ctx)
{
	return count(ctx, bpf_get_local_storage(&shared, 0), &own, SO_MARK);
}
