/* SPDX-License-Identifier: MIT */
/*
 * The loop: one label for each row of insn.def, in the order of RFC 9669. What C leaves open is spelled out:
 * shifts are masked, divisions by zero and of the smallest number have their own lines, memory is copied.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "helpers.h"
#include "vm.h"

#define POISON UINT64_C(0xdead2bad00000000) /* r1..r5 after a call: the verifier lets nobody read them */

static inline uint64_t sdiv64(uint64_t a, uint64_t b)
{
	if (b + 1 <= 1) /* -1: no overflow for the smallest number; 0: 0 */
		return b ? 0 - a : 0;
	return (uint64_t)((int64_t)a / (int64_t)b);
}

static inline uint64_t smod64(uint64_t a, uint64_t b)
{
	if (b + 1 <= 1)
		return b ? 0 : a;
	return (uint64_t)((int64_t)a % (int64_t)b);
}

static inline uint32_t sdiv32(uint32_t a, uint32_t b)
{
	if (b == 0 || b == UINT32_MAX)
		return b ? 0 - a : 0;
	return (uint32_t)((int32_t)a / (int32_t)b);
}

static inline uint32_t smod32(uint32_t a, uint32_t b)
{
	if (b == 0 || b == UINT32_MAX)
		return b ? 0 : a;
	return (uint32_t)((int32_t)a % (int32_t)b);
}

static inline uint64_t sar64(uint64_t a, uint64_t n)
{
	n &= 63;
	return a >> n | (a >> 63 && n ? ~(UINT64_MAX >> n) : 0);
}

static inline uint32_t sar32(uint32_t a, uint32_t n)
{
	n &= 31;
	return a >> n | (a >> 31 && n ? ~(UINT32_MAX >> n) : 0);
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "values and their bytes: little endian only");

static inline uint64_t load(const uint8_t *p, unsigned width)
{
	uint64_t v = 0;

	memcpy(&v, p, width);
	return v;
}

bool isa_vm_refuse(struct isa_vm *vm, enum isa_fault_kind kind, const char *fmt, ...)
{
	va_list ap;

	if (vm->fault.kind != FAULT_NONE)
		return false;
	vm->fault.kind = kind;
	va_start(ap, fmt);
	vsnprintf(vm->fault.text, sizeof(vm->fault.text), fmt, ap);
	va_end(ap);
	return false;
}

uint8_t *isa_vm_bytes(struct isa_vm *vm, uint64_t addr, uint64_t n, bool write)
{
	char why[200];
	uint8_t *p = isa_mem_find(&vm->mem, addr, n, write, why, sizeof(why));

	if (!p)
		isa_vm_refuse(vm, FAULT_MEMORY, "%s", why);
	return p;
}

static bool refuse_at(struct isa_vm *vm, uint64_t addr, unsigned width, bool write, const char *why)
{
	char at[80];

	isa_addr_print(&vm->mem, addr, at, sizeof(at));
	return isa_vm_refuse(vm, FAULT_MEMORY, "%s of %u bytes at %s: %s", write ? "write" : "read", width,
			     at, why);
}

/* An access that the plain path refused: fields, values of maps; or a fault. */
static bool slow(struct isa_vm *vm, uint64_t addr, unsigned width, bool write, bool imm, uint64_t *value)
{
	uint64_t id = isa_addr_region(addr), off = isa_addr_off(addr);
	const struct isa_region *r = id < vm->mem.n ? &vm->mem.region[id] : NULL;
	const char *why;
	uint8_t *p;

	if (r && r->rule == MEM_FIELDS) {
		if (imm && id == ISA_AT_CTX && vm->kernel && vm->kernel < ISA_CTX_ST_SINCE)
			why = "before Linux 6.4 the context takes no immediate";
		else
			why = r->field(r->owner, off, width, write, value);
		return !why || refuse_at(vm, addr, width, write, why);
	}
	p = isa_vm_bytes(vm, addr, width, write);
	if (!p)
		return false;
	if (off & (width - 1) & vm->mem.region[id].aligned)
		return refuse_at(vm, addr, width, write, "on the stack accesses are aligned to their width");
	if (write)
		memcpy(p, value, width);
	else
		*value = load(p, width);
	return true;
}

static inline bool mem_read(struct isa_vm *vm, uint64_t addr, unsigned width, uint64_t *value)
{
	const uint8_t *p = isa_mem_fast(&vm->mem, addr, width, false);

	if (__builtin_expect(!p, 0))
		return slow(vm, addr, width, false, false, value);
	*value = load(p, width);
	return true;
}

static inline bool mem_write(struct isa_vm *vm, uint64_t addr, unsigned width, bool imm, uint64_t value)
{
	uint8_t *p = isa_mem_fast(&vm->mem, addr, width, true);

	if (__builtin_expect(!p, 0))
		return slow(vm, addr, width, true, imm, &value);
	memcpy(p, &value, width);
	return true;
}

/* Atomics go to bytes only, aligned (check_atomic in kernel/bpf/verifier.c). */
static uint8_t *atomic_at(struct isa_vm *vm, uint64_t addr, unsigned width)
{
	uint8_t *p = isa_vm_bytes(vm, addr, width, true);

	if (!p)
		return NULL;
	if (isa_addr_off(addr) % width)
		isa_vm_refuse(vm, FAULT_MEMORY,
			      "an atomic of %u bytes at an address that is not aligned to it", width);
	else if (vm->mem.region[isa_addr_region(addr)].no_atomics)
		isa_vm_refuse(vm, FAULT_MEMORY, "atomics are not for %s",
			      vm->mem.region[isa_addr_region(addr)].name);
	else
		return p;
	return NULL;
}

static uint64_t atomic_value(uint8_t form, uint64_t old, uint64_t src, uint64_t r0)
{
	switch (form) {
	case ISA_AADD_W:
	case ISA_AADD_DW:
	case ISA_FADD_W:
	case ISA_FADD_DW:
		return old + src;
	case ISA_AOR_W:
	case ISA_AOR_DW:
	case ISA_FOR_W:
	case ISA_FOR_DW:
		return old | src;
	case ISA_AAND_W:
	case ISA_AAND_DW:
	case ISA_FAND_W:
	case ISA_FAND_DW:
		return old & src;
	case ISA_AXOR_W:
	case ISA_AXOR_DW:
	case ISA_FXOR_W:
	case ISA_FXOR_DW:
		return old ^ src;
	case ISA_CMPXCHG_W:
		return old == (uint32_t)r0 ? src : old;
	case ISA_CMPXCHG_DW:
		return old == r0 ? src : old;
	default: /* XCHG_W, XCHG_DW */
		return src;
	}
}

static bool atomic(struct isa_vm *vm, const struct isa_op *op, uint64_t *reg)
{
	int16_t kind = isa_forms[op->form].imm;
	unsigned width = isa_forms[op->form].code == 0xc3 ? 4 : 8;
	uint8_t *p = atomic_at(vm, reg[op->dst] + (uint64_t)(int64_t)op->off, width);
	uint64_t old, new;

	if (!p)
		return false;
	old = load(p, width);
	new = atomic_value(op->form, old, reg[op->src], reg[0]);
	memcpy(p, &new, width);
	if (op->form == ISA_CMPXCHG_W || op->form == ISA_CMPXCHG_DW)
		reg[0] = old;
	else if (kind & 1) /* BPF_FETCH */
		reg[op->src] = old;
	return true;
}

static bool push_frame(struct isa_vm *vm, uint32_t back, uint64_t *reg)
{
	struct isa_frame *f;

	if (vm->depth + 1 == ISA_FRAMES)
		return isa_vm_refuse(vm, FAULT_DEPTH, "more than %d functions call each other", ISA_FRAMES);
	f = &vm->frame[vm->depth++];
	f->code = vm->code;
	f->back = back;
	memcpy(f->saved, &reg[6], sizeof(f->saved));
	reg[10] = isa_addr(ISA_AT_STACK + vm->depth, ISA_STACK);
	memset(vm->stack[vm->depth], 0,
	       ISA_STACK); /* what an earlier call left there must not decide anything */
	return true;
}

static uint32_t pop_frame(struct isa_vm *vm, uint64_t *reg)
{
	const struct isa_frame *f = &vm->frame[--vm->depth];

	memcpy(&reg[6], f->saved, sizeof(f->saved));
	reg[10] = isa_addr(ISA_AT_STACK + vm->depth, ISA_STACK);
	vm->code = f->code; /* a tail call may have left it */
	return f->back;
}

static void clobber(uint64_t *reg)
{
	for (unsigned i = 1; i <= 5; i++)
		reg[i] = POISON + i;
}

bool isa_vm_call(struct isa_vm *vm, uint32_t func, const uint64_t arg[5], uint64_t *r0)
{
	uint64_t reg[11];
	unsigned depth = vm->depth, stop = vm->stop_depth;
	enum isa_end end;

	for (unsigned i = 0; i < 11; i++)
		reg[i] = POISON + i;
	memcpy(&reg[1], arg, 5 * sizeof(*arg));
	if (!push_frame(vm, 0, reg))
		return false;
	vm->stop_depth = vm->depth;
	end = isa_interpret(vm, func, reg);
	vm->stop_depth = stop;
	if (end == ISA_ENDED)
		vm->depth = depth;
	*r0 = reg[0];
	return end == ISA_ENDED;
}

/* Where the run stopped: for the report. Frames that a callback's helper put there say 0. */
static void note(struct isa_vm *vm, size_t pc, const uint64_t *reg)
{
	if (vm->fault.code)
		return; /* deeper down it was noted already */
	vm->fault.code = vm->code;
	vm->fault.insn = pc;
	memcpy(vm->fault.reg, reg, sizeof(vm->fault.reg));
	vm->fault.depth = vm->depth;
	for (unsigned i = 0; i < vm->depth; i++)
		vm->fault.caller[i] =
			vm->frame[i].back && vm->frame[i].code == vm->code ? vm->frame[i].back - 1 : SIZE_MAX;
}

/* A jump from each instruction to the next: measured at twice the speed of one switch (hookdiff bench). */
#define CASE(name) do_##name
#define NEXT                                                                                                 \
	do {                                                                                                 \
		if (__builtin_expect(left-- == 0, 0))                                                        \
			goto spent;                                                                          \
		op = pc++;                                                                                   \
		goto *label[op->form];                                                                       \
	} while (0)

#define D   reg[op->dst]
#define S   reg[op->src]
#define D32 ((uint32_t)reg[op->dst])
#define S32 ((uint32_t)reg[op->src])
#define K   ((uint64_t)op->imm)
#define K32 ((uint32_t)op->imm)

/* a and b are uint64_t in the first expression, uint32_t in the second */
#define ALU(name, e64, e32)                                                                                  \
	CASE(name##64_K) :                                                                                   \
	{                                                                                                    \
		uint64_t a = D, b = K;                                                                       \
		D = (e64);                                                                                   \
		(void)a;                                                                                     \
	}                                                                                                    \
	NEXT;                                                                                                \
	CASE(name##64_X) :                                                                                   \
	{                                                                                                    \
		uint64_t a = D, b = S;                                                                       \
		D = (e64);                                                                                   \
		(void)a;                                                                                     \
	}                                                                                                    \
	NEXT;                                                                                                \
	CASE(name##32_K) :                                                                                   \
	{                                                                                                    \
		uint32_t a = D32, b = K32;                                                                   \
		D = (uint32_t)(e32);                                                                         \
		(void)a;                                                                                     \
	}                                                                                                    \
	NEXT;                                                                                                \
	CASE(name##32_X) :                                                                                   \
	{                                                                                                    \
		uint32_t a = D32, b = S32;                                                                   \
		D = (uint32_t)(e32);                                                                         \
		(void)a;                                                                                     \
	}                                                                                                    \
	NEXT;

#define JUMP_TO                                                                                              \
	do {                                                                                                 \
		pc = code + op->target;                                                                      \
	} while (0)
#define JUMP_IF(name, cmp, t64, t32)                                                                         \
	CASE(name##_K) : if ((t64)D cmp(t64) K) JUMP_TO;                                                     \
	NEXT;                                                                                                \
	CASE(name##_X) : if ((t64)D cmp(t64) S) JUMP_TO;                                                     \
	NEXT;                                                                                                \
	CASE(name##32_K) : if ((t32)D32 cmp(t32) K32) JUMP_TO;                                               \
	NEXT;                                                                                                \
	CASE(name##32_X) : if ((t32)D32 cmp(t32) S32) JUMP_TO;                                               \
	NEXT;

#define AT(r) ((r) + (uint64_t)(int64_t)op->off)
#define STORE(name, width)                                                                                   \
	CASE(ST_##name) : if (!mem_write(vm, AT(D), width, true, K)) goto fault;                             \
	NEXT;                                                                                                \
	CASE(STX_##name) : if (!mem_write(vm, AT(D), width, false, S)) goto fault;                           \
	NEXT;
#define LOAD(name, width)                                                                                    \
	CASE(LDX_##name) : if (!mem_read(vm, AT(S), width, &value)) goto fault;                              \
	D = value;                                                                                           \
	NEXT;
#define LOAD_SIGNED(name, width, type)                                                                       \
	CASE(LDSX_##name) : if (!mem_read(vm, AT(S), width, &value)) goto fault;                             \
	D = (uint64_t)(int64_t)(type)value;                                                                  \
	NEXT;

enum isa_end isa_interpret(struct isa_vm *vm, uint32_t start, uint64_t regs[11])
{
	static const void *const label[] = {
#define FORM(name, code, dst, src, off, imm, since, text) [ISA_##name] = &&do_##name,
#include "insn.def"
	};
	const struct isa_op *code = vm->code->op, *pc = code + start, *op;
	uint64_t reg[11], value = 0, left = vm->left;

	memcpy(reg, regs, sizeof(reg));
	/* clang-format off */
	NEXT;
	/* 4.1 */
	ALU(ADD, a + b, a + b)
	ALU(SUB, a - b, a - b)
	ALU(MUL, a * b, a * b)
	ALU(DIV, b ? a / b : 0, b ? a / b : 0)
	ALU(SDIV, sdiv64(a, b), sdiv32(a, b))
	ALU(OR, a | b, a | b)
	ALU(AND, a & b, a & b)
	ALU(LSH, a << (b & 63), a << (b & 31))
	ALU(RSH, a >> (b & 63), a >> (b & 31))
	CASE(NEG64): D = 0 - D; NEXT;
	CASE(NEG32): D = (uint32_t)(0 - D32); NEXT;
	ALU(MOD, b ? a % b : a, b ? a % b : a)
	ALU(SMOD, smod64(a, b), smod32(a, b))
	ALU(XOR, a ^ b, a ^ b)
	ALU(MOV, b, b)
	CASE(MOVSX8_64): D = (uint64_t)(int64_t)(int8_t)S; NEXT;
	CASE(MOVSX16_64): D = (uint64_t)(int64_t)(int16_t)S; NEXT;
	CASE(MOVSX32_64): D = (uint64_t)(int64_t)(int32_t)S; NEXT;
	CASE(MOVSX8_32): D = (uint32_t)(int32_t)(int8_t)S; NEXT;
	CASE(MOVSX16_32): D = (uint32_t)(int32_t)(int16_t)S; NEXT;
	ALU(ARSH, sar64(a, b), sar32(a, b))
	/* 4.2: the machine that is modelled is little endian, as x86-64 and arm64 */
	CASE(LE16): D = (uint16_t)D; NEXT;
	CASE(LE32): D = D32; NEXT;
	CASE(LE64): NEXT;
	CASE(BE16): CASE(BSWAP16): D = __builtin_bswap16((uint16_t)D); NEXT;
	CASE(BE32): CASE(BSWAP32): D = __builtin_bswap32(D32); NEXT;
	CASE(BE64): CASE(BSWAP64): D = __builtin_bswap64(D); NEXT;
	/* 4.3 */
	CASE(JA): CASE(GOTOL): JUMP_TO; NEXT;
	JUMP_IF(JEQ, ==, uint64_t, uint32_t)
	JUMP_IF(JGT, >, uint64_t, uint32_t)
	JUMP_IF(JGE, >=, uint64_t, uint32_t)
	CASE(JSET_K): if (D & K) JUMP_TO; NEXT;
	CASE(JSET_X): if (D & S) JUMP_TO; NEXT;
	CASE(JSET32_K): if (D32 & K32) JUMP_TO; NEXT;
	CASE(JSET32_X): if (D32 & S32) JUMP_TO; NEXT;
	JUMP_IF(JNE, !=, uint64_t, uint32_t)
	JUMP_IF(JSGT, >, int64_t, int32_t)
	JUMP_IF(JSGE, >=, int64_t, int32_t)
	JUMP_IF(JLT, <, uint64_t, uint32_t)
	JUMP_IF(JLE, <=, uint64_t, uint32_t)
	JUMP_IF(JSLT, <, int64_t, int32_t)
	JUMP_IF(JSLE, <=, int64_t, int32_t)
	CASE(CALL):
		vm->left = left;
		if (!isa_helper_call(vm, op->imm, reg))
			goto fault;
		left = vm->left;
		clobber(reg);
		if (vm->jump) { /* a tail call: the context in r1, nothing else */
			vm->code = vm->jump;
			vm->jump = NULL;
			pc = code = vm->code->op;
			reg[1] = isa_addr(ISA_AT_CTX, 0);
		}
		NEXT;
	CASE(CALL_LOCAL):
		if (!push_frame(vm, (uint32_t)(pc - code), reg))
			goto fault;
		JUMP_TO;
		NEXT;
	CASE(EXIT):
		if (vm->depth == vm->stop_depth) {
			vm->left = left;
			memcpy(regs, reg, sizeof(reg));
			return ISA_ENDED;
		}
		value = pop_frame(vm, reg);
		code = vm->code->op;
		pc = code + value;
		clobber(reg);
		NEXT;
	/* 5.1, 5.2 */
	STORE(W, 4)
	STORE(H, 2)
	STORE(B, 1)
	STORE(DW, 8)
	LOAD(W, 4)
	LOAD(H, 2)
	LOAD(B, 1)
	LOAD(DW, 8)
	LOAD_SIGNED(W, 4, int32_t)
	LOAD_SIGNED(H, 2, int16_t)
	LOAD_SIGNED(B, 1, int8_t)
	/* 5.3 */
	CASE(AADD_W): CASE(AADD_DW): CASE(FADD_W): CASE(FADD_DW): CASE(AOR_W): CASE(AOR_DW): CASE(FOR_W): CASE(FOR_DW):
	CASE(AAND_W): CASE(AAND_DW): CASE(FAND_W): CASE(FAND_DW): CASE(AXOR_W): CASE(AXOR_DW): CASE(FXOR_W): CASE(FXOR_DW):
	CASE(XCHG_W): CASE(XCHG_DW): CASE(CMPXCHG_W): CASE(CMPXCHG_DW):
		if (!atomic(vm, op, reg))
			goto fault;
		NEXT;
	/* 5.4: decoded into one immediate; the other slot is stepped over */
	CASE(LD_IMM64): CASE(LD_MAP): CASE(LD_MAP_VALUE): CASE(LD_FUNC):
		D = K;
		pc++;
		NEXT;
	/* clang-format on */
spent:
	left = 0;
	op = pc;
	isa_vm_refuse(vm, FAULT_BUDGET, "%" PRIu64 " instructions were run and the program has not ended",
		      vm->budget);
fault:
	vm->left = left;
	note(vm, (size_t)(op - vm->code->op), reg);
	return vm->fault.kind == FAULT_BUDGET ? ISA_BUDGET_SPENT : ISA_FAULT;
}
