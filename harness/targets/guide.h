/* SPDX-License-Identifier: MIT */
/*
 * Guidance by what the contract means: a call in a clause situation (harness/profiles/situation.h) that no
 * input reached before counts as coverage, also where no code of ours and no kernel's shows the difference.
 * libFuzzer reads the counters from the section __libfuzzer_extra_counters, AFL++ gets places of its own in
 * the coverage map; under any other runner nobody looks. HOOKDIFF_GUIDE=0 in the environment switches it off.
 */
#ifndef GUIDE_H
#define GUIDE_H

#include "../profiles/situation.h"

bool guide_is_on(void);

/* Counts a call that the oracle has predicted; page_size is the oracle's. */
void guide_call(const struct tc_call *c, const struct want *w, uint32_t page_size);

/* The same as an observer of a struct loop (campaign/loop.h); arg: the struct loop. */
void guide_observe(const struct tcase *tc, unsigned call, const struct plan *plan,
		   const struct handler_result *hr, const struct want *w, void *arg);

/* How many counters the last executions have set: of an engine that clears them, since it did so (tests). */
unsigned guide_count(void);

#endif
