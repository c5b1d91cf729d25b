/* SPDX-License-Identifier: MIT */
/*
 * What libFuzzer calls instead of its own mutations (harness/mutate/batch.h, text_edit.h); linked into each
 * target whose inputs are cases. MUTATE says what the inputs are: CASES for the oracle, RUNNABLE cases for a
 * kernel, TEXT, BYTES for a decoder that is to see every second input with its bytes changed, or TREES, of
 * which the same is true and which are one case with operations each. HOOKDIFF_BATCH=N in the environment
 * makes all inputs N cases long, to measure what a case costs; HOOKDIFF_MUTATE=engine in the environment
 * leaves everything to libFuzzer, to compare the two.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/case/safe.h"
#include "harness/mutate/text_edit.h"
#include "harness/mutate/tree_mutate.h"

enum inputs { CASES, RUNNABLE, TEXT, BYTES, TREES };

static const enum inputs inputs = MUTATE;

/* Weak: AFL++'s driver has none, and does not call what is here either. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
				 uint8_t *out, size_t max_size, unsigned seed);

/*
 * HOOKDIFF_BATCH=N: inputs of N cases, to measure what a case costs. In a guest that may die the mutator is
 * unlocked as its target is: of what the option table and safe.c keep it has a copy of its own.
 */
static void read_environment(void)
{
	static bool known;
	const char *s = known ? NULL : getenv("HOOKDIFF_BATCH");

	if (!known && inputs == RUNNABLE)
		safe_join();
	known = true;
	if (s)
		batch_cases((unsigned)strtoul(s, NULL, 10));
}

static bool engine_only(void)
{
	static int only = -1;

	if (only < 0) {
		const char *s = getenv("HOOKDIFF_MUTATE");

		only = s && !strcmp(s, "engine");
	}
	return only;
}

static struct rng seeded(unsigned seed)
{
	struct rng r;

	rng_seed(&r, seed, inputs);
	return r;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	struct rng r = seeded(seed);

	read_environment();
	if (LLVMFuzzerMutate && (engine_only() || ((inputs == BYTES || inputs == TREES) && seed & 1)))
		return LLVMFuzzerMutate(data, size, max_size);
	if (inputs == TREES)
		return tree_mutate_bytes(data, size, max_size, &r);
	if (inputs == TEXT)
		return text_mutate(data, size, max_size, LLVMFuzzerMutate, &r);
	return batch_mutate(data, size, max_size, inputs == RUNNABLE ? EDIT_KERNEL : EDIT_ORACLE,
			    LLVMFuzzerMutate, &r);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
				 uint8_t *out, size_t max_size, unsigned seed)
{
	struct rng r = seeded(seed);

	read_environment();
	if (engine_only() ||
	    inputs == TREES) /* 0: libFuzzer makes another mutation; its own crossover is among those */
		return 0;
	if (inputs == TEXT)
		return text_cross(a, a_size, b, b_size, out, max_size, &r);
	return batch_cross(a, a_size, b, b_size, out, max_size,
			   inputs == RUNNABLE ? EDIT_KERNEL : EDIT_ORACLE, &r);
}
