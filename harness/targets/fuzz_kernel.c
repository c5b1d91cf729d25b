/* SPDX-License-Identifier: MIT */
/*
 * Live difference between the oracle and this kernel's hooks, for libFuzzer and AFL++. Needs root. An input
 * is one case in binary form; a divergence prints its card and aborts. Options that can hurt the host are
 * passed over.
 */
#include <stdio.h>
#include <stdlib.h>

#include "harness/campaign/live.h"
#include "harness/case/case_bin.h"
#include "harness/case/safe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tcase tc; /* large */
	static struct live *live;
	int32_t level, optname;

	if (!live)
		live = live_open(); /* or exits with 2, saying what this machine lacks */
	if (!case_bin_decode(data, size, &tc) || !tcase_host_safe(&tc, &level, &optname))
		return -1; /* libFuzzer: keep it out of the corpus */
	if (!live_agrees(live, &tc))
		abort(); /* its card is on stderr */
	return 0;
}
