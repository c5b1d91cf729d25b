/* SPDX-License-Identifier: MIT */
#include "insn.h"

#include <stddef.h>

#define MAX_ERRNO 4095
#define MAX_OFF	  0xfff0 /* the verifier tracks packet offsets up to 0xffff; as in progs/interp.bpf.c */
#define JMP32	  0x06	 /* the class BPF_JMP32 (5.1); the installed headers may be older */

enum { R0, R1, R2, R3, R4, R5, R6, R7, R8 };

/* Offsets in struct bpf_sockopt and numbers of helpers: ABI, whatever the installed headers know. */
enum {
	CTX_OPTVAL = 8,
	CTX_OPTVAL_END = 16,
	CTX_LEVEL = 24,
	CTX_OPTNAME = 28,
	CTX_OPTLEN = 32,
	CTX_RETVAL = 36
};
enum { FN_PROBE_READ_KERNEL = 113, FN_GET_RETVAL = 186, FN_SET_RETVAL = 187 };

/* The translation while it grows. A jump past actions is patched when its target is reached. */
struct maker {
	struct insn_list *l;
	const struct insn_opts *o;
	int8_t from;
	unsigned n_jumps, n_returns;
	struct {
		unsigned at;
		uint32_t target; /* an action, or the list's end */
	} jump[3 * ACT_MAX];
	unsigned returns[ACT_MAX]; /* jumps to the exit */
	bool dead;		   /* no instruction leads here: the verifier refuses what is unreachable */
};

static void put(struct maker *m, uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
	struct insn_list *l = m->l;

	l->from[l->n] = m->from;
	l->insn[l->n++] = (struct bpf_insn){
		.code = code, .dst_reg = dst & 15, .src_reg = src & 15, .off = off, .imm = imm};
}

static void mov(struct maker *m, uint8_t dst, uint8_t src)
{
	put(m, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

static void mov_imm(struct maker *m, uint8_t dst, int32_t imm)
{
	put(m, BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm);
}

static void add_imm(struct maker *m, uint8_t dst, int32_t imm)
{
	put(m, BPF_ALU64 | BPF_K, dst, 0, 0, imm); /* BPF_ADD is 0 */
}

static void load(struct maker *m, uint8_t width, uint8_t dst, uint8_t src, int16_t off)
{
	put(m, BPF_LDX | BPF_MEM | width, dst, src, off, 0);
}

static void store(struct maker *m, uint8_t width, uint8_t dst, int16_t off, uint8_t src)
{
	put(m, BPF_STX | BPF_MEM | width, dst, src, off, 0);
}

static void call(struct maker *m, int32_t helper)
{
	put(m, BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}

/* A jump over `skip` instructions if dst OP imm. */
static void jump_imm(struct maker *m, uint8_t op, uint8_t dst, int32_t imm, int16_t skip)
{
	put(m, BPF_JMP | op | BPF_K, dst, 0, skip, imm);
}

/* The instruction that was put last jumps to action `target`. */
static void goes_to(struct maker *m, uint32_t target)
{
	m->jump[m->n_jumps].at = m->l->n - 1;
	m->jump[m->n_jumps++].target = target;
}

/* Jumps that lead to the action that comes next end here. */
static void land(struct maker *m, uint32_t action)
{
	for (unsigned i = 0; i < m->n_jumps; i++)
		if (m->jump[i].target == action) {
			m->l->insn[m->jump[i].at].off = (int16_t)(m->l->n - m->jump[i].at - 1);
			m->dead = false;
		}
}

/* What the program may return of what the list says. */
static int32_t result(const struct maker *m, int32_t v)
{
	return v == 2 && m->o->may_return_2 ? 2 : v & 1;
}

/* r2 = optval, r3 = optval_end. */
static void window(struct maker *m)
{
	load(m, BPF_DW, R2, R6, CTX_OPTVAL);
	load(m, BPF_DW, R3, R6, CTX_OPTVAL_END);
}

/* r2 = optval + off; then a jump, still without a target, that is taken unless n bytes there are inside. */
static void bounds(struct maker *m, uint32_t off, unsigned n)
{
	window(m);
	if (off)
		add_imm(m, R2, (int32_t)off);
	mov(m, R4, R2);
	add_imm(m, R4, (int32_t)n);
	put(m, BPF_JMP | BPF_JGT | BPF_X, R4, R3, 0, 0);
}

/* r0 = the field; a byte past the window jumps to `otherwise`. False: the condition is false in any case. */
static bool field(struct maker *m, const struct act *a, uint32_t otherwise)
{
	static const int16_t offset[FIELD_COUNT] = {[FIELD_LEVEL] = CTX_LEVEL,
						    [FIELD_OPTNAME] = CTX_OPTNAME,
						    [FIELD_OPTLEN] = CTX_OPTLEN,
						    [FIELD_RETVAL] = CTX_RETVAL};

	switch ((enum act_field)a->field) {
	case FIELD_SIZE:
		window(m);
		mov(m, R0, R3);
		put(m, BPF_ALU64 | BPF_SUB | BPF_X, R0, R2, 0, 0);
		return true;
	case FIELD_BYTE:
		if (a->off > MAX_OFF)
			return false;
		bounds(m, a->off, 1);
		goes_to(m, otherwise);
		load(m, BPF_B, R0, R2, 0);
		return true;
	case FIELD_RETVAL:
		if (m->o->hook == HOOK_SET) {
			call(m, FN_GET_RETVAL);
			return true;
		}
		load(m, BPF_W, R0, R6, CTX_RETVAL);
		return true;
	case FIELD_LEVEL:
	case FIELD_OPTNAME:
	case FIELD_OPTLEN:
		load(m, BPF_W, R0, R6, offset[a->field]);
		return true;
	case FIELD_COUNT:
		break;
	}
	return false;
}

static void put_if(struct maker *m, const struct act *a, uint32_t otherwise)
{
	/* Taken when the condition does not hold. */
	static const uint8_t inverse[CMP_COUNT] = {
		[CMP_EQ] = BPF_JNE, [CMP_NE] = BPF_JEQ, [CMP_LT] = BPF_JSGE, [CMP_GT] = BPF_JSLE};

	if (!field(m, a, otherwise)) {
		put(m, BPF_JMP | BPF_JA, 0, 0, 0, 0);
		m->dead = true;
	} else {
		put(m, JMP32 | inverse[a->cmp] | BPF_K, R0, 0, 0, a->val);
	}
	goes_to(m, otherwise);
}

/* Stores to the context go through a register: an immediate one is refused before 6.4. */
static void put_ctx(struct maker *m, int16_t off, int32_t val)
{
	mov_imm(m, R1, val);
	store(m, BPF_W, R6, off, R1);
}

static void put_bytes(struct maker *m, const struct act *a, uint32_t next)
{
	uint8_t width = a->n == 1 ? BPF_B : a->n == 2 ? BPF_H : BPF_W;

	if (a->off > MAX_OFF)
		return;
	bounds(m, a->off, a->n);
	goes_to(m, next);
	put(m, BPF_ST | BPF_MEM | width, R2, 0, 0, a->val);
}

/*
 * On set the value goes back through the helper, which since 7.2 takes only what is provably in -4095..0;
 * another value would be written back unchanged, so leaving that out is the same.
 */
static void put_keep(struct maker *m)
{
	if (m->o->hook == HOOK_GET) {
		load(m, BPF_W, R1, R6, CTX_RETVAL);
		store(m, BPF_W, R6, CTX_RETVAL, R1);
		return;
	}
	call(m, FN_GET_RETVAL);
	jump_imm(m, BPF_JSGT, R0, 0, 3);
	jump_imm(m, BPF_JSLT, R0, -MAX_ERRNO, 2);
	mov(m, R1, R0);
	call(m, FN_SET_RETVAL);
}

static void put_act(struct maker *m, const struct act *a, uint32_t i, uint32_t n)
{
	uint32_t otherwise = i + 1 + a->n < n ? i + 1 + a->n : n;

	switch ((enum act_op)a->op) {
	case ACT_IF:
		put_if(m, a, otherwise);
		break;
	case ACT_LEVEL:
		put_ctx(m, CTX_LEVEL, a->val);
		break;
	case ACT_OPTNAME:
		put_ctx(m, CTX_OPTNAME, a->val);
		break;
	case ACT_OPTLEN:
		put_ctx(m, CTX_OPTLEN, a->val);
		break;
	case ACT_BYTES:
		put_bytes(m, a, i + 1);
		break;
	case ACT_RETVAL:
		put_ctx(m, CTX_RETVAL, a->val);
		break;
	case ACT_SET_RETVAL:
		mov_imm(m, R1, a->val);
		call(m, FN_SET_RETVAL);
		break;
	case ACT_KEEP_RETVAL:
		put_keep(m);
		break;
	case ACT_RETURN:
		mov_imm(m, R0, result(m, a->val));
		put(m, BPF_JMP | BPF_JA, 0, 0, 0, 0);
		m->returns[m->n_returns++] = m->l->n - 1;
		m->dead = true;
		break;
	case ACT_NONE:
	case ACT_OP_COUNT:
		break;
	}
}

/* Copies pieces of one BPF_SIZE, w bytes each, from r2 to r4, at most `most` of them and as many as lie
 * before r3. */
static void record_pieces(struct maker *m, uint8_t size, int32_t w, int32_t most)
{
	mov_imm(m, R5, 0);
	jump_imm(m, BPF_JGE, R5, most, 9);
	mov(m, R1, R2);
	add_imm(m, R1, w);
	put(m, BPF_JMP | BPF_JGT | BPF_X, R1, R3, 6, 0);
	load(m, size, R0, R2, 0);
	store(m, size, R4, 0, R0);
	add_imm(m, R2, w);
	add_imm(m, R4, w);
	add_imm(m, R5, 1);
	put(m, BPF_JMP | BPF_JA, 0, 0, -10, 0);
}

/*
 * The same without the helper: words, then the rest by byte. Nothing that differs between the ends of the
 * first loop is used behind it, so that the verifier follows one of them and not all 513.
 */
static void record_in_loops(struct maker *m, const struct insn_record *r)
{
	mov(m, R4, R7);
	add_imm(m, R4, 24);
	record_pieces(m, BPF_DW, 8, (int32_t)r->bytes / 8);
	window(m);
	mov(m, R1, R3);
	put(m, BPF_ALU64 | BPF_SUB | BPF_X, R1, R2, 0, 0);
	jump_imm(m, BPF_JGE, R1, (int32_t)r->bytes, 16);
	put(m, BPF_ALU64 | BPF_AND | BPF_K, R1, 0, 0, (int32_t)r->bytes - 8);
	mov(m, R4, R7);
	add_imm(m, R4, 24);
	put(m, BPF_ALU64 | BPF_ADD | BPF_X, R4, R1, 0, 0);
	put(m, BPF_ALU64 | BPF_ADD | BPF_X, R2, R1, 0, 0);
	record_pieces(m, BPF_B, 1, 7);
}

/* The bytes: bpf_probe_read_kernel(seen + 24, min(size, bytes), optval). */
static void record_bytes(struct maker *m, const struct insn_record *r)
{
	window(m);
	mov(m, R1, R3);
	put(m, BPF_ALU64 | BPF_SUB | BPF_X, R1, R2, 0, 0);
	store(m, BPF_W, R7, 16, R1);
	if (m->o->no_probe_read) {
		record_in_loops(m, r);
		return;
	}
	mov(m, R3, R2);
	mov(m, R2, R1);
	jump_imm(m, BPF_JLE, R2, (int32_t)r->bytes, 1);
	mov_imm(m, R2, (int32_t)r->bytes);
	mov(m, R1, R7);
	add_imm(m, R1, 24);
	call(m, FN_PROBE_READ_KERNEL);
}

static void record(struct maker *m)
{
	static const int16_t fields[] = {CTX_LEVEL, CTX_OPTNAME, CTX_OPTLEN};
	const struct insn_record *r = m->o->record;
	bool is_get = m->o->hook == HOOK_GET;

	m->from = INSN_RECORD;
	put(m, BPF_LD | BPF_DW, R7, BPF_PSEUDO_MAP_VALUE, 0, r->map_fd);
	put(m, 0, 0, 0, 0, 0);
	mov(m, R8, R7);
	if (r->runs)
		add_imm(m, R8, (int32_t)r->runs);
	load(m, BPF_W, R1, R8, 0);
	mov(m, R2, R1);
	add_imm(m, R2, 1);
	store(m, BPF_W, R8, 0, R2);
	put(m, BPF_ALU64 | BPF_AND | BPF_K, R1, 0, 0, (int32_t)r->order_mask);
	mov(m, R2, R7);
	put(m, BPF_ALU64 | BPF_ADD | BPF_X, R2, R1, 0, 0);
	mov_imm(m, R3, r->id);
	store(m, BPF_B, R2, (int16_t)r->order, R3);
	add_imm(m, R7, (int32_t)r->seen);
	for (int i = 0; i < 3; i++) {
		load(m, BPF_W, R1, R6, fields[i]);
		store(m, BPF_W, R7, (int16_t)(4 * i), R1);
	}
	if (is_get)
		load(m, BPF_W, R0, R6, CTX_RETVAL);
	else if (m->o->has_retval_helpers)
		call(m, FN_GET_RETVAL);
	else
		mov_imm(m, R0, 0);
	store(m, BPF_W, R7, 12, R0);
	record_bytes(m, r);
}

static bool uses_ctx(const struct prog *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (p->act[i].op != ACT_RETURN && p->act[i].op != ACT_SET_RETVAL)
			return true;
	return false;
}

void insn_translate(const struct prog *p, const struct insn_opts *opts, struct insn_list *out)
{
	struct maker m = {.l = out, .o = opts, .from = INSN_PROLOGUE};

	out->n = 0;
	if (opts->record || uses_ctx(p))
		mov(&m, R6, R1);
	if (opts->record)
		record(&m);
	for (uint32_t i = 0; i < p->n; i++) {
		land(&m, i);
		m.from = (int8_t)i;
		if (!m.dead)
			put_act(&m, &p->act[i], i, p->n);
	}
	land(&m, p->n);
	m.from = INSN_END;
	if (!m.dead)
		mov_imm(&m, R0, result(&m, (int32_t)p->ret));
	else if (m.n_returns) /* the last return stands right before the exit */
		out->n--, m.n_returns--;
	for (unsigned i = 0; i < m.n_returns; i++)
		out->insn[m.returns[i]].off = (int16_t)(out->n - m.returns[i] - 1);
	put(&m, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* ---- as text ---- */

static const char *const jump_names[16] = {
	[BPF_JA >> 4] = "JA",	  [BPF_JEQ >> 4] = "JEQ", [BPF_JGT >> 4] = "JGT",   [BPF_JGE >> 4] = "JGE",
	[BPF_JSET >> 4] = "JSET", [BPF_JNE >> 4] = "JNE", [BPF_JSGT >> 4] = "JSGT", [BPF_JSGE >> 4] = "JSGE",
	[BPF_JLT >> 4] = "JLT",	  [BPF_JLE >> 4] = "JLE", [BPF_JSLT >> 4] = "JSLT", [BPF_JSLE >> 4] = "JSLE",
};

static const char *width_name(uint8_t code)
{
	switch (BPF_SIZE(code)) {
	case BPF_B:
		return "BPF_B";
	case BPF_H:
		return "BPF_H";
	case BPF_W:
		return "BPF_W";
	default:
		return "BPF_DW";
	}
}

/* A number, or the field of the context that r6 points to. */
static void print_off(struct buf *b, const struct insn_style *style, unsigned base, int off)
{
	static const char *const fields[] = {
		[CTX_OPTVAL] = "optval",   [CTX_OPTVAL_END] = "optval_end", [CTX_LEVEL] = "level",
		[CTX_OPTNAME] = "optname", [CTX_OPTLEN] = "optlen",	    [CTX_RETVAL] = "retval"};

	if (base == R6)
		buf_printf(b, style->ctx, fields[off]);
	else
		buf_printf(b, "%d", off);
}

static void print_helper(struct buf *b, const struct insn_style *style, int32_t nr)
{
	const char *name = nr == FN_GET_RETVAL	 ? "get_retval"
			   : nr == FN_SET_RETVAL ? "set_retval"
						 : "probe_read_kernel";

	buf_puts(b, "BPF_EMIT_CALL(");
	buf_printf(b, style->helper, name);
	buf_puts(b, ")");
}

static void print_alu(struct buf *b, const struct bpf_insn *i)
{
	const char *op = BPF_OP(i->code) == BPF_ADD ? "ADD" : BPF_OP(i->code) == BPF_SUB ? "SUB" : "AND";
	bool reg = BPF_SRC(i->code) == BPF_X;

	if (BPF_OP(i->code) == BPF_MOV)
		buf_printf(b, "BPF_MOV64_%s(BPF_REG_%u, ", reg ? "REG" : "IMM", i->dst_reg);
	else
		buf_printf(b, "BPF_ALU64_%s(BPF_%s, BPF_REG_%u, ", reg ? "REG" : "IMM", op, i->dst_reg);
	if (reg)
		buf_printf(b, "BPF_REG_%u)", i->src_reg);
	else
		buf_printf(b, "%d)", i->imm);
}

static void print_jump(struct buf *b, const struct insn_style *style, const struct bpf_insn *i)
{
	const char *suffix = BPF_CLASS(i->code) == JMP32 ? "32" : "";

	if (BPF_OP(i->code) == BPF_CALL)
		print_helper(b, style, i->imm);
	else if (BPF_OP(i->code) == BPF_EXIT)
		buf_puts(b, "BPF_EXIT_INSN()");
	else if (BPF_OP(i->code) == BPF_JA)
		buf_printf(b, "BPF_JMP_A(%d)", i->off);
	else if (BPF_SRC(i->code) == BPF_X)
		buf_printf(b, "BPF_JMP%s_REG(BPF_%s, BPF_REG_%u, BPF_REG_%u, %d)", suffix,
			   jump_names[BPF_OP(i->code) >> 4], i->dst_reg, i->src_reg, i->off);
	else
		buf_printf(b, "BPF_JMP%s_IMM(BPF_%s, BPF_REG_%u, %d, %d)", suffix,
			   jump_names[BPF_OP(i->code) >> 4], i->dst_reg, i->imm, i->off);
}

void insn_print(const struct bpf_insn *i, const struct insn_style *style, struct buf *b)
{
	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
		if (i->code) /* the second half of a 64-bit load has none */
			buf_printf(b, "BPF_LD_MAP_VALUE(BPF_REG_%u, 0, 0)", i->dst_reg);
		break;
	case BPF_LDX:
		buf_printf(b, "BPF_LDX_MEM(%s, BPF_REG_%u, BPF_REG_%u, ", width_name(i->code), i->dst_reg,
			   i->src_reg);
		print_off(b, style, i->src_reg, i->off);
		buf_puts(b, ")");
		break;
	case BPF_STX:
		buf_printf(b, "BPF_STX_MEM(%s, BPF_REG_%u, BPF_REG_%u, ", width_name(i->code), i->dst_reg,
			   i->src_reg);
		print_off(b, style, i->dst_reg, i->off);
		buf_puts(b, ")");
		break;
	case BPF_ST:
		buf_printf(b, "BPF_ST_MEM(%s, BPF_REG_%u, %d, %d)", width_name(i->code), i->dst_reg, i->off,
			   i->imm);
		break;
	case BPF_ALU64:
		print_alu(b, i);
		break;
	default:
		print_jump(b, style, i);
	}
}
