/* SPDX-License-Identifier: MIT */
/*
 * Reads from a guest's RAM, which the host holds as a file, what its workers wrote down last
 * (harness/base/recorder.h). Works whatever became of the kernel.
 */
#ifndef POSTMORTEM_H
#define POSTMORTEM_H

#include <stdbool.h>

#include "../base/buf.h"
#include "../base/recorder.h"

/* Finds the page in the file. False if there is none. */
bool postmortem_read(int ram, struct recorder *out);

/*
 * The inputs that a fuzz driver ran last: input[0] is the one that ran, input[1] the one before, and so on;
 * empty: it is not there. last: seed of the page, whose kind is RECORDER_DRIVER. *out is zeroed by the
 * caller, and freed by postmortem_inputs_fini.
 */
struct postmortem_inputs {
	struct buf input[RECORDER_RING];
};
void postmortem_inputs(int ram, uint64_t last, struct postmortem_inputs *out);
void postmortem_inputs_fini(struct postmortem_inputs *p);

#endif
