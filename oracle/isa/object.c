/* SPDX-License-Identifier: MIT */
#include "object.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

#define MOST_BYTES   (16u << 20)
#define MOST_NOTES   64u
#define MOST_LICENCE 128u /* libbpf cuts it there */

/* ---- parts of a load ---- */

int load_note(struct load *l, const char *format, ...)
{
	struct isa_object *o = l->obj;
	va_list ap;
	int n;

	if (o->n_notes == MOST_NOTES)
		return 0;
	if (!o->notes)
		o->notes = calloc(MOST_NOTES, sizeof(*o->notes));
	if (!o->notes)
		return refuse_memory(l->to);
	va_start(ap, format);
	n = vasprintf(&o->notes[o->n_notes], format, ap);
	va_end(ap);
	if (n < 0) {
		o->notes[o->n_notes] = NULL;
		return refuse_memory(l->to);
	}
	o->n_notes++;
	return 0;
}

int load_add_map(struct load *l, const char *name, const struct place *p)
{
	struct isa_object *o = l->obj;

	if (o->n_maps == ISA_MAX_MAPS)
		return refuse(l->to, -E2BIG, "more than %u maps and sections of data", ISA_MAX_MAPS);
	if (o->n_maps == l->room) {
		uint32_t room = l->room ? 2 * l->room : 8;
		struct place *places = realloc(l->places, room * sizeof(*places));
		struct isa_object_map *maps = places ? realloc(o->maps, room * sizeof(*maps)) : NULL;

		l->places = places ? places : l->places;
		if (!maps)
			return refuse_memory(l->to);
		o->maps = maps;
		l->room = room;
	}
	l->places[o->n_maps] = *p;
	o->maps[o->n_maps] = (struct isa_object_map){.name = name, .inner = ISA_NO_MAP};
	return (int)o->n_maps++;
}

int load_add_data(struct load *l, const char *name, uint32_t size, bool readonly)
{
	int i = load_add_map(l, name, &(struct place){0});
	struct isa_object_map *m;

	if (i < 0)
		return i;
	m = &l->obj->maps[i];
	m->type = BPF_MAP_TYPE_ARRAY;
	m->key_size = 4;
	m->value_size = size;
	m->max_entries = 1;
	m->flags = readonly ? BPF_F_RDONLY_PROG : 0;
	m->is_data = true;
	m->readonly = readonly;
	m->initial = calloc(1, size);
	return m->initial ? i : refuse_memory(l->to);
}

uint32_t load_map_at(const struct load *l, uint32_t section, uint64_t offset)
{
	for (uint32_t i = 0; section && i < l->obj->n_maps; i++)
		if (l->places[i].section == section && l->places[i].offset == offset)
			return i;
	return ISA_NO_MAP;
}

void load_fini(struct load *l)
{
	for (uint32_t i = 0; i < l->n_funcs; i++) {
		free(l->funcs[i].insns);
		free(l->funcs[i].target);
		free(l->funcs[i].line);
		free(l->funcs[i].mark);
		free(l->funcs[i].refused);
	}
	free(l->funcs);
	free(l->externs);
	free(l->places);
	free(l->data_map);
	btf_ext_fini(&l->ext);
	btf_fini(&l->btf);
	elffile_fini(&l->elf);
}

/* ---- steps ---- */

/* The place of a section's bytes in our own copy, which may be changed. */
static uint8_t *own(const struct load *l, const struct section *s)
{
	return l->obj->bytes + (s->data - l->obj->bytes);
}

static int read_types(struct load *l)
{
	const struct section *types = &l->elf.sections[elffile_find(&l->elf, ".BTF")];
	const struct section *more = &l->elf.sections[elffile_find(&l->elf, ".BTF.ext")];
	int ret;

	if (!types->data)
		return 0;
	ret = btf_read(&l->btf, own(l, types), types->size, l->to);
	if (ret)
		return ret;
	l->has_btf = true;
	return more->data ? btf_ext_read(&l->ext, &l->btf, more->data, more->size, l->to) : 0;
}

static int read_licence(struct load *l)
{
	const struct section *s = &l->elf.sections[elffile_find(&l->elf, "license")];
	uint8_t *text;
	size_t n;

	l->obj->licence = "";
	if (!s->data)
		return 0;
	text = own(l, s);
	n = strnlen((const char *)text, s->size);
	if (n == s->size || n >= MOST_LICENCE)
		return refuse(
			l->to, -EBADMSG,
			"section license: expected a text of less than %u bytes with a zero byte at its end",
			MOST_LICENCE);
	for (size_t i = 0; i < n; i++)
		if (text[i] < ' ' || text[i] > '~')
			text[i] = '?';
	l->obj->licence = (const char *)text;
	return 0;
}

static int make_tables(struct load *l)
{
	l->data_map = malloc(l->elf.n_sections * sizeof(*l->data_map));
	if (!l->data_map)
		return refuse_memory(l->to);
	for (uint32_t i = 0; i < l->elf.n_sections; i++)
		l->data_map[i] = ISA_NO_MAP;
	l->text = elffile_find(&l->elf, ".text");
	return 0;
}

static int read_object(struct load *l, size_t n)
{
	static int (*const steps[])(struct load * l) = {
		make_tables,  read_types, read_licence,	 mapdef_read,	data_read,  extern_read,
		func_collect, core_apply, link_relocate, link_programs, link_slots,
	};
	int ret = elffile_read(&l->elf, l->obj->bytes, n, l->to);

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && !ret; i++)
		ret = steps[i](l);
	return ret;
}

int isa_object_open(const void *bytes, size_t n, const struct isa_options *opts, struct isa_object **out,
		    char *err, size_t err_n)
{
	struct refusal to = {err, err_n};
	struct load l = {.opts = opts, .to = &to};
	int ret;

	*out = NULL;
	if (n > MOST_BYTES)
		return refuse(&to, -E2BIG, "%zu bytes: an object has at most %u", n, MOST_BYTES);
	l.obj = calloc(1, sizeof(*l.obj));
	if (!l.obj)
		return refuse_memory(&to);
	l.obj->bytes = malloc(n + 1);
	if (l.obj->bytes) {
		if (n)
			memcpy(l.obj->bytes, bytes, n);
		ret = read_object(&l, n);
	} else {
		ret = refuse_memory(&to);
	}
	load_fini(&l);
	if (ret)
		isa_object_free(l.obj);
	else
		*out = l.obj;
	return ret;
}

void isa_object_free(struct isa_object *o)
{
	if (!o)
		return;
	for (uint32_t i = 0; i < o->n_progs; i++) {
		free(o->progs[i].refused);
		free(o->progs[i].insns);
		free(o->progs[i].line);
		free(o->progs[i].funcs);
	}
	for (uint32_t i = 0; i < o->n_maps; i++) {
		free(o->maps[i].initial);
		free(o->maps[i].slots);
	}
	for (uint32_t i = 0; i < o->n_notes; i++)
		free(o->notes[i]);
	free(o->notes);
	free(o->progs);
	free(o->maps);
	free(o->lines);
	free(o->bytes);
	free(o);
}

/* ---- looking ---- */

const struct isa_line *isa_prog_line(const struct isa_object *o, const struct isa_prog *p, uint32_t insn)
{
	return insn < p->n_insns && p->line[insn] < o->n_lines ? &o->lines[p->line[insn]] : NULL;
}

const struct isa_func *isa_prog_func(const struct isa_prog *p, uint32_t insn)
{
	uint32_t i = p->n_funcs - 1;

	while (i && p->funcs[i].first > insn)
		i--;
	return &p->funcs[i];
}

const struct isa_prog *isa_prog_find(const struct isa_object *o, const char *name)
{
	for (uint32_t i = 0; i < o->n_progs; i++)
		if (!strcmp(o->progs[i].name, name))
			return &o->progs[i];
	return NULL;
}
