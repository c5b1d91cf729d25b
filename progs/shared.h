/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The one value of the mmapable array that drives every copy of progs/interp.bpf.c and receives what each
 * copy saw. User space writes prog[] and runs = 0 before a call and reads the rest after it. One worker
 * owns one map: nothing here is atomic.
 */
#ifndef HD_SHARED_H
#define HD_SHARED_H

#include "../harness/case/act.h"

#define HD_LEVELS 8
#define HD_SLOTS  4			 /* per level and hook */
#define HD_PROGS  (HD_LEVELS * HD_SLOTS) /* per hook */
#define HD_HOOKS  2
#define HD_WINDOW 4096 /* bytes of optval that a trace holds */
#define HD_ORDER  64

/* What a program saw when it was entered. */
struct hd_trace {
	__s32 level;
	__s32 optname;
	__s32 optlen;
	__s32 retval; /* ctx->retval on get, bpf_get_retval() on set */
	__u32 size;   /* optval_end - optval */
	__u32 pad;
	__u8 bytes[HD_WINDOW]; /* the first min(size, HD_WINDOW) bytes of optval */
	__u8 pad2[40];	       /* a short trace lies in one cache line */
};

#define HD_HELPER_MAX	128	   /* bytes of a helper's value, a power of two */
#define HD_HELPER_LEVEL 0x4b484c50 /* of the call that carries a helper's */

/* A call of bpf_setsockopt or bpf_getsockopt that progs/carrier.bpf.c makes, and what came of it. */
struct hd_helper {
	__u32 is_get;
	__s32 level, optname;
	__u32 optlen; /* 1..HD_HELPER_MAX */
	__u32 armed;  /* the next setsockopt carries the call */
	__u32 done;   /* the carrier writes 1 */
	__s32 ret;
	__u32 first, runs; /* programs that ran meanwhile: order[first..first + runs) */
	__u8 bytes[HD_HELPER_MAX];
};

struct hd_shared {
	__u32 runs;	      /* program runs since user space wrote 0, both hooks */
	__u32 pad;	      /* keeps trace[].bytes on 8 bytes */
	__u8 order[HD_ORDER]; /* order[k]: id of the k-th run: hook * HD_PROGS + level * HD_SLOTS + slot */
	__u8 pad2[56];	      /* keeps prog and trace on cache lines */
	struct prog prog[HD_HOOKS][HD_PROGS];
	struct hd_trace trace[HD_HOOKS][HD_PROGS];
	struct hd_helper helper;
};

#endif
