/* SPDX-License-Identifier: MIT */
/* Inside of reproducers only (repro.c, repro_tree.c): what those of both kinds of cases have in common. */
#ifndef REPRO_IMPL_H
#define REPRO_IMPL_H

#include "../case/tcase.h"
#include "insn.h"
#include "wanted.h"

struct repro_opening {
	const char *title, *text, *origin; /* repro.h */
	bool record;
};

/* What calls need besides the base. */
struct repro_uses {
	bool uring, compat, helper, held, groups;
};

/* The layout of runtime/record.c's map. */
enum { RECORD_ORDER = 8, RECORD_SEEN = RECORD_ORDER + 64, RECORD_SIZE = 24 + WANTED_SEEN };
#define REPRO_RECORD(index)                                                                                  \
	{                                                                                                    \
		.order = RECORD_ORDER, .order_mask = 63, .id = (uint8_t)(index),                             \
		.seen = RECORD_SEEN + (index)*RECORD_SIZE, .bytes = WANTED_SEEN                              \
	}

void repro_put_opening(const struct repro_opening *r, struct buf *out);
void repro_put_base(struct buf *out);
void repro_use(struct repro_uses *u, const struct tc_call *c);
void repro_put_uses(const struct repro_uses *u, struct buf *out);
/* A C string of any text. */
void repro_put_string(const char *s, struct buf *out);
/* The array of a program. Before it stands the beginning of a comment, of which this is the end. */
void repro_put_program(const struct prog *p, const struct insn_opts *opts, const char *name, struct buf *out);
/* A call and what is compared of it, but for what programs saw. nr: what it is called. */
void repro_put_call(const struct tc_call *c, const struct wanted *w, unsigned nr, struct buf *out);

#endif
