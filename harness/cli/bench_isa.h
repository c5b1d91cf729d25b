/* SPDX-License-Identifier: MIT */
/* hookdiff bench: the row of the BPF interpreter. */
#ifndef BENCH_ISA_H
#define BENCH_ISA_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/bpf.h>

/* Prints how many instructions a second the interpreter takes, and what an unchecked one takes for the same
 * loop. False: one of them did not finish, or they do not agree. */
bool bench_isa(bool json);

/* Runs a program whose one map has its value at value, with nothing checked; false: an opcode that it does
 * not know. */
bool bench_plain_run(const struct bpf_insn *in, void *value, uint64_t *r0);

#endif
