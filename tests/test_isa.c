/* SPDX-License-Identifier: MIT */
/*
 * The interpreter, the checker and the disassembler. What an instruction must give is computed here in
 * another way than in oracle/isa/interp.c (bit by bit, digit by digit), or written by hand; test_isa_kernel.c
 * holds the same programs against the kernel.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "isa_asm.h"
#include "oracle/isa/disasm.h"
#include "oracle/isa/helpers.h"

static struct text text;
static struct bench_vm bench;

static int setup(void **state)
{
	(void)state;
	return bench_open(&bench) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	bench_close(&bench);
	return 0;
}

/* Division as on paper, one bit after the other. */
static uint64_t long_division(uint64_t a, uint64_t b, uint64_t *rest)
{
	uint64_t q = 0;
	unsigned __int128 r = 0;

	for (int bit = 63; bit >= 0; bit--) {
		r = r << 1 | (a >> bit & 1);
		q <<= 1;
		if (r >= b) {
			r -= b;
			q |= 1;
		}
	}
	*rest = (uint64_t)r;
	return q;
}

/* RFC 9669 4.1: the two divisions and the two remainders; width 32 or 64, a and b are that wide. */
static uint64_t divide(uint64_t a, uint64_t b, bool is_signed, bool modulo, int width)
{
	uint64_t sign = UINT64_C(1) << (width - 1), mask = sign | (sign - 1), q, r;
	bool na = is_signed && a & sign, nb = is_signed && b & sign;

	if (!b)
		return modulo ? a : 0;
	q = long_division((na ? ~a + 1 : a) & mask, (nb ? ~b + 1 : b) & mask, &r);
	if (modulo)
		return (na ? ~r + 1 : r) & mask;
	return (na != nb ? ~q + 1 : q) & mask;
}

static uint64_t shift(uint64_t a, uint64_t n, int width, int op)
{
	uint64_t sign = UINT64_C(1) << (width - 1), mask = sign | (sign - 1);

	for (n %= (uint64_t)width; n; n--) {
		bool negative = op == 0xc0 && a & sign;

		a = op == 0x60 ? a + a : a / 2;
		a = (negative ? a | sign : a) & mask;
	}
	return a;
}

static uint64_t swap(uint64_t v, int bits)
{
	uint64_t out = 0;

	for (int i = 0; i < bits; i += 8)
		out |= (v >> i & 0xff) << (bits - 8 - i);
	return out;
}

static uint64_t low(uint64_t v, int bits)
{
	return bits == 64 ? v : v & ((UINT64_C(1) << bits) - 1);
}

static uint64_t extend(uint64_t v, int bits, int width)
{
	uint64_t sign = UINT64_C(1) << (bits - 1);

	return low((low(v, bits) ^ sign) - sign, width);
}

/* What the RFC says that dst is afterwards. b is src, or the immediate sign extended. */
static uint64_t want_alu(const struct isa_form_row *f, uint64_t a, uint64_t b)
{
	int width = (f->code & 7) == 7 ? 64 : 32, op = f->code & 0xf0;
	uint64_t x = low(a, width), y = low(b, width);

	switch (op) {
	case 0x00:
		return low((uint64_t)((unsigned __int128)x + y), width);
	case 0x10:
		return low(x + (~y + 1), width);
	case 0x20:
		return low((uint64_t)((unsigned __int128)x * y), width);
	case 0x30:
	case 0x90:
		return divide(x, y, f->off == 1, op == 0x90, width);
	case 0x40:
		return low(~(~x & ~y), width);
	case 0x50:
		return low(~(~x | ~y), width);
	case 0x60:
	case 0x70:
	case 0xc0:
		return shift(x, y, width, op);
	case 0x80:
		return low(~x + 1, width);
	case 0xa0:
		return (x | y) & ~(x & y);
	case 0xb0:
		return f->off ? extend(y, f->off, width) : y;
	default: /* 0xd0: alu class: to little (nothing to turn) or big endian; alu64 class: always turned */
		return width == 32 && !(f->code & 8) ? low(a, f->imm) : swap(low(a, f->imm), f->imm);
	}
}

static bool want_jump(const struct isa_form_row *f, uint64_t a, uint64_t b)
{
	int width = (f->code & 7) == 5 ? 64 : 32;
	uint64_t x = low(a, width), y = low(b, width), sign = UINT64_C(1) << (width - 1);
	uint64_t sx = x ^ sign, sy = y ^ sign; /* signed order as unsigned order */

	switch (f->code & 0xf0) {
	case 0x10:
		return !(x ^ y);
	case 0x20:
		return x > y;
	case 0x30:
		return x >= y;
	case 0x40:
		return (x & y) != 0;
	case 0x50:
		return (x ^ y) != 0;
	case 0x60:
		return sx > sy;
	case 0x70:
		return sx >= sy;
	case 0xa0:
		return x < y;
	case 0xb0:
		return x <= y;
	case 0xc0:
		return sx < sy;
	default:
		return sx <= sy;
	}
}

static void run_form(const struct isa_form_row *f)
{
	uint64_t r0;
	const char *wrong = bench_run(&bench, &text, &r0);

	if (wrong)
		fail_msg("%s: %s", f->name, wrong);
}

static void expect(const struct isa_form_row *f, size_t i, uint64_t a, uint64_t b, uint64_t want)
{
	if (result_at(&bench, i) != want)
		fail_msg("%s of 0x%llx and 0x%llx: want 0x%llx, got 0x%llx", f->name, (unsigned long long)a,
			 (unsigned long long)b, (unsigned long long)want,
			 (unsigned long long)result_at(&bench, i));
}

static void arithmetic(void **state)
{
	unsigned forms = 0;

	(void)state;
	for (unsigned k = 0; k < ISA_FORMS; k++) {
		const struct isa_form_row *f = &isa_forms[k];
		bool x = f->src == REG_R;
		size_t n = 0;

		if (!is_alu(f))
			continue;
		alu_program(f, &text);
		run_form(f);
		for (size_t a = 0; a < EDGES; a++)
			for (size_t b = 0; b < (x || f->imm < 0 ? EDGES : 1); b++) {
				int32_t imm = (int32_t)(uint32_t)edges[b];
				uint64_t y = x ? edges[b] : (uint64_t)(int64_t)imm;

				if (!x && f->imm < 0 && !imm_fits(f, imm))
					continue;
				expect(f, n++, edges[a], y, want_alu(f, edges[a], y));
			}
		forms++;
	}
	assert_int_equal(forms, 14 * 4 + 2 + 5 + 9);
}

static void jumps(void **state)
{
	unsigned forms = 0;

	(void)state;
	for (unsigned k = 0; k < ISA_FORMS; k++) {
		const struct isa_form_row *f = &isa_forms[k];

		if (!is_jump(f))
			continue;
		jump_program(f, &text);
		run_form(f);
		for (size_t i = 0; i < EDGES * EDGES; i++) {
			uint64_t a = edges[i / EDGES], b = edges[i % EDGES];

			if (f->src != REG_R)
				b = extend(b, 32, 64);
			expect(f, i, a, b, want_jump(f, a, b));
		}
		forms++;
	}
	assert_int_equal(forms, 11 * 4);
}

static void memory(void **state)
{
	static const int widths[] = {[0x00] = 32, [0x08] = 16, [0x10] = 8, [0x18] = 64};
	uint64_t filler = edges[EDGES - 1];
	unsigned forms = 0;

	(void)state;
	for (unsigned k = 0; k < ISA_FORMS; k++) {
		const struct isa_form_row *f = &isa_forms[k];
		int kind = f->code & 7, bits = widths[f->code & 0x18];
		size_t n = 0;

		if (kind < 1 || kind > 3 || is_atomic(f))
			continue;
		memory_program(f, &text);
		run_form(f);
		for (size_t a = 0; a < EDGES; a++)
			for (int stack = 0; stack < 2; stack++)
				for (int at = 0; at + bits <= 64; at += stack ? bits : 8) {
					uint64_t v = kind == 2 ? extend(edges[a], 32, 64) : edges[a];
					uint64_t hole = ~(low(UINT64_MAX, bits) << at), want;

					if (kind == 1)
						want = low(v >> at, bits);
					else
						want = (filler & hole) | low(v, bits) << at;
					if ((f->code & 0xe0) == 0x80)
						want = extend(want, bits, 64);
					expect(f, n++, v, (uint64_t)at, want);
				}
		forms++;
	}
	assert_int_equal(forms, 15);
}

static void atomics(void **state)
{
	unsigned forms = 0;

	(void)state;
	for (unsigned k = 0; k < ISA_FORMS; k++) {
		const struct isa_form_row *f = &isa_forms[k];
		int bits = f->code == 0xc3 ? 32 : 64, op = f->imm & 0xf0;
		size_t n = 0;

		if (!is_atomic(f))
			continue;
		atomic_program(f, &text);
		run_form(f);
		for (size_t a = 0; a < EDGES; a++)
			for (size_t b = a % 2; b < EDGES; b += 2, n += 3) {
				uint64_t mem = edges[a], src = edges[b], r0 = edges[b % 3 ? a : b];
				uint64_t old = low(mem, bits), s = low(src, bits), new;

				if (op == 0xf0)
					new = old == low(r0, bits) ? s : old;
				else
					new = op == 0xe0   ? s
					      : op == 0x00 ? low(old + s, bits)
					      : op == 0x40 ? old | s
					      : op == 0x50 ? old &s
							   : old ^ s;
				expect(f, n, mem, src, (mem & ~low(UINT64_MAX, bits)) | new);
				expect(f, n + 1, mem, src, f->imm & 1 && op != 0xf0 ? old : src);
				expect(f, n + 2, mem, src, op == 0xf0 ? old : r0);
			}
		forms++;
	}
	assert_int_equal(forms, 4 * 4 + 4);
}

/* Runs text, which must end. */
static uint64_t value(void)
{
	uint64_t r0 = 0;
	const char *wrong = bench_run(&bench, &text, &r0);

	if (wrong)
		fail_msg("%s", wrong);
	return r0;
}

/* A few results by hand, so that the formulas above are not alone. */
static void by_hand(void **state)
{
	static const struct {
		int code, off, imm;
		uint64_t a, b, want;
	} rows[] = {
		{0x3f, 0, 0, 7, 0, 0},					  /* 7 / 0 */
		{0x9f, 0, 0, 7, 0, 7},					  /* 7 % 0 */
		{0x9c, 0, 0, 0xffffffff00000007, 0, 7},			  /* 32 bits: the upper half goes */
		{0x3f, 1, 0, INT64_MIN, UINT64_MAX, INT64_MIN},		  /* no overflow */
		{0x9f, 1, 0, INT64_MIN, UINT64_MAX, 0},			  /* */
		{0x3c, 1, 0, 0x80000000, 0xffffffff, 0x80000000},	  /* */
		{0x3f, 1, 0, (uint64_t)-13, 3, (uint64_t)-4},		  /* towards zero */
		{0x9f, 1, 0, (uint64_t)-13, 3, (uint64_t)-1},		  /* the sign of the dividend */
		{0x9f, 1, 0, 13, (uint64_t)-3, 1},			  /* */
		{0x6f, 0, 0, 1, 64, 1},					  /* shifts are masked */
		{0x6c, 0, 0, 1, 33, 2},					  /* */
		{0xc7, 0, 63, INT64_MIN, 0, UINT64_MAX},		  /* */
		{0xcc, 0, 0, 0x80000000, 4, 0xf8000000},		  /* */
		{0xbf, 8, 0, 0, 0x80, 0xffffffffffffff80},		  /* sign extending moves */
		{0xbc, 16, 0, 0, 0x8000, 0xffff8000},			  /* */
		{0xdc, 0, 16, 0x1122334455667788, 0, 0x8877},		  /* be16 */
		{0xd7, 0, 64, 0x1122334455667788, 0, 0x8877665544332211}, /* bswap64 */
		{0xd4, 0, 32, 0x1122334455667788, 0, 0x55667788},	  /* le32 */
		{0x07, 0, -1, 0, 0, UINT64_MAX},			  /* the immediate is sign extended */
		{0x04, 0, -1, 0, 0, 0xffffffff},			  /* */
		{0xb4, 0, -1, UINT64_MAX, 0, 0xffffffff},		  /* */
		{0x87, 0, 0, 1, 0, UINT64_MAX},				  /* neg */
		{0x84, 0, 0, 1, 0, 0xffffffff},				  /* */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		text.n = 0;
		put_wide(&text, 0, 0, rows[i].a);
		put_wide(&text, 2, 0, rows[i].b);
		put(&text, rows[i].code, 0, rows[i].code & 8 && (rows[i].code & 0xf0) != 0xd0 ? 2 : 0,
		    rows[i].off, rows[i].imm);
		put_exit(&text);
		if (value() != rows[i].want)
			fail_msg("row %zu: got 0x%llx", i, (unsigned long long)value());
	}
}

static void far_jumps(void **state)
{
	(void)state;
	for (int gotol = 0; gotol < 2; gotol++) {
		goto_program(&text, gotol);
		assert_int_equal(value(), 42);
	}
}

/* r1..r5 are not kept: nobody may count on them. */
static void calls(void **state)
{
	(void)state;
	call_program(&text);
	assert_int_equal(value(), 10 + 100 + 7);
	text.insn[7] = (struct bpf_insn){.code = 0xb7, .dst_reg = 2}; /* r1 as the function left it */
	assert_true(value() > 1000);
	text.n = 0;
	MOV_K(&text, 1, 5);
	put(&text, 0x85, 0, 0, 0, 8); /* a helper does not keep it either */
	MOV_X(&text, 0, 1);
	put_exit(&text);
	assert_true(value() > 1000);
}

static const struct isa_fault *faults(enum isa_end want)
{
	struct isa_sockopt ctx = {.hook = ISA_SETSOCKOPT, .optlen = 4};
	static uint8_t window[16];
	struct isa_problem p;
	struct isa_code *code = isa_code_new(text.insn, text.n, &p);
	uint64_t r0;
	enum isa_end end;

	ctx.optval = window;
	ctx.window = sizeof(window);
	if (!code)
		fail_msg("insn %zu: %s", p.insn, p.text);
	end = isa_run(bench.vm, code, &ctx, &r0);
	isa_code_free(code);
	assert_int_equal(end, want);
	return isa_vm_fault(bench.vm);
}

static void recursion(void **state)
{
	const struct isa_fault *f;

	(void)state;
	for (int deep = 7; deep <= 8; deep++) {
		text.n = 0;
		MOV_K(&text, 1, deep);
		put(&text, 0x85, 0, 1, 0, 1);
		put_exit(&text);
		MOV_X(&text, 0, 1); /* f(n): n == 0 ? 0 : f(n - 1) */
		put(&text, 0x07, 1, 0, 0, -1);
		put(&text, 0x15, 1, 0, 1, 0);
		put(&text, 0x85, 0, 1, 0, -4);
		put_exit(&text);
		f = faults(deep == 7 ? ISA_ENDED : ISA_FAULT);
		assert_int_equal(f->kind, deep == 7 ? FAULT_NONE : FAULT_DEPTH);
		if (deep == 8) {
			assert_int_equal(f->depth, 7);
			assert_int_equal(f->caller[0], 1);
			assert_int_equal(f->caller[6], 6);
			assert_int_equal(f->insn, 6);
		}
	}
}

static void budget(void **state)
{
	(void)state;
	text.n = 0;
	put(&text, 0x05, 0, 0, -1, 0);
	isa_vm_budget(bench.vm, 1000);
	assert_int_equal(faults(ISA_BUDGET_SPENT)->kind, FAULT_BUDGET);
	assert_int_equal(isa_vm_executed(bench.vm), 1000);
	text.n = 0;
	MOV_K(&text, 0, 0);
	put_exit(&text);
	isa_vm_budget(bench.vm, 2);
	faults(ISA_ENDED);
	isa_vm_budget(bench.vm, 1);
	assert_int_equal(faults(ISA_BUDGET_SPENT)->insn, 1);
	isa_vm_budget(bench.vm, ISA_BUDGET);
}

/* Accesses that must not happen, and the words for them. r2: optval, r3: optval_end, r4: map 1's value. */
static void bad_accesses(void **state)
{
	static const struct {
		int code, dst, src, off, imm;
		const char *words;
	} rows[] = {
		{0x61, 0, 2, 13, 0, "read of 4 bytes at optval+13: optval has 16 bytes"},
		{0x61, 0, 2, -1, 0, "read of 4 bytes at optval-1: optval has 16 bytes"},
		{0x71, 0, 3, 0, 0, "read of 1 bytes at optval+16: optval has 16 bytes"},
		{0x7b, 2, 2, 9, 0, "write of 8 bytes at optval+9: optval has 16 bytes"},
		{0x71, 0, 4, RESULTS, 0, "read of 1 bytes at results+16384: results has 16384 bytes"},
		{0x79, 0, 10, 0, 0, "read of 8 bytes at stack+512: stack has 512 bytes"},
		{0x79, 0, 10, -520, 0, "read of 8 bytes at stack-8: stack has 512 bytes"},
		{0x79, 0, 10, -12, 0,
		 "read of 8 bytes at stack+500: on the stack accesses are aligned to their width"},
		{0x61, 0, 5, 0, 0, "read of 4 bytes at NULL: the pointer is NULL"},
		{0x61, 0, 0, 0, 0, "read of 4 bytes at 0x5: this is no pointer"},
		{0x61, 0, 1, 36, 0,
		 "read of 4 bytes at ctx+36: retval is a field for getsockopt programs only; use "
		 "bpf_get_retval and bpf_set_retval"},
		{0x61, 0, 1, 40, 0, "read of 4 bytes at ctx+40: struct bpf_sockopt has 40 bytes"},
		{0x69, 0, 1, 32, 0,
		 "read of 2 bytes at ctx+32: this field is taken with all its 4 bytes or not at all"},
		{0x7b, 1, 2, 8, 0, "write of 8 bytes at ctx+8: a setsockopt program cannot write this field"},
		{0xdb, 2, 0, 0, 0, "atomics are not for optval"},
		{0xdb, 4, 0, 4, 0, "an atomic of 8 bytes at an address that is not aligned to it"},
		{0xdb, 1, 0, 24, 0, "write of 8 bytes at ctx+24: these are fields, not bytes"},
		{0x61, 0, 8, 0, 0, "read of 4 bytes at map+8: what it points at is not modelled"},
		{0x63, 9, 0, 0, 0, "write of 4 bytes at sk: a socket cannot be written"},
		{0x85, 0, 0, 0, 4, "helper probe_read#4 is not for sockopt programs"},
		{0x85, 0, 0, 0, 9999, "helper unknown#9999 is not for sockopt programs"},
		{0x85, 0, 0, 0, ISA_POISON, "a field or type that this kernel does not have (CO-RE)"},
		{0x85, 0, 0, 0, 149, "helper snprintf_btf is not modelled"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct isa_fault *f;

		text.n = 0;
		LDX_DW(&text, 9, 1, 0);
		LDX_DW(&text, 2, 1, 8);
		LDX_DW(&text, 3, 1, 16);
		put_wide(&text, 4, 6, 1);
		put_wide(&text, 8, 5, 1);
		MOV_K(&text, 5, 0);
		MOV_K(&text, 0, 5);
		put(&text, rows[i].code, rows[i].dst, rows[i].src, rows[i].off, rows[i].imm);
		put_tail(&text);
		f = faults(ISA_FAULT);
		assert_string_equal(f->text, rows[i].words);
		assert_int_equal(f->insn, 9);
		assert_int_equal(f->reg[5], 0);
	}
}

static bool in_source(void *owner, size_t insn, struct isa_source *s)
{
	(void)owner;
	*s = (struct isa_source){.file = "p.bpf.c", .line = 10 + (int)insn, .text = "ctx->optval[16] = 1;"};
	return insn == 2;
}

static void fault_report(void **state)
{
	struct isa_sockopt ctx = {.hook = ISA_GETSOCKOPT};
	struct isa_problem p;
	struct isa_code *code;
	struct buf out = {0};
	uint64_t r0;

	(void)state;
	text.n = 0;
	LDX_DW(&text, 6, 1, 8);
	MOV_K(&text, 7, 3);
	put(&text, 0x72, 6, 0, 16, 1);
	put_tail(&text);
	code = isa_code_new(text.insn, text.n, &p);
	ctx.optval = (uint8_t *)&p;
	ctx.window = 16;
	assert_int_equal(isa_run(bench.vm, code, &ctx, &r0), ISA_FAULT);
	isa_fault_print(&out, bench.vm, in_source, NULL);
	assert_string_equal(buf_str(&out),
			    "write of 1 bytes at optval+16: optval has 16 bytes\n"
			    "  at insn 2: *(u8 *)(r6 +16) = 1   ; p.bpf.c:12  ctx->optval[16] = 1;\n"
			    "  r0=0 r1=ctx r2=0 r3=0 r4=0 r5=0\n"
			    "  r6=optval r7=0x3 r8=0 r9=0 r10=stack+512\n");
	buf_fini(&out);
	isa_code_free(code);
}

/* What a program changes in the context is there afterwards. */
static void context_writes(void **state)
{
	uint8_t window[16] = {0};
	struct isa_sockopt ctx = {.hook = ISA_SETSOCKOPT,
				  .level = -1,
				  .optname = 2,
				  .optlen = 16,
				  .retval = -22,
				  .optval = window,
				  .window = sizeof(window)};
	struct isa_problem p;
	struct isa_code *code;
	uint64_t r0;

	(void)state;
	text.n = 0;
	put(&text, 0x61, 0, 1, 24, 0);	/* r0 = level: 4 bytes, no sign */
	put(&text, 0x62, 1, 0, 24, 1);	/* level = 1 */
	put(&text, 0x62, 1, 0, 28, 13); /* optname = 13 */
	put(&text, 0x62, 1, 0, 32, -1); /* optlen = -1 */
	LDX_DW(&text, 2, 1, 8);
	put(&text, 0x72, 2, 0, 15, 0xab);
	put_exit(&text);
	code = isa_code_new(text.insn, text.n, &p);
	assert_int_equal(isa_run(bench.vm, code, &ctx, &r0), ISA_ENDED);
	assert_int_equal(r0, 0xffffffff);
	assert_int_equal(ctx.level, 1);
	assert_int_equal(ctx.optname, 13);
	assert_int_equal(ctx.optlen, -1);
	assert_int_equal(ctx.retval, -22);
	assert_int_equal(window[15], 0xab);
	isa_vm_kernel(bench.vm, ISA_KERNEL(6, 1));
	assert_int_equal(isa_run(bench.vm, code, &ctx, &r0), ISA_FAULT);
	assert_string_equal(isa_vm_fault(bench.vm)->text,
			    "write of 4 bytes at ctx+24: before Linux 6.4 the context takes no immediate");
	isa_vm_kernel(bench.vm, 0);
	isa_code_free(code);
}

/* Programs that are none, with the words and the place. */
static void refused(void **state)
{
	static const struct {
		struct bpf_insn insn[4];
		size_t n, at;
		const char *words;
	} rows[] = {
#define I(c, d, s, o, i) {.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)}
#define END		 I(0x95, 0, 0, 0, 0)
		{{END}, 0, 0, "a program without instructions"},
		{{I(0xb7, 0, 0, 0, 0)},
		 1,
		 0,
		 "the last instruction of a function is neither exit nor a jump"},
		{{I(0xff, 0, 0, 0, 0), END}, 2, 0, "opcode 0xff: there is no such instruction"},
		{{I(0xb7, 11, 0, 0, 0), END}, 2, 0, "opcode 0xb7: there is no register r11 (destination)"},
		{{I(0xb7, 10, 0, 0, 0), END}, 2, 0, "opcode 0xb7: the frame pointer r10 cannot be written"},
		{{I(0x7b, 10, 12, -8, 0), END}, 2, 0, "opcode 0x7b: there is no register r12 (source)"},
		{{I(0xb7, 0, 1, 0, 0), END}, 2, 0, "opcode 0xb7: source field 1 where 0 must stand"},
		{{I(0x0f, 0, 1, 1, 0), END}, 2, 0, "opcode 0x0f: offset 1 where 0 must stand"},
		{{I(0x0f, 0, 1, 0, 5), END}, 2, 0, "opcode 0x0f: immediate 5 where 0 must stand"},
		{{I(0x37, 0, 0, 0, 0), END}, 2, 0, "opcode 0x37: division by the constant 0"},
		{{I(0x67, 0, 0, 0, 64), END}, 2, 0, "opcode 0x67: shift by 64 of 64 bits"},
		{{I(0x64, 0, 0, 0, 32), END}, 2, 0, "opcode 0x64: shift by 32 of 32 bits"},
		{{I(0x64, 0, 0, 0, -1), END}, 2, 0, "opcode 0x64: shift by -1 of 32 bits"},
		{{I(0x05, 0, 0, 1, 0), END}, 2, 0, "jump out of the program"},
		{{I(0x05, 0, 0, -2, 0), END}, 2, 0, "jump out of the program"},
		{{I(0x15, 0, 0, 1, 0), I(0x18, 0, 0, 0, 0), I(0, 0, 0, 0, 0), END},
		 4,
		 0,
		 "jump into the middle of a 64-bit immediate"},
		{{END, I(0x18, 0, 0, 0, 0)}, 2, 1, "the second half of a 64-bit immediate is missing"},
		{{I(0x18, 0, 0, 0, 0), I(0, 0, 0, 1, 0), END},
		 3,
		 0,
		 "the second half of a 64-bit immediate has fields that must be zero"},
		{{I(0x18, 0, 5, 0, 0), I(0, 0, 0, 0, 1), END},
		 3,
		 0,
		 "the second half of a 64-bit immediate has fields that must be zero"},
		{{I(0x18, 0, 5, 0, 1024), I(0, 0, 0, 0, 0), END}, 3, 0, "there is no map 1024"},
		{{END, I(0xb7, 0, 0, 0, 0), END}, 3, 1, "this instruction cannot be reached"},
		{{I(0x85, 0, 1, 0, 1), END, I(0xb7, 0, 0, 0, 0)},
		 3,
		 2,
		 "the last instruction of a function is neither exit nor a jump"},
		{{I(0x85, 0, 1, 0, 1), END, I(0x05, 0, 0, -2, 0)}, 3, 2, "jump into another function"},
		{{I(0x85, 0, 2, 0, 77), END},
		 2,
		 0,
		 "calls of kernel functions (kfunc, BTF id 77) are not modelled"},
		{{I(0x20, 0, 0, 0, 0), END},
		 2,
		 0,
		 "opcode 0x20: packet access by BPF_ABS and BPF_IND is for socket filters only"},
		{{I(0xdb, 1, 10, 0, 1), END}, 2, 0, NULL}, /* r10 as src of a fetch: written */
		{{I(0xdb, 1, 2, 0, 0x30), END}, 2, 0, NULL},
		{{I(0x06, 0, 0, 1, 0), END}, 2, 0, "opcode 0x06: offset 1 where 0 must stand"},
		{{I(0xbc, 0, 1, 32, 0), END}, 2, 0, NULL}, /* no 32-bit sign extension into 32 bits */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct isa_problem p;
		struct isa_code *code = isa_code_new(rows[i].insn, rows[i].n, &p);

		if (code)
			fail_msg("row %zu was taken", i);
		if (rows[i].words)
			assert_string_equal(p.text, rows[i].words);
		assert_int_equal(p.insn, rows[i].at);
	}
}

static void disassembly(void **state)
{
	/* bpftool's words for the same instructions (bpftool prog dump xlated), written by hand */
	static const struct {
		struct bpf_insn insn[2];
		const char *words;
	} rows[] = {
		{{I(0x07, 1, 0, 0, -5)}, "r1 += -5"},
		{{I(0x0c, 1, 2, 0, 0)}, "w1 += w2"},
		{{I(0x3f, 1, 2, 1, 0)}, "r1 s/= r2"},
		{{I(0x97, 1, 0, 0, 3)}, "r1 %= 3"},
		{{I(0xc4, 9, 0, 0, 3)}, "w9 s>>= 3"},
		{{I(0x87, 1, 0, 0, 0)}, "r1 = -r1"},
		{{I(0xbf, 1, 2, 8, 0)}, "r1 = (s8)r2"},
		{{I(0xdc, 1, 0, 0, 16)}, "r1 = be16 r1"},
		{{I(0xd7, 1, 0, 0, 32)}, "r1 = bswap32 r1"},
		{{I(0x15, 1, 0, 3, 16)}, "if r1 == 0x10 goto pc+3"},
		{{I(0x6e, 1, 2, -3, 0)}, "if w1 s> w2 goto pc-3"},
		{{I(0x05, 0, 0, 7, 0)}, "goto pc+7"},
		{{I(0x06, 0, 0, 0, -7)}, "gotol pc-7"},
		{{I(0x85, 0, 0, 0, 1)}, "call map_lookup_elem#1"},
		{{I(0x85, 0, 1, 0, 12)}, "call pc+12"},
		{{END}, "exit"},
		{{I(0x61, 1, 6, 24, 0)}, "r1 = *(u32 *)(r6 +24)"},
		{{I(0x91, 1, 6, -1, 0)}, "r1 = *(s8 *)(r6 -1)"},
		{{I(0x7b, 10, 1, -8, 0)}, "*(u64 *)(r10 -8) = r1"},
		{{I(0x6a, 10, 0, -8, 7)}, "*(u16 *)(r10 -8) = 7"},
		{{I(0xdb, 1, 2, 8, 0)}, "lock *(u64 *)(r1 +8) += r2"},
		{{I(0xdb, 1, 2, 8, 1)}, "r2 = atomic64_fetch_add((u64 *)(r1 +8), r2)"},
		{{I(0xdb, 1, 2, 8, 0xf1)}, "r0 = atomic64_cmpxchg((u64 *)(r1 +8), r0, r2)"},
		{{I(0x18, 1, 0, 0, 1), I(0, 0, 0, 0, 2)}, "r1 = 0x200000001"},
		{{I(0x18, 1, 5, 0, 3), I(0, 0, 0, 0, 0)}, "r1 = map[3]"},
		{{I(0x18, 1, 6, 0, 3), I(0, 0, 0, 0, 8)}, "r1 = map[3][0]+8"},
		{{I(0xff, 1, 2, 3, 4)}, ".insn 0xff 0x21 3 4"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = {0};

		isa_disasm(&out, rows[i].insn, 2, 0);
		assert_string_equal(buf_str(&out), rows[i].words);
		buf_fini(&out);
	}
}

static unsigned since_of(enum isa_hook hook, size_t *at)
{
	struct isa_problem p;
	struct isa_code *code = isa_code_new(text.insn, text.n, &p);
	unsigned since = isa_code_since(code, hook, at);

	isa_code_free(code);
	return since;
}

/* The first kernel that takes a program; and the counts of helpers that the kernels' sources give. */
static void since(void **state)
{
	static const struct {
		unsigned kernel, count;
	} counts[] = {{ISA_KERNEL(5, 10), 36},
		      {ISA_KERNEL(6, 1), 69},
		      {ISA_KERNEL(6, 12), 73},
		      {ISA_KERNEL(6, 16), 84}};
	size_t at;

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		unsigned n = 0;

		for (int id = 0; id < 300; id++)
			n += isa_helper_find(id) && isa_helper_find(id)->since <= counts[i].kernel;
		assert_int_equal(n, counts[i].count);
	}
	text.n = 0;
	put_tail(&text);
	assert_int_equal(since_of(ISA_GETSOCKOPT, &at), ISA_KERNEL(5, 3));
	text.n = 0;
	MOV_K(&text, 1, -1);
	put(&text, 0x85, 0, 0, 0, 187); /* set_retval */
	put_tail(&text);
	assert_int_equal(since_of(ISA_GETSOCKOPT, &at), ISA_KERNEL(5, 18));
	assert_int_equal(at, 1);
	text.insn[1].imm = 49; /* setsockopt */
	assert_int_equal(since_of(ISA_SETSOCKOPT, &at), ISA_KERNEL(5, 15));
	assert_true(since_of(ISA_GETSOCKOPT, &at) == ISA_NEVER);
	text.insn[1].imm = ISA_POISON; /* asks for nothing: it may never be reached */
	assert_int_equal(since_of(ISA_GETSOCKOPT, &at), ISA_KERNEL(5, 3));
	text.insn[0] = (struct bpf_insn){.code = 0xbf, .dst_reg = 1, .src_reg = 1, .off = 8};
	assert_int_equal(since_of(ISA_SETSOCKOPT, &at), ISA_KERNEL(6, 6));
	assert_int_equal(at, 0);
	text.insn[1] = text.insn[0] =
		(struct bpf_insn){.code = 0xdb, .dst_reg = 10, .src_reg = 1, .off = -8}; /* BPF_XADD */
	assert_int_equal(since_of(ISA_SETSOCKOPT, &at), ISA_KERNEL(5, 3));
	text.insn[1].imm = 1; /* with the old value */
	assert_int_equal(since_of(ISA_SETSOCKOPT, &at), ISA_KERNEL(5, 12));
	assert_int_equal(at, 1);
	text.insn[1].imm = 0x40; /* or */
	assert_int_equal(since_of(ISA_SETSOCKOPT, &at), ISA_KERNEL(5, 12));
}

/* isa_vm_kernel: a helper that came later is a fault that says so. */
static void older_kernel(void **state)
{
	(void)state;
	text.n = 0;
	MOV_K(&text, 1, -1);
	put(&text, 0x85, 0, 0, 0, 187);
	put_tail(&text);
	isa_vm_kernel(bench.vm, ISA_KERNEL(5, 10));
	assert_string_equal(faults(ISA_FAULT)->text,
			    "helper set_retval is not for sockopt programs before Linux 5.18");
	isa_vm_kernel(bench.vm, ISA_KERNEL(5, 18));
	faults(ISA_ENDED);
	text.insn[0].imm = 1;
	faults(ISA_ENDED);
	isa_vm_kernel(bench.vm, ISA_KERNEL(7, 2));
	assert_string_equal(faults(ISA_FAULT)->text,
			    "set_retval(1): since Linux 7.2 a setsockopt program sets -4095..0 only");
	isa_vm_kernel(bench.vm, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arithmetic),	cmocka_unit_test(jumps),
		cmocka_unit_test(memory),	cmocka_unit_test(atomics),
		cmocka_unit_test(by_hand),	cmocka_unit_test(far_jumps),
		cmocka_unit_test(calls),	cmocka_unit_test(recursion),
		cmocka_unit_test(budget),	cmocka_unit_test(bad_accesses),
		cmocka_unit_test(fault_report), cmocka_unit_test(context_writes),
		cmocka_unit_test(refused),	cmocka_unit_test(disassembly),
		cmocka_unit_test(since),	cmocka_unit_test(older_kernel),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
