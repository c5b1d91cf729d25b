/* SPDX-License-Identifier: MIT */
/* One case at a time on this kernel, for drivers that bring their own loop (harness/targets). */
#ifndef LIVE_H
#define LIVE_H

#include "loop.h"

struct live;

/* Opens the kernel with the profile of its release. Exits with 2 and one line on stderr if cases cannot run
 * here. */
struct live *live_open(void);

/*
 * Runs the case. V_FAIL if it differs: the card of the smallest case is on stderr then. Exits with 2 if
 * hookdiff or the environment failed.
 */
enum verdict live_run(struct live *l, const struct tcase *tc);

/* Its loop, for an observer. */
struct loop *live_loop(struct live *l);

/* Detaches everything and frees. */
void live_close(struct live *l);

#endif
