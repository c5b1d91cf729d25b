/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What a program of a case does, as a short list of actions. The layout is shared by the case model, the
 * clause oracle and the data-driven BPF program (progs/interp.bpf.c), so that one memcpy drives the kernel;
 * it is therefore plain fixed-width C and includes nothing but <linux/types.h>.
 *
 * The meaning of each action, which all back ends must give it:
 *   ACT_IF       if the condition is false, skip the next `n` actions. Conditions compare as signed 32 bit
 *                (FIELD_BYTE: as an unsigned byte). FIELD_BYTE past the window is false whatever the
 * operator. ACT_LEVEL    ctx->level = val                     (setsockopt only: the verifier's rule)
 *   ACT_OPTNAME  ctx->optname = val                   (setsockopt only)
 *   ACT_OPTLEN   ctx->optlen = val
 *   ACT_BYTES    the low `n` (1, 2 or 4) bytes of val, little endian, go to optval[off]; nothing is written
 *                unless off + n <= size of the window
 *   ACT_RETVAL   ctx->retval = val                    (getsockopt only)
 *   ACT_SET_RETVAL  bpf_set_retval(val)               (either hook, Linux 5.18)
 *   ACT_KEEP_RETVAL the current retval is written back unchanged (context on get, helper on set)
 *   ACT_RETURN   the program ends and returns val: 0, 1 or 2
 * A program that runs off its end returns prog.ret. Only the first proposal of the interface knows a return
 * 2; no kernel loads a program that may (verifier: [0, 1]), so a case with one is the oracle's alone.
 */
#ifndef ACT_H
#define ACT_H

#include <linux/types.h>

#define ACT_MAX 16 /* actions of one program */

enum act_op {
	ACT_NONE,
	ACT_IF,
	ACT_LEVEL,
	ACT_OPTNAME,
	ACT_OPTLEN,
	ACT_BYTES,
	ACT_RETVAL,
	ACT_SET_RETVAL,
	ACT_KEEP_RETVAL,
	ACT_RETURN,
	ACT_OP_COUNT,
};

enum act_field {
	FIELD_LEVEL,
	FIELD_OPTNAME,
	FIELD_OPTLEN,
	FIELD_RETVAL,
	FIELD_SIZE,
	FIELD_BYTE,
	FIELD_COUNT
};

enum act_cmp { CMP_EQ, CMP_NE, CMP_LT, CMP_GT, CMP_COUNT };

struct act {
	__u8 op;    /* enum act_op */
	__u8 field; /* enum act_field, ACT_IF only */
	__u8 cmp;   /* enum act_cmp, ACT_IF only */
	__u8 n;	    /* ACT_IF: actions to skip when false; ACT_BYTES: width 1, 2 or 4 */
	__u32 off;  /* ACT_BYTES and FIELD_BYTE: offset in optval, 0..65535 */
	__s32 val;
};

struct prog {
	__u32 n;   /* actions in act[], 0..ACT_MAX */
	__u32 ret; /* result when no ACT_RETURN ended the program: 0, 1 or 2 */
	struct act act[ACT_MAX];
};

#endif
