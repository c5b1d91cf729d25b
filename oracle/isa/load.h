/* SPDX-License-Identifier: MIT */
/*
 * One object while it is read, and the steps of reading it, in their order. Each returns 0 or -errno with a
 * sentence in l->to. What they leave in l->obj, isa_object_free frees; the rest load_fini.
 */
#ifndef ISA_LOAD_H
#define ISA_LOAD_H

#include "btf.h"
#include "elffile.h"
#include "object.h"
#include "refuse.h"

#define NO_FUNC UINT32_MAX

struct place { /* of a map in the file; section 0: nowhere */
	uint32_t section;
	uint64_t offset, size;
	uint64_t slots; /* offset, from the map's, of its initial values */
	bool has_slots;
};

struct ext { /* an extern of .kconfig */
	const char *name;
	uint32_t symbol; /* index */
	uint32_t size, align;
	uint32_t offset; /* in the value of the map .kconfig */
	uint64_t answer;
};

struct func {
	const char *name;
	uint32_t section, first, n; /* instructions of the section */
	struct bpf_insn *insns;	    /* n, relocated but for targets */
	uint32_t *target; /* n: the function that the instruction calls or takes the address of, or NO_FUNC */
	uint32_t *line;	  /* n */
	uint8_t *mark;	  /* n: enum mark */
	char *refused;
	uint32_t turn,
		at; /* in the program that is put together as number `turn` it begins at instruction `at` */
};

enum mark { MARK_NONE, MARK_SECOND /* half of an ld_imm64 */, MARK_RELOCATED };

struct load {
	struct isa_object *obj;
	const struct isa_options *opts;
	const struct refusal *to;
	struct elffile elf;
	bool has_btf;
	struct btf btf;
	struct btf_ext ext;
	struct place *places; /* one for each of obj->maps */
	uint32_t room;	      /* of both */
	uint32_t *data_map;   /* for each section its map, or ISA_NO_MAP */
	uint64_t data_bytes;
	struct ext *externs;
	uint32_t n_externs, kconfig_map;
	struct func *funcs; /* by section and first */
	uint32_t n_funcs;
	uint32_t text;	  /* the section .text, 0: none */
	uint64_t n_insns; /* of all programs so far */
};

void load_fini(struct load *l);

/* Writes down what was passed over; only the first notes are kept. */
int load_note(struct load *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Appends a map; its index, or -errno with a sentence. */
int load_add_map(struct load *l, const char *name, const struct place *p);
/* Appends an array with one value of size bytes, zeros; its index, or -errno with a sentence. */
int load_add_data(struct load *l, const char *name, uint32_t size, bool readonly);
/* The map that begins at that byte of that section, or ISA_NO_MAP. */
uint32_t load_map_at(const struct load *l, uint32_t section, uint64_t offset);

/* mapdef.c: maps of .maps and maps */
int mapdef_read(struct load *l);
/* data.c: data sections */
int data_read(struct load *l);
/* extern.c: the map .kconfig */
int extern_read(struct load *l);
/* The offset of that symbol in the value of .kconfig; false: it is none of its externs. */
bool extern_offset(const struct load *l, uint32_t symbol, uint32_t *offset);

/* func.c: every function, its source lines */
int func_collect(struct load *l);
/* The function that holds that instruction of a section, or NO_FUNC. */
uint32_t func_at(const struct load *l, uint32_t section, uint64_t insn);
/* From now on programs with f in it are refused. 0 or -ENOMEM. The first sentence stays. */
int func_refuse(struct load *l, struct func *f, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* core.c */
int core_apply(struct load *l);
/* link.c: relocations, then programs with their subprograms; last the values of maps of maps and of programs
 */
int link_relocate(struct load *l);
int link_programs(struct load *l);
int link_slots(struct load *l);

#endif
