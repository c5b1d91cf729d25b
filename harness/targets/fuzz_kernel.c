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
	enum verdict v;

	if (!live)
		live = live_open(); /* or exits with 2, saying what this machine lacks */
	if (!case_bin_decode(data, size, &tc) || !tcase_host_safe(&tc, &level, &optname))
		return -1;			  /* libFuzzer: keep it out of the corpus */
	for (unsigned i = 0; i < tc.n_calls; i++) /* what random bytes expect is not the kernel's fault */
		tc.call[i].expect.has_ret = tc.call[i].expect.has_optlen = tc.call[i].expect.n_bytes = 0;
	v = live_run(live, &tc);
	if (v == V_FAIL)
		abort(); /* its card is on stderr */
	return v == V_SKIP ? -1 : 0;
}
