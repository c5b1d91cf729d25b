/* SPDX-License-Identifier: MIT */
/*
 * A case by several threads at once (`run --threads`): each makes all of its calls on sockets of its own, in
 * the same cgroups with the same programs, and must get what the case gives when it runs alone.
 */
#ifndef CROWD_CASE_H
#define CROWD_CASE_H

#include "loop.h"

#define CROWD_TURNS 32 /* each with new sockets */

struct crowd_report {
	bool left_out;	/* the case has calls that are no system calls, or says nothing of its results */
	uint64_t calls; /* that were compared */
	bool differs;	/* the first one that did: */
	unsigned thread, call;
	struct diff diff;
};

/*
 * Runs the case alone, and then by the threads if it passed. The verdict of the former; V_FAIL also if
 * rep->differs, and V_ERROR with res->why if the threads could not be made.
 */
enum verdict crowd_case(struct loop *lp, struct tcase *tc, unsigned threads, struct case_result *res,
			struct crowd_report *rep);

#endif
