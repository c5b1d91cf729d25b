/* SPDX-License-Identifier: MIT */
/*
 * The ELF side of a BPF object: sections, symbols and relocations, checked before anyone follows an offset.
 * libelf reads them; what it would trust is looked at first.
 */
#ifndef ISA_ELFFILE_H
#define ISA_ELFFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "refuse.h"

struct section {
	const char *name;
	const uint8_t *data; /* NULL: nothing in the file (SHT_NOBITS) */
	uint64_t size;
	uint64_t flags;
	uint32_t type;
	uint32_t link, info;
};

struct symbol {
	const char *name;
	uint64_t value, size;
	uint32_t section; /* index, below n_sections; 0: undefined; SHN_ABS and others from 0xff00 on as they
			     are */
	uint8_t type, bind;
};

struct reloc {
	uint64_t offset;
	uint32_t type, symbol; /* symbol: index, below n_symbols */
};

struct elffile {
	struct section *sections; /* [0] is the empty one */
	struct symbol *symbols;
	uint32_t n_sections, n_symbols;
	uint32_t symtab; /* section, 0: none */
	struct Elf *elf;
};

/* Reads bytes[0..n), which the file goes on using and may change. 0 or -errno with a sentence in *to. */
int elffile_read(struct elffile *f, uint8_t *bytes, size_t n, const struct refusal *to);
void elffile_fini(struct elffile *f);

/* The index of the section of that name, 0: none. */
uint32_t elffile_find(const struct elffile *f, const char *name);

/* Entry i of the relocations of section s (SHT_REL, checked by elffile_read). False: damaged. */
bool elffile_reloc(const struct elffile *f, const struct section *s, uint32_t i, struct reloc *r);
/* How many there are. */
uint32_t elffile_n_relocs(const struct section *s);

#endif
