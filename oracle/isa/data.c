/* SPDX-License-Identifier: MIT */
/* .data, .rodata, .bss and their variants: each is an array with one value (libbpf: SEC_DATA, SEC_RODATA,
 * SEC_BSS). */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

#define MOST_DATA (16ull << 20) /* of all sections */

static bool named(const char *section, const char *kind)
{
	size_t n = strlen(kind);

	return !strncmp(section, kind, n) && (!section[n] || section[n] == '.');
}

static int add(struct load *l, uint32_t i, bool readonly)
{
	const struct section *s = &l->elf.sections[i];
	struct isa_object_map *m;
	int map;

	l->data_bytes += s->size;
	if (s->size > MOST_DATA || l->data_bytes > MOST_DATA)
		return refuse(l->to, -E2BIG, "section %.64s: more than %llu bytes of data", s->name,
			      MOST_DATA);
	map = load_add_data(l, s->name, (uint32_t)s->size, readonly);
	if (map < 0)
		return map;
	l->data_map[i] = (uint32_t)map;
	m = &l->obj->maps[map];
	if (s->data)
		memcpy(m->initial, s->data, s->size);
	return 0;
}

/* libbpf relocates no data. */
static int note_relocs(struct load *l)
{
	const struct elffile *f = &l->elf;
	int ret = 0;

	for (uint32_t i = 1; i < f->n_sections && !ret; i++) {
		const struct section *s = &f->sections[i];

		if (s->type == SHT_REL && s->data && l->data_map[s->info] != ISA_NO_MAP)
			ret = load_note(l,
					"section %.64s holds pointers to other data: as with libbpf they "
					"stay offsets, not addresses",
					f->sections[s->info].name);
	}
	return ret;
}

int data_read(struct load *l)
{
	int ret;

	for (uint32_t i = 1; i < l->elf.n_sections; i++) {
		const struct section *s = &l->elf.sections[i];
		bool readonly = named(s->name, ".rodata");

		if (!s->size || (s->type != SHT_PROGBITS && s->type != SHT_NOBITS) ||
		    (s->flags & SHF_EXECINSTR))
			continue;
		if (!readonly && !named(s->name, ".data") && !named(s->name, ".bss"))
			continue;
		ret = add(l, i, readonly);
		if (ret)
			return ret;
	}
	return note_relocs(l);
}
