/* SPDX-License-Identifier: MIT */
/*
 * The boundary sweep: not random, the full product of
 *   hook × user's optlen (21) × optlen that a program leaves (14) × return value (2) × retval (7)
 *   × who in a chain of depth 1 to 3 does it (6) × socket and option (the rows of subjects[])
 * Case number i is a pure function of i, so workers share the range and any case can be named by its number.
 */
#ifndef SWEEP_H
#define SWEEP_H

#include "boundary.h"

uint64_t sweep_count(void);
/* The first so many cases are all about one option and socket. */
uint64_t sweep_subject_count(void);
/* Makes case i < sweep_count(); key (for the shadow of the socket pair): topology, kind of socket. */
void sweep_case(uint64_t i, struct tcase *tc, unsigned *topology, unsigned *socket);
/* "2 hooks x 21 user lengths x ... = N cases", into buf. */
void sweep_describe(char *buf, size_t n);

#endif
