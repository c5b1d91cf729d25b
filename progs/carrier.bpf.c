/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes the option call that user space left in hd.helper, through bpf_setsockopt or bpf_getsockopt, on the
 * socket of the setsockopt call for which it runs, and counts what ran meanwhile. exec/helper.c attaches it
 * above everything else for one call of a level that nobody has; its optlen -1 keeps that from the handler.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "progs/shared.h"

char LICENSE[] SEC("license") = "GPL";

struct hd_shared hd; /* .bss, replaced by the worker's map */

SEC("cgroup/setsockopt")
int carrier(struct bpf_sockopt *ctx)
{
	volatile __u32 *runs = &hd.runs;
	struct hd_helper *h = &hd.helper;
	struct bpf_sock *sk = ctx->sk;
	__u64 n = ((h->optlen - 1) & (HD_HELPER_MAX - 1)) + 1;
	__u32 before = *runs;

	if (!h->armed || !sk) /* not by level: programs below may have rewritten it */
		return 1;
	if (h->is_get)
		h->ret = bpf_getsockopt(sk, h->level, h->optname, h->bytes, n);
	else
		h->ret = bpf_setsockopt(sk, h->level, h->optname, h->bytes, n);
	h->first = before;
	h->runs = *runs - before;
	h->armed = 0;
	h->done = 1;
	ctx->optlen = -1;
	return 1;
}
