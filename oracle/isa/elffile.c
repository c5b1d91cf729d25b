/* SPDX-License-Identifier: MIT */
/*
 * The header and the section headers are checked byte by byte before libelf sees the file: it is a reader for
 * files that a linker made, not for files that somebody made up.
 */
#include "elffile.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/buf.h"
#include "harness/base/names.h"

#define EHDR_BYTES    64u
#define SHDR_BYTES    64u
#define SYM_BYTES     24u
#define REL_BYTES     16u
#define MOST_SECTIONS 4096u
#define MOST_SYMBOLS  65536u
#define BPF_MACHINE   247u /* EM_BPF */

struct ehdr {
	uint16_t type, machine, shentsize, shnum, shstrndx;
	uint64_t shoff;
};

struct shdr {
	uint32_t name, type, link, info;
	uint64_t flags, offset, size, entsize;
};

struct reading {
	struct elffile *f;
	uint8_t *bytes;
	size_t n;
	struct ehdr eh;
	struct shdr *sh;
	const struct refusal *to;
};

static const struct name machines[] = {
	{"i386", 3},	{"PowerPC 64", 21}, {"S/390", 22},   {"Arm", 40},
	{"x86-64", 62}, {"AArch64", 183},   {"RISC-V", 243}, {NULL, 0},
};

static const struct name file_types[] = {
	{"an executable", ET_EXEC},
	{"a shared object or a position-independent executable", ET_DYN},
	{"a core file", ET_CORE},
	{NULL, 0},
};

/* ---- the header ---- */

static int check_ident(struct reading *r)
{
	const uint8_t *b = r->bytes;

	if (r->n < 4 || memcmp(b, ELFMAG, SELFMAG))
		return refuse(r->to, -ENOTSUP,
			      "not an ELF object: expected it to begin with the bytes 7f 45 4c 46 (compile "
			      "with clang -target bpf -c)");
	if (r->n < EHDR_BYTES)
		return refuse(r->to, -EBADMSG, "the ELF header is cut off: it has %u bytes, the object %zu",
			      EHDR_BYTES, r->n);
	if (b[EI_CLASS] != ELFCLASS64)
		return refuse(r->to, -ENOTSUP, "expected a 64-bit ELF object, found class %u", b[EI_CLASS]);
	if (b[EI_DATA] == ELFDATA2MSB)
		return refuse(r->to, -ENOTSUP,
			      "a big-endian object: only little-endian ones are read (compile with clang "
			      "-target bpfel)");
	if (b[EI_DATA] != ELFDATA2LSB)
		return refuse(r->to, -EBADMSG, "expected a little-endian ELF object, found byte order %u",
			      b[EI_DATA]);
	return 0;
}

static int check_header(struct reading *r)
{
	struct ehdr *eh = &r->eh;
	struct cursor c;
	const char *name;
	int ret = check_ident(r);

	if (ret)
		return ret;
	c = cursor_make(r->bytes + 16, EHDR_BYTES - 16);
	eh->type = cursor_u16(&c);
	eh->machine = cursor_u16(&c);
	c = cursor_make(r->bytes + 40, 8);
	eh->shoff = cursor_u64(&c);
	c = cursor_make(r->bytes + 58, 6);
	eh->shentsize = cursor_u16(&c);
	eh->shnum = cursor_u16(&c);
	eh->shstrndx = cursor_u16(&c);
	if (eh->machine != BPF_MACHINE) {
		name = name_of(machines, eh->machine);
		return refuse(
			r->to, -ENOTSUP,
			"an object for machine %u%s%s%s: expected %u (BPF; compile with clang -target bpf)",
			eh->machine, name ? " (" : "", name ? name : "", name ? ")" : "", BPF_MACHINE);
	}
	if (eh->type != ET_REL) {
		name = name_of(file_types, eh->type);
		return refuse(
			r->to, -ENOTSUP,
			"%s (ELF type %u): expected a relocatable object (type 1), as clang -c writes it",
			name ? name : "a file of unknown kind", eh->type);
	}
	if (!eh->shoff || !eh->shnum)
		return refuse(r->to, -EBADMSG, "no section headers: an object has at least one section");
	if (eh->shentsize != SHDR_BYTES)
		return refuse(r->to, -EBADMSG, "section headers of %u bytes: expected %u", eh->shentsize,
			      SHDR_BYTES);
	if (eh->shnum > MOST_SECTIONS)
		return refuse(r->to, -E2BIG, "%u sections: at most %u are read", eh->shnum, MOST_SECTIONS);
	if (eh->shoff > r->n || (r->n - eh->shoff) / SHDR_BYTES < eh->shnum)
		return refuse(r->to, -EBADMSG,
			      "cut off: %u section headers begin at byte %llu, the object has %zu bytes",
			      eh->shnum, (unsigned long long)eh->shoff, r->n);
	if (!eh->shstrndx || eh->shstrndx >= eh->shnum)
		return refuse(r->to, -EBADMSG, "the table of section names is section %u of %u", eh->shstrndx,
			      eh->shnum);
	return 0;
}

/* ---- section headers ---- */

static bool in_file(const struct shdr *s)
{
	return s->type != SHT_NULL && s->type != SHT_NOBITS && s->size;
}

static int check_entries(struct reading *r, uint32_t i, uint32_t bytes, const char *what)
{
	const struct shdr *s = &r->sh[i];

	if (s->entsize != bytes || s->size % bytes)
		return refuse(r->to, -EBADMSG, "section %u: %s of %llu bytes in %llu: expected %u each", i,
			      what, (unsigned long long)s->entsize, (unsigned long long)s->size, bytes);
	if (s->link >= r->eh.shnum)
		return refuse(r->to, -EBADMSG, "section %u: is linked to section %u of %u", i, s->link,
			      r->eh.shnum);
	return 0;
}

static int check_section(struct reading *r, uint32_t i)
{
	const struct shdr *s = &r->sh[i];
	int ret;

	if (in_file(s) && (s->offset > r->n || r->n - s->offset < s->size))
		return refuse(r->to, -EBADMSG,
			      "section %u: cut off: %llu bytes at byte %llu, the object has %zu", i,
			      (unsigned long long)s->size, (unsigned long long)s->offset, r->n);
	if (s->flags & SHF_COMPRESSED)
		return refuse(r->to, -ENOTSUP,
			      "section %u: compressed: expected plain sections (compile without -gz)", i);
	if (s->type == SHT_SYMTAB) {
		ret = check_entries(r, i, SYM_BYTES, "symbols");
		if (!ret && r->sh[s->link].type != SHT_STRTAB)
			ret = refuse(r->to, -EBADMSG,
				     "section %u: the names of its symbols are in section %u, which holds no "
				     "names",
				     i, s->link);
		return ret;
	}
	if (s->type == SHT_REL) {
		ret = check_entries(r, i, REL_BYTES, "relocations");
		if (!ret && s->info >= r->eh.shnum)
			ret = refuse(r->to, -EBADMSG, "section %u: relocations for section %u of %u", i,
				     s->info, r->eh.shnum);
		return ret;
	}
	if (s->type == SHT_STRTAB && s->size && (!in_file(s) || r->bytes[s->offset + s->size - 1]))
		return refuse(r->to, -EBADMSG,
			      "section %u: a table of names that does not end with a zero byte", i);
	return 0;
}

struct range {
	uint64_t from, to;
	uint32_t section; /* shnum: the section headers, shnum + 1: the ELF header */
};

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

static void range_name(const struct reading *r, uint32_t section, char *out, size_t n)
{
	if (section == r->eh.shnum)
		snprintf(out, n, "the section headers");
	else if (section > r->eh.shnum)
		snprintf(out, n, "the ELF header");
	else
		snprintf(out, n, "section %u", section);
}

/* Names are cleaned in place and the types read before: no byte may have two meanings. */
static int check_overlaps(struct reading *r)
{
	uint32_t n = 0, shnum = r->eh.shnum;
	struct range *v = calloc(shnum + 2, sizeof(*v));
	char one[32], two[32];
	int ret = 0;

	if (!v)
		return refuse_memory(r->to);
	v[n++] = (struct range){0, EHDR_BYTES, shnum + 1};
	v[n++] = (struct range){r->eh.shoff, r->eh.shoff + (uint64_t)shnum * SHDR_BYTES, shnum};
	for (uint32_t i = 1; i < shnum; i++)
		if (in_file(&r->sh[i]))
			v[n++] = (struct range){r->sh[i].offset, r->sh[i].offset + r->sh[i].size, i};
	qsort(v, n, sizeof(*v), by_start);
	for (uint32_t i = 1; i < n && !ret; i++) {
		if (v[i].from >= v[i - 1].to)
			continue;
		range_name(r, v[i - 1].section, one, sizeof(one));
		range_name(r, v[i].section, two, sizeof(two));
		ret = refuse(r->to, -EBADMSG, "%s and %s overlap at byte %llu", one, two,
			     (unsigned long long)v[i].from);
	}
	free(v);
	return ret;
}

static int read_headers(struct reading *r)
{
	struct cursor c = cursor_make(r->bytes + r->eh.shoff, (size_t)r->eh.shnum * SHDR_BYTES);
	int ret;

	r->sh = calloc(r->eh.shnum + 1u, sizeof(*r->sh));
	if (!r->sh)
		return refuse_memory(r->to);
	for (uint32_t i = 0; i < r->eh.shnum; i++) {
		struct shdr *s = &r->sh[i];

		s->name = cursor_u32(&c);
		s->type = cursor_u32(&c);
		s->flags = cursor_u64(&c);
		cursor_u64(&c); /* address */
		s->offset = cursor_u64(&c);
		s->size = cursor_u64(&c);
		s->link = cursor_u32(&c);
		s->info = cursor_u32(&c);
		cursor_u64(&c); /* alignment */
		s->entsize = cursor_u64(&c);
	}
	for (uint32_t i = 1; i < r->eh.shnum; i++) {
		ret = check_section(r, i);
		if (ret)
			return ret;
	}
	if (r->sh[r->eh.shstrndx].type != SHT_STRTAB)
		return refuse(r->to, -EBADMSG, "section %u should hold the section names, but holds no names",
			      r->eh.shstrndx);
	return check_overlaps(r);
}

/* ---- through libelf ---- */

/* Names are printed: a control byte in one becomes a '?'. */
static void clean_names(struct reading *r)
{
	for (uint32_t i = 1; i < r->eh.shnum; i++) {
		const struct shdr *s = &r->sh[i];

		for (uint64_t k = 0; s->type == SHT_STRTAB && k < s->size; k++) {
			uint8_t *b = &r->bytes[s->offset + k];

			if (*b && (*b < ' ' || *b > '~'))
				*b = '?';
		}
	}
}

/* A name in a table of names (NUL at its end: check_section), NULL if it is outside. */
static const char *name_at(const struct reading *r, uint32_t table, uint32_t offset)
{
	const struct shdr *s = &r->sh[table];

	if (!s->size && !offset)
		return "";
	return offset < s->size ? (const char *)r->bytes + s->offset + offset : NULL;
}

static int read_sections(struct reading *r)
{
	struct elffile *f = r->f;

	f->sections = calloc(r->eh.shnum + 1u, sizeof(*f->sections));
	if (!f->sections)
		return refuse_memory(r->to);
	f->n_sections = r->eh.shnum;
	f->sections[0].name = "";
	for (uint32_t i = 1; i < f->n_sections; i++) {
		struct section *s = &f->sections[i];
		Elf_Scn *scn = elf_getscn(f->elf, i);
		GElf_Shdr sh;

		if (!scn || !gelf_getshdr(scn, &sh))
			return refuse(r->to, -EBADMSG, "section %u: libelf: %s", i, elf_errmsg(-1));
		s->name = name_at(r, r->eh.shstrndx, sh.sh_name);
		if (!s->name)
			return refuse(r->to, -EBADMSG,
				      "section %u: its name is at %u, outside the table of names", i,
				      sh.sh_name);
		s->size = sh.sh_size;
		s->type = sh.sh_type;
		s->flags = sh.sh_flags;
		s->link = sh.sh_link;
		s->info = sh.sh_info;
		if (in_file(&r->sh[i]))
			s->data = r->bytes + r->sh[i].offset; /* lives longer than libelf's view of it */
	}
	return 0;
}

static int read_symbols(struct reading *r)
{
	struct elffile *f = r->f;
	const struct section *s;
	Elf_Data *data;

	for (uint32_t i = 1; i < f->n_sections; i++) {
		if (f->sections[i].type != SHT_SYMTAB)
			continue;
		if (f->symtab)
			return refuse(r->to, -EBADMSG, "sections %u and %u are both symbol tables", f->symtab,
				      i);
		f->symtab = i;
	}
	s = &f->sections[f->symtab];
	if (!f->symtab || !s->size)
		return refuse(r->to, -EBADMSG,
			      "no symbol table: the object was stripped (use llvm-strip -g, which keeps it)");
	if (s->size / SYM_BYTES > MOST_SYMBOLS)
		return refuse(r->to, -E2BIG, "%llu symbols: at most %u are read",
			      (unsigned long long)(s->size / SYM_BYTES), MOST_SYMBOLS);
	f->n_symbols = (uint32_t)(s->size / SYM_BYTES);
	f->symbols = calloc(f->n_symbols, sizeof(*f->symbols));
	if (!f->symbols)
		return refuse_memory(r->to);
	data = elf_getdata(elf_getscn(f->elf, f->symtab), NULL);
	for (uint32_t i = 0; i < f->n_symbols; i++) {
		struct symbol *y = &f->symbols[i];
		GElf_Sym sym;

		if (!data || !gelf_getsym(data, (int)i, &sym))
			return refuse(r->to, -EBADMSG, "symbol %u: libelf: %s", i, elf_errmsg(-1));
		*y = (struct symbol){.value = sym.st_value,
				     .size = sym.st_size,
				     .section = sym.st_shndx,
				     .type = GELF_ST_TYPE(sym.st_info),
				     .bind = GELF_ST_BIND(sym.st_info)};
		y->name = name_at(r, s->link, sym.st_name);
		if (!y->name)
			return refuse(r->to, -EBADMSG,
				      "symbol %u: its name is at %u, outside the table of names", i,
				      sym.st_name);
		if (y->section >= f->n_sections && y->section < SHN_LORESERVE)
			return refuse(r->to, -EBADMSG, "symbol %u (%.64s): is in section %u of %u", i,
				      y->name, y->section, f->n_sections);
	}
	return 0;
}

/* Every relocation names a symbol that there is. */
static int check_relocs(struct reading *r)
{
	const struct elffile *f = r->f;

	for (uint32_t i = 1; i < f->n_sections; i++) {
		const struct section *s = &f->sections[i];
		struct reloc rel;

		if (s->type == SHT_RELA &&
		    (f->sections[s->info < f->n_sections ? s->info : 0].flags & SHF_EXECINSTR))
			return refuse(
				r->to, -ENOTSUP,
				"section %u (%.64s): relocations with addends: BPF objects have them without",
				i, s->name);
		if (s->type != SHT_REL)
			continue;
		if (s->link != f->symtab)
			return refuse(r->to, -EBADMSG,
				      "section %u (%.64s): its symbols are in section %u: expected %u", i,
				      s->name, s->link, f->symtab);
		for (uint32_t k = 0; k < elffile_n_relocs(s); k++)
			if (!elffile_reloc(f, s, k, &rel))
				return refuse(r->to, -EBADMSG,
					      "section %u (%.64s): relocation %u names symbol %u of %u", i,
					      s->name, k, rel.symbol, f->n_symbols);
	}
	return 0;
}

int elffile_read(struct elffile *f, uint8_t *bytes, size_t n, const struct refusal *to)
{
	struct reading r = {.f = f, .bytes = bytes, .n = n, .to = to};
	int ret;

	*f = (struct elffile){0};
	ret = check_header(&r);
	if (!ret)
		ret = read_headers(&r);
	if (!ret) {
		clean_names(&r);
		elf_version(EV_CURRENT);
		f->elf = elf_memory((char *)bytes, n);
		if (!f->elf)
			ret = refuse(to, -EBADMSG, "libelf: %s", elf_errmsg(-1));
	}
	if (!ret)
		ret = read_sections(&r);
	if (!ret)
		ret = read_symbols(&r);
	if (!ret)
		ret = check_relocs(&r);
	free(r.sh);
	if (ret)
		elffile_fini(f);
	return ret;
}

void elffile_fini(struct elffile *f)
{
	free(f->sections);
	free(f->symbols);
	elf_end(f->elf);
	*f = (struct elffile){0};
}

uint32_t elffile_find(const struct elffile *f, const char *name)
{
	for (uint32_t i = 1; i < f->n_sections; i++)
		if (!strcmp(f->sections[i].name, name))
			return i;
	return 0;
}

uint32_t elffile_n_relocs(const struct section *s)
{
	return s->data ? (uint32_t)(s->size / REL_BYTES) : 0;
}

bool elffile_reloc(const struct elffile *f, const struct section *s, uint32_t i, struct reloc *r)
{
	struct cursor c = cursor_make(s->data + (size_t)i * REL_BYTES, REL_BYTES);

	r->offset = cursor_u64(&c);
	r->type = cursor_u32(&c);
	r->symbol = cursor_u32(&c);
	return r->symbol < f->n_symbols;
}
