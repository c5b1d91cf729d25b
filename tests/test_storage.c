/* SPDX-License-Identifier: MIT */
/* hookdiff storage: nothing differs on this kernel, each rule is tried, and each wrong one is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "harness/exec/probe.h"
#include "harness/storage/storage.h"

static struct storage_result res;

static int run(uint64_t rounds, uint8_t wrong)
{
	struct storage_opts o = {.seed = 11, .rounds = rounds, .wrong = wrong};
	int ret;

	buf_fini(&res.text);
	ret = storage_run(&o, &res);
	if (ret && ret != -EOPNOTSUPP)
		fail_msg("%s", res.error);
	return ret;
}

static void right(void **state)
{
	(void)state;
	if (run(20, STORAGE_RIGHT)) {
		print_message("SKIP: %s\n", res.error);
		skip();
	}
	if (res.findings)
		fail_msg("%s", buf_str(&res.text));
	for (unsigned i = 0; i < ST_OP_COUNT; i++)
		assert_true(res.steps[i] > 0);
	assert_true(res.runs > 1000 && res.compared > 2 * res.runs);
	for (unsigned c = 0; c < STORAGE_CLAUSES; c++)
		if (!res.said[c] && !(C_OPERATIONS + c == C_STORAGE_TASK && res.lacks[0]))
			fail_msg("%s had no say", clause_info(C_OPERATIONS + c)->name);
}

/* Each clause has a rule that breaks it, and the finding names the clause. */
static void wrong(void **state)
{
	static const unsigned broken[STORAGE_WRONG_COUNT] = {
		[STORAGE_WRONG_PLACE] = C_STORAGE_PLACE,   [STORAGE_WRONG_DETACH] = C_STORAGE_DETACH,
		[STORAGE_WRONG_APART] = C_STORAGE_APART,   [STORAGE_WRONG_SHARED] = C_STORAGE_SHARED,
		[STORAGE_WRONG_CLONE] = C_STORAGE_CLONE,   [STORAGE_WRONG_OWN] = C_STORAGE_OWN,
		[STORAGE_WRONG_DELETE] = C_STORAGE_DELETE, [STORAGE_WRONG_PROGS] = C_STORAGE_PROGS,
		[STORAGE_WRONG_SOCK] = C_STORAGE_SOCK,	   [STORAGE_WRONG_REMOVED] = C_STORAGE_REMOVED,
		[STORAGE_WRONG_TASK] = C_STORAGE_TASK,	   [STORAGE_WRONG_SUM] = C_STORAGE_SUM};
	unsigned named = 0;

	(void)state;
	for (unsigned w = STORAGE_RIGHT + 1; w < STORAGE_WRONG_COUNT; w++) {
		const char *name = clause_info(broken[w])->name, *clauses;

		if (run(20, (uint8_t)w))
			skip();
		named++;
		if (w == STORAGE_WRONG_TASK && res.lacks[0])
			continue;
		if (!res.findings)
			fail_msg("wrong rule %u was not noticed", w);
		assert_non_null(strstr(buf_str(&res.text), "seed 11, round "));
		assert_non_null(strstr(buf_str(&res.text), "xpected"));
		clauses = strstr(buf_str(&res.text), "clauses:");
		if (!clauses || !strstr(clauses, name))
			fail_msg("wrong rule %u: %s is not named in\n%s", w, name, buf_str(&res.text));
	}
	assert_int_equal(named, STORAGE_CLAUSES);
}

/* Two programs above each other, by hand. */
static void by_hand(void **state)
{
	struct storage_model m;
	struct storage_step s;
	struct rng r;
	unsigned called = 0;

	(void)state;
	memset(&m, 0, sizeof(m));
	storage_model_begin(&m, STORAGE_RIGHT, false);
	m.n[0][HOOK_GET] = m.n[1][HOOK_GET] = 1;
	m.prog[0][HOOK_GET][0] = GET_APART;
	m.prog[1][HOOK_GET][0] = GET_SHARED;
	m.apart[0][HOOK_GET] = 6;
	m.shared[1][0] = 8;
	m.sock[1].n[1] = 3; /* made in b */
	rng_seed(&r, 1, 1);
	for (unsigned i = 0; i < 10000 && !called; i++) {
		struct storage_model copy = m;

		storage_next(&copy, &r, &s);
		if (s.op != ST_CALL || s.hook != HOOK_GET || s.sock != 1)
			continue;
		called++;
		assert_int_equal(s.n, 2);
		assert_int_equal(s.bytes[0], 9); /* b's first */
		assert_int_equal(s.bytes[1], 1);
		assert_int_equal(s.bytes[2], 7);
		assert_int_equal(s.bytes[3], 4);
		assert_int_equal(copy.runs, 2);
	}
	assert_int_equal(called, 1);
}

int main(void)
{
	const struct CMUnitTest pure[] = {cmocka_unit_test(by_hand)};
	const struct CMUnitTest tests[] = {cmocka_unit_test(right), cmocka_unit_test(wrong)};
	char why[400];
	int failed = cmocka_run_group_tests(pure, NULL, NULL);

	if (failed)
		return failed;
	if (!probe_can_run(why, sizeof(why))) {
		printf("SKIP: %s\n", why);
		return 77;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	buf_fini(&res.text);
	return failed;
}
