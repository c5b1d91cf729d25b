/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TCP_CONGESTION replaced: whoever asks for cubic gets reno, and is told so if he asks. Everything else stays
 * as it was asked for.
 *
 *   setsockopt(s, SOL_TCP, TCP_CONGESTION, "cubic", 5)   the handler gets "reno", 4 bytes
 *
 * The name may or may not have a zero byte, and may be shorter than what is compared: only bytes inside the
 * window are looked at.
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>

#define SOL_TCP	       6
#define TCP_CONGESTION 13
#define PAGE_SIZE      4096

char LICENSE[] SEC("license") = "GPL";

static const char unwanted[5] = "cubic";
static const char instead[4] = "reno";

static __always_inline bool is_unwanted(const char *name, const char *end)
{
	if (name + sizeof(unwanted) > end)
		return false;
	for (unsigned i = 0; i < sizeof(unwanted); i++)
		if (name[i] != unwanted[i])
			return false;
	return name + sizeof(unwanted) + 1 > end || !name[sizeof(unwanted)];
}

static __always_inline int leave(struct bpf_sockopt *ctx)
{
	if (ctx->optlen > PAGE_SIZE)
		ctx->optlen = 0; /* the window ends after a page: the handler gets the caller's bytes */
	return 1;
}

SEC("cgroup/setsockopt")
int congestion(struct bpf_sockopt *ctx)
{
	char *optval = ctx->optval;

	if (ctx->optlen < 0)
		return 1; /* a program below has answered without the handler */
	if (ctx->level != SOL_TCP || ctx->optname != TCP_CONGESTION)
		return leave(ctx);
	if (!is_unwanted(optval, ctx->optval_end))
		return leave(ctx);
	if (optval + sizeof(instead) > (char *)ctx->optval_end)
		return leave(ctx);
	for (unsigned i = 0; i < sizeof(instead); i++)
		optval[i] = instead[i];
	ctx->optlen = sizeof(instead);
	return 1;
}
