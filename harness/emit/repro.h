/* SPDX-License-Identifier: MIT */
/*
 * A case as a stand-alone C program, which needs libc and the kernel's headers and nothing else: no libbpf,
 * no clang, no hookdiff. It makes the cgroups, loads the action lists as instructions, makes the calls,
 * prints want and got of each, and exits 0 if they are the same, 1 if they differ, 2 if it cannot run.
 */
#ifndef REPRO_H
#define REPRO_H

#include "wanted.h"
#include "../base/buf.h"

struct repro_call {
	const struct tc_call *call;
	bool quiet; /* the getsockopt programs do nothing from here on: it reads the socket's state */
	struct wanted want;
};

/* Large. Strings and calls are borrowed, the wants are its own: repro_fini. */
struct repro {
	const struct tcase *tc;
	const char *title;	 /* first sentence of the opening comment */
	const char *text;	 /* the case as people read it, several lines; NULL: not shown */
	const char *origin;	 /* where the wants come from, one sentence */
	bool record;		 /* programs write down what they see, and that is compared */
	bool has_retval_helpers; /* the kernel that it is for has bpf_get_retval: a recorded retval */
	unsigned n_calls;
	struct repro_call call[TC_MAX_CALLS + 1];
};

void repro_fini(struct repro *r);

/* Appends the C program. tc must have no program that returns 2. */
void repro_print(const struct repro *r, struct buf *out);

/* Appends the instructions alone, a comment for each action: `hookdiff emit --format insns`. */
void repro_print_insns(const struct tcase *tc, struct buf *out);

/*
 * Appends one instruction list as the lines of an array, indented, each action's text before it. Used by
 * selftest.c too. style: insn.h.
 */
struct insn_list;
struct insn_style;
void repro_insn_lines(const struct prog *p, const struct insn_list *l, const struct insn_style *style,
		      const char *indent, struct buf *out);

/* Appends text that cannot end a comment, begin one, or leave its line. */
void repro_comment(struct buf *out, const char *text, size_t n);

#endif
