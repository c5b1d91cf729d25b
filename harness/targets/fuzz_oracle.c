/* SPDX-License-Identifier: MIT */
/*
 * The oracle against itself (harness/profiles/selfcheck.h). An input is one to BATCH_MAX cases in binary
 * form, one behind the other. Needs no root and makes no system call.
 */
#include <stdio.h>
#include <stdlib.h>

#include "harness/case/case_bin.h"
#include "harness/mutate/batch.h"
#include "harness/profiles/selfcheck.h"
#include "guide.h"
#include "stats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Prints what does not hold, and ends the process. */
static void report(const struct selfcheck_find *f, const struct tcase *tc, uint64_t pick)
{
	struct buf text = {0};

	selfcheck_print(f, tc, pick, &text);
	fputs(buf_str(&text), stderr);
	abort();
}

static void observe(const struct tc_call *c, const struct want *w, uint32_t page_size)
{
	stats_clauses(&w->hits);
	guide_call(c, w, page_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tcase tc; /* large */
	static struct selfcheck *check;
	unsigned useful = 0;
	size_t n;

	stats_execution();
	if (!check) {
		check = selfcheck_new();
		if (!check)
			abort();
		check->observe = observe;
	}
	if (size < CASE_BIN_MIN)
		stats_refuse(REFUSED_TOO_SHORT);
	for (unsigned k = 0; k < BATCH_MAX && (n = case_bin_take(data, size, &tc)); k++) {
		uint64_t pick = selfcheck_pick(data, n);
		const struct selfcheck_find *f = selfcheck_case(check, &tc, pick);

		if (f)
			report(f, &tc, pick);
		if (!tc.n_calls)
			stats_refuse(REFUSED_NO_CALLS);
		useful += tc.n_calls != 0;
		fuzz_stats.cases++;
		fuzz_stats.calls += tc.n_calls;
		data += n;
		size -= n;
	}
	return useful ? 0 : -1; /* -1: keep it out of the corpus */
}
