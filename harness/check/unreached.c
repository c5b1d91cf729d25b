/* SPDX-License-Identifier: MIT */
/*
 * Accesses to the context that no verifier takes, in code that no call reached. Which registers hold the
 * context is followed along every path: one that holds it on all of them does. What goes through the stack is
 * not followed, so some are missed; none is made up, but where the verifier knows a branch to be dead.
 */
#include <errno.h>
#include <stdlib.h>

#include "lint.h"
#include "oracle/isa/disasm.h"

#define CALLER_SAVED 0x3f /* r0 to r5 */
#define ARGUMENTS    0x3e /* r1 to r5 */

struct walk {
	const struct bpf_insn *insn;
	uint32_t n;
	uint16_t *ctx;	/* by instruction: registers that hold the context, bit 15: seen */
	uint32_t *todo; /* n at most: an instruction is there once */
	bool *queued;
	uint32_t n_todo;
};

#define SEEN 0x8000

/* There is a path to `at` on which the registers of mask hold the context. */
static void reach(struct walk *w, int64_t at, uint16_t mask)
{
	uint16_t now;

	if (at < 0 || at >= w->n)
		return;
	now = w->ctx[at] & SEEN ? (uint16_t)(w->ctx[at] & (mask | SEEN)) : (uint16_t)(mask | SEEN);
	if (now == w->ctx[at])
		return;
	w->ctx[at] = now;
	if (!w->queued[at])
		w->todo[w->n_todo++] = (uint32_t)at;
	w->queued[at] = true;
}

static uint16_t without(uint16_t mask, unsigned reg)
{
	return mask & (uint16_t) ~(1u << reg);
}

static void jump(struct walk *w, uint32_t at, uint16_t mask)
{
	const struct bpf_insn *in = &w->insn[at];
	unsigned op = BPF_OP(in->code), class = BPF_CLASS(in->code);

	if (op == BPF_EXIT)
		return;
	if (op == BPF_JA) {
		reach(w, (int64_t)at + 1 + (class == BPF_JMP32 ? in->imm : in->off), mask);
		return;
	}
	if (op == BPF_CALL) {
		if (in->src_reg == BPF_PSEUDO_CALL)
			reach(w, (int64_t)at + 1 + in->imm, mask & ARGUMENTS);
		reach(w, (int64_t)at + 1, mask & (uint16_t)~CALLER_SAVED);
		return;
	}
	reach(w, (int64_t)at + 1 + in->off, mask);
	reach(w, (int64_t)at + 1, mask);
}

static void step(struct walk *w, uint32_t at)
{
	const struct bpf_insn *in = &w->insn[at];
	uint16_t mask = w->ctx[at] & 0x7ff;

	switch (BPF_CLASS(in->code)) {
	case BPF_JMP:
	case BPF_JMP32:
		jump(w, at, mask);
		return;
	case BPF_LD:
		reach(w, (int64_t)at + 1 + (in->code == ISA_CODE_WIDE), without(mask, in->dst_reg));
		return;
	case BPF_ALU64:
		if (in->code == (BPF_ALU64 | BPF_MOV | BPF_X) && !in->off && mask >> in->src_reg & 1) {
			reach(w, (int64_t)at + 1, (uint16_t)(mask | 1u << in->dst_reg));
			return;
		}
		reach(w, (int64_t)at + 1, without(mask, in->dst_reg));
		return;
	case BPF_ALU:
	case BPF_LDX:
		reach(w, (int64_t)at + 1, without(mask, in->dst_reg));
		return;
	default: /* stores; an atomic one may fetch */
		if (BPF_MODE(in->code) == BPF_ATOMIC)
			mask = without(without(mask, in->src_reg), 0);
		reach(w, (int64_t)at + 1, mask);
	}
}

/* Is it an access to the context that is never allowed? Then why. */
static const char *illegal(const struct walk *w, uint32_t at, unsigned hook)
{
	static const unsigned widths[] = {
		[BPF_W >> 3] = 4, [BPF_H >> 3] = 2, [BPF_B >> 3] = 1, [BPF_DW >> 3] = 8};
	const struct bpf_insn *in = &w->insn[at];
	unsigned class = BPF_CLASS(in->code), base = class == BPF_LDX ? in->src_reg : in->dst_reg;
	const char *why = NULL;

	if ((class != BPF_LDX && class != BPF_ST && class != BPF_STX) || BPF_MODE(in->code) != BPF_MEM ||
	    !(w->ctx[at] & SEEN) || !(w->ctx[at] >> base & 1))
		return NULL;
	isa_ctx_access(hook == HOOK_SET ? ISA_SETSOCKOPT : ISA_GETSOCKOPT, (uint64_t)(int64_t)in->off,
		       widths[BPF_SIZE(in->code) >> 3], class != BPF_LDX, &why);
	return why;
}

static void walk_program(struct check *k, unsigned place)
{
	const struct check_place *p = &k->place[place];
	const struct isa_prog *prog = &k->object[k->n_profiles - 1][p->input].object->progs[p->prog];
	struct walk w = {.insn = prog->insns, .n = prog->n_insns};

	w.ctx = calloc(w.n, sizeof(*w.ctx));
	w.todo = calloc(w.n, sizeof(*w.todo));
	w.queued = calloc(w.n, sizeof(*w.queued));
	if (w.ctx && w.todo && w.queued)
		reach(&w, 0, 1u << 1);
	while (w.n_todo) {
		uint32_t at = w.todo[--w.n_todo];

		w.queued[at] = false;
		step(&w, at);
	}
	for (uint32_t i = 0; w.ctx && i < w.n; i++) {
		const char *why = illegal(&w, i, p->hook);

		if (why)
			lint_unreached(k, place, i, why);
	}
	free(w.ctx);
	free(w.todo);
	free(w.queued);
}

void lint_look_for_unreached(struct check *k)
{
	for (unsigned i = 0; i < k->n_places; i++)
		if (!k->place[i].refused && !(k->find[LINT_FAULT].count && k->find[LINT_FAULT].place == i))
			walk_program(k, i);
}
