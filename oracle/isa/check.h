/* SPDX-License-Identifier: MIT */
/*
 * Is it a program at all? Every instruction must be a row of insn.def with its fields as the row says, every
 * jump must land on an instruction of the same function, nothing may be out of reach, no function may run out
 * of its end. This is the first pass of the kernel's verifier (kernel/bpf/verifier.c check_subprogs,
 * check_cfg) and no more: what a program does with pointers, the interpreter finds when it runs.
 */
#ifndef ISA_CHECK_H
#define ISA_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "insn.h"

#define ISA_MAX_INSNS 1000000 /* BPF_COMPLEXITY_LIMIT_INSNS */

/* Why a program was refused: the instruction (0 if it has none) and one sentence. */
struct isa_problem {
	size_t insn;
	char text[160];
};

/*
 * The form of one instruction, or -1 with a sentence in *p (p->insn is left alone). Whether a jump lands
 * somewhere is not looked at here.
 */
int isa_form_of(const struct bpf_insn *insn, struct isa_problem *p);

/*
 * The form of every slot of insn[n], into form[n] (ISA_SECOND_SLOT: second half of a 64-bit immediate), and
 * into func[n], if it is not NULL, whether a function begins there. False with *p filled if the program is
 * refused.
 */
bool isa_check(const struct bpf_insn *insn, size_t n, uint8_t *form, bool *func, struct isa_problem *p);

/* The first kernel that takes all the instructions (ISA_KERNEL()); *at is the first one that needs it. */
unsigned isa_since(const uint8_t *form, size_t n, size_t *at);

#endif
