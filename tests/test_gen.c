/* SPDX-License-Identifier: MIT */
/*
 * The generator and the sweep: every case is valid, harmless on the host, the same for the same seed and
 * number, and survives both formats.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "harness/case/case_bin.h"
#include "harness/case/case_text.h"
#include "harness/case/safe.h"
#include "harness/mutate/gen.h"
#include "harness/mutate/sweep.h"

#define CASES 20000

static struct gen g, again; /* large */
static struct tcase tc, other;

static void check_round_trips(const struct tcase *c, uint64_t n)
{
	static uint8_t bin[CASE_BIN_MAX];
	struct buf text = {0};
	struct diag d;
	size_t len;

	tcase_print(c, NULL, &text);
	if (tcase_parse(buf_str(&text), text.n, "generated", &other, NULL, &d))
		fail_msg("case %llu: %s\n%s", (unsigned long long)n, d.message, buf_str(&text));
	assert_true(tcase_equal(c, &other));
	len = case_bin_encode(c, bin, sizeof(bin));
	assert_int_not_equal(len, 0);
	assert_true(case_bin_decode(bin, len, &other));
	assert_true(tcase_equal(c, &other));
	buf_fini(&text);
}

static void check(const struct tcase *c, uint64_t n)
{
	const char *bad = tcase_check(c);
	int32_t level, optname;

	if (bad)
		fail_msg("case %llu: %s", (unsigned long long)n, bad);
	if (!tcase_host_safe(c, &level, &optname))
		fail_msg("case %llu names option %d of level %d", (unsigned long long)n, optname, level);
	check_round_trips(c, n);
}

static void test_generated(void **state)
{
	(void)state;
	gen_init(&g, 99);
	for (uint64_t i = 0; i < CASES; i++) {
		gen_case(&g, i, &tc);
		check(&tc, i);
	}
}

static void test_bench_stream(void **state)
{
	(void)state;
	gen_init(&g, 99);
	g.bench = true;
	for (uint64_t i = 0; i < CASES; i++) {
		gen_case(&g, i, &tc);
		check(&tc, i);
		assert_int_equal(tc.n_levels, 3);
		assert_int_equal(tc.call[0].hook, HOOK_SET);
		assert_int_equal(tc.call[1].hook, HOOK_GET);
		for (unsigned l = 0; l < 3; l++)
			for (unsigned h = 0; h < HOOK_COUNT; h++)
				assert_int_equal(tc.level[l].slot[h][0].prog.n, 2);
	}
}

/* A case depends on seed and number only, not on the cases made before it. */
static void test_replays(void **state)
{
	(void)state;
	gen_init(&g, 7);
	gen_init(&again, 7);
	for (uint64_t i = 0; i < 1000; i++)
		gen_case(&g, i, &tc);
	for (uint64_t i = 1000; i-- > 0;) {
		gen_case(&g, i, &tc);
		gen_case(&again, i, &other);
		assert_true(tcase_equal(&tc, &other));
		gen_init(&again, 7);
	}
	gen_init(&again, 8);
	unsigned same = 0;

	for (uint64_t i = 0; i < 1000; i++) {
		gen_case(&g, i, &tc);
		gen_case(&again, i, &other);
		same += tcase_equal(&tc, &other);
	}
	assert_true(same < 10);
}

static void test_sweep(void **state)
{
	unsigned topology, socket;

	(void)state;
	for (uint64_t i = 0; i < sweep_count(); i += 37) {
		sweep_case(i, &tc, &topology, &socket);
		check(&tc, i);
		assert_true(topology < TOPOLOGIES);
		assert_true(socket < SOCK_ROWS);
	}
}

/* The sweep is a product: all its cases differ. */
static void test_sweep_is_a_product(void **state)
{
	const uint64_t step = sweep_count() / 18; /* one kind of option */
	static uint64_t seen[1 << 17];
	unsigned topology, socket, repeated = 0;

	(void)state;
	assert_int_equal(sweep_count() % 18, 0);
	for (uint64_t i = 0; i < step; i++) {
		const struct prog *p;
		uint64_t h = 1469598103934665603ull;

		sweep_case(i, &tc, &topology, &socket);
		for (unsigned l = 0; l < tc.n_levels; l++)
			for (unsigned k = 0; k < HOOK_COUNT; k++) {
				p = &tc.level[l].slot[k][0].prog;
				h = (h ^ (p->n << 1 | p->ret)) * 1099511628211ull;
				for (unsigned a = 0; a < p->n; a++)
					h = (h ^ ((uint64_t)p->act[a].op << 32 | (uint32_t)p->act[a].val)) *
					    1099511628211ull;
			}
		h = (h ^ (uint32_t)tc.call[0].optlen) * 1099511628211ull;
		h = (h ^ (uint32_t)tc.call[1].optlen) * 1099511628211ull;
		uint64_t slot = h % (1 << 17);

		while (seen[slot] && seen[slot] != h)
			slot = (slot + 1) % (1 << 17);
		repeated += seen[slot] == h;
		seen[slot] = h;
	}
	/* "equal", "0", "1", "16" ... left coincide with the user's length or each other at some lengths, and
	 * the values within a class of retval vary; nothing else may coincide. */
	assert_true(repeated < step / 5);
}

static void test_dimensions_have_names(void **state)
{
	char name[24];

	(void)state;
	for (unsigned d = 0; d < DIM_COUNT; d++) {
		assert_true(dim_values((enum dim)d) <= DIM_VALUES);
		assert_true(strlen(dim_name((enum dim)d)) > 0);
		for (unsigned v = 0; v < dim_values((enum dim)d); v++)
			assert_true(strlen(dim_value_name((enum dim)d, v, name)) > 0);
	}
}

/* The value that replaces one which the option already has is another one, and still legal. */
static void test_value_next(void **state)
{
	(void)state;
	for (size_t i = 0; i < option_count(); i++) {
		const struct option_info *o = option_at(i);
		struct tc_call c = {.level = o->level, .optname = o->optname};

		if (!o->can_set || !o->host_safe || !o->v_step || o->v_lo == o->v_hi)
			continue;
		for (uint32_t salt = 0; salt < 300; salt++) {
			int32_t before, after;

			c.buf.size = value_fill(o, salt, &c.buf);
			memcpy(&before, c.buf.data, 4);
			assert_in_range((int64_t)before - o->v_lo, 0, (int64_t)o->v_hi - o->v_lo);
			assert_true(value_next(&c));
			memcpy(&after, c.buf.data, 4);
			assert_int_not_equal(before, after);
			assert_in_range((int64_t)after - o->v_lo, 0, (int64_t)o->v_hi - o->v_lo);
		}
	}
}

/* Some socket of the unlocked generator knows it, and some call means anything. */
static bool can_be_asked(const struct option_info *o)
{
	for (unsigned k = 0; k < SOCK_ROWS + SOCK_GUEST; k++)
		if (sock_rows[k].mask & o->sock_mask)
			return o->can_set || o->can_get;
	return false;
}

/*
 * In a guest every option that a socket knows is asked, set where it can be set, and handlers are given less
 * than they look at: of each option that can be set at least one length below its own.
 */
static void test_unlocked(void **state)
{
	static struct tcase locked;
	static bool asked[1024], shortened[1024], sockets[SOCK_ROWS + SOCK_GUEST];
	unsigned long sets = 0, shorter = 0, missing = 0;

	(void)state;
	gen_init(&g, 99);
	gen_case(&g, 5, &locked);
	safe_unlock(true);
	gen_init(&g, 99);
	for (uint64_t i = 0; i < 200000; i++) {
		gen_case(&g, i, &tc);
		assert_null(tcase_check(&tc));
		if (i < 2000)
			check_round_trips(&tc, i);
		sockets[g.socket] = true;
		for (unsigned c = 0; c < tc.n_calls; c++) {
			const struct tc_call *call = &tc.call[c];
			const struct option_info *o = option_find(call->level, call->optname);

			if (!o)
				continue;
			if (call->hook == HOOK_SET || !o->can_set)
				asked[o - option_at(0)] = true;
			if (call->hook != HOOK_SET)
				continue;
			sets++;
			if (call->optlen > 0 && call->optlen < o->size && call->buf.place == BUF_PLAIN) {
				shorter++;
				shortened[o - option_at(0)] = true;
			}
		}
	}
	for (unsigned k = 0; k < SOCK_ROWS + SOCK_GUEST; k++)
		assert_true(sockets[k]);
	assert_true(option_count() <= 1024);
	for (size_t i = 0; i < option_count(); i++) {
		const struct option_info *o = option_at(i);

		if (can_be_asked(o) && (!asked[i] || (o->can_set && o->size > 1 && !shortened[i])))
			missing += printf("%s: %s\n", o->name,
					  asked[i] ? "never shorter than it is" : "never asked") > 0;
	}
	assert_int_equal(missing, 0);
	print_message("%lu of %lu setsockopts are shorter than the option\n", shorter, sets);
	assert_true(shorter * 8 > sets && shorter * 2 < sets);
	safe_unlock(false);
	gen_init(&g, 99);
	gen_case(&g, 5, &tc);
	assert_true(tcase_equal(&tc, &locked));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generated),
		cmocka_unit_test(test_bench_stream),
		cmocka_unit_test(test_replays),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_sweep_is_a_product),
		cmocka_unit_test(test_dimensions_have_names),
		cmocka_unit_test(test_value_next),
		cmocka_unit_test(test_unlocked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
