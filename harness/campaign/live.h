/* SPDX-License-Identifier: MIT */
/* One case at a time on this kernel, for drivers that bring their own loop (harness/targets). */
#ifndef LIVE_H
#define LIVE_H

#include "loop.h"

struct live;

/* Opens the kernel with the profile of its release, or that of HOOKDIFF_PROFILE. Exits with 2 and one line on
 * stderr if cases cannot run here. */
struct live *live_open(void);

/*
 * Runs the case, put in words that this kernel knows (express.h), on sockets that earlier cases may have
 * used. V_FAIL if it differs: the card of the smallest case is on stderr then, and says how often fresh
 * sockets show it; with the environment's HOOKDIFF_FINDINGS=DIR the finding's folder (docs/findings.md) is
 * below DIR. Exits with 2 if hookdiff or the environment failed.
 */
enum verdict live_run(struct live *l, struct tcase *tc);

/*
 * With HOOKDIFF_FINDINGS=DIR in the environment: the divergence of the last case stands in DIR
 * (docs/findings.md), since now or since an earlier one with the same key. With HOOKDIFF_WAIVERS=FILE: a
 * waiver excuses it. Whoever called can go on: nothing is lost.
 */
bool live_written(const struct live *l);

/* The loop behind it, for those who look at wants, or put a wrong oracle in (loop.h observe, tamper). */
struct loop *live_loop(struct live *l);

/* Detaches everything and frees. */
void live_close(struct live *l);

#endif
