/* SPDX-License-Identifier: MIT */
/* Between lines.c, which counts, and dwarf.c and sites.c, which read. */
#ifndef LINES_IMPL_H
#define LINES_IMPL_H

#include <libelf.h>

#include "lines.h"

/* Instructions that were compiled from one line of one function, in one place. */
struct lines_piece {
	uint64_t start, end;
	unsigned function, line;
	size_t nth; /* of its line in lines.line */
	bool reached;
};

/* A range of addresses of a whole function as it was compiled, with all that was inlined into it. */
struct lines_body {
	uint64_t start, end;
	bool entry;   /* the function is entered at start */
	unsigned nth; /* of the functions: one may have several ranges */
};

/* A call of KCOV's function. */
struct lines_site {
	uint64_t start, end; /* end is where it returns to, which is what KCOV tells */
};

struct lines {
	const struct lines_function *function;
	unsigned n_functions;
	bool *has; /* by function */
	struct lines_piece *piece;
	size_t n_pieces, cap_pieces;
	struct lines_line *line;
	size_t n_lines;
	struct lines_range *range;
	size_t n_ranges;
	struct lines_body *body; /* of all functions of the units; later only of those with pieces */
	size_t n_bodies, cap_bodies;
	struct lines_site *site; /* ascending */
	size_t n_sites, cap_sites;
};

/* Room for one more element. False: out of memory, or more than there can be in a kernel. */
bool lines_room(void **array, size_t *cap, size_t n, size_t size);

/* dwarf.c: fills has, piece, body. 0, or -errno with why. */
int lines_read(struct lines *l, int fd, char *why, size_t size);

/* sites.c: fills site, from the instructions in the bodies. No such function in the program: there are none.
 */
int lines_find_sites(struct lines *l, Elf *elf);

#endif
