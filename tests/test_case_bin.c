/* SPDX-License-Identifier: MIT */
/* The binary form: any bytes are a valid case, and what is encoded comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/buf.h"
#include "harness/base/rng.h"
#include "harness/case/case_bin.h"
#include "harness/case/case_text.h"
#include "harness/case/options.h"

static uint8_t bytes[CASE_BIN_MAX + 1];

static void fail_case(const char *what, const char *why, const struct tcase *tc, uint64_t stream)
{
	struct buf b = {0};

	tcase_print(tc, NULL, &b);
	fprintf(stderr, "seed 1 stream %llu\n%s", (unsigned long long)stream, buf_str(&b));
	buf_fini(&b);
	fail_msg("%s: %s", what, why ? why : "");
}

/* Encodes, decodes over garbage, compares; with every capacity that is too small refused. */
static void there_and_back(const struct tcase *tc, uint64_t stream)
{
	static struct tcase again;
	size_t n = case_bin_encode(tc, bytes, CASE_BIN_MAX);

	if (!n)
		fail_case("CASE_BIN_MAX is too small", NULL, tc, stream);
	memset(&again, 0xee, sizeof(again));
	bytes[n] = 0xff; /* of the next case, if there were one */
	if (case_bin_take(bytes, n + 1, &again) != n || tcase_check(&again))
		fail_case("decoding what was encoded", tcase_check(&again), tc, stream);
	if (!tcase_equal(tc, &again))
		fail_case("decode(encode(x)) is not x", NULL, tc, stream);
}

static unsigned long count(void)
{
	const char *s = getenv("HD_RANDOM");

	if (s)
		return strtoul(s, NULL, 0);
	if (getenv("HOOKDIFF_TEST_QUICK")) {
		puts("shortened: 20000 inputs instead of 200000 (HOOKDIFF_TEST_QUICK)");
		return 20000;
	}
	return 200000;
}

/* Any byte, or mostly small ones: they are indices and counts. */
static uint8_t random_byte(struct rng *r, bool flat)
{
	uint8_t byte = (uint8_t)rng_u32(r);

	return flat ? byte : (uint8_t)(byte >> rng_below(r, 8));
}

static void any_bytes_are_a_case(void **state)
{
	static struct tcase tc;
	unsigned long total = count(), progs = 0, ifs = 0, expects = 0, bypass = 0;

	for (unsigned long k = 0; k < total; k++) {
		uint8_t data[1024], *exact;
		const char *why;
		struct rng r;
		size_t n;

		rng_seed(&r, 1, k);
		n = 3 + rng_below(&r, k % 4 ? 200 : sizeof(data) - 2);
		for (size_t i = 0; i < n; i++)
			data[i] = random_byte(&r, k & 1);
		exact = malloc(n); /* a read past the end is the sanitizer's */
		assert_non_null(exact);
		memcpy(exact, data, n);
		if (!case_bin_decode(exact, n, &tc))
			fail_msg("stream %lu: refused", k);
		free(exact);
		why = tcase_check(&tc);
		if (why)
			fail_case("decoded an invalid case", why, &tc, k);
		there_and_back(&tc, k);
		for (unsigned i = 0; i < tc.n_levels; i++)
			progs += tc.level[i].n[HOOK_GET] + tc.level[i].n[HOOK_SET];
		for (unsigned s = 0; s < tc.level[0].n[HOOK_SET]; s++)
			for (unsigned i = 0; i < tc.level[0].slot[HOOK_SET][s].prog.n; i++) {
				const struct act *a = &tc.level[0].slot[HOOK_SET][s].prog.act[i];

				ifs += a->op == ACT_IF;
				bypass += a->op == ACT_OPTLEN && a->val == -1;
			}
		for (unsigned i = 0; i < tc.n_calls; i++)
			expects += tc.call[i].expect.has_ret;
	}
	printf("%lu inputs: %lu programs, %lu ifs, %lu expectations, %lu bypasses\n", total, progs, ifs,
	       expects, bypass);
	/* the inputs reach what they are for */
	assert_true(progs > total && ifs > total / 2 && expects > total / 32 && bypass > total / 400);
}

static void short_inputs(void **state)
{
	static const uint8_t zeros[8];
	static struct tcase tc;
	struct tcase smallest;

	for (size_t n = 0; n < CASE_BIN_MIN; n++)
		assert_false(case_bin_decode(zeros, n, &tc));
	tcase_init(&smallest);
	assert_true(case_bin_decode(zeros, CASE_BIN_MIN, &tc));
	assert_true(tcase_equal(&tc, &smallest));
	assert_int_equal(case_bin_encode(&smallest, bytes, sizeof(bytes)), 4);
	assert_memory_equal(bytes, "\1\0\0\0", 4);
}

/* Only a header that asks for it makes programs that return 2: no kernel runs them. */
static void two_is_asked_for(void **state)
{
	static struct tcase tc;
	struct prog *p;
	uint64_t twos = 0;
	size_t n;

	tcase_init(&tc);
	tc.level[0].n[HOOK_SET] = 1;
	p = &tc.level[0].slot[HOOK_SET][0].prog;
	p->n = 2;
	p->ret = 2;
	p->act[0] = (struct act){.op = ACT_RETURN, .val = 1};
	p->act[1] = (struct act){.op = ACT_RETURN, .val = 2};
	assert_true(tcase_returns_2(&tc));
	there_and_back(&tc, 0);
	p->ret = 0;
	there_and_back(&tc, 1);
	n = case_bin_encode(&tc, bytes, sizeof(bytes));
	bytes[1] &= 0x3f;
	assert_true(case_bin_decode(bytes, n, &tc));
	assert_false(tcase_returns_2(&tc));
	p->ret = p->act[1].val = 1;
	there_and_back(&tc, 2);
	for (unsigned long k = 0; k < 4000; k++) {
		uint8_t data[64];
		struct rng r;

		rng_seed(&r, 2, k);
		for (size_t i = 0; i < sizeof(data); i++)
			data[i] = random_byte(&r, k & 1);
		assert_true(case_bin_decode(data, sizeof(data), &tc));
		twos += tcase_returns_2(&tc);
		assert_true((data[1] & 0xc0) == 0xc0 || !tcase_returns_2(&tc));
	}
	assert_true(twos > 0);
}

/* Every prefix of a valid encoding is a valid case too, and too little room is noticed, whatever is missing.
 */
static void prefixes_and_room(void **state)
{
	static struct tcase tc, cut;
	uint8_t data[300], small[600];
	struct rng r;
	size_t n;

	rng_seed(&r, 2, 0);
	for (unsigned k = 0; k < 200; k++) {
		for (size_t i = 0; i < sizeof(data); i++)
			data[i] = (uint8_t)rng_u32(&r);
		data[1] = (uint8_t)(k & 0x3f);
		data[2] = 2;
		assert_true(case_bin_decode(data, sizeof(data), &tc));
		n = case_bin_encode(&tc, bytes, sizeof(bytes));
		for (size_t m = CASE_BIN_MIN; m < n; m++) {
			assert_true(case_bin_decode(bytes, m, &cut));
			assert_null(tcase_check(&cut));
			if (m < sizeof(small))
				assert_int_equal(case_bin_encode(&tc, small, m), 0);
		}
		assert_int_equal(case_bin_encode(&tc, bytes, n), n);
	}
}

/* The case that takes the most bytes in every part. */
static void the_largest_case_fits(void **state)
{
	static struct tcase tc;
	size_t n;

	tcase_init(&tc);
	tc.n_levels = TC_MAX_LEVELS;
	for (unsigned i = 0; i < TC_MAX_LEVELS; i++) {
		for (unsigned h = 0; h < HOOK_COUNT; h++) {
			tc.level[i].n[h] = TC_MAX_SLOTS;
			for (unsigned s = 0; s < TC_MAX_SLOTS; s++) {
				struct prog *p = &tc.level[i].slot[h][s].prog;

				p->n = ACT_MAX;
				for (unsigned k = 0; k < ACT_MAX; k++)
					p->act[k] = (struct act){
						.op = ACT_IF, .val = 0x12345678, .field = FIELD_OPTNAME};
			}
		}
	}
	tc.n_socks = TC_MAX_SOCKS;
	for (unsigned i = 0; i < TC_MAX_SOCKS; i++)
		tc.sock[i].family = tc.sock[i].type = tc.sock[i].protocol = 0xffff;
	tc.n_calls = TC_MAX_CALLS;
	for (unsigned i = 0; i < TC_MAX_CALLS; i++) {
		struct tc_call *c = &tc.call[i];

		c->level = c->optname = c->optlen = c->expect.optlen = 0x12345678;
		c->buf.size = 70001;
		c->buf.n_data = c->expect.n_bytes = TC_MAX_DATA;
		c->expect.has_ret = c->expect.has_optlen = true;
		c->expect.ret = INT64_MIN;
	}
	assert_null(tcase_check(&tc));
	there_and_back(&tc, 0);
	n = case_bin_encode(&tc, bytes, CASE_BIN_MAX);
	assert_true(n > CASE_BIN_MAX / 2);
}

static void ints_and_options_keep_their_value(void **state)
{
	static const int64_t more[] = {2,
				       5,
				       94,
				       95,
				       96,
				       127,
				       128,
				       -2,
				       -128,
				       -32768,
				       -32769,
				       32767,
				       32768,
				       65535,
				       131072,
				       -4095,
				       -4096,
				       INT32_MIN + 1,
				       INT32_MAX - 1,
				       INT64_MAX,
				       INT64_MIN,
				       -2147483649ll,
				       4294967296ll};
	static struct tcase tc;
	size_t n_int;
	const int32_t *ints = case_bin_interesting(&n_int);

	tcase_init(&tc);
	tc.n_calls = 1;
	tc.call[0].sock = TC_SOCK_BAD;
	tc.call[0].expect.has_ret = tc.call[0].expect.has_optlen = true;
	for (size_t i = 0; i < n_int + sizeof(more) / sizeof(more[0]); i++) {
		int64_t v = i < n_int ? ints[i] : more[i - n_int];

		tc.call[0].level = tc.call[0].optname = tc.call[0].optlen = tc.call[0].expect.optlen =
			(int32_t)v;
		tc.call[0].expect.ret = v;
		there_and_back(&tc, 0);
	}
	for (size_t i = 0; i < option_count(); i++) {
		tc.call[0].level = option_at(i)->level;
		tc.call[0].optname = option_at(i)->optname;
		there_and_back(&tc, 0);
	}
	assert_true(option_count() < 0x8000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_bytes_are_a_case),	 cmocka_unit_test(short_inputs),
		cmocka_unit_test(two_is_asked_for),	 cmocka_unit_test(prefixes_and_room),
		cmocka_unit_test(the_largest_case_fits), cmocka_unit_test(ints_and_options_keep_their_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
