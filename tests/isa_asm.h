/* SPDX-License-Identifier: MIT */
/*
 * For the tests of oracle/isa: instructions by hand, edge operands, and programs that try one form of
 * instruction on all of them. The same programs run in the interpreter (test_isa.c) and in the kernel
 * (test_isa_kernel.c): operands come from map 0, results go to map 1, so the verifier knows none of the
 * values.
 */
#ifndef ISA_ASM_H
#define ISA_ASM_H

#include <stdio.h>
#include <string.h>

#include "oracle/isa/interp.h"

#define RESULTS 16384 /* bytes of map 1 */

struct text {
	struct bpf_insn insn[41000];
	size_t n;
};

static inline void put(struct text *t, int code, int dst, int src, int off, int imm)
{
	t->insn[t->n++] = (struct bpf_insn){.code = (uint8_t)code,
					    .dst_reg = (uint8_t)(dst & 15),
					    .src_reg = (uint8_t)(src & 15),
					    .off = (int16_t)off,
					    .imm = imm};
}

/* dst = 64-bit value; kind: 0 a number, 4 function, 5 map, 6 value of a map */
static inline void put_wide(struct text *t, int dst, int kind, uint64_t v)
{
	put(t, 0x18, dst, kind, 0, (int)(uint32_t)v);
	put(t, 0, 0, 0, 0, (int)(uint32_t)(v >> 32));
}

static inline void put_exit(struct text *t)
{
	put(t, 0x95, 0, 0, 0, 0);
}

#define LDX_DW(t, dst, src, off) put(t, 0x79, dst, src, off, 0)
#define STX_DW(t, dst, src, off) put(t, 0x7b, dst, src, off, 0)
#define MOV_K(t, dst, imm)	 put(t, 0xb7, dst, 0, 0, imm)
#define MOV_X(t, dst, src)	 put(t, 0xbf, dst, src, 0, 0)

static const uint64_t edges[] = {
	0,
	1,
	2,
	7,
	31,
	32,
	33,
	63,
	64,
	0x7f,
	0x80,
	0xff,
	0x7fff,
	0x8000,
	0xffff,
	0x7fffffff,
	0x80000000,
	0xfffffffe,
	0xffffffff,
	0x100000000,
	0x7fffffffffffffff,
	0x8000000000000000,
	0xffffffff80000000,
	0xfffffffffffffffe,
	UINT64_MAX,
	0x123456789abcdef0,
	0xfedcba9876543210,
};
#define EDGES (sizeof(edges) / sizeof(edges[0]))

static inline bool is_alu(const struct isa_form_row *f)
{
	return (f->code & 7) == 4 || (f->code & 7) == 7;
}

static inline bool is_jump(const struct isa_form_row *f)
{
	bool jump = (f->code & 7) == 5 || (f->code & 7) == 6;

	return jump && f->off == JUMP && f->code != 0x05; /* conditional ones */
}

static inline bool is_atomic(const struct isa_form_row *f)
{
	return f->code == 0xc3 || f->code == 0xdb;
}

/* May this immediate stand in the form? */
static inline bool imm_fits(const struct isa_form_row *f, int64_t imm)
{
	if (f->imm == NONZERO)
		return imm != 0;
	if (f->imm == SHIFT)
		return imm >= 0 && imm < ((f->code & 7) == 7 ? 64 : 32);
	return f->imm == ANY || f->imm == imm;
}

/* r6: operands, r7: results */
static inline void put_head(struct text *t)
{
	t->n = 0;
	put_wide(t, 6, 6, 0);
	put_wide(t, 7, 6, 1);
}

static inline void put_tail(struct text *t)
{
	MOV_K(t, 0, 0);
	put_exit(t);
}

/* Every pair of edges through one form of arithmetic; results in order. How many there are. */
static inline size_t alu_program(const struct isa_form_row *f, struct text *t)
{
	bool x = f->src == REG_R;
	size_t n = 0;

	put_head(t);
	for (size_t a = 0; a < EDGES; a++)
		for (size_t b = 0; b < (x || f->imm < 0 ? EDGES : 1); b++) {
			int imm = x ? 0 : f->imm >= 0 ? f->imm : (int)(uint32_t)edges[b];

			if (!imm_fits(f, imm))
				continue;
			LDX_DW(t, 1, 6, (int)(8 * a));
			if (x)
				LDX_DW(t, 2, 6, (int)(8 * b));
			put(t, f->code, 1, x ? 2 : 0, f->off, imm);
			STX_DW(t, 7, 1, (int)(8 * n++));
		}
	put_tail(t);
	return n;
}

/* Every pair of edges through one conditional jump: 1 taken, 0 not. */
static inline size_t jump_program(const struct isa_form_row *f, struct text *t)
{
	bool x = f->src == REG_R;
	size_t n = 0;

	put_head(t);
	for (size_t a = 0; a < EDGES; a++)
		for (size_t b = 0; b < EDGES; b++) {
			LDX_DW(t, 1, 6, (int)(8 * a));
			if (x)
				LDX_DW(t, 2, 6, (int)(8 * b));
			MOV_K(t, 3, 1);
			put(t, f->code, 1, x ? 2 : 0, 1, x ? 0 : (int)(uint32_t)edges[b]);
			MOV_K(t, 3, 0);
			STX_DW(t, 7, 3, (int)(8 * n++));
		}
	put_tail(t);
	return n;
}

/* Pairs of edges through one atomic: what memory, src and r0 hold afterwards. */
static inline size_t atomic_program(const struct isa_form_row *f, struct text *t)
{
	size_t n = 0;

	put_head(t);
	for (size_t a = 0; a < EDGES; a++)
		for (size_t b = a % 2; b < EDGES; b += 2) {
			LDX_DW(t, 1, 6, (int)(8 * a));
			LDX_DW(t, 2, 6, (int)(8 * b));
			LDX_DW(t, 0, 6, (int)(8 * (b % 3 ? a : b))); /* r0 often equals memory */
			STX_DW(t, 7, 1, (int)(8 * n));
			put(t, f->code, 7, 2, (int)(8 * n), f->imm);
			STX_DW(t, 7, 2, (int)(8 * n + 8));
			STX_DW(t, 7, 0, (int)(8 * n + 16));
			n += 3;
		}
	put_tail(t);
	return n;
}

/* Every width of store and load, on the stack and in a map, at every place of 8 bytes (on the stack the
 * aligned ones). f is a store: the 8 bytes afterwards; a load: what it got. */
static inline size_t memory_program(const struct isa_form_row *f, struct text *t)
{
	static const int widths[] = {[0x00] = 4, [0x08] = 2, [0x10] = 1, [0x18] = 8};
	int width = widths[f->code & 0x18], kind = f->code & 7; /* 1 LDX, 2 ST, 3 STX */
	size_t n = 0;

	put_head(t);
	for (size_t a = 0; a < EDGES; a++)
		for (int stack = 0; stack < 2; stack++)
			for (int at = 0; at + width <= 8; at += stack ? width : 1) {
				int base = stack ? 10 : 7, off = stack ? -16 : (int)(8 * n);

				LDX_DW(t, 1, 6, (int)(8 * a));
				LDX_DW(t, 2, 6, (int)(8 * (EDGES - 1)));
				STX_DW(t, base, kind == 1 ? 1 : 2, off);
				if (kind == 1)
					put(t, f->code, 3, base, off + at, 0);
				else
					put(t, f->code, base, kind == 3 ? 1 : 0, off + at,
					    kind == 3 ? 0 : (int)(uint32_t)edges[a]);
				if (kind != 1)
					LDX_DW(t, 3, base, off);
				STX_DW(t, 7, 3, (int)(8 * n++));
			}
	put_tail(t);
	return n;
}

/* The program of any form that one of the above can try; 0: none. */
static inline size_t form_program(const struct isa_form_row *f, struct text *t)
{
	int class = f->code & 7;

	if (is_alu(f))
		return alu_program(f, t);
	if (is_jump(f))
		return jump_program(f, t);
	if (is_atomic(f))
		return atomic_program(f, t);
	return class >= 1 && class <= 3 ? memory_program(f, t) : 0;
}

/* Calls: r6..r9 and the stack are the function's own. The result is 117. */
static inline void call_program(struct text *t)
{
	t->n = 0;
	for (int r = 6; r <= 9; r++)
		MOV_K(t, r, 25);
	put(t, 0x7a, 10, 0, -8, 7);
	MOV_K(t, 1, 5);
	put(t, 0x85, 0, 1, 0, 7); /* call +7 */
	LDX_DW(t, 1, 10, -8);
	for (int r = 6; r <= 9; r++)
		put(t, 0x0f, 0, r, 0, 0);
	put(t, 0x0f, 0, 1, 0, 0);
	put_exit(t);
	MOV_X(t, 6, 1); /* the function: 2 * r1, spoils r6..r9 and its own stack */
	for (int r = 7; r <= 9; r++)
		MOV_K(t, r, 1000);
	put(t, 0x7a, 10, 0, -8, 1000);
	put(t, 0x0f, 6, 6, 0, 0);
	MOV_X(t, 0, 6);
	put_exit(t);
}

/* Jumps forward and back: by goto, or by gotol further than 16 bits can say. The result is 42. */
static inline void goto_program(struct text *t, bool gotol)
{
	const int far = gotol ? 40000 : 400;

	t->n = 0;
	MOV_K(t, 0, 1);
	put(t, gotol ? 0x06 : 0x05, 0, 0, gotol ? 0 : far, gotol ? far : 0);
	for (int i = 0; i + 1 < far; i++)
		put(t, 0x07, 0, 0, 0, i ? 0 : 41);
	put_exit(t);
	put(t, gotol ? 0x06 : 0x05, 0, 0, gotol ? 0 : -far - 1, gotol ? -far - 1 : 0);
}

static inline uint64_t random_next(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

/* A random program: all registers from random operands, arithmetic and forward jumps, all registers to map 1.
 */
static inline void random_program(uint64_t *seed, struct text *t, unsigned length)
{
	unsigned jumps = 0;

	put_head(t);
	for (int r = 0; r < 10; r++)
		if (r != 6)
			LDX_DW(t, r, 6, (int)(8 * (random_next(seed) % EDGES)));
	LDX_DW(t, 6, 6, (int)(8 * (random_next(seed) % EDGES)));
	for (unsigned i = 0; i < length;) {
		const struct isa_form_row *f = &isa_forms[random_next(seed) % ISA_FORMS];
		int dst = (int)(random_next(seed) % 10), src = (int)(random_next(seed) % 10);
		int imm = (int)(uint32_t)(random_next(seed) % 4 ? edges[random_next(seed) % EDGES]
								: random_next(seed));
		bool x = f->src == REG_R;

		if (f->imm == SHIFT)
			imm &= (f->code & 7) == 7 ? 63 : 31;
		else if (f->imm >= 0)
			imm = f->imm;
		if (!imm_fits(f, imm) || (is_jump(f) && (++jumps > 6 || i + 4 > length)))
			continue;
		if (!is_alu(f) && !is_jump(f))
			continue;
		put(t, f->code, dst, x ? src : 0, is_jump(f) ? (int)(1 + random_next(seed) % 3) : f->off,
		    x ? 0 : imm);
		i++;
	}
	for (int r = 0; r < 10; r++)
		STX_DW(t, 10, r, -8 * (r + 1));
	put_wide(t, 7, 6, 1);
	for (int r = 0; r < 10; r++) {
		LDX_DW(t, 1, 10, -8 * (r + 1));
		STX_DW(t, 7, 1, 8 * r);
	}
	put_tail(t);
}

/* An interpreter with map 0 (operands: the edges) and map 1 (results). */
struct bench_vm {
	struct isa_maps maps;
	struct isa_vm *vm;
	struct isa_host host;
};

static inline bool bench_open(struct bench_vm *b)
{
	struct isa_map_def in = {.name = "operands",
				 .type = BPF_MAP_TYPE_ARRAY,
				 .key_size = 4,
				 .value_size = sizeof(edges),
				 .max_entries = 1,
				 .inner = -1,
				 .initial = edges,
				 .n_initial = sizeof(edges)};
	struct isa_map_def out = {.name = "results",
				  .type = BPF_MAP_TYPE_ARRAY,
				  .key_size = 4,
				  .value_size = RESULTS,
				  .max_entries = 1,
				  .inner = -1};
	char err[200];

	isa_maps_init(&b->maps, 0);
	if (isa_maps_add(&b->maps, &in, err, sizeof(err)) != 0 ||
	    isa_maps_add(&b->maps, &out, err, sizeof(err)) != 1)
		return false;
	b->vm = isa_vm_new(&b->maps, NULL);
	return b->vm != NULL;
}

static inline void bench_close(struct bench_vm *b)
{
	isa_vm_free(b->vm);
	isa_maps_fini(&b->maps);
}

/* Runs a program; its results are in map 1. NULL, or what went wrong. */
static inline const char *bench_run(struct bench_vm *b, const struct text *t, uint64_t *r0)
{
	static char why[300];
	struct isa_sockopt ctx = {.hook = ISA_SETSOCKOPT};
	struct isa_problem p;
	struct isa_code *code = isa_code_new(t->insn, t->n, &p);
	enum isa_end end;

	if (!code) {
		snprintf(why, sizeof(why), "insn %zu: %s", p.insn, p.text);
		return why;
	}
	end = isa_run(b->vm, code, &ctx, r0);
	isa_code_free(code);
	snprintf(why, sizeof(why), "insn %zu: %s", isa_vm_fault(b->vm)->insn, isa_vm_fault(b->vm)->text);
	return end == ISA_ENDED ? NULL : why;
}

static inline uint64_t result_at(struct bench_vm *b, size_t i)
{
	uint64_t v;

	memcpy(&v, isa_map_at(&b->maps, 1, 0) + 8 * i, 8);
	return v;
}

#endif
