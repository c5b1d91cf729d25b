/* SPDX-License-Identifier: MIT */
/* Functions: each symbol of type FUNC in a section of code, its instructions and its source lines. */
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/buf.h"
#include "insn_bytes.h"
#include "load.h"

#define MOST_FUNCS 8192u

static bool is_func(const struct load *l, const struct symbol *y)
{
	const struct section *s;

	if (y->type != STT_FUNC || !y->section || y->section >= l->elf.n_sections)
		return false;
	s = &l->elf.sections[y->section];
	return s->type == SHT_PROGBITS && (s->flags & SHF_EXECINSTR) && s->data;
}

int func_refuse(struct load *l, struct func *f, const char *format, ...)
{
	va_list ap;
	int n;

	if (f->refused)
		return 0;
	va_start(ap, format);
	n = vasprintf(&f->refused, format, ap);
	va_end(ap);
	if (n >= 0)
		return 0;
	f->refused = NULL;
	return refuse_memory(l->to);
}

static int by_place(const void *a, const void *b)
{
	const struct func *x = a, *y = b;

	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

/* ---- symbols ---- */

static int add_symbol(struct load *l, const struct symbol *y)
{
	const struct section *s = &l->elf.sections[y->section];

	if (y->bind == STB_LOCAL && y->section != l->text)
		return refuse(l->to, -ENOTSUP,
			      "function %.64s: is static, in section %.64s: a program must not be", y->name,
			      s->name);
	if (y->value % INSN_BYTES || y->size % INSN_BYTES || !y->size)
		return refuse(l->to, -EBADMSG,
			      "function %.64s: %llu bytes at %llu of section %.64s: expected multiples of %u",
			      y->name, (unsigned long long)y->size, (unsigned long long)y->value, s->name,
			      INSN_BYTES);
	if (y->value > s->size || s->size - y->value < y->size)
		return refuse(l->to, -EBADMSG,
			      "function %.64s: %llu bytes at %llu of section %.64s, which has %llu", y->name,
			      (unsigned long long)y->size, (unsigned long long)y->value, s->name,
			      (unsigned long long)s->size);
	l->funcs[l->n_funcs++] = (struct func){.name = y->name,
					       .section = y->section,
					       .first = (uint32_t)(y->value / INSN_BYTES),
					       .n = (uint32_t)(y->size / INSN_BYTES)};
	return 0;
}

static int read_insns(struct load *l, struct func *f)
{
	const uint8_t *p = l->elf.sections[f->section].data + (size_t)f->first * INSN_BYTES;

	f->insns = calloc(f->n, sizeof(*f->insns));
	f->target = calloc(f->n, sizeof(*f->target));
	f->line = calloc(f->n, sizeof(*f->line));
	f->mark = calloc(f->n, sizeof(*f->mark));
	if (!f->insns || !f->target || !f->line || !f->mark)
		return refuse_memory(l->to);
	for (uint32_t i = 0; i < f->n; i++) {
		f->insns[i] = insn_from_bytes(p + (size_t)i * INSN_BYTES);
		f->target[i] = NO_FUNC;
		f->line[i] = ISA_NO_LINE;
	}
	for (uint32_t i = 0; i < f->n; i++) {
		if (f->insns[i].code != OP_LD_IMM64)
			continue;
		if (i + 1 == f->n)
			return refuse(l->to, -EBADMSG,
				      "function %.64s: ends in the middle of its last instruction (%u), "
				      "which takes 16 bytes",
				      f->name, i);
		if (f->insns[i + 1].code)
			return refuse(
				l->to, -EBADMSG,
				"function %.64s: instruction %u takes 16 bytes, but opcode %02x follows it",
				f->name, i, f->insns[i + 1].code);
		f->mark[++i] = MARK_SECOND;
	}
	return 0;
}

uint32_t func_at(const struct load *l, uint32_t section, uint64_t insn)
{
	uint32_t low = 0, high = l->n_funcs;

	while (low < high) { /* the first one behind */
		uint32_t mid = low + (high - low) / 2;
		const struct func *f = &l->funcs[mid];

		if (f->section < section || (f->section == section && f->first <= insn))
			low = mid + 1;
		else
			high = mid;
	}
	if (!low || l->funcs[low - 1].section != section ||
	    insn - l->funcs[low - 1].first >= l->funcs[low - 1].n)
		return NO_FUNC;
	return low - 1;
}

/* ---- lines ---- */

static int place_lines(struct load *l)
{
	struct btf_ext *x = &l->ext;

	if (x->n_line_sections > l->elf.n_sections)
		return refuse(l->to, -EBADMSG, ".BTF.ext: lines of %u sections, the object has %u",
			      x->n_line_sections, l->elf.n_sections);
	for (uint32_t i = 0; i < x->n_line_sections; i++) {
		const struct btf_ext_section *s = &x->line_sections[i];
		uint32_t section = elffile_find(&l->elf, s->name), at;

		for (uint32_t k = s->first; section && k < s->first + s->n; k++) {
			at = func_at(l, section, x->lines[k].insn);
			if (at != NO_FUNC)
				l->funcs[at].line[x->lines[k].insn - l->funcs[at].first] = k;
		}
	}
	for (uint32_t i = 0; i < l->n_funcs; i++)
		for (uint32_t k = 1; k < l->funcs[i].n; k++)
			if (l->funcs[i].line[k] == ISA_NO_LINE)
				l->funcs[i].line[k] = l->funcs[i].line[k - 1];
	return 0;
}

static int keep_lines(struct load *l)
{
	struct isa_object *o = l->obj;

	o->lines = calloc(l->ext.n_lines + 1, sizeof(*o->lines));
	if (!o->lines)
		return refuse_memory(l->to);
	o->n_lines = l->ext.n_lines;
	for (uint32_t i = 0; i < o->n_lines; i++) {
		const struct btf_line *from = &l->ext.lines[i];

		o->lines[i] = (struct isa_line){
			.file = from->file, .text = from->text, .line = from->line, .col = from->col};
	}
	return place_lines(l);
}

int func_collect(struct load *l)
{
	uint32_t n = 0;
	int ret = 0;

	for (uint32_t i = 1; i < l->elf.n_symbols; i++)
		n += is_func(l, &l->elf.symbols[i]);
	if (n > MOST_FUNCS)
		return refuse(l->to, -E2BIG, "%u functions: at most %u are read", n, MOST_FUNCS);
	l->funcs = calloc(n + 1, sizeof(*l->funcs));
	if (!l->funcs)
		return refuse_memory(l->to);
	for (uint32_t i = 1; i < l->elf.n_symbols && !ret; i++)
		if (is_func(l, &l->elf.symbols[i]))
			ret = add_symbol(l, &l->elf.symbols[i]);
	if (ret)
		return ret;
	qsort(l->funcs, l->n_funcs, sizeof(*l->funcs), by_place);
	for (uint32_t i = 1; i < l->n_funcs; i++) {
		const struct func *f = &l->funcs[i];

		if (f->section == f[-1].section && f->first - f[-1].first < f[-1].n)
			return refuse(l->to, -EBADMSG, "functions %.64s and %.64s overlap", f[-1].name,
				      f->name);
	}
	for (uint32_t i = 0; i < l->n_funcs && !ret; i++)
		ret = read_insns(l, &l->funcs[i]);
	return ret ? ret : keep_lines(l);
}
