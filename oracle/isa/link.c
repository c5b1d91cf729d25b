/* SPDX-License-Identifier: MIT */
/*
 * Relocations, and programs put together from functions: a program's own code first, then each subprogram
 * where it is first called, depth first. That is libbpf's order (bpf_object__reloc_code), so that instruction
 * numbers agree with the ones in the verifier's log.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "insn_bytes.h"
#include "load.h"

#define REL_64	   1u	    /* R_BPF_64_64: an ld_imm64 */
#define REL_ABS64  2u	    /* R_BPF_64_ABS64: eight bytes of data */
#define REL_CALL   10u	    /* R_BPF_64_32: the imm of a call */
#define MOST_DEPTH 32u	    /* of calls; a kernel takes 8 frames */
#define MOST_INSNS 1000000u /* of a program; kernel: BPF_COMPLEXITY_LIMIT_INSNS */
#define MOST_TOTAL 4000000u /* of all programs together */
/* In headers since Linux 5.14. */
#define PSEUDO_MAP_IDX	     5
#define PSEUDO_MAP_IDX_VALUE 6

struct where { /* of one relocation, for sentences */
	struct load *l;
	struct func *f;
	uint32_t insn; /* of the function */
	const struct symbol *y;
	uint32_t symbol;
};

#define WHERE "instruction %u of function %.64s: "

static const char *symbol_name(const struct where *w)
{
	if (w->y->name[0])
		return w->y->name;
	return w->y->section < w->l->elf.n_sections ? w->l->elf.sections[w->y->section].name : "?";
}

static const char *section_name(const struct where *w)
{
	return w->y->section < w->l->elf.n_sections ? w->l->elf.sections[w->y->section].name : "?";
}

/* ---- one relocation ---- */

/* The subprogram that begins at that instruction of .text. */
static int set_target(const struct where *w, int64_t insn)
{
	struct load *l = w->l;
	uint32_t at = insn < 0 ? NO_FUNC : func_at(l, l->text, (uint64_t)insn);

	if (at == NO_FUNC || l->funcs[at].first != insn)
		return refuse(l->to, -EBADMSG,
			      WHERE "refers to instruction %lld of .text, where no function begins", w->insn,
			      w->f->name, (long long)insn);
	w->f->target[w->insn] = at;
	return 0;
}

static int bad_section(const struct where *w)
{
	return refuse(w->l->to, -ENOTSUP,
		      WHERE "%.64s is in section %.64s: subprograms belong in .text (no SEC())", w->insn,
		      w->f->name, symbol_name(w), section_name(w));
}

static int relocate_extern(const struct where *w, struct bpf_insn *insn)
{
	uint32_t offset;

	if (extern_offset(w->l, w->symbol, &offset)) {
		insn[0].src_reg = PSEUDO_MAP_IDX_VALUE;
		insn[0].imm = (int32_t)w->l->kconfig_map;
		insn[1].imm = (int32_t)offset;
		return 0;
	}
	return func_refuse(w->l, w->f,
			   WHERE
			   "%.64s is neither defined here nor in .kconfig: only a running kernel has it",
			   w->insn, w->f->name, symbol_name(w));
}

static int relocate_data(const struct where *w, struct bpf_insn *insn, uint32_t map, int64_t offset)
{
	const struct isa_object_map *m = &w->l->obj->maps[map];

	if (offset < 0 || offset >= m->value_size)
		return refuse(w->l->to, -EBADMSG, WHERE "offset %lld of section %.64s, which has %u bytes",
			      w->insn, w->f->name, (long long)offset, m->name, m->value_size);
	insn[0].src_reg = PSEUDO_MAP_IDX_VALUE;
	insn[0].imm = (int32_t)map;
	insn[1].imm = (int32_t)offset;
	return 0;
}

/* What a map is named by: its symbol, or the section's and an offset. False: no map begins there. */
static bool relocate_map(const struct where *w, struct bpf_insn *insn, int64_t offset)
{
	uint32_t map = offset < 0 ? ISA_NO_MAP : load_map_at(w->l, w->y->section, (uint64_t)offset);

	if (map == ISA_NO_MAP)
		return false;
	insn[0].src_reg = PSEUDO_MAP_IDX;
	insn[0].imm = (int32_t)map;
	insn[1].imm = 0;
	return true;
}

static int relocate_ld(const struct where *w, struct bpf_insn *insn)
{
	struct load *l = w->l;
	uint32_t section = w->y->section;
	int64_t offset;

	if (!section)
		return relocate_extern(w, insn);
	if (section >= l->elf.n_sections)
		return refuse(l->to, -EBADMSG, WHERE "%.64s is in the special section %x", w->insn,
			      w->f->name, w->y->name, section);
	if (w->y->value > INT32_MAX)
		return refuse(l->to, -EBADMSG, WHERE "%.64s is at byte %llu of its section", w->insn,
			      w->f->name, symbol_name(w), (unsigned long long)w->y->value);
	offset = (int64_t)w->y->value + insn[0].imm;
	if (l->elf.sections[section].flags & SHF_EXECINSTR) {
		if (section != l->text)
			return bad_section(w);
		insn[0].src_reg = BPF_PSEUDO_FUNC;
		insn[1].imm = 0;
		return offset % INSN_BYTES ? set_target(w, -1) : set_target(w, offset / INSN_BYTES);
	}
	if (l->data_map[section] != ISA_NO_MAP)
		return relocate_data(w, insn, l->data_map[section], offset);
	if (relocate_map(w, insn, offset))
		return 0;
	return refuse(l->to, -ENOTSUP,
		      WHERE "refers to %.64s at byte %lld of section %.64s, where neither a map nor data is",
		      w->insn, w->f->name, symbol_name(w), (long long)offset, section_name(w));
}

static int relocate_call(const struct where *w, const struct bpf_insn *insn)
{
	if (!w->y->section)
		return func_refuse(w->l, w->f,
				   WHERE
				   "calls the kernel function %.64s (a kfunc): only a running kernel has it",
				   w->insn, w->f->name, symbol_name(w));
	if (insn->src_reg != BPF_PSEUDO_CALL)
		return refuse(w->l->to, -EBADMSG, WHERE "a call of a helper that is relocated", w->insn,
			      w->f->name);
	if (!w->l->text || w->y->section != w->l->text)
		return bad_section(w);
	if (w->y->value % INSN_BYTES || w->y->value > INT32_MAX)
		return set_target(w, -1);
	return set_target(w, (int64_t)(w->y->value / INSN_BYTES) + insn->imm + 1);
}

static int relocate_one(struct load *l, const struct section *code, uint32_t section, const struct reloc *r)
{
	struct where w = {.l = l, .y = &l->elf.symbols[r->symbol], .symbol = r->symbol};
	struct bpf_insn *insn;
	uint32_t at, kind;

	if (r->offset >= code->size || r->offset % INSN_BYTES)
		return refuse(l->to, -EBADMSG, "section %.64s: a relocation at byte %llu of %llu", code->name,
			      (unsigned long long)r->offset, (unsigned long long)code->size);
	at = func_at(l, section, r->offset / INSN_BYTES);
	if (at == NO_FUNC)
		return 0; /* as libbpf: what a linker left of a function that another one replaced */
	w.f = &l->funcs[at];
	w.insn = (uint32_t)(r->offset / INSN_BYTES) - w.f->first;
	if (w.f->mark[w.insn])
		return refuse(l->to, -EBADMSG, WHERE "%s", w.insn, w.f->name,
			      w.f->mark[w.insn] == MARK_SECOND ? "a relocation in the middle of it"
							       : "is relocated twice");
	insn = &w.f->insns[w.insn];
	kind = insn->code == OP_LD_IMM64 ? REL_64 : insn->code == OP_CALL ? REL_CALL : 0;
	if (!kind)
		return refuse(l->to, -EBADMSG, WHERE "a relocation at opcode %02x, which takes none", w.insn,
			      w.f->name, insn->code);
	if (r->type != kind)
		return refuse(l->to, -EBADMSG, WHERE "relocation of type %u at opcode %02x: expected type %u",
			      w.insn, w.f->name, r->type, insn->code, kind);
	w.f->mark[w.insn] = MARK_RELOCATED;
	return kind == REL_64 ? relocate_ld(&w, insn) : relocate_call(&w, insn);
}

/* ---- instructions without one ---- */

static int check_plain(struct load *l, struct func *f, uint32_t i)
{
	const struct bpf_insn *insn = &f->insns[i];
	struct where w = {.l = l, .f = f, .insn = i};

	if (insn->code == OP_LD_IMM64 && insn->src_reg)
		return func_refuse(
			l, f, WHERE "names a map or an address of one running kernel (src_reg %u, imm %d)", i,
			f->name, insn->src_reg, insn->imm);
	if (insn->code != OP_CALL || !insn->src_reg)
		return 0;
	if (insn->src_reg != BPF_PSEUDO_CALL)
		return func_refuse(l, f, WHERE "calls function %d of one running kernel (src_reg %u)", i,
				   f->name, insn->imm, insn->src_reg);
	if (f->section != l->text)
		return refuse(l->to, -ENOTSUP,
			      WHERE "calls a function of its own section %.64s: subprograms belong in .text",
			      i, f->name, l->elf.sections[f->section].name);
	return set_target(&w, (int64_t)f->first + i + insn->imm + 1);
}

int link_relocate(struct load *l)
{
	int ret = 0;

	for (uint32_t i = 1; i < l->elf.n_sections; i++) {
		const struct section *s = &l->elf.sections[i], *code;
		struct reloc r;

		if (s->type != SHT_REL)
			continue;
		code = &l->elf.sections[s->info];
		if (code->type != SHT_PROGBITS || !(code->flags & SHF_EXECINSTR))
			continue;
		for (uint32_t k = 0; k < elffile_n_relocs(s) && !ret; k++) {
			elffile_reloc(&l->elf, s, k, &r);
			ret = relocate_one(l, code, s->info, &r);
		}
		if (ret)
			return ret;
	}
	for (uint32_t i = 0; i < l->n_funcs; i++)
		for (uint32_t k = 0; k < l->funcs[i].n && !ret; k++)
			if (l->funcs[i].mark[k] == MARK_NONE)
				ret = check_plain(l, &l->funcs[i], k);
	return ret;
}

/* ---- programs ---- */

/* Section names; what libbpf 1.0 and later take is the exact name. */
static const struct {
	const char *section;
	enum isa_prog_hook hook;
	bool exact; /* older loaders: anything that begins so (libbpf before 1.0; "getsockopt/name":
		       Android's) */
} hooks[] = {
	{"cgroup/getsockopt", ISA_PROG_GETSOCKOPT, true},  {"cgroup/setsockopt", ISA_PROG_SETSOCKOPT, true},
	{"cgroup/getsockopt", ISA_PROG_GETSOCKOPT, false}, {"cgroup/setsockopt", ISA_PROG_SETSOCKOPT, false},
	{"getsockopt/", ISA_PROG_GETSOCKOPT, false},	   {"setsockopt/", ISA_PROG_SETSOCKOPT, false},
};

static void set_hook(struct isa_prog *p)
{
	const char *name = p->section + !p->autoload;

	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		size_t n = strlen(hooks[i].section);

		if (strncmp(name, hooks[i].section, n) || (hooks[i].exact && name[n]))
			continue;
		p->hook = hooks[i].hook;
		p->sloppy = !hooks[i].exact;
		return;
	}
	p->hook = ISA_PROG_OTHER;
}

struct building {
	struct load *l;
	struct isa_prog *p;
	uint32_t turn;
	uint32_t room; /* instructions that fit */
};

/* Room for n instructions more. */
static bool make_room(struct building *b, uint32_t n)
{
	struct isa_prog *p = b->p;
	uint32_t room = 2 * (p->n_insns + n) + 1;
	struct bpf_insn *insns;
	uint32_t *line;

	if (p->n_insns + n <= b->room)
		return true;
	insns = realloc(p->insns, room * sizeof(*insns));
	if (!insns)
		return false;
	p->insns = insns;
	line = realloc(p->line, room * sizeof(*line));
	if (!line)
		return false;
	p->line = line;
	b->room = room;
	return true;
}

static int grow(struct building *b, const struct func *f)
{
	struct isa_prog *p = b->p;
	struct isa_func *funcs = realloc(p->funcs, (p->n_funcs + 1) * sizeof(*funcs));

	if (!funcs)
		return refuse_memory(b->l->to);
	p->funcs = funcs;
	if (!make_room(b, f->n))
		return refuse_memory(b->l->to);
	memcpy(p->insns + p->n_insns, f->insns, f->n * sizeof(*f->insns));
	memcpy(p->line + p->n_insns, f->line, f->n * sizeof(*f->line));
	funcs[p->n_funcs++] = (struct isa_func){.name = f->name, .first = p->n_insns};
	p->n_insns += f->n;
	return 0;
}

static int prog_refuse(const struct building *b, const char *text)
{
	if (b->p->refused)
		return 0;
	b->p->refused = strdup(text);
	return b->p->refused ? 0 : refuse_memory(b->l->to);
}

static int append(struct building *b, struct func *f, unsigned depth)
{
	struct load *l = b->l;
	int ret;

	l->n_insns += f->n;
	if (b->p->n_insns + f->n > MOST_INSNS || l->n_insns > MOST_TOTAL)
		return refuse(l->to, -E2BIG,
			      "program %.64s: %u instructions are not the end: at most %u of a program and "
			      "%u of all are read",
			      b->p->name, b->p->n_insns, MOST_INSNS, MOST_TOTAL);
	f->turn = b->turn;
	f->at = b->p->n_insns;
	ret = grow(b, f);
	if (!ret && f->refused)
		ret = prog_refuse(b, f->refused);
	for (uint32_t i = 0; i < f->n && !ret; i++) {
		struct func *t;

		if (f->target[i] == NO_FUNC)
			continue;
		t = &l->funcs[f->target[i]];
		if (t->turn != b->turn) {
			if (depth == MOST_DEPTH)
				return prog_refuse(b, "its subprograms call each other more than 32 deep: a "
						      "kernel takes 8");
			ret = append(b, t, depth + 1);
		}
		if (!ret)
			b->p->insns[f->at + i].imm = (int32_t)t->at - (int32_t)(f->at + i) - 1;
	}
	return ret;
}

/* In .text are subprograms, unless the object has nothing else (libbpf: prog_is_subprog). */
static bool is_program(const struct load *l, const struct func *f)
{
	return f->section != l->text || l->n_funcs == 1;
}

int link_programs(struct load *l)
{
	struct isa_object *o = l->obj;
	uint32_t n = 0;
	int ret = 0;

	for (uint32_t i = 0; i < l->n_funcs; i++)
		n += is_program(l, &l->funcs[i]);
	if (!n)
		return refuse(l->to, -ENOTSUP,
			      "no program: expected a function in a section such as cgroup/getsockopt or "
			      "cgroup/setsockopt");
	o->progs = calloc(n, sizeof(*o->progs));
	if (!o->progs)
		return refuse_memory(l->to);
	for (uint32_t i = 0; i < l->n_funcs && !ret; i++) {
		struct building b = {.l = l, .turn = i + 1};

		if (!is_program(l, &l->funcs[i]))
			continue;
		b.p = &o->progs[o->n_progs++];
		b.p->name = l->funcs[i].name;
		b.p->section = l->elf.sections[l->funcs[i].section].name;
		b.p->autoload = b.p->section[0] != '?';
		set_hook(b.p);
		ret = append(&b, &l->funcs[i], 0);
	}
	return ret;
}

/* ---- values of maps of maps and of programs ---- */

static uint32_t find_slot_value(const struct load *l, const struct isa_object_map *m, const struct symbol *y)
{
	uint32_t at, map;

	if (m->inner != ISA_NO_MAP) {
		map = load_map_at(l, y->section, y->value);
		return map;
	}
	at = func_at(l, y->section, y->value / INSN_BYTES);
	for (uint32_t i = 0; at != NO_FUNC && i < l->obj->n_progs; i++)
		if (l->obj->progs[i].name == l->funcs[at].name &&
		    l->funcs[at].first * (uint64_t)INSN_BYTES == y->value)
			return i;
	return ISA_NO_MAP;
}

static int fill_slot(struct load *l, uint32_t section, const struct reloc *r)
{
	const struct symbol *y = &l->elf.symbols[r->symbol];
	struct place *p = NULL;
	struct isa_object_map *m;
	uint64_t slot;

	for (uint32_t i = 0; i < l->obj->n_maps; i++)
		if (l->places[i].section == section && l->places[i].has_slots &&
		    r->offset >= l->places[i].offset + l->places[i].slots &&
		    r->offset < l->places[i].offset + l->places[i].size)
			p = &l->places[i];
	if (!p)
		return refuse(l->to, -EBADMSG,
			      "section .maps: a relocation at byte %llu, where no map has values",
			      (unsigned long long)r->offset);
	m = &l->obj->maps[p - l->places];
	slot = (r->offset - p->offset - p->slots) / 8;
	if (r->type != REL_64 && r->type != REL_ABS64)
		return refuse(l->to, -EBADMSG, "map %.64s: value %llu: a relocation of type %u", m->name,
			      (unsigned long long)slot, r->type);
	if (slot >= m->max_entries)
		return refuse(l->to, -EBADMSG, "map %.64s: a value at %llu, beyond its %u entries", m->name,
			      (unsigned long long)slot, m->max_entries);
	if (!m->slots) {
		uint32_t n = (uint32_t)((p->size - p->slots) / 8);

		n = n < m->max_entries ? n : m->max_entries;
		m->slots = malloc((n + 1) * sizeof(*m->slots));
		if (!m->slots)
			return refuse_memory(l->to);
		m->n_slots = n;
		for (uint32_t i = 0; i < n; i++)
			m->slots[i] = ISA_NO_MAP;
	}
	if ((r->offset - p->offset - p->slots) % 8 || slot >= m->n_slots)
		return refuse(l->to, -EBADMSG, "map %.64s: a value at byte %llu of .maps is not in its place",
			      m->name, (unsigned long long)r->offset);
	m->slots[slot] = find_slot_value(l, m, y);
	if (m->slots[slot] == ISA_NO_MAP)
		return refuse(l->to, -EBADMSG, "map %.64s: value %llu is %.64s, which is no %s", m->name,
			      (unsigned long long)slot, y->name, m->inner != ISA_NO_MAP ? "map" : "program");
	return 0;
}

int link_slots(struct load *l)
{
	uint32_t maps = elffile_find(&l->elf, ".maps");
	int ret = 0;

	for (uint32_t i = 1; maps && i < l->elf.n_sections; i++) {
		const struct section *s = &l->elf.sections[i];
		struct reloc r;

		if (s->type != SHT_REL || s->info != maps)
			continue;
		for (uint32_t k = 0; k < elffile_n_relocs(s) && !ret; k++) {
			elffile_reloc(&l->elf, s, k, &r);
			ret = fill_slot(l, maps, &r);
		}
	}
	return ret;
}
