/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a BPF object. If they are one, what object.h promises about its instructions is looked up, for
 * the first kernel with the hooks and for a new one. Needs no root.
 */
#include <stdlib.h>
#include <string.h>

#include "oracle/isa/object.h"
#include "stats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile size_t seen; /* so that the compiler keeps the reads */

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool begins_function(const struct isa_prog *p, int64_t insn)
{
	for (uint32_t i = 0; i < p->n_funcs; i++)
		if (p->funcs[i].first == insn)
			return true;
	return false;
}

static void check_ld(const struct isa_object *o, const struct isa_prog *p, uint32_t i)
{
	const struct bpf_insn *insn = &p->insns[i];

	must(i + 1 < p->n_insns);
	if (insn->src_reg == 5 || insn->src_reg == 6)
		must((uint32_t)insn->imm < o->n_maps && !o->maps[insn->imm].is_template);
	if (insn->src_reg == 6)
		must(o->maps[insn->imm].is_data && (uint32_t)insn[1].imm < o->maps[insn->imm].value_size);
	if (insn->src_reg == BPF_PSEUDO_FUNC)
		must(begins_function(p, (int64_t)i + 1 + insn->imm));
	must(insn->src_reg == 0 || (insn->src_reg >= 4 && insn->src_reg <= 6));
}

static void walk(const struct isa_object *o, const struct isa_prog *p)
{
	const struct isa_line *line;

	seen += strlen(p->name) + strlen(p->section);
	must(p->n_insns && p->n_funcs && !p->funcs[0].first);
	for (uint32_t i = 0; i < p->n_insns; i++) {
		line = isa_prog_line(o, p, i);
		if (line)
			seen += strlen(line->file) + strlen(line->text);
		if (p->refused)
			continue;
		if (p->insns[i].code == (BPF_LD | BPF_IMM | BPF_DW))
			check_ld(o, p, i++);
		else if (p->insns[i].code == (BPF_JMP | BPF_CALL) && p->insns[i].src_reg)
			must(p->insns[i].src_reg == BPF_PSEUDO_CALL &&
			     begins_function(p, (int64_t)i + 1 + p->insns[i].imm));
	}
	must(isa_prog_func(p, p->n_insns - 1)->first < p->n_insns);
}

static void look(const struct isa_object *o)
{
	seen += strlen(o->licence);
	for (uint32_t i = 0; i < o->n_progs; i++)
		walk(o, &o->progs[i]);
	for (uint32_t i = 0; i < o->n_maps; i++) {
		const struct isa_object_map *m = &o->maps[i];

		seen += strlen(m->name);
		must(m->inner == ISA_NO_MAP || (m->inner < o->n_maps && o->maps[m->inner].is_template));
		for (uint32_t k = 0; m->initial && k < m->value_size; k++)
			seen += m->initial[k];
		for (uint32_t k = 0; k < m->n_slots; k++)
			must(m->slots[k] == ISA_NO_MAP ||
			     m->slots[k] < (m->inner == ISA_NO_MAP ? o->n_progs : o->n_maps));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct isa_options kernels[] = {{ISA_KERNEL(5, 3)}, {ISA_KERNEL(6, 12)}};
	struct isa_object *o;
	char err[512];

	stats_execution();
	for (size_t i = 0; i < 2; i++) {
		err[0] = 0;
		if (isa_object_open(data, size, &kernels[(i + size) % 2], &o, err, sizeof(err))) {
			must(err[0] && !o);
			stats_refuse(REFUSED_MALFORMED);
			break; /* mostly before the kernel matters; which one is asked first changes with size
				*/
		}
		fuzz_stats.cases++;
		look(o);
		isa_object_free(o);
	}
	return 0;
}
