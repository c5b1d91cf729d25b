/* SPDX-License-Identifier: MIT */
/*
 * The third back end of an action list (harness/case/act.h): BPF instructions, one after the other, as the
 * verifier of every kernel since 5.3 takes them. The clause oracle and progs/interp.bpf.c must give a list
 * the same meaning; tests/test_insn.c holds the three against each other.
 *
 * Registers: r6 the context; r2 and r3 optval and optval_end, loaded anew for each access; r7 what a
 * recording program writes to. There is one exit, at the end: the kernel's table of tests
 * (tools/testing/selftests/bpf/prog_tests/sockopt.c) takes the first one for the end of a program.
 */
#ifndef INSN_H
#define INSN_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "../base/buf.h"
#include "../case/tcase.h"

/* The prologue that records takes at most 64, an action at most 9, the end 2. */
#define INSN_MAX (64 + 9 * ACT_MAX + 2)

/* instr[i].from: which action an instruction belongs to, or one of these. */
#define INSN_PROLOGUE (-1)
#define INSN_RECORD   (-2)
#define INSN_END      ACT_MAX

/* Where a program writes down what it saw: offsets in the one value of an array map. */
struct insn_record {
	int map_fd;
	uint32_t runs;	/* u32: program runs; the program adds 1 */
	uint32_t order; /* u8[order_mask + 1]: by run, the program's id */
	uint32_t order_mask;
	uint8_t id;
	uint32_t seen;	/* s32 level, optname, optlen, retval; u32 size; u32 not used; then the bytes */
	uint32_t bytes; /* so many of optval at most, 1..4096 */
};

struct insn_opts {
	enum hook hook;
	const struct insn_record *record; /* NULL: the program only does what the list says */
	/* The kernel has bpf_get_retval (5.18), so that a setsockopt program can record retval; else it is 0.
	 */
	bool has_retval_helpers;
	bool may_return_2; /* the kernel takes a program that does: no release */
	/* The kernel lacks bpf_probe_read_kernel: bytes are recorded in loops, record->bytes is a power of
	 * two from 8. */
	bool no_probe_read;
};

struct insn_list {
	unsigned n;
	struct bpf_insn insn[INSN_MAX];
	int8_t from[INSN_MAX];
};

/*
 * Translates p, which passes prog_check for the hook and returns no 2. Accesses at offsets above 0xfff0,
 * which the verifier cannot follow, are past every window of a kernel with 4 KiB pages, and taken as that.
 * Recording needs bpf_probe_read_kernel in this type of program: Linux 5.8.
 */
void insn_translate(const struct prog *p, const struct insn_opts *opts, struct insn_list *out);

/* Which names insn_print writes. */
struct insn_style {
	const char *ctx; /* printf format of a context field's offset: "offsetof(struct bpf_sockopt, %s)" */
	const char *helper; /* printf format of a helper's number: "BPF_FUNC_%s" */
};

/*
 * Appends one instruction as the kernel's macros for tests write it: BPF_MOV64_IMM(BPF_REG_0, 1). A 64-bit
 * load of a map value takes two, of which the second one appends nothing.
 */
void insn_print(const struct bpf_insn *insn, const struct insn_style *style, struct buf *b);

#endif
