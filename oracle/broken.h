/* SPDX-License-Identifier: MIT */
/*
 * For tests of the corpus: an oracle that is wrong about one thing that programs see, wherever a given clause
 * decides it. What programs do with it is the case's business: if no program makes a result of it, no
 * expectation can fail, and the case is no case for the clause.
 */
#ifndef BROKEN_H
#define BROKEN_H

#include "oracle.h"

enum broken_part {
	BROKEN_ARGS, /* level and optname */
	BROKEN_OPTLEN,
	BROKEN_SIZE,
	BROKEN_BYTES, /* before want_seen.split */
	BROKEN_TAIL,  /* from there on */
	BROKEN_RETVAL,
	BROKEN_PARTS,
};

/* From the next plan on; clause 0: right again. */
void oracle_break(struct oracle *o, unsigned clause, enum broken_part part);

/* The clause behind a part of what a program sees; 0 if the part is free or empty. */
unsigned broken_clause(const struct want_seen *s, enum broken_part part);

#endif
