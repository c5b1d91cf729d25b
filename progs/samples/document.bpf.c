/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The example of Documentation/bpf/prog_cgroup_sockopt.rst as a whole program: an option of our own that the
 * kernel never sees, an option of the kernel whose value is changed on the way in and out, and what every
 * sockopt program owes to values that do not fit into its window.
 *
 *   setsockopt(s, SOL_CUSTOM, 0, &v, 1)       accepted, kept nowhere
 *   getsockopt(s, SOL_CUSTOM, 0, &v, &len)    one byte, 42
 *   setsockopt(s, SOL_IP, IP_FREEBIND, ...)   the handler always gets 1
 *   getsockopt(s, SOL_IP, IP_FREEBIND, ...)   one byte, 55
 *
 * Attach both programs to one cgroup:
 *   bpftool prog loadall document.bpf.o /sys/fs/bpf/document
 *   bpftool cgroup attach CGROUP cgroup_getsockopt pinned /sys/fs/bpf/document/get
 *   bpftool cgroup attach CGROUP cgroup_setsockopt pinned /sys/fs/bpf/document/set
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SOL_IP	    0
#define IP_FREEBIND 15
#define SOL_CUSTOM  0x7b00 /* no level of the kernel */
#define PAGE_SIZE   4096   /* of the machine that this is compiled for */

char LICENSE[] SEC("license") = "GPL";

SEC("cgroup/getsockopt")
int get(struct bpf_sockopt *ctx)
{
	__u8 *optval = ctx->optval;

	if (ctx->level == SOL_CUSTOM && ctx->optname == 0) {
		if (optval + 1 > (__u8 *)ctx->optval_end)
			return 0;
		optval[0] = 42;
		ctx->optlen = 1;
		barrier();	 /* or clang makes one store of 8 bytes, which the verifier refuses */
		ctx->retval = 0; /* the handler does not know the option and said so */
		return 1;
	}
	if (ctx->level == SOL_IP && ctx->optname == IP_FREEBIND) {
		if (optval + 1 > (__u8 *)ctx->optval_end)
			return 0;
		optval[0] = 55;
		ctx->optlen = 1;
		barrier(); /* or clang makes one store of 8 bytes, which the verifier refuses */
		ctx->retval = 0;
		return 1;
	}
	if (ctx->optlen > PAGE_SIZE)
		ctx->optlen = 0; /* the window ends after a page: keep the handler's bytes */
	return 1;
}

SEC("cgroup/setsockopt")
int set(struct bpf_sockopt *ctx)
{
	__u8 *optval = ctx->optval;

	if (ctx->optlen < 0)
		return 1; /* a program below has answered without the handler */
	if (ctx->level == SOL_CUSTOM && ctx->optname == 0) {
		ctx->optlen = -1; /* done: without the handler */
		return 1;
	}
	if (ctx->level == SOL_IP && ctx->optname == IP_FREEBIND) {
		if (optval + 1 > (__u8 *)ctx->optval_end)
			return 0;
		optval[0] = 1;
		ctx->optlen = 1;
		return 1;
	}
	if (ctx->optlen > PAGE_SIZE)
		ctx->optlen = 0;
	return 1;
}
