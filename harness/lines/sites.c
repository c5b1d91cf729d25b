/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "lines_impl.h"

#define CALLED "__sanitizer_cov_trace_pc"
#define CALL   0xe8 /* x86: call, with the distance from the next instruction in four bytes */
#define CALL_N 5

/* The address of a function by the symbol table; 0: not there. */
static uint64_t symbol(Elf *elf, const char *name)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Sym sym;

	while ((section = elf_nextscn(elf, section))) {
		Elf_Data *data;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_SYMTAB)
			continue;
		data = elf_getdata(section, NULL);
		for (int i = 0; data && gelf_getsym(data, i, &sym); i++) {
			const char *s = elf_strptr(elf, header.sh_link, sym.st_name);

			if (s && !strcmp(s, name))
				return sym.st_value;
		}
	}
	return 0;
}

/* The bytes of [start, end), which lie in one section of code. NULL: they are not there. */
static const uint8_t *code(Elf *elf, uint64_t start, uint64_t end)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section))) {
		Elf_Data *data;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_PROGBITS ||
		    !(header.sh_flags & SHF_EXECINSTR) || start < header.sh_addr ||
		    start - header.sh_addr > header.sh_size || end - header.sh_addr > header.sh_size)
			continue;
		data = elf_rawdata(section, NULL);
		if (data && data->d_buf && end - header.sh_addr <= data->d_size)
			return (const uint8_t *)data->d_buf + (start - header.sh_addr);
	}
	return NULL;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int lines_find_sites(struct lines *l, Elf *elf)
{
	uint64_t called = symbol(elf, CALLED);

	for (size_t b = 0; called && b < l->n_bodies; b++) {
		uint64_t start = l->body[b].start, n = l->body[b].end - start;
		const uint8_t *p = code(elf, start, start + n);

		for (uint64_t i = 0; p && i + CALL_N <= n; i++) {
			uint32_t distance;

			if (p[i] != CALL)
				continue;
			distance = (uint32_t)p[i + 1] | (uint32_t)p[i + 2] << 8 | (uint32_t)p[i + 3] << 16 |
				   (uint32_t)p[i + 4] << 24;
			if (start + i + CALL_N + (uint64_t)(int64_t)(int32_t)distance != called)
				continue;
			if (!lines_room((void **)&l->site, &l->cap_sites, l->n_sites, sizeof(*l->site)))
				return -ENOMEM;
			l->site[l->n_sites++] = start + i;
		}
	}
	if (l->n_sites)
		qsort(l->site, l->n_sites, sizeof(*l->site), compare);
	return 0;
}
