/* SPDX-License-Identifier: MIT */
/*
 * Maps: definitions by type in .maps (a struct whose members' types carry the numbers: bpf_helpers.h, __uint
 * and
 * __type; the meaning is libbpf's parse_btf_map_def), and the older struct bpf_map_def in the section maps.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/buf.h"
#include "load.h"

#define LEGACY_BYTES 20u /* type, key, value, entries, flags */
#define MAP_OF_PROGS 3u	 /* BPF_MAP_TYPE_PROG_ARRAY */
#define MAP_OF_ARRAY 12u /* BPF_MAP_TYPE_ARRAY_OF_MAPS */
#define MAP_OF_HASH  13u

/* ---- definitions by type ---- */

struct def {
	const char *name;
	uint32_t type, key_size, value_size, max_entries, flags;
	bool has_key, has_value;
	uint32_t inner; /* BTF type of the values, 0: none */
	bool values_are_progs;
	uint64_t slots; /* offset of the initial values */
};

/* __uint(name, N) is `int (*name)[N]`. */
static bool get_uint(const struct btf *b, const struct btf_member_view *m, uint32_t *out)
{
	struct btf_view v = btf_type(b, btf_plain(b, m->type));

	if (v.kind != BTF_PTR)
		return false;
	v = btf_type(b, btf_plain(b, v.size_or_type));
	if (v.kind != BTF_ARRAY)
		return false;
	*out = btf_array(b, &v).n;
	return true;
}

static int get_size(struct load *l, const struct def *d, const struct btf_member_view *m, bool *has,
		    uint32_t *size)
{
	struct btf_view v = btf_type(&l->btf, btf_plain(&l->btf, m->type));
	int64_t n;

	if (v.kind != BTF_PTR)
		return refuse(l->to, -EBADMSG, "map %.64s: %s: expected a type (__type), found none", d->name,
			      m->name);
	n = btf_size(&l->btf, v.size_or_type);
	if (n < 0)
		return refuse(l->to, -EBADMSG, "map %.64s: the type of its %s has no size", d->name, m->name);
	if (*has && *size != n)
		return refuse(l->to, -EBADMSG,
			      "map %.64s: the size of its %s is given as %u and, by its type, as %lld",
			      d->name, m->name, *size, (long long)n);
	*has = true;
	*size = (uint32_t)n;
	return 0;
}

/* __array(values, T) is `T *values[]`: T is the struct that defines the inner map, or a function. */
static int get_values(struct load *l, struct def *d, const struct btf_member_view *m, bool is_inner)
{
	const struct btf *b = &l->btf;
	struct btf_view v = btf_type(b, btf_plain(b, m->type));
	uint32_t id;

	if (is_inner)
		return refuse(l->to, -ENOTSUP, "map %.64s: a map of maps of maps: the kernel takes one level",
			      d->name);
	if (v.kind != BTF_ARRAY)
		return refuse(l->to, -EBADMSG, "map %.64s: values: expected an array (__array)", d->name);
	v = btf_type(b, btf_plain(b, btf_array(b, &v).type));
	if (v.kind != BTF_PTR)
		return refuse(l->to, -EBADMSG, "map %.64s: values: expected pointers", d->name);
	id = btf_plain(b, v.size_or_type);
	v = btf_type(b, id);
	if (v.kind != BTF_STRUCT && v.kind != BTF_FUNC_PROTO)
		return refuse(l->to, -EBADMSG,
			      "map %.64s: values: expected the struct of a map or a function", d->name);
	d->values_are_progs = v.kind == BTF_FUNC_PROTO;
	d->inner = d->values_are_progs ? 0 : id;
	if (m->bit_offset % 64)
		return refuse(l->to, -EBADMSG, "map %.64s: values begin at bit %u", d->name, m->bit_offset);
	d->slots = m->bit_offset / 8;
	d->has_value = true;
	d->value_size = 4;
	return 0;
}

static int get_member(struct load *l, struct def *d, const struct btf_member_view *m, bool is_inner)
{
	uint32_t size, ignored = 0;
	const struct {
		const char *name;
		uint32_t *to;
	} numbers[] = {
		{"type", &d->type},	  {"max_entries", &d->max_entries},
		{"map_flags", &d->flags}, {"numa_node", &ignored},
		{"map_extra", &ignored},  {"pinning", &ignored},
		{"key_size", &size},	  {"value_size", &size},
	};

	if (!strcmp(m->name, "key"))
		return get_size(l, d, m, &d->has_key, &d->key_size);
	if (!strcmp(m->name, "value"))
		return get_size(l, d, m, &d->has_value, &d->value_size);
	if (!strcmp(m->name, "values"))
		return get_values(l, d, m, is_inner);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		bool *has = !strcmp(m->name, "key_size") ? &d->has_key : &d->has_value;
		uint32_t *out = has == &d->has_key ? &d->key_size : &d->value_size;

		if (strcmp(m->name, numbers[i].name))
			continue;
		if (!get_uint(&l->btf, m, numbers[i].to))
			return refuse(l->to, -EBADMSG, "map %.64s: %s: expected a number (__uint)", d->name,
				      m->name);
		if (numbers[i].to == &size) {
			if (*has && *out != size)
				return refuse(l->to, -EBADMSG,
					      "map %.64s: %s %u does not fit its type of %u bytes", d->name,
					      m->name, size, *out);
			*has = true;
			*out = size;
		}
		if (ignored && !strcmp(m->name, "pinning"))
			return load_note(
				l,
				"map %.64s is pinned in the file system: every run begins with a fresh one",
				d->name);
		return 0;
	}
	return refuse(l->to, -ENOTSUP, "map %.64s: an attribute \"%.64s\" that is not known", d->name,
		      m->name);
}

static int read_def(struct load *l, struct def *d, uint32_t type, bool is_inner)
{
	struct btf_view v = btf_type(&l->btf, btf_plain(&l->btf, type));
	int ret;

	if (v.kind != BTF_STRUCT)
		return refuse(l->to, -EBADMSG, "map %.64s: expected a struct as its definition", d->name);
	if (v.vlen > 64)
		return refuse(l->to, -E2BIG, "map %.64s: %u attributes", d->name, v.vlen);
	for (uint32_t i = 0; i < v.vlen; i++) {
		struct btf_member_view m = btf_member(&l->btf, &v, i);

		ret = get_member(l, d, &m, is_inner);
		if (ret)
			return ret;
	}
	if (!d->type)
		return refuse(l->to, -EBADMSG, "map %.64s: no type is given", d->name);
	if (d->inner && d->type != MAP_OF_ARRAY && d->type != MAP_OF_HASH)
		return refuse(l->to, -EBADMSG, "map %.64s: holds maps, but is of type %u", d->name, d->type);
	if (d->values_are_progs && d->type != MAP_OF_PROGS)
		return refuse(l->to, -EBADMSG, "map %.64s: holds programs, but is of type %u", d->name,
			      d->type);
	return 0;
}

static int add_def(struct load *l, const struct def *d, const struct place *p)
{
	int i = load_add_map(l, d->name, p);
	struct isa_object_map *m;

	if (i < 0)
		return i;
	m = &l->obj->maps[i];
	m->type = d->type;
	m->key_size = d->key_size;
	m->value_size = d->value_size;
	m->max_entries = d->max_entries;
	m->flags = d->flags;
	return i;
}

static int add_map(struct load *l, const char *name, uint32_t type, const struct place *p)
{
	struct def d = {.name = name}, inner = {.name = name};
	struct place place = *p;
	int ret, outer, template;

	ret = read_def(l, &d, type, false);
	if (ret)
		return ret;
	place.has_slots = d.inner || d.values_are_progs;
	place.slots = d.slots;
	outer = add_def(l, &d, &place);
	if (outer < 0 || !d.inner)
		return outer < 0 ? outer : 0;
	ret = read_def(l, &inner, d.inner, true);
	if (ret)
		return ret;
	template = add_def(l, &inner, &(struct place){0});
	if (template <0)
		return template;
	l->obj->maps[template].is_template = true;
	l->obj->maps[outer].inner = (uint32_t) template;
	return 0;
}

static const struct symbol *symbol_in(const struct load *l, uint32_t section, const char *name)
{
	for (uint32_t i = 1; i < l->elf.n_symbols; i++)
		if (l->elf.symbols[i].section == section && !strcmp(l->elf.symbols[i].name, name))
			return &l->elf.symbols[i];
	return NULL;
}

static int read_typed(struct load *l, uint32_t section)
{
	const struct section *s = &l->elf.sections[section];
	struct btf_view sec;
	uint32_t id;
	int ret;

	if (!s->data)
		return 0;
	if (!l->has_btf)
		return refuse(l->to, -ENOTSUP,
			      "maps in .maps are defined by their types, but the object has no .BTF (compile "
			      "with -g)");
	id = btf_find(&l->btf, BTF_DATASEC, ".maps");
	if (!id)
		return refuse(l->to, -EBADMSG, ".BTF does not describe the section .maps");
	sec = btf_type(&l->btf, id);
	for (uint32_t i = 0; i < sec.vlen; i++) {
		struct btf_var_view var = btf_var(&l->btf, &sec, i);
		struct btf_view v = btf_type(&l->btf, var.type);
		const struct symbol *y;

		if (v.kind != BTF_VAR)
			return refuse(l->to, -EBADMSG, ".maps: entry %u is not a variable", i);
		y = symbol_in(l, section, v.name);
		if (!y)
			return refuse(l->to, -EBADMSG, "map %.64s: no symbol says where it is in .maps",
				      v.name);
		if (y->value > s->size || s->size - y->value < var.size)
			return refuse(l->to, -EBADMSG, "map %.64s: %u bytes at %llu, but .maps has %llu",
				      v.name, var.size, (unsigned long long)y->value,
				      (unsigned long long)s->size);
		if (load_map_at(l, section, y->value) != ISA_NO_MAP)
			return refuse(l->to, -EBADMSG, "map %.64s: another one is at the same place in .maps",
				      v.name);
		ret = add_map(l, v.name, v.size_or_type,
			      &(struct place){.section = section, .offset = y->value, .size = var.size});
		if (ret)
			return ret;
	}
	return 0;
}

/* ---- struct bpf_map_def ---- */

static bool is_legacy(const struct symbol *y, uint32_t section)
{
	return y->section == section && y->type != STT_SECTION && y->type != STT_FILE;
}

static int add_legacy(struct load *l, const struct symbol *y, const struct section *s, uint64_t size)
{
	struct place p = {.section = y->section, .offset = y->value, .size = size};
	struct isa_object_map *m;
	struct cursor c;
	bool more = false;
	int i;

	if (y->value % size || s->size - size < y->value)
		return refuse(l->to, -EBADMSG,
			      "map %.64s: begins at byte %llu of the section maps, whose entries have %llu "
			      "bytes each",
			      y->name, (unsigned long long)y->value, (unsigned long long)size);
	if (load_map_at(l, y->section, y->value) != ISA_NO_MAP)
		return refuse(l->to, -EBADMSG, "map %.64s: another one is at the same place in maps",
			      y->name);
	i = load_add_map(l, y->name, &p);
	if (i < 0)
		return i;
	m = &l->obj->maps[i];
	c = cursor_make(s->data + y->value, size);
	m->type = cursor_u32(&c);
	m->key_size = cursor_u32(&c);
	m->value_size = cursor_u32(&c);
	m->max_entries = cursor_u32(&c);
	m->flags = cursor_u32(&c);
	if (!m->type)
		return refuse(l->to, -EBADMSG, "map %.64s: no type is given", y->name);
	while (cursor_remaining(&c))
		more |= cursor_u8(&c) != 0;
	return more ? load_note(l, "map %.64s: what follows its first five numbers is ignored", y->name) : 0;
}

static int read_legacy(struct load *l, uint32_t section)
{
	const struct section *s = &l->elf.sections[section];
	uint64_t n = 0, size;
	int ret;

	for (uint32_t i = 1; i < l->elf.n_symbols; i++)
		n += is_legacy(&l->elf.symbols[i], section);
	if (!s->data || !n)
		return 0;
	size = s->size / n;
	if (s->size % n || size < LEGACY_BYTES)
		return refuse(l->to, -EBADMSG,
			      "maps: %llu definitions in %llu bytes: expected equal parts of at least %u",
			      (unsigned long long)n, (unsigned long long)s->size, LEGACY_BYTES);
	for (uint32_t i = 1; i < l->elf.n_symbols; i++) {
		if (!is_legacy(&l->elf.symbols[i], section))
			continue;
		ret = add_legacy(l, &l->elf.symbols[i], s, size);
		if (ret)
			return ret;
	}
	return load_note(l, "maps are defined by struct bpf_map_def in the section maps: libbpf 1.0 and "
			    "later refuse it (use .maps)");
}

int mapdef_read(struct load *l)
{
	uint32_t typed = elffile_find(&l->elf, ".maps"), legacy = elffile_find(&l->elf, "maps");
	int ret = typed ? read_typed(l, typed) : 0;

	if (!ret && legacy)
		ret = read_legacy(l, legacy);
	return ret;
}
