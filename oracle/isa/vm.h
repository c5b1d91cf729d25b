/* SPDX-License-Identifier: MIT */
/* The inside of the machine: shared by interp.c, vm.c, fault.c and the helpers, nobody else. */
#ifndef ISA_VM_H
#define ISA_VM_H

#include "interp.h"

/* One slot of a program, decoded: the row of insn.def, where a jump lands, the immediate as it is used. */
struct isa_op {
	uint8_t form, dst, src;
	int16_t off;
	uint32_t target;
	int64_t imm; /* sign extended; 64-bit immediates whole, maps and functions as pointers */
};

struct isa_code {
	struct isa_op *op;
	struct bpf_insn *insn;
	uint8_t *form;
	bool *func;
	size_t n;
};

struct isa_frame {
	const struct isa_code *code; /* of the caller */
	uint32_t back;		     /* the instruction after the call; 0: a helper called */
	uint64_t saved[4];	     /* r6..r9 of the caller */
};

struct isa_vm {
	struct isa_mem mem;
	struct isa_maps *maps;
	const struct isa_host *host;
	const struct isa_code *const *program;
	unsigned n_programs, kernel;
	uint64_t budget, left;

	/* of the run */
	const struct isa_code *code;
	struct isa_sockopt *ctx;
	struct isa_sockopt no_ctx; /* between runs */
	unsigned depth, tail_calls;
	struct isa_frame frame[ISA_FRAMES];
	bool locked;
	const struct isa_code *jump; /* a tail call: go on there */
	unsigned stop_depth;	     /* an exit at this depth ends isa_interpret; not 0 in callbacks */
	uint64_t clock, random;
	struct isa_fault fault;
	uint8_t stack[ISA_FRAMES][ISA_STACK];
};

/* Notes a fault; the caller stops. Returns false. The first one of a run stays. */
bool isa_vm_refuse(struct isa_vm *vm, enum isa_fault_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The bytes of a helper's argument, or NULL with the fault noted. */
uint8_t *isa_vm_bytes(struct isa_vm *vm, uint64_t addr, uint64_t n, bool write);

/* Calls the function at instruction func with two or more arguments (callbacks of helpers); false: fault. */
bool isa_vm_call(struct isa_vm *vm, uint32_t func, const uint64_t arg[5], uint64_t *r0);

/* The first instruction of the function that a callback argument points at, or -1 with the fault noted. */
int64_t isa_vm_function(struct isa_vm *vm, uint64_t addr);

/* From instruction pc of vm->code on with reg[11], until the function that runs now has ended. */
enum isa_end isa_interpret(struct isa_vm *vm, uint32_t pc, uint64_t reg[11]);

#endif
