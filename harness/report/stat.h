/* SPDX-License-Identifier: MIT */
/* Counters of a run, one row for each clause. The loop fills them, workers add them up, reports print them.
 */
#ifndef STAT_H
#define STAT_H

#include <stdint.h>

struct clause_stat {
	uint64_t hit;	       /* calls in which the clause had a say */
	uint64_t fail;	       /* calls in which it was the first to be broken */
	uint64_t waived;       /* those that the waiver file excuses */
	uint64_t silent;       /* calls on which the profile's text says nothing here */
	uint64_t inconclusive; /* calls that prove nothing: no control shows that the hook ran */
};

#endif
