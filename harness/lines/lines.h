/* SPDX-License-Identifier: MIT */
/*
 * Which source lines of some functions were executed, by the debug information of the program that holds
 * them: a kernel's vmlinux or a User-Mode Linux. An instruction belongs to the innermost function, as the
 * source has them, that it was compiled from: a function that was inlined into others has its lines all the
 * same, and a line is reached if any copy of it is. The file is not trusted: all of it is checked or bounded.
 */
#ifndef LINES_H
#define LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lines_function {
	const char *file; /* where it is defined, the end of the path: kernel/bpf/cgroup.c */
	const char *name;
	bool inlined; /* counts only where it was inlined into another function of the table */
};

struct lines_line {
	unsigned function; /* of the table that lines_open() was given */
	unsigned line;
	bool reached; /* some instruction of it was executed */
	bool whole;   /* each place that its instructions were put to was executed, in part at least */
};

struct lines_range {
	uint64_t start, end; /* end is the first address that is not meant */
};

struct lines;

/*
 * Reads what `path` says of n functions. Functions in headers are looked for in the units (*.c) of the
 * table's other rows. NULL, with one sentence in why, if there is no debug information, none of the units, or
 * if it is damaged. Borrows the table until lines_close().
 */
struct lines *lines_open(const char *path, const struct lines_function *function, unsigned n, char *why,
			 size_t size);
void lines_close(struct lines *l);

/* Whether the program has a function of the table at all: kernels differ. */
bool lines_has(const struct lines *l, unsigned function);

/* The addresses of all of them, ascending and apart. Borrowed. */
const struct lines_range *lines_ranges(const struct lines *l, size_t *n);

/*
 * The instructions in [start, end) were executed. A line is reached once one instruction of it is. Compilers
 * move instructions about: one may stand, and run, before the condition that its line is under; the rest of
 * the line then shows that it is not whole.
 */
void lines_mark(struct lines *l, uint64_t start, uint64_t end);

/*
 * The same by what KCOV collects: return addresses of calls to __sanitizer_cov_trace_pc, one at the beginning
 * of each basic block. A covered call covers the addresses up to the next call of the same function; the
 * first one also those before it, from the function's entry. Addresses that follow no such call are passed
 * over. That is less exact than instructions: a block that only sets a constant (ret = -EINVAL) has no call,
 * and counts with the code that stands before it. Calls are looked for as gcc writes them for x86, direct and
 * through registers (User-Mode Linux).
 *
 * 0; -ENOENT with why: the program has no such calls in these functions.
 */
int lines_mark_kcov(struct lines *l, const uint64_t *pc, size_t n, char *why, size_t size);

/* All lines that have code, by function (in the table's order) and number. Valid until the next mark. */
const struct lines_line *lines_all(struct lines *l, size_t *n);

#endif
