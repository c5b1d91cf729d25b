/* SPDX-License-Identifier: MIT */
/*
 * A fuzz target whose bug is a wrong oracle (wrong.h), named by HOOKDIFF_WRONG: aborts on the first case on
 * which it and the right one disagree. An input is a batch as for fuzz_oracle. Needs no root.
 */
#include <stdio.h>
#include <stdlib.h>

#include "harness/case/case_bin.h"
#include "harness/mutate/batch.h"
#include "harness/targets/guide.h"
#include "wrong.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct wrong *chosen(void)
{
	const char *name = getenv("HOOKDIFF_WRONG");
	const struct wrong *x = name ? wrong_find(name) : NULL;

	if (x)
		return x;
	fprintf(stderr, "fuzz_wrong: HOOKDIFF_WRONG=%s: expected one of", name ? name : "");
	for (unsigned i = 0; i < n_wrongs; i++)
		fprintf(stderr, " %s", wrongs[i].name);
	fputc('\n', stderr);
	exit(2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct wrong *wrong;
	static struct wrong_run *run;
	static struct tcase tc; /* large */
	size_t took;

	if (!run) {
		wrong = chosen();
		run = wrong_run_new();
	}
	for (unsigned n = 0; n < BATCH_MAX && (took = case_bin_take(data, size, &tc)); n++) {
		if (wrong_shows(run, wrong, &tc, guide_call))
			abort();
		data += took;
		size -= took;
	}
	return 0;
}
