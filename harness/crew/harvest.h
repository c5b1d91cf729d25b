/* SPDX-License-Identifier: MIT */
/* What a crew brings home: findings, inputs for the others, a corpus that is as small as it can be. */
#ifndef CREW_HARVEST_H
#define CREW_HARVEST_H

#include <signal.h>

#include "crew.h"

/* Makes the folders, and start/ from the seeds, the corpus of an earlier run and the shared one. 0 or -errno.
 */
int harvest_begin(struct crew *c);

/* Moves the bulk loop's findings to findings/, and inputs that ended a driver to crashes/; counts both. */
void harvest_findings(struct crew *c);

/* Carries inputs from AFL++'s queues to live/, and between this campaign and the shared folder. */
void harvest_share(struct crew *c);

/*
 * Merges everything into corpus/, minimised by libFuzzer if that can be done in so many seconds, and
 * otherwise all of it. Ends when *stop is set: then corpus/ is what it was. True if it is minimised.
 */
bool harvest_merge(struct crew *c, unsigned seconds, volatile sig_atomic_t *stop);

/* Takes what the guests of a worker that does not run left, and removes their folders. */
void harvest_rounds(struct crew *c, const char *worker);

/*
 * Guests read all of live/ when they begin, and most of it is soon of no use: each input that libFuzzer made
 * shorter lies beside the longer ones. Has it grown so much that a round should go into a merge?
 */
bool harvest_swollen(const struct crew *c);

/*
 * The worker's round was that merge, and it came to its end: what it kept takes the place of all in live/
 * that is older than `began`, a time(). Before harvest_rounds().
 */
void harvest_swap(struct crew *c, const char *worker, long began);

#endif
