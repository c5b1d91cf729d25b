/* SPDX-License-Identifier: MIT */
/*
 * How often cases with operations do each of the things that an attach model is about: a generator that never
 * does one must not look like one that did. Counted from the model alone, so that no kernel is needed.
 */
#ifndef TALLY_H
#define TALLY_H

#include "../../oracle/tree.h"
#include "../base/buf.h"

/* A row each: what is counted, in steps. */
enum tally_row {
#define TALLY(id, group, name) T_##id,
#include "tally.def"
#undef TALLY
	T_COUNT,
};

struct tally {
	uint64_t cases, steps, n[T_COUNT];
};

const char *tally_group(enum tally_row r);
const char *tally_name(enum tally_row r);
/* Can it happen in the epoch? */
bool tally_can(enum tally_row r, const struct attach_epoch *e);

void tally_add(struct tally *to, const struct tally *from);
/* Appends a line for each row. */
void tally_print(const struct tally *y, struct buf *b);
/* Appends a line for each row that can happen in the epoch and did not; returns how many. Families of sockets
 * are left out: the machine may lack them. */
unsigned tally_starved(const struct tally *y, const struct attach_epoch *e, struct buf *b);

/* Counts what the case does where the epoch's rules hold. m is scratch. */
void tally_case(struct tally *y, struct tree_model *m, const struct attach_epoch *e, const struct tree *t);

#endif
