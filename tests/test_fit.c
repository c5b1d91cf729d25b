/* SPDX-License-Identifier: MIT */
/* Any case on a usual chain (harness/mutate/fit.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/rng.h"
#include "harness/case/case_bin.h"
#include "harness/mutate/fit.h"
#include "harness/mutate/parts.h"

static bool is_usual(const struct tcase *tc)
{
	static struct tcase like;

	for (unsigned t = 0; t < TOPOLOGIES; t++) {
		bool same = true;

		tcase_init(&like);
		topology_apply(&topologies[t], &like);
		if (like.n_levels != tc->n_levels)
			continue;
		for (unsigned l = 0; l < tc->n_levels; l++)
			for (unsigned h = 0; h < HOOK_COUNT; h++)
				same &= like.level[l].n[h] == tc->level[l].n[h] &&
					(!tc->level[l].n[h] ||
					 like.level[l].slot[h][0].mode == tc->level[l].slot[h][0].mode);
		if (same)
			return true;
	}
	return false;
}

/* The programs of one hook that do something, in their order. */
static unsigned busy(struct tcase *tc, unsigned hook, struct prog out[TC_MAX_PROGS])
{
	struct slot_ref ref;
	unsigned n = 0;

	for (unsigned i = 0; slot_find(tc, i, &ref); i++) {
		const struct prog *p = &slot_of(tc, ref)->prog;

		if (ref.hook == hook && (p->n || p->ret != 1))
			out[n++] = *p;
	}
	return n;
}

static void same_programs(struct tcase *was, struct tcase *now)
{
	static struct prog a[TC_MAX_PROGS], b[TC_MAX_PROGS];

	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		unsigned n = busy(was, h, a), m = busy(now, h, b);

		assert_int_equal(n, m);
		for (unsigned i = 0; i < n; i++) {
			assert_int_equal(a[i].n, b[i].n);
			assert_int_equal(a[i].ret, b[i].ret);
			assert_memory_equal(a[i].act, b[i].act, a[i].n * sizeof(struct act));
		}
	}
}

static void any_case_fits(void **state)
{
	static struct tcase was, tc, again;
	unsigned changed = 0, kept = 0;

	for (uint64_t k = 0; k < 20000; k++) {
		uint8_t bytes[400];
		unsigned most = 0;
		struct rng r;

		rng_seed(&r, 7, k);
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)(rng_u32(&r) >> rng_below(&r, 8));
		assert_true(case_bin_decode(bytes, sizeof(bytes), &was));
		tc = was;
		if (fit_chain(&tc)) {
			changed++;
			for (unsigned i = 0; i < tc.n_calls; i++)
				assert_false(tc.call[i].expect.has_ret);
		}
		assert_null(tcase_check(&tc));
		assert_true(is_usual(&tc));
		again = tc;
		assert_false(fit_chain(&again)); /* it is its own nearest */
		assert_true(tcase_equal(&again, &tc));
		for (unsigned h = 0; h < HOOK_COUNT; h++) {
			unsigned n = 0;

			for (unsigned l = 0; l < was.n_levels; l++)
				n += was.level[l].n[h];
			most = n > most ? n : most;
		}
		if (most <= 6) { /* the row "slots" holds six programs on each hook */
			kept++;
			same_programs(&was, &tc);
		}
		for (unsigned i = 0; i < was.n_socks; i++) {
			if (was.sock[i].level == TC_OUTSIDE)
				assert_int_equal(tc.sock[i].level, TC_OUTSIDE);
			if (was.sock[i].level == was.n_levels)
				assert_int_equal(tc.sock[i].level, tc.n_levels);
		}
	}
	assert_true(changed > 15000 && kept > 2000);
}

static void usual_ones_stay(void **state)
{
	static struct tcase was, tc;

	for (unsigned t = 0; t < TOPOLOGIES; t++) {
		tcase_init(&was);
		topology_apply(&topologies[t], &was);
		was.level[0].slot[HOOK_GET][0].prog.ret = 0;
		tc = was;
		assert_false(fit_chain(&tc));
		assert_true(tcase_equal(&tc, &was));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_case_fits),
		cmocka_unit_test(usual_ones_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
