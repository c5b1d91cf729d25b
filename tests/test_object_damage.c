/* SPDX-License-Identifier: MIT */
/*
 * Damaged objects: each row changes one thing in a sound object and expects the sentence that names it. The
 * bytes are changed here through <elf.h>, not by the reader's own code.
 */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "oracle/isa/object.h"

#define MOST (8u << 20)

struct image {
	uint8_t *p;
	size_t n;
};

static Elf64_Ehdr *head(struct image *m)
{
	return (Elf64_Ehdr *)m->p;
}

static Elf64_Shdr *header(struct image *m, unsigned i)
{
	return (Elf64_Shdr *)(m->p + head(m)->e_shoff) + i;
}

static unsigned index_of(struct image *m, const char *name)
{
	const char *names = (const char *)m->p + header(m, head(m)->e_shstrndx)->sh_offset;

	for (unsigned i = 1; i < head(m)->e_shnum; i++)
		if (!strcmp(names + header(m, i)->sh_name, name))
			return i;
	fail_msg("no section %s", name);
	return 0;
}

static Elf64_Shdr *section(struct image *m, const char *name)
{
	return header(m, index_of(m, name));
}

static uint8_t *data(struct image *m, const char *name)
{
	return m->p + section(m, name)->sh_offset;
}

static Elf64_Sym *symbol(struct image *m, const char *name)
{
	Elf64_Shdr *table = section(m, ".symtab");
	const char *names = (const char *)m->p + header(m, table->sh_link)->sh_offset;
	Elf64_Sym *y = (Elf64_Sym *)(m->p + table->sh_offset);

	for (size_t i = 0; i < table->sh_size / sizeof(*y); i++)
		if (!strcmp(names + y[i].st_name, name))
			return &y[i];
	fail_msg("no symbol %s", name);
	return NULL;
}

static Elf64_Rel *rel(struct image *m, const char *name, unsigned i)
{
	return (Elf64_Rel *)data(m, name) + i;
}

/* The name of a section becomes another one of the same length. */
static void rename_section(struct image *m, const char *from, const char *to)
{
	char *names = (char *)m->p + header(m, head(m)->e_shstrndx)->sh_offset;

	memcpy(names + section(m, from)->sh_name, to, strlen(to));
}

static uint32_t *word(struct image *m, const char *name, size_t offset)
{
	return (uint32_t *)(data(m, name) + offset);
}

static uint32_t ext_part(struct image *m, unsigned part) /* offset of a part of .BTF.ext */
{
	return *word(m, ".BTF.ext", 4) + *word(m, ".BTF.ext", 8 + 8 * part);
}

#define DAMAGE(name) static void name(struct image *m)

/* clang-format off */
DAMAGE(empty) { m->n = 0; }
DAMAGE(magic) { m->p[0] = 'M'; }
DAMAGE(short_header) { m->n = 40; }
DAMAGE(class32) { m->p[EI_CLASS] = ELFCLASS32; }
DAMAGE(big_endian) { m->p[EI_DATA] = ELFDATA2MSB; }
DAMAGE(no_endian) { m->p[EI_DATA] = 7; }
DAMAGE(machine) { head(m)->e_machine = EM_X86_64; }
DAMAGE(executable) { head(m)->e_type = ET_EXEC; }
DAMAGE(shared) { head(m)->e_type = ET_DYN; }
DAMAGE(no_sections) { head(m)->e_shnum = 0; }
DAMAGE(many_sections) { head(m)->e_shnum = 0xfeff; }
DAMAGE(far_headers) { head(m)->e_shoff = UINT64_MAX - 100; }
DAMAGE(cut_headers) { m->n -= 1; }
DAMAGE(entry_size) { head(m)->e_shentsize = 40; }
DAMAGE(names_index) { head(m)->e_shstrndx = head(m)->e_shnum; }
DAMAGE(names_kind) { head(m)->e_shstrndx = (uint16_t)index_of(m, "license"); }
DAMAGE(names_open) { m->p[header(m, head(m)->e_shstrndx)->sh_offset + header(m, head(m)->e_shstrndx)->sh_size - 1] = 'x'; }
DAMAGE(section_name) { section(m, "license")->sh_name = 1 << 30; }
DAMAGE(section_far) { section(m, "license")->sh_offset = m->n - 1; }
DAMAGE(section_huge) { section(m, "license")->sh_size = UINT64_MAX; }
DAMAGE(compressed) { section(m, "license")->sh_flags |= SHF_COMPRESSED; }
DAMAGE(overlap) { section(m, "license")->sh_offset = section(m, ".maps")->sh_offset + 4; }
DAMAGE(overlap_head) { section(m, "license")->sh_offset = 0; }
DAMAGE(symbol_size) { section(m, ".symtab")->sh_entsize = 16; }
DAMAGE(symbol_names) { section(m, ".symtab")->sh_link = (uint32_t)index_of(m, ".maps"); }
DAMAGE(symbol_link) { section(m, ".symtab")->sh_link = 9999; }
DAMAGE(stripped)
{
	section(m, ".symtab")->sh_type = SHT_PROGBITS;
	section(m, ".symtab")->sh_flags = 0;
	for (unsigned i = 1; i < head(m)->e_shnum; i++)
		if (header(m, i)->sh_type == SHT_REL)
			header(m, i)->sh_type = SHT_PROGBITS;
}
DAMAGE(two_tables)
{
	Elf64_Shdr *s = section(m, ".debug_frame");
	s->sh_type = SHT_SYMTAB;
	s->sh_size = s->sh_entsize = 24;
	s->sh_link = section(m, ".symtab")->sh_link;
}
DAMAGE(symbol_section) { symbol(m, "tail")->st_shndx = 0x7000; }
DAMAGE(symbol_name) { symbol(m, "tail")->st_name = 1 << 30; }
DAMAGE(reloc_symbol) { rel(m, ".relcgroup/getsockopt", 0)->r_info = ELF64_R_INFO(99999, 1); }
DAMAGE(reloc_kind) { rel(m, ".rel.text", 0)->r_info |= 2; }
DAMAGE(reloc_far) { rel(m, ".relcgroup/getsockopt", 0)->r_offset = 1 << 20; }
DAMAGE(reloc_middle) { rel(m, ".rel.text", 0)->r_offset += 8; }
DAMAGE(reloc_plain) { rel(m, ".rel.text", 0)->r_offset = 0; }
DAMAGE(reloc_twice) { rel(m, ".rel.text", 1)->r_offset = rel(m, ".rel.text", 0)->r_offset; }
DAMAGE(reloc_target) { section(m, ".rel.text")->sh_info = 9999; }
DAMAGE(reloc_addends) { section(m, ".rel.text")->sh_type = SHT_RELA; }
DAMAGE(reloc_table) { section(m, ".rel.text")->sh_link = 1; }
DAMAGE(special) { symbol(m, "in_data")->st_shndx = SHN_COMMON; }
DAMAGE(data_far) { symbol(m, "in_data")->st_value = 4; }
DAMAGE(data_elsewhere) { symbol(m, "in_data")->st_shndx = (uint16_t)index_of(m, "license"); }
DAMAGE(map_middle) { symbol(m, "events")->st_value += 8; }
DAMAGE(call_middle)
{
	symbol(m, "second")->st_value += 8;
	symbol(m, "second")->st_size -= 8;
	symbol(m, "first")->st_value += 8;
	symbol(m, "first")->st_size -= 8;
}
DAMAGE(call_elsewhere)
{
	symbol(m, "second")->st_shndx = (uint16_t)index_of(m, "socket");
	symbol(m, "second")->st_value = 0;
	symbol(m, "second")->st_size = 8;
	symbol(m, "other")->st_value = 8;
	symbol(m, "other")->st_size = 8;
}
DAMAGE(func_odd) { symbol(m, "tail")->st_size = 9; }
DAMAGE(func_far) { symbol(m, "tail")->st_size = 1 << 20; }
DAMAGE(func_static) { symbol(m, "other")->st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC); }
DAMAGE(func_overlap) { symbol(m, "every")->st_value -= 8; }
DAMAGE(func_ends) { data(m, "socket")[8] = 0x18; }
DAMAGE(func_half) { data(m, "socket")[0] = 0x18; }
DAMAGE(licence_open) { data(m, "license")[section(m, "license")->sh_size - 1] = 'x'; }
DAMAGE(no_btf) { rename_section(m, ".BTF", ".FTB"); }
DAMAGE(btf_magic) { *word(m, ".BTF", 0) ^= 1; }
DAMAGE(btf_short) { section(m, ".BTF")->sh_size = 20; }
DAMAGE(btf_header) { *word(m, ".BTF", 4) = 1 << 30; }
DAMAGE(btf_parts) { *word(m, ".BTF", 16) = 0; }
DAMAGE(btf_strings) { data(m, ".BTF")[24 + *word(m, ".BTF", 16)] = 'x'; }
DAMAGE(btf_kind) { *word(m, ".BTF", 24 + 4) = 31u << 24; }
DAMAGE(btf_type) { *word(m, ".BTF", 24 + 8) = 1 << 20; }
DAMAGE(btf_name) { *word(m, ".BTF", 24) = 1 << 28; }
DAMAGE(btf_cut) { *word(m, ".BTF", 12) -= 4; }
DAMAGE(ext_magic) { *word(m, ".BTF.ext", 0) ^= 1; }
DAMAGE(ext_header) { *word(m, ".BTF.ext", 4) = 8; }
DAMAGE(ext_lines) { *word(m, ".BTF.ext", 20) = 1 << 30; }
DAMAGE(ext_record) { *word(m, ".BTF.ext", ext_part(m, 1)) = 12; }
DAMAGE(ext_count) { *word(m, ".BTF.ext", ext_part(m, 1) + 8) = 1 << 30; }
DAMAGE(ext_order) { *word(m, ".BTF.ext", ext_part(m, 1) + 12 + 16) = 0; }
DAMAGE(ext_text) { *word(m, ".BTF.ext", ext_part(m, 1) + 12 + 8) = 1 << 30; }
DAMAGE(ext_core) { *word(m, ".BTF.ext", ext_part(m, 2) + 12 + 4) = 1 << 30; }
DAMAGE(strong) { symbol(m, "CONFIG_HOOKDIFF_WEAK")->st_info = ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE); }
DAMAGE(huge_bss) { section(m, ".bss")->sh_size = 1ull << 40; }
DAMAGE(map_symbol) { symbol(m, "events")->st_shndx = (uint16_t)index_of(m, ".data"); }
DAMAGE(map_beyond) { symbol(m, "events")->st_value = 1 << 20; }
DAMAGE(map_same) { symbol(m, "events")->st_value = symbol(m, "progs")->st_value; }
DAMAGE(slot_far) { rel(m, ".rel.maps", 0)->r_offset = 0; }
DAMAGE(slot_odd) { rel(m, ".rel.maps", 0)->r_offset += 1; }
DAMAGE(slot_value) { rel(m, ".rel.maps", 0)->r_info = rel(m, ".rel.maps", 2)->r_info; }
DAMAGE(no_program)
{
	for (const char *const *s = (const char *const[]){"tail", "every", "core", "kernel_type",
							  "kernel_function", "other", NULL};
	     *s; s++)
		symbol(m, *s)->st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT);
}
/* The name of an attribute in the strings of .BTF. */
static void rename_attribute(struct image *m, const char *from, const char *to)
{
	size_t n = strlen(from) + 1;
	uint8_t *p = memmem(data(m, ".BTF"), section(m, ".BTF")->sh_size, from, n);

	assert_non_null(p);
	assert_int_equal(p[-1], 0);
	memcpy(p, to, n);
}

DAMAGE(map_attribute) { rename_attribute(m, "pinning", "pinninh"); }

DAMAGE(legacy_uneven) { section(m, "maps")->sh_size -= 3; }
DAMAGE(legacy_place) { symbol(m, "first")->st_value = 4; }
DAMAGE(legacy_same) { symbol(m, "first")->st_value = symbol(m, "second")->st_value; }
DAMAGE(legacy_type) { *word(m, "maps", 0) = 0; }

/* clang-format on */

static const char features[] = "tests/objects/features", legacy[] = "tests/objects/legacy";

#define ROW(file, fn, text)                                                                                  \
	{                                                                                                    \
		file, #fn, fn, text                                                                          \
	}
static const struct {
	const char *file, *name;
	void (*damage)(struct image *m);
	const char *says;
} rows[] = {
	ROW(features, empty, "not an ELF object"),
	ROW(features, magic, "not an ELF object"),
	ROW(features, short_header, "the ELF header is cut off: it has 64 bytes, the object 40"),
	ROW(features, class32, "expected a 64-bit ELF object, found class 1"),
	ROW(features, big_endian, "a big-endian object"),
	ROW(features, no_endian, "found byte order 7"),
	ROW(features, machine, "machine 62 (x86-64): expected 247 (BPF"),
	ROW(features, executable, "an executable (ELF type 2): expected a relocatable object"),
	ROW(features, shared, "a shared object or a position-independent executable (ELF type 3)"),
	ROW(features, no_sections, "no section headers"),
	ROW(features, many_sections, "65279 sections: at most 4096"),
	ROW(features, far_headers, "cut off: "),
	ROW(features, cut_headers, "section headers begin at byte "),
	ROW(features, entry_size, "section headers of 40 bytes: expected 64"),
	ROW(features, names_index, "the table of section names is section "),
	ROW(features, names_kind, "should hold the section names, but holds no names"),
	ROW(features, names_open, "a table of names that does not end with a zero byte"),
	ROW(features, section_name, "its name is at 1073741824, outside the table of names"),
	ROW(features, section_far, "cut off: "),
	ROW(features, section_huge, "cut off: 18446744073709551615 bytes at byte "),
	ROW(features, compressed, "compressed: expected plain sections"),
	ROW(features, overlap, "overlap at byte "),
	ROW(features, overlap_head, "the ELF header and section "),
	ROW(features, symbol_size, "symbols of 16 bytes in "),
	ROW(features, symbol_names, "which holds no names"),
	ROW(features, symbol_link, "is linked to section 9999 of "),
	ROW(features, stripped, "no symbol table: the object was stripped"),
	ROW(features, two_tables, "are both symbol tables"),
	ROW(features, symbol_section, "(tail): is in section 28672 of "),
	ROW(features, symbol_name, "its name is at 1073741824, outside the table of names"),
	ROW(features, reloc_symbol, "relocation 0 names symbol 99999 of "),
	ROW(features, reloc_kind, "relocation of type 3 at opcode 18: expected type 1"),
	ROW(features, reloc_far, "a relocation at byte 1048576 of "),
	ROW(features, reloc_middle, "of function second: a relocation in the middle of it"),
	ROW(features, reloc_plain,
	    "instruction 0 of function second: a relocation at opcode bf, which takes none"),
	ROW(features, reloc_twice, "of function second: is relocated twice"),
	ROW(features, reloc_target, "relocations for section 9999 of "),
	ROW(features, reloc_addends, "relocations with addends"),
	ROW(features, reloc_table, "its symbols are in section 1: expected "),
	ROW(features, special, "in_data is in the special section fff2"),
	ROW(features, data_far, "offset 4 of section .data, which has 4 bytes"),
	ROW(features, data_elsewhere,
	    "refers to in_data at byte 0 of section license, where neither a map nor data is"),
	ROW(features, map_middle, "map events: 24 bytes at "),
	ROW(features, call_middle, "of .text, where no function begins"),
	ROW(features, call_elsewhere, "second is in section socket: subprograms belong in .text"),
	ROW(features, func_odd,
	    "function tail: 9 bytes at 0 of section cgroup/getsockopt: expected multiples of 8"),
	ROW(features, func_far, "function tail: 1048576 bytes at 0 of section cgroup/getsockopt, which has "),
	ROW(features, func_static, "function other: is static, in section socket"),
	ROW(features, func_overlap, "functions tail and every overlap"),
	ROW(features, func_ends,
	    "function other: ends in the middle of its last instruction (1), which takes 16 bytes"),
	ROW(features, func_half, "function other: instruction 0 takes 16 bytes, but opcode 95 follows it"),
	ROW(features, licence_open, "section license: expected a text"),
	ROW(features, no_btf, "the object has no .BTF (compile with -g)"),
	ROW(features, btf_magic, ".BTF: expected magic eb9f and version 1, found eb9e and 1"),
	ROW(features, btf_short, ".BTF: the header is cut off: it has 24 bytes, the section 20"),
	ROW(features, btf_header, ".BTF: a header of 1073741824 bytes in a section of "),
	ROW(features, btf_parts, "do not lie one behind the other"),
	ROW(features, btf_strings, ".BTF: the strings do not begin and end with a zero byte"),
	ROW(features, btf_kind, ".BTF: type 1 is of the unknown kind 31"),
	ROW(features, btf_type, ".BTF: type 1 names a type or a string that is not there"),
	ROW(features, btf_name, ".BTF: type 1 names a type or a string that is not there"),
	ROW(features, btf_cut, "is cut off"),
	ROW(features, ext_magic, ".BTF.ext: expected magic eb9f"),
	ROW(features, ext_header, ".BTF.ext: a header of 8 bytes"),
	ROW(features, ext_lines, ".BTF.ext: line records (1073741824 bytes at "),
	ROW(features, ext_record, ".BTF.ext: line records of 12 bytes each: expected 16 or more"),
	ROW(features, ext_count, ".BTF.ext: line records of section 0 are cut off"),
	ROW(features, ext_order, "line records 0 and 1 of section cgroup/getsockopt are out of order"),
	ROW(features, ext_text, ".BTF.ext: line record 0 of section cgroup/getsockopt is damaged"),
	ROW(features, ext_core, ".BTF.ext: CO-RE relocation 0 of section "),
	ROW(features, strong, "extern CONFIG_HOOKDIFF_WEAK: the kernel's configuration is not known here"),
	ROW(features, huge_bss, "section .bss: more than 16777216 bytes of data"),
	ROW(features, map_symbol, "map events: no symbol says where it is in .maps"),
	ROW(features, map_beyond, "map events: 24 bytes at 1048576, but .maps has "),
	ROW(features, map_same, "map events: another one is at the same place in .maps"),
	ROW(features, map_attribute, "map events: an attribute \"pinninh\" that is not known"),
	ROW(features, slot_far, "a relocation at byte 0, where no map has values"),
	ROW(features, slot_odd, "is not in its place"),
	ROW(features, slot_value, "map outer: value 0 is tail, which is no map"),
	ROW(features, no_program, "no program: expected a function in a section such as cgroup/getsockopt"),
	ROW(legacy, legacy_uneven, "maps: 2 definitions in 45 bytes: expected equal parts of at least 20"),
	ROW(legacy, legacy_place,
	    "map first: begins at byte 4 of the section maps, whose entries have 24 bytes each"),
	ROW(legacy, legacy_same, "map first: another one is at the same place in maps"),
	ROW(legacy, legacy_type, "no type is given"),
};

static struct image slurp(const char *path)
{
	struct image m = {malloc(MOST), 0};
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_non_null(m.p);
	m.n = fread(m.p, 1, MOST, f);
	fclose(f);
	return m;
}

static struct image image_of(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), HD_BUILD_DIR "/%s.bpf.o", name);
	return slurp(path);
}

static int try(const struct image *m, char *err, size_t n)
{
	const struct isa_options opts = {ISA_KERNEL(6, 12)};
	uint8_t *exact = malloc(m->n + 1); /* so that a sanitizer sees a read behind the end */
	struct isa_object *o;
	int ret;

	assert_non_null(exact);
	exact = realloc(exact, m->n ? m->n : 1);
	memcpy(exact, m->p, m->n);
	err[0] = 0;
	ret = isa_object_open(exact, m->n, &opts, &o, err, n);
	assert_true(ret <= 0);
	assert_int_equal(ret == 0, o != NULL);
	isa_object_free(o);
	free(exact);
	return ret;
}

static void each_says_what_it_is(void **state)
{
	char err[512];
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct image m = image_of(rows[i].file);

		rows[i].damage(&m);
		if (!try(&m, err, sizeof(err)) || !strstr(err, rows[i].says)) {
			print_message("%s: expected \"%s\", found \"%s\"\n", rows[i].name, rows[i].says, err);
			bad++;
		}
		if (strchr(err, '\n'))
			fail_msg("%s: more than one line", rows[i].name);
		free(m.p);
	}
	assert_int_equal(bad, 0);
}

/* Cut off at every byte: a refusal, never more than that. */
static void cut_anywhere(void **state)
{
	struct image m = image_of("progs/samples/deny");
	char err[512];

	(void)state;
	for (size_t n = m.n; n-- > 0;) {
		m.n = n;
		assert_true(try(&m, err, sizeof(err)) < 0);
		assert_true(err[0]);
	}
	free(m.p);
}

static void a_native_object(void **state)
{
	struct image m = slurp("/proc/self/exe");
	char err[512];

	(void)state;
	assert_true(try(&m, err, sizeof(err)) < 0);
	assert_non_null(strstr(err, "an object for machine "));
	free(m.p);
}

static void too_large(void **state)
{
	const struct isa_options opts = {ISA_KERNEL(6, 12)};
	static uint8_t zeros[(16u << 20) + 1];
	struct isa_object *o;
	char err[512];

	(void)state;
	assert_true(isa_object_open(zeros, sizeof(zeros), &opts, &o, err, sizeof(err)) < 0);
	assert_non_null(strstr(err, "16777217 bytes: an object has at most 16777216"));
}

/* A name with a control byte in it is shown with a '?'. */
static void names_are_clean(void **state)
{
	struct image m = image_of(features);
	Elf64_Sym *y = symbol(&m, "tail");
	char *name = (char *)m.p + header(&m, section(&m, ".symtab")->sh_link)->sh_offset + y->st_name;
	char err[512];

	(void)state;
	name[0] = '\033';
	y->st_size = 9;
	assert_true(try(&m, err, sizeof(err)) < 0);
	assert_non_null(strstr(err, "function ?ail: 9 bytes"));
	free(m.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_says_what_it_is), cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(a_native_object),	cmocka_unit_test(too_large),
		cmocka_unit_test(names_are_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
