/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A policy: options that are denied, each with the errno of its choice. Without bpf_set_retval (Linux 5.18) a
 * program that returns 0 can only say EPERM.
 *
 * The map holds level and option -> errno. Without an entry the two options of the table below are denied, so
 * that the program does something before anyone has filled the map.
 *
 *   setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, ...)   EACCES
 *   setsockopt(s, SOL_IP, IP_OPTIONS, ...)            EOPNOTSUPP
 *   getsockopt of them                                the same
 */
#include <linux/bpf.h>
#include <linux/errno.h>
#include <bpf/bpf_helpers.h>

#define SOL_IP		0
#define SOL_SOCKET	1
#define IP_OPTIONS	4
#define SO_BINDTODEVICE 25
#define PAGE_SIZE	4096

char LICENSE[] SEC("license") = "GPL";

struct option {
	__s32 level, name;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, struct option);
	__type(value, __u32);
} policy SEC(".maps");

static __attribute__((noinline)) int verdict(__s32 level, __s32 name)
{
	struct option o = {level, name};
	__u32 *chosen = bpf_map_lookup_elem(&policy, &o);

	if (chosen)
		return *chosen <= 4095 ? (int)*chosen : EPERM;
	if (level == SOL_SOCKET && name == SO_BINDTODEVICE)
		return EACCES;
	if (level == SOL_IP && name == IP_OPTIONS)
		return EOPNOTSUPP;
	return 0;
}

static __always_inline int judge(struct bpf_sockopt *ctx)
{
	int err = verdict(ctx->level, ctx->optname);

	if (err) {
		bpf_set_retval(-err);
		return 0;
	}
	if (ctx->optlen > PAGE_SIZE)
		ctx->optlen = 0;
	return 1;
}

SEC("cgroup/getsockopt")
int deny_get(struct bpf_sockopt *ctx)
{
	return judge(ctx);
}

SEC("cgroup/setsockopt")
int deny_set(struct bpf_sockopt *ctx)
{
	return judge(ctx);
}
