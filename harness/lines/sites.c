/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "lines_impl.h"

#define CALLED "__sanitizer_cov_trace_pc"

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
	const struct lines_site *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static int add_site(struct lines *l, uint64_t start, unsigned n)
{
	if (!lines_room((void **)&l->site, &l->cap_sites, l->n_sites, sizeof(*l->site)))
		return -ENOMEM;
	l->site[l->n_sites++] = (struct lines_site){start, start + n};
	return 0;
}

static uint64_t little(const uint8_t *p, unsigned n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

/*
 * Code of a User-Mode Linux calls through a register that it has loaded before, often once for a function
 * (-mcmodel=large). What a register holds is known from the last such load in the order of the addresses;
 * those that a call may change are forgotten at each call.
 */
struct registers {
	uint64_t holds[16];
};

enum { REX_W = 0x48, REX_B = 1, MOV_IMM64 = 0xb8, CALL_MODRM = 0xff, CALL_REG = 0xd0, CALL_REL = 0xe8 };

static void after_call(struct registers *r)
{
	static const unsigned changed[] = {0, 1, 2, 6, 7, 8, 9, 10, 11}; /* rax, rcx, rdx, rsi, rdi, r8-r11 */

	for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++)
		r->holds[changed[i]] = 0;
}

/* One place of the code: is it a call of the function? Its length, or 0. n bytes are there. */
static unsigned call_at(struct registers *r, const uint8_t *p, uint64_t n, uint64_t address, uint64_t called)
{
	unsigned prefix = p[0] == (0x40 | REX_B) ? 1 : 0, reg;
	bool yes;

	if (n >= 5 && p[0] == CALL_REL &&
	    address + 5 + (uint64_t)(int64_t)(int32_t)little(p + 1, 4) == called) {
		after_call(r);
		return 5;
	}
	if (n >= 10 && (p[0] & ~REX_B) == REX_W && (p[1] & 0xf8) == MOV_IMM64) {
		r->holds[(p[1] & 7) | (p[0] & REX_B) << 3] = little(p + 2, 8);
		return 0;
	}
	if (n < 2 + prefix || p[prefix] != CALL_MODRM || (p[prefix + 1] & 0xf8) != CALL_REG)
		return 0;
	reg = (p[prefix + 1] & 7) | prefix << 3;
	yes = r->holds[reg] == called;
	after_call(r);
	return yes ? 2 + prefix : 0;
}

int lines_find_sites(struct lines *l, Elf *elf)
{
	uint64_t called = symbol(elf, CALLED);
	struct registers r = {{0}};
	int ret = 0;

	for (size_t b = 0; called && b < l->n_bodies; b++) {
		uint64_t start = l->body[b].start, n = l->body[b].end - start;
		const uint8_t *p = code(elf, start, start + n);

		if (!b || l->body[b].nth != l->body[b - 1].nth)
			memset(&r, 0, sizeof(r));
		for (uint64_t i = 0; p && i < n && !ret;) {
			unsigned length = call_at(&r, p + i, n - i, start + i, called);

			if (length)
				ret = add_site(l, start + i, length);
			i += length ? length : 1;
		}
	}
	if (l->n_sites)
		qsort(l->site, l->n_sites, sizeof(*l->site), compare);
	return ret;
}
