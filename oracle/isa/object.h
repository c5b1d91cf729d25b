/* SPDX-License-Identifier: MIT */
/*
 * A BPF object (.bpf.o) read from bytes in memory: its programs with subprograms appended and calls relocated
 * as libbpf does it, its maps, data sections, licence and source lines. The bytes may be hostile: everything
 * is bounded and checked, and each refusal has a sentence of its own. Nothing here makes a system call.
 *
 * What the file's author did wrong, or libbpf would refuse, refuses the object. What only this reader cannot
 * answer (a kernel function, a type of the kernel that is not in core_types.c) refuses the programs that use
 * it.
 *
 * Read next: load.h (the steps of reading), elffile.h (the ELF file), btf.h (types), core.h (CO-RE).
 */
#ifndef ISA_OBJECT_H
#define ISA_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "insn.h"

#define ISA_NO_MAP  UINT32_MAX
#define ISA_NO_LINE UINT32_MAX
enum isa_prog_hook { ISA_PROG_GETSOCKOPT, ISA_PROG_SETSOCKOPT, ISA_PROG_OTHER };

struct isa_line {
	const char *file; /* as the compiler was told; may be "" */
	const char *text; /* of the source line; may be "" */
	uint32_t line;	  /* from 1 */
	uint32_t col;	  /* from 1; 0: none */
};

/* A function inside a program: [first, first of the next one). */
struct isa_func {
	const char *name;
	uint32_t first; /* instruction */
};

/*
 * insns is what the kernel would get, except that maps are named by index:
 *   ld_imm64 with src_reg BPF_PSEUDO_MAP_IDX        imm: index of the map
 *   ld_imm64 with src_reg BPF_PSEUDO_MAP_IDX_VALUE  imm: index of the map, imm of its second half: offset in
 * its only value ld_imm64 with src_reg BPF_PSEUDO_FUNC           imm: the function's first instruction,
 * relative to the next one call     with src_reg BPF_PSEUDO_CALL           imm: the same In a program that is
 * not refused these are checked: the index is below n_maps, the offset is inside the value, the target is the
 * first instruction of a function, both halves of an ld_imm64 are there. Nothing else is checked: opcodes,
 * registers, jumps and helper numbers are whatever the file held.
 */
struct isa_prog {
	const char *name;    /* of the function */
	const char *section; /* as in the file, with a leading '?' if it has one */
	enum isa_prog_hook hook;
	bool autoload; /* the section does not begin with '?' */
	bool sloppy;   /* a section name that libbpf 1.0 and later do not take for this hook, older loaders do
			*/
	char *refused; /* NULL, or why this program cannot be answered for: one sentence */
	struct bpf_insn *insns; /* n_insns, at least 1 */
	uint32_t *line;		/* for each instruction an index in isa_object.lines, or ISA_NO_LINE */
	uint32_t n_insns;
	struct isa_func *funcs; /* n_funcs, ascending; the first is the program itself */
	uint32_t n_funcs;
};

struct isa_object_map {
	const char *name; /* ".rodata" and so on for data sections */
	uint32_t type;	  /* BPF_MAP_TYPE_* */
	uint32_t key_size, value_size, max_entries, flags;
	uint32_t inner;	  /* map of maps: index of the template of its values, a map with is_template; else
			     ISA_NO_MAP */
	bool is_template; /* never referred to by an instruction */
	bool is_data;	  /* a data section or .kconfig: an array with one value */
	bool readonly;	  /* for programs (.rodata, .kconfig) */
	uint8_t *initial; /* is_data: value_size bytes; else NULL */
	uint32_t *slots; /* map of maps or of programs: for key i the map's or program's index, or ISA_NO_MAP;
			    may be NULL */
	uint32_t n_slots;
};

struct isa_object {
	struct isa_prog *progs; /* subprograms are not among them */
	uint32_t n_progs;
	struct isa_object_map *maps;
	uint32_t n_maps;
	struct isa_line *lines;
	uint32_t n_lines;
	const char *licence; /* "" if the object has none */
	char **notes;	     /* what was passed over, one sentence each */
	uint32_t n_notes;
	uint8_t *bytes; /* a copy of the file, which the names point into */
};

struct isa_options {
	uint32_t kernel; /* ISA_KERNEL() of the profile: what LINUX_KERNEL_VERSION reads and which fields
			    there are */
};

/*
 * Reads bytes[0..n), which may be freed afterwards. 0 and *out, for isa_object_free; or -errno, *out NULL and
 * one sentence in err: -EBADMSG damaged, -ENOTSUP not taken, -E2BIG beyond a limit, -ENOMEM.
 */
int isa_object_open(const void *bytes, size_t n, const struct isa_options *opts, struct isa_object **out,
		    char *err, size_t err_n);
void isa_object_free(struct isa_object *o); /* NULL is fine */

/* The source line of an instruction, NULL if it is not known. */
const struct isa_line *isa_prog_line(const struct isa_object *o, const struct isa_prog *p, uint32_t insn);
/* The function that an instruction belongs to. insn must be below n_insns. */
const struct isa_func *isa_prog_func(const struct isa_prog *p, uint32_t insn);
/* The program of that name, NULL if there is none. */
const struct isa_prog *isa_prog_find(const struct isa_object *o, const char *name);

#endif
