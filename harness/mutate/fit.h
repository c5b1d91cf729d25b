/* SPDX-License-Identifier: MIT */
/*
 * Any case on a usual chain. To build a chain of cgroups and attach programs to it costs milliseconds, a case
 * on one that is there costs microseconds; cases that fuzzers make differ in their chains more than in
 * anything else. So all but a few of them are run on the chain of topologies[] that is most like their own.
 */
#ifndef FIT_H
#define FIT_H

#include "boundary.h"

/*
 * Gives the case the levels and attach modes of the usual chain that is nearest to its own. Its programs take
 * the places there in their order; a place that is left gets a program that does nothing and returns 1, a
 * program that finds no place is dropped (no usual chain loses one if another holds them all). Sockets of the
 * leaf stay in the leaf, those outside stay outside. The result passes tcase_check and is the same for the
 * same case; expectations are dropped if anything changed. True if it did.
 */
bool fit_chain(struct tcase *tc);

/*
 * What fuzz_kernel makes of a case of its input, and whoever wants to see again what it saw: all but one in
 * 64 are put on a usual chain, and no thread changes anything under their calls, which costs as much as
 * dozens of cases. What random bytes expect is dropped. pick: a number that the bytes decide
 * (selfcheck_pick).
 */
void fit_input(struct tcase *tc, uint64_t pick);

/* The same as fit_chain with a chain of the caller's choice, which may lose programs. */
void fit_topology(struct tcase *tc, const struct topology *t);

#endif
