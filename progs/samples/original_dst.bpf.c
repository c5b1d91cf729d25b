/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SO_ORIGINAL_DST answered from a map, as a service mesh does it that redirects connections by BPF instead of
 * netfilter: its proxy asks each accepted socket where the client wanted to go. The handler (conntrack) knows
 * nothing of the connection and fails; the program overrules it.
 *
 * Whoever redirects fills the map: by the client's address and port (as seen by the proxy's socket) the
 * destination before it was changed. An unknown client keeps the handler's answer.
 *
 *   getsockopt(s, SOL_IP, SO_ORIGINAL_DST, &sin, &len)   struct sockaddr_in, 16 bytes
 */
#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/in.h>
#include <bpf/bpf_helpers.h>

#define SOL_IP		0
#define SO_ORIGINAL_DST 80
#define PAGE_SIZE	4096

char LICENSE[] SEC("license") = "GPL";

struct client {
	__be32 ip;
	__u32 port; /* network byte order, in the low 16 bits */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct client);
	__type(value, struct sockaddr_in);
} destinations SEC(".maps");

static __always_inline int leave(struct bpf_sockopt *ctx)
{
	if (ctx->optlen > PAGE_SIZE)
		ctx->optlen = 0; /* the window ends after a page: the caller keeps the handler's bytes */
	return 1;
}

SEC("cgroup/getsockopt")
int original_dst(struct bpf_sockopt *ctx)
{
	struct sockaddr_in *optval = ctx->optval, *found;
	struct client who = {};

	if (ctx->level != SOL_IP || ctx->optname != SO_ORIGINAL_DST)
		return leave(ctx);
	if (ctx->retval == -EPERM)
		return leave(ctx); /* a program below has said no */
	if (optval + 1 > (struct sockaddr_in *)ctx->optval_end)
		return leave(ctx); /* too short: the handler has said EINVAL or what it knows */
	who.ip = ctx->sk->dst_ip4;
	who.port = ctx->sk->dst_port;
	found = bpf_map_lookup_elem(&destinations, &who);
	if (!found)
		return leave(ctx);
	*optval = *found;
	ctx->optlen = sizeof(*optval);
	barrier(); /* or clang makes one store of 8 bytes, which the verifier refuses */
	ctx->retval = 0;
	return 1;
}
