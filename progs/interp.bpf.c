/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one data-driven program of hookdiff: runs the action list that user space left for it and writes down
 * what it saw. exec/bpfobj.c loads one copy for each (level, slot, hook) of a chain; the constants in .rodata
 * tell a copy which one it is, and all copies share the one mmapable value `hd` (progs/shared.h). The meaning
 * of each action is the comment in harness/case/act.h. Every case that names no .bpf.o runs on this file.
 *
 * The shape of some lines is the verifier's, not ours: stores to the context are volatile, or clang merges
 * two neighbours into one 8 byte store; a variable offset is bounded as a number and then checked as a
 * pointer, kept in one variable, against optval_end.
 */
#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>

#include "progs/shared.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 hd_id = 0;		       /* level * HD_SLOTS + slot */
const volatile bool may_return_2 = false;      /* only where the verifier takes it: the first proposal */
const volatile bool has_retval_helpers = true; /* Linux 5.18; what a false one guards is never verified */
const volatile bool has_probe_read =
	true; /* false: a kernel without CONFIG_BPF_EVENTS, as every User-Mode Linux */
const volatile bool clamp_set_retval = false; /* Linux 7.2: on set, bpf_set_retval's value must be in range */

/*
 * The trace of the k-th run lies at k with its bits from 2 on turned round (oracle/tree.h tree_flat_id) and
 * not at hd_id: for chains in which one program runs twice.
 */
const volatile bool trace_by_run = false;

struct hd_shared hd; /* .bss, replaced by the worker's map */

#define MAX_ERRNO 4095
#define MAX_OFF	  0xfff0 /* the verifier tracks packet offsets up to 0xffff */

#define CTX_GET(field)	  (*(volatile __s32 *)&ctx->field)
#define CTX_SET(field, v) (*(volatile __s32 *)&ctx->field = (v))

/* Copies w bytes more if bit w of size is set; the pointer check repeats it in the verifier's words. */
#define PIECE(w, type)                                                                                       \
	if (size & (w)) {                                                                                    \
		if (p + (w) > end)                                                                           \
			return;                                                                              \
		for (unsigned j = 0; j < (w) / sizeof(type); j++)                                            \
			((volatile type *)d)[j] = ((volatile type *)p)[j];                                   \
		p += (w);                                                                                    \
		d += (w);                                                                                    \
	}

/* Writes down every byte that lies in the window, never one more: a short copy would hide a kernel's edit. */
static __always_inline void trace_bytes(struct hd_trace *t, struct bpf_sockopt *ctx, __u64 size)
{
	__u8 *p = ctx->optval, *end = ctx->optval_end, *d = t->bytes;

	if (!has_probe_read) {
		__u64 at = size & (HD_WINDOW - 8);

		/* Nothing that differs between its 513 ends is used behind the loop, so that one of them is
		 * followed. */
		for (unsigned i = 0; i < HD_WINDOW / 8; i++) {
			if (p + 8 > end)
				break;
			*(volatile __u64 *)d = *(volatile __u64 *)p;
			p += 8;
			d += 8;
		}
		if (size >= HD_WINDOW)
			return;
		p = ctx->optval + at;
		d = t->bytes + at;
		size &= 7;
	} else if (size >= 64) { /* the helper costs 30 ns; below 64 bytes the pieces are cheaper */
		bpf_probe_read_kernel(d, size < HD_WINDOW ? size : HD_WINDOW, p);
		return;
	}
	PIECE(32, __u64)
	PIECE(16, __u64)
	PIECE(8, __u64)
	PIECE(4, __u32)
	PIECE(2, __u16)
	PIECE(1, __u8)
}

static __always_inline __s32 retval_get(struct bpf_sockopt *ctx, bool is_get)
{
	if (is_get)
		return CTX_GET(retval);
	return has_retval_helpers ? bpf_get_retval() : 0;
}

static __always_inline void retval_set(__s32 v, bool is_get)
{
	if (!has_retval_helpers)
		return;
	if (!is_get && clamp_set_retval) { /* the backend refuses cases whose value would change here */
		if (v < -MAX_ERRNO || v > 0)
			return;
	}
	bpf_set_retval(v);
}

static __always_inline bool holds(struct bpf_sockopt *ctx, const struct act *a, __u64 size, bool is_get)
{
	__s32 want = a->val, x;

	switch (a->field) {
	case FIELD_LEVEL:
		x = CTX_GET(level);
		break;
	case FIELD_OPTNAME:
		x = CTX_GET(optname);
		break;
	case FIELD_OPTLEN:
		x = CTX_GET(optlen);
		break;
	case FIELD_RETVAL:
		x = retval_get(ctx, is_get);
		break;
	case FIELD_SIZE:
		x = size;
		break;
	case FIELD_BYTE: {
		__u8 *p = ctx->optval, *end = ctx->optval_end;
		__u64 off = a->off;

		if (off > MAX_OFF)
			return false;
		p += off;
		if (p + 1 > end)
			return false;
		x = *(volatile __u8 *)p;
		break;
	}
	default:
		return false;
	}
	switch (a->cmp) {
	case CMP_EQ:
		return x == want;
	case CMP_NE:
		return x != want;
	case CMP_LT:
		return x < want;
	case CMP_GT:
		return x > want;
	}
	return false;
}

static __always_inline void put_bytes(struct bpf_sockopt *ctx, const struct act *a)
{
	__u8 *p = ctx->optval, *end = ctx->optval_end;
	__u64 off = a->off;

	if (off > MAX_OFF)
		return;
	p += off;
	if (a->n == 1) {
		if (p + 1 <= end)
			*(volatile __u8 *)p = a->val;
	} else if (a->n == 2) {
		if (p + 2 <= end)
			*(volatile __u16 *)p = a->val;
	} else if (a->n == 4) {
		if (p + 4 <= end)
			*(volatile __u32 *)p = a->val;
	}
}

static __always_inline int result(__u32 v)
{
	if (may_return_2 && v == 2)
		return 2;
	return v & 1;
}

static __always_inline int run(struct bpf_sockopt *ctx, bool is_get)
{
	__u32 hook = is_get ? 0 : 1; /* enum hook */
	__u32 id = hd_id & (HD_PROGS - 1);
	__u64 size = (__u64)ctx->optval_end - (__u64)ctx->optval;
	const struct prog *prog = &hd.prog[hook][id];
	__u32 n = prog->n, ret = prog->ret, k = hd.runs, skip = 0;
	__u32 place = trace_by_run ? (k ^ (HD_PROGS - HD_SLOTS)) & (HD_PROGS - 1) : id;
	struct hd_trace *t = &hd.trace[hook][place];

	hd.runs = k + 1;
	hd.order[k & (HD_ORDER - 1)] = hook * HD_PROGS + id;
	t->level = CTX_GET(level);
	t->optname = CTX_GET(optname);
	t->optlen = CTX_GET(optlen);
	t->retval = retval_get(ctx, is_get);
	t->size = size;
	trace_bytes(t, ctx, size);

	for (__u32 i = 0; i < ACT_MAX; i++) {
		const struct act *a = &prog->act[i];

		if (i >= n)
			break;
		if (skip) {
			skip--;
			continue;
		}
		switch (a->op) {
		case ACT_IF:
			if (!holds(ctx, a, size, is_get))
				skip = a->n;
			break;
		case ACT_LEVEL:
			if (!is_get)
				CTX_SET(level, a->val);
			break;
		case ACT_OPTNAME:
			if (!is_get)
				CTX_SET(optname, a->val);
			break;
		case ACT_OPTLEN:
			CTX_SET(optlen, a->val);
			break;
		case ACT_BYTES:
			put_bytes(ctx, a);
			break;
		case ACT_RETVAL:
			if (is_get)
				CTX_SET(retval, a->val);
			break;
		case ACT_SET_RETVAL:
			retval_set(a->val, is_get);
			break;
		case ACT_KEEP_RETVAL:
			if (is_get)
				CTX_SET(retval, CTX_GET(retval));
			else
				retval_set(retval_get(ctx, is_get), is_get);
			break;
		case ACT_RETURN:
			return result(a->val);
		}
	}
	return result(ret);
}

SEC("cgroup/getsockopt")
int interp_get(struct bpf_sockopt *ctx)
{
	return run(ctx, true);
}

SEC("cgroup/setsockopt")
int interp_set(struct bpf_sockopt *ctx)
{
	return run(ctx, false);
}
