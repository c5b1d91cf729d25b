/* SPDX-License-Identifier: MIT */
/*
 * What a sockopt program can call. helpers.def is the table: number, name, the kernel that allowed it for
 * this program type first, which hook, the function. helpers.c looks it up and holds the small ones,
 * help_map.c those of maps, help_dynptr.c dynptrs, help_text.c those that print.
 */
#ifndef ISA_HELPERS_H
#define ISA_HELPERS_H

#include <stdbool.h>
#include <stdint.h>

#include "insn.h"

struct isa_vm;

/* arg[0..4] are r1..r5. True: *r0 is the result. False: a fault was noted (vm.h isa_vm_refuse). */
typedef bool isa_helper_fn(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0);

struct isa_helper {
	const char *name;
	isa_helper_fn *fn; /* NULL: kernels allow it, it is not modelled */
	uint16_t since;	   /* ISA_KERNEL() */
	bool set_only;	   /* for setsockopt programs only */
};

/* The row of a number; NULL: no kernel allows it for this type. */
const struct isa_helper *isa_helper_find(int64_t id);
/* The name of any helper that the headers know ("map_lookup_elem"), also of those that are not allowed; NULL.
 */
const char *isa_helper_name(int64_t id);

/* Calls helper id with reg[1..5] and puts its result into reg[0]; false: fault. */
bool isa_helper_call(struct isa_vm *vm, int64_t id, uint64_t reg[11]);

#define HELPER(id, name, since, hooks, fn) isa_helper_fn fn;
#define NO_MODEL(id, name, since, hooks)
#include "helpers.def"

#endif
