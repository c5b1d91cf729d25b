/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An option of our own that is answered without the handler: a 32-bit tag for each socket, which one part of
 * an application sets and another part reads. The kernel knows no level SOL_TAG, so without this program both
 * calls fail.
 *
 *   setsockopt(s, SOL_TAG, TAG, &tag, 4)      remembers tag
 *   getsockopt(s, SOL_TAG, TAG, &tag, &len)   the tag, or default_tag if none was set
 *   setsockopt with any other length          EPERM, as a program that returns 0 says no
 *   getsockopt with room for less             the handler's error; EPERM before Linux 5.18
 *
 * default_tag is a constant of the object: a loader may set it before it loads (libbpf:
 * skel->rodata->default_tag).
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SOL_TAG	  0x7b01
#define TAG	  1
#define PAGE_SIZE 4096

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 default_tag = 7;

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} tags SEC(".maps");

SEC("cgroup/getsockopt")
int tag_get(struct bpf_sockopt *ctx)
{
	__u32 *optval = ctx->optval, *tag;

	if (ctx->level != SOL_TAG || ctx->optname != TAG) {
		if (ctx->optlen > PAGE_SIZE)
			ctx->optlen = 0;
		return 1;
	}
	if (optval + 1 > (__u32 *)ctx->optval_end)
		return 0;
	tag = bpf_sk_storage_get(&tags, ctx->sk, 0, 0);
	*optval = tag ? *tag : default_tag;
	ctx->optlen = 4;
	barrier(); /* or clang makes one store of 8 bytes, which the verifier refuses */
	ctx->retval = 0;
	return 1;
}

SEC("cgroup/setsockopt")
int tag_set(struct bpf_sockopt *ctx)
{
	__u32 *optval = ctx->optval, *tag;

	if (ctx->level != SOL_TAG || ctx->optname != TAG) {
		if (ctx->optlen > PAGE_SIZE)
			ctx->optlen = 0;
		return 1;
	}
	if (ctx->optlen != 4 || optval + 1 > (__u32 *)ctx->optval_end)
		return 0;
	tag = bpf_sk_storage_get(&tags, ctx->sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!tag)
		return 0;
	*tag = *optval;
	ctx->optlen = -1;
	return 1;
}
