/* SPDX-License-Identifier: MIT */
/*
 * Guidance by what the kernel did, where it says so (harness/exec/kcov.h): a step from one of its blocks to
 * another that no input made before counts as coverage. HOOKDIFF_GUIDE=0 switches that off, too.
 */
#ifndef GUIDE_KERNEL_H
#define GUIDE_KERNEL_H

#include <stdint.h>

/* Counts the steps between blocks as KCOV recorded them, in order. */
void guide_kernel(const uint64_t *pcs, unsigned n);

/* How many counters the last executions have set: of an engine that clears them, since it did so (tests). */
unsigned guide_kernel_count(void);

#endif
