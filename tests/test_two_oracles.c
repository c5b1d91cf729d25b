/* SPDX-License-Identifier: MIT */
/*
 * Two ways to say what is allowed must agree (two_oracles.h), on generated cases under every kernel's
 * profile.
 *
 * test_two_oracles [CASES]: 20,000 without it, 2,000 with HOOKDIFF_TEST_QUICK. Needs no root.
 */
#include "two_oracles.h"

#include "harness/campaign/express.h"
#include "harness/mutate/gen.h"

#define SEED 6021

static uint64_t cases = 20000;

static void one_case(struct pair *p, const struct tcase *tc, enum standin_kind kind, bool interp)
{
	oracle_begin(p->list, tc);
	oracle_begin(p->byte, tc);
	standin_begin(&p->standin, tc, kind);
	put_programs(p, tc, interp);
	for (unsigned i = 0; i < tc->n_calls; i++) {
		struct handler_result hr;
		const struct want *a, *b;
		struct plan pa, pb;
		const char *why;

		oracle_plan(p->list, i, &pa);
		oracle_plan(p->byte, i, &pb);
		why = differ_plan(&pa, &pb);
		if (why)
			complain(p, tc, i, why, interp);
		standin_answer(&p->standin, &tc->call[i], &pa, &hr);
		a = oracle_predict(p->list, &hr);
		b = oracle_predict(p->byte, &hr);
		why = differ_want(&tc->call[i], a, b);
		if (!why && interp && !a->lost)
			why = differ_trace(p, tc->call[i].hook, a);
		if (why)
			complain(p, tc, i, why, interp);
		p->calls++;
		p->runs += a->n_seen;
		p->lost += a->lost;
		if (a->lost || pa.unsure)
			break;
	}
	drop_programs(p, tc, interp);
}

static void agree(void **state)
{
	static struct pair pair[32];
	static struct tcase tc; /* large */
	static struct gen g;	/* large */
	uint64_t calls = 0, runs = 0, lost = 0;
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < profile_count(); i++)
		if (profile_at(i)->releases)
			open_pair(&pair[n++], profile_at(i));
	if (!n) {
		fail_msg("no profile of a kernel");
		return;
	}
	gen_init(&g, SEED);
	for (uint64_t i = 0; i < cases; i++) {
		struct pair *p = &pair[i % n];

		gen_case(&g, i, &tc);
		if (tcase_returns_2(&tc))
			continue;
		express(&tc, p->profile);
		one_case(p, &tc, (enum standin_kind)(i / n % STANDIN_COUNT), false);
		/* has_probe_read: bytes are written down by a helper, or in a loop */
		value(p, p->rodata)[6] = i / n / STANDIN_COUNT % 2;
		one_case(p, &tc, (enum standin_kind)(i / n % STANDIN_COUNT), true);
	}
	for (unsigned i = 0; i < n; i++) {
		calls += pair[i].calls;
		runs += pair[i].runs;
		lost += pair[i].lost;
		close_pair(&pair[i]);
	}
	print_message("%llu cases, each on both kinds of instructions: %llu calls, %llu program runs, %llu "
		      "calls of "
		      "which nothing is said\n",
		      (unsigned long long)cases, (unsigned long long)calls, (unsigned long long)runs,
		      (unsigned long long)lost);
	assert_true(runs > cases); /* something was compared */
	assert_true(lost * 20 < calls);
}

/* oracle/profiles.c profile_kernels: by the releases that each row of `hookdiff clauses` names. */
static void kernels(void **state)
{
	static const struct {
		const char *name;
		unsigned first, last;
	} rows[] = {
		{"v5.3", ISA_KERNEL(5, 3), ISA_KERNEL(5, 3)},
		{"v5.4", ISA_KERNEL(5, 4), ISA_KERNEL(5, 7)},
		{"v5.8", ISA_KERNEL(5, 4), ISA_KERNEL(5, 17)},
		{"v5.10.180", ISA_KERNEL(5, 4), ISA_KERNEL(5, 10)},
		{"v5.10.188", ISA_KERNEL(5, 10), ISA_KERNEL(5, 10)},
		{"v5.15.111", ISA_KERNEL(5, 15), ISA_KERNEL(5, 15)},
		{"v5.15.121", ISA_KERNEL(5, 15), ISA_KERNEL(5, 15)},
		{"v5.18", ISA_KERNEL(5, 18), ISA_KERNEL(5, 18)},
		{"v5.19", ISA_KERNEL(5, 19), ISA_KERNEL(6, 3)},
		{"v6.5", ISA_KERNEL(6, 1), ISA_KERNEL(6, 6)},
		{"v6.7", ISA_KERNEL(6, 7), ISA_KERNEL(6, 18)},
		{"v7.2", ISA_KERNEL(7, 2), ISA_KERNEL(7, 3)},
	};
	unsigned first = 0, last = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(profile_kernels(profile_find(rows[i].name), &first, &last));
		assert_int_equal(first, rows[i].first);
		assert_int_equal(last, rows[i].last);
	}
	assert_false(profile_kernels(profile_find("doc"), &first, &last));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(agree), cmocka_unit_test(kernels)};

	if (getenv("HOOKDIFF_TEST_QUICK"))
		cases = 2000;
	if (argc > 1)
		cases = strtoull(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
