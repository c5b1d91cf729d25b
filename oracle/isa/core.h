/* SPDX-License-Identifier: MIT */
/*
 * CO-RE: offsets and sizes that the compiler left open, for a kernel to fill in. The kernel's types that a
 * sockopt program meets are stable (UAPI), so a table of ours answers for them, by kernel version.
 */
#ifndef ISA_CORE_H
#define ISA_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "insn.h"

struct core_field {
	const char *name;
	uint32_t offset, size; /* bytes; size of one element */
	uint32_t n;	       /* elements of an array; 0: it is none */
	bool is_signed;
	uint32_t since, before; /* ISA_KERNEL(); 0: always */
};

struct core_type {
	const char *name;		 /* of the struct */
	const struct core_field *fields; /* the last one has no name */
};

extern const struct core_type core_types[]; /* the last one has no name */

/* The number of a value of enum bpf_func_id ("BPF_FUNC_loop"), 0: there is none of that name. */
uint32_t core_helper_number(const char *name);
/* Does this kernel's enum bpf_func_id have that number? Whether some program type may call it is another
 * matter. */
bool core_helper_exists(uint32_t number, uint32_t kernel);

/* sizeof(struct) with the fields that this kernel has, rounded up to 8 where a pointer or u64 asks for it. */
uint32_t core_type_size(const struct core_type *t, uint32_t kernel);

#endif
