/* SPDX-License-Identifier: MIT */
/* Numbers in instructions that may be a level, an option or a length, and the boundaries that every program
 * has. */
#include "../case/options.h"
#include "check.h"

#define CUSTOM_LEVEL 0x100 /* levels of the kernel are below */
#define MAX_NUMBER   8192  /* of an option, and of a length that is swept around */

static void add(struct derived *d, int32_t *list, unsigned *n, unsigned room, int32_t v)
{
	for (unsigned i = 0; i < *n; i++)
		if (list[i] == v)
			return;
	if (*n < room)
		list[(*n)++] = v;
	else
		d->dropped++;
}

#define ADD(d, what, v) add(d, (d)->what, &(d)->n_##what##s, sizeof((d)->what) / sizeof((d)->what[0]), v)

/* The constant of an instruction that compares, adds or moves one; false: it has none. */
static bool constant(const struct bpf_insn *in, int32_t *v, bool *compared)
{
	unsigned class = BPF_CLASS(in->code), op = BPF_OP(in->code);

	*compared = false;
	*v = in->imm;
	if (BPF_SRC(in->code) != BPF_K)
		return false;
	if (class == BPF_JMP || class == BPF_JMP32) {
		*compared = true;
		return op != BPF_CALL && op != BPF_EXIT && op != BPF_JA;
	}
	if (class != BPF_ALU && class != BPF_ALU64)
		return false;
	if (op == BPF_ADD && in->imm < 0)
		*v = -in->imm; /* clang tests for a range by a subtraction */
	*compared = op == BPF_XOR || (op == BPF_ADD && in->imm < 0);
	return op == BPF_ADD || op == BPF_XOR || op == BPF_MOV;
}

static void of_program(struct derived *d, const struct isa_prog *p)
{
	bool compared;
	int32_t v;

	for (uint32_t i = 0; i < p->n_insns; i++) {
		if (p->insns[i].code == ISA_CODE_WIDE) {
			i++;
			continue;
		}
		if (!constant(&p->insns[i], &v, &compared))
			continue;
		if (compared && (level_name(v) || v >= CUSTOM_LEVEL) && v != 4096)
			ADD(d, level, v);
		if ((compared || BPF_OP(p->insns[i].code) == BPF_MOV) && v >= 0 && v < MAX_NUMBER)
			ADD(d, optname, v);
		for (int32_t k = -1; v > 0 && v <= MAX_NUMBER && k <= 1; k++)
			ADD(d, optlen, v + k);
	}
}

void check_derive(const struct check *k, struct derived *d)
{
	static const int32_t lengths[] = {0, 1, 4, 16, 4095, 4096, 4097, 8192}, levels[] = {1, 0, 6};

	*d = (struct derived){0};
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		ADD(d, optlen, lengths[i]);
	for (unsigned i = 0; i < k->n_places; i++)
		of_program(d,
			   &k->object[k->n_profiles - 1][k->place[i].input].object->progs[k->place[i].prog]);
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		ADD(d, level, levels[i]);
	ADD(d, optname, 1);
}
