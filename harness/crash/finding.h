/* SPDX-License-Identifier: MIT */
/* The folder of a crash (docs/findings.md). */
#ifndef CRASH_FINDING_H
#define CRASH_FINDING_H

#include "hunt.h"

/* r: all but why is filled. cases: what ran, written down where nothing of it crashed the kernel again. */
int crash_write(const struct crash_opts *opts, const struct crash_report *rep, const struct hunt *h,
		const struct tcase *const *cases, unsigned n, const struct crash_result *r);

#endif
