/* SPDX-License-Identifier: MIT */
/*
 * BTF: the types of an object (.BTF) and what it says about instructions (.BTF.ext).
 * Documentation/bpf/btf.rst. The numbers are here because the headers of older systems lack the newer ones.
 */
#ifndef ISA_BTF_H
#define ISA_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "refuse.h"

enum btf_kind {
	BTF_VOID,
	BTF_INT,
	BTF_PTR,
	BTF_ARRAY,
	BTF_STRUCT,
	BTF_UNION,
	BTF_ENUM,
	BTF_FWD,
	BTF_TYPEDEF,
	BTF_VOLATILE,
	BTF_CONST,
	BTF_RESTRICT,
	BTF_FUNC,
	BTF_FUNC_PROTO,
	BTF_VAR,
	BTF_DATASEC,
	BTF_FLOAT,
	BTF_DECL_TAG,
	BTF_TYPE_TAG,
	BTF_ENUM64,
	BTF_KINDS
};

struct btf {
	const uint8_t *types; /* the type section */
	const char *strings;  /* NUL at the end */
	uint32_t types_n, strings_n;
	uint32_t *at; /* offset of type id in types; [0] is void */
	uint32_t n;   /* type ids are 0..n-1 */
};

/* One type, decoded. Members of it: btf_member. */
struct btf_view {
	enum btf_kind kind;
	const char *name; /* "" if it has none */
	uint32_t vlen;
	bool kflag;
	uint32_t size_or_type;
	uint32_t body; /* offset of what follows in btf.types */
};

struct btf_member_view {
	const char *name;
	uint32_t type;
	uint32_t bit_offset;
	uint32_t bits; /* of a bit field, else 0 */
};

struct btf_array_view {
	uint32_t type, n;
};

struct btf_var_view { /* of a section of data */
	uint32_t type, offset, size;
};

/*
 * Reads a .BTF section; its strings are cleaned of control bytes in place. 0 or -errno with a sentence. Every
 * type id, name and length in it is checked: the functions below need no result for damage.
 */
int btf_read(struct btf *b, uint8_t *bytes, size_t n, const struct refusal *to);
void btf_fini(struct btf *b);

/* id must be below b->n. */
struct btf_view btf_type(const struct btf *b, uint32_t id);
/* Member i of a struct or union; i must be below vlen. */
struct btf_member_view btf_member(const struct btf *b, const struct btf_view *v, uint32_t i);
struct btf_array_view btf_array(const struct btf *b, const struct btf_view *v);
struct btf_var_view btf_var(const struct btf *b, const struct btf_view *v, uint32_t i);
/* Is it a FUNC or VAR whose definition is elsewhere? */
bool btf_extern(const struct btf *b, const struct btf_view *v);
/* Name of value i of an enumeration; i must be below vlen. */
const char *btf_enumerator(const struct btf *b, const struct btf_view *v, uint32_t i);
/* Its number; v is of kind BTF_ENUM. */
uint32_t btf_enum_value(const struct btf *b, const struct btf_view *v, uint32_t i);

/* The type below typedefs and qualifiers; 0 if they go round in circles. */
uint32_t btf_plain(const struct btf *b, uint32_t id);
/* Bytes of a value of that type; -1 if it has no size or one beyond 2^31. */
int64_t btf_size(const struct btf *b, uint32_t id);
/* Alignment of a number, a pointer or an array of them; 1 for anything else. */
uint32_t btf_align(const struct btf *b, uint32_t id);
/* The type of that kind and name, 0: none. */
uint32_t btf_find(const struct btf *b, enum btf_kind kind, const char *name);
/* A string of the string section; NULL if offset is outside. */
const char *btf_string(const struct btf *b, uint32_t offset);

/* ---- .BTF.ext ---- */

struct btf_line {      /* from insn on */
	uint32_t insn; /* in its section */
	const char *file, *text;
	uint32_t line, col;
};

struct btf_core { /* a CO-RE relocation */
	uint32_t insn;
	uint32_t type;
	const char *access;
	uint32_t kind;
};

/* Records of one section of the object; name is borrowed from the strings of .BTF. */
struct btf_ext_section {
	const char *name;
	uint32_t first, n; /* in lines or cores */
};

struct btf_ext {
	struct btf_line *lines;
	struct btf_core *cores;
	struct btf_ext_section *line_sections, *core_sections;
	uint32_t n_lines, n_cores, n_line_sections, n_core_sections;
};

/* Reads a .BTF.ext section. Within a section lines ascend by instruction. 0 or -errno with a sentence. */
int btf_ext_read(struct btf_ext *x, const struct btf *b, const uint8_t *bytes, size_t n,
		 const struct refusal *to);
void btf_ext_fini(struct btf_ext *x);

#endif
