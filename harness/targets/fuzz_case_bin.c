/* SPDX-License-Identifier: MIT */
/*
 * The binary form (harness/case/case_bin.h): any bytes decode to a valid case; encoding it is canonical, so
 * that decode and encode of that give the same case and the same bytes. Needs no root.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/case/case_bin.h"
#include "harness/mutate/batch.h"
#include "stats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what, const char *more)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz_case_bin: %s%s\n", what, more ? more : "");
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tcase tc, again; /* large */
	static uint8_t bytes[CASE_BIN_MAX + 1], same[CASE_BIN_MAX];
	size_t n, taken;
	const char *wrong;

	stats_execution();
	if (size < CASE_BIN_MIN)
		stats_refuse(REFUSED_TOO_SHORT);
	for (unsigned k = 0; k < BATCH_MAX && (taken = case_bin_take(data, size, &tc)); k++) {
		must(taken >= CASE_BIN_MIN && taken <= size, "taken: out of range", NULL);
		wrong = tcase_check(&tc);
		must(!wrong, "decoded case is not valid: ", wrong);
		n = case_bin_encode(&tc, bytes, CASE_BIN_MAX);
		must(n >= CASE_BIN_MIN, "the case does not fit CASE_BIN_MAX", NULL);
		bytes[n] = 0xff; /* what stands behind is no business of the case's */
		must(case_bin_take(bytes, n + 1, &again) == n, "decoding takes another length", NULL);
		must(tcase_equal(&tc, &again), "decode(encode(x)) is another case", NULL);
		must(case_bin_encode(&again, same, sizeof(same)) == n && !memcmp(bytes, same, n),
		     "two encodings of one case", NULL);
		fuzz_stats.cases++;
		data += taken;
		size -= taken;
	}
	return 0;
}
