/* SPDX-License-Identifier: MIT */
/*
 * Clause situations: calls whose situation was worked out by hand from the definitions in situation.h, and
 * the counters that guide.h makes of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/case/case_text.h"
#include "harness/mutate/gen.h"
#include "harness/profiles/standin.h"
#include "harness/targets/guide.h"
#include "harness/targets/guide_kernel.h"
#include "oracle/oracle.h"
#include "oracle/profiles.h"

#define SOCKET "s = socket(AF_INET, SOCK_STREAM, 0) in a\n"

static const struct row {
	const char *text;
	unsigned decides; /* c_ret */
	struct situation s;
} rows[] = {
	{"cgroup a { setsockopt: optlen = -1 }\n" SOCKET "setsockopt(s, SOL_IP, IP_TOS, i32 8, optlen 4)\n",
	 C_SET_OPTLEN_BYPASS,
	 {SIT_OK, SIT_ONE, SIT_AT, SIT_BYPASS}},
	{"cgroup a\n" SOCKET "setsockopt(s, SOL_IP, IP_TOS, i32 8, optlen -5)\n",
	 C_SET_OPTLEN_NEGATIVE,
	 {SIT_ERRNO, SIT_NONE, SIT_NEGATIVE, SIT_UNTOUCHED}},
	{"cgroup a\n" SOCKET "setsockopt(s, SOL_IP, IP_TOS, i32 8, optlen 4)\n",
	 C_HOOK_NONE,
	 {SIT_OK, SIT_NONE, SIT_AT, SIT_UNTOUCHED}},
	/* The window is 16 bytes: 17 is past it. */
	{"cgroup a { setsockopt: return 1; setsockopt: optlen = 17 }\n" SOCKET
	 "setsockopt(s, SOL_IP, IP_TOS, i32 8, optlen 3)\n",
	 C_SET_OPTLEN_RANGE,
	 {SIT_EFAULT, SIT_LEVEL, SIT_BELOW, SIT_PAST}},
	{"cgroup a { setsockopt: return 1; setsockopt: optlen = 4097 }\n" SOCKET
	 "setsockopt(s, SOL_IP, IP_TOS, i32 8, optlen 0)\n",
	 C_SET_OPTLEN_RANGE,
	 {SIT_EFAULT, SIT_LEVEL, SIT_ZERO, SIT_PAST_PAGE}},
	/* The window's last byte. */
	{"cgroup a { setsockopt: optlen = 16 }\n" SOCKET "setsockopt(s, SOL_IP, IP_TOS, i32 8, optlen 4)\n",
	 C_SET_OPTLEN_GROW,
	 {SIT_OK, SIT_ONE, SIT_AT, SIT_LONGER}},
	{"cgroup a { setsockopt: return 0 }\ncgroup a/b { setsockopt: optlen = 4095 }\n"
	 "s = socket(AF_INET, SOCK_STREAM, 0) in a/b\n"
	 "setsockopt(s, SOL_IP, IP_TOS, buf 4095, optlen 4095)\n",
	 C_SET_RETURN_ZERO,
	 {SIT_EPERM, SIT_LEVELS_REFUSED, SIT_PAGE_LESS, SIT_SAME}},
	{"cgroup a { setsockopt: optlen = 2 }\n" SOCKET
	 "setsockopt(s, SOL_IP, IP_TOS, buf 4096, optlen 4096)\n",
	 C_SET_REWRITE,
	 {SIT_OK, SIT_ONE, SIT_PAGE, SIT_SHORTER}},
	{"cgroup a { setsockopt: set_retval(-5000); return 0 }\n" SOCKET
	 "setsockopt(s, SOL_IP, IP_TOS, buf 4097, optlen 4097)\n",
	 C_SET_RETVAL_RAW,
	 {SIT_EPERM, SIT_ONE_REFUSED, SIT_BEYOND, SIT_UNTOUCHED}},
	{"cgroup a { getsockopt: retval = 7; getsockopt: return 0; getsockopt: retval = 7 }\n" SOCKET
	 "getsockopt(s, SOL_IP, IP_TTL, buf 8, optlen 8)\n",
	 C_GET_RETVAL_ANY,
	 {SIT_POSITIVE, SIT_LEVEL_REFUSED, SIT_ABOVE, SIT_UNTOUCHED}},
	{"cgroup a { getsockopt: retval = -5000 }\n" SOCKET
	 "getsockopt(s, SOL_IP, IP_TTL, buf 4, optlen 4)\n",
	 C_GET_RETVAL_RAW,
	 {SIT_RAW, SIT_ONE, SIT_AT, SIT_UNTOUCHED}},
	{"cgroup a { getsockopt: optlen = -2 }\ncgroup a/b { getsockopt: return 1 }\n"
	 "s = socket(AF_INET, SOCK_STREAM, 0) in a/b\ngetsockopt(s, SOL_IP, IP_TTL, buf 4, optlen 4)\n",
	 C_GET_OPTLEN_BELOW,
	 {SIT_EFAULT, SIT_LEVELS, SIT_AT, SIT_LESS}},
	/* The handler says 4, the program takes it down. */
	{"cgroup a { getsockopt: optlen = 0 }\n" SOCKET "getsockopt(s, SOL_IP, IP_TTL, buf 9, optlen 9)\n",
	 C_GET_OPTLEN_ZERO,
	 {SIT_OK, SIT_ONE, SIT_ABOVE, SIT_CLEARED}},
	{"cgroup a { getsockopt: optlen = 2 }\n" SOCKET "getsockopt(s, SOL_IP, IP_TTL, buf 4, optlen NULL)\n",
	 C_GET_RETVAL_NEGATIVE,
	 {SIT_EFAULT, SIT_ONE, SIT_NULL, SIT_PAST}},
};

struct fixture {
	struct oracle *o;
	struct standin standin;
	struct tcase tc;
	struct gen gen;
};

static void setup_oracle(struct fixture *f, const char *profile)
{
	f->o = oracle_new(profile_find(profile), 4096);
	assert_non_null(f->o);
	assert_int_equal(standin_init(&f->standin), 0);
}

static void teardown_oracle(struct fixture *f)
{
	oracle_free(f->o);
	standin_fini(&f->standin);
}

static const struct want *predict(struct fixture *f, unsigned call)
{
	struct handler_result hr;
	struct plan plan;

	oracle_plan(f->o, call, &plan);
	standin_answer(&f->standin, &f->tc.call[call], &plan, &hr);
	return oracle_predict(f->o, &hr);
}

static void begin(struct fixture *f)
{
	oracle_begin(f->o, &f->tc);
	standin_begin(&f->standin, &f->tc, STANDIN_MODEL);
}

static void by_hand(void **state)
{
	static struct fixture f; /* large */

	setup_oracle(&f, "v6.7");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		const struct want *w;
		struct situation s;
		struct diag d;

		if (tcase_parse(r->text, strlen(r->text), "row", &f.tc, NULL, &d))
			fail_msg("row %zu does not parse", i);
		begin(&f);
		w = predict(&f, 0);
		s = situation_of(&f.tc.call[0], w, 4096);
		if (w->c_ret != r->decides || memcmp(&s, &r->s, sizeof(s)))
			fail_msg("row %zu: %s, %s, %s, user %s, left %s", i,
				 w->c_ret ? clause_info(w->c_ret)->name : "none",
				 sit_outcome_names[s.outcome], sit_shape_names[s.shape],
				 sit_user_names[s.user], sit_left_names[s.left]);
	}
	teardown_oracle(&f);
}

/* Where the profile says nothing of the result. */
static void open_outcome(void **state)
{
	static const char text[] = "cgroup a { setsockopt: return 1 }\n" SOCKET
				   "setsockopt(s, SOL_IP, IP_TOS, i32 8, optlen -1)\n";
	static struct fixture f;
	struct situation s;
	struct diag d;

	setup_oracle(&f, "doc");
	assert_int_equal(tcase_parse(text, sizeof(text) - 1, "doc", &f.tc, NULL, &d), 0);
	begin(&f);
	s = situation_of(&f.tc.call[0], predict(&f, 0), 4096);
	assert_int_equal(s.outcome, SIT_OPEN);
	assert_int_equal(s.shape, SIT_ONE);
	teardown_oracle(&f);
}

/* The page is the kernel's: at 64 KiB 4096 is only a long option. */
static void page_size(void **state)
{
	static struct tc_call c = {.hook = HOOK_SET, .level = 0, .optname = 1, .optlen = 4096};
	static struct want w;

	assert_int_equal(situation_of(&c, &w, 4096).user, SIT_PAGE);
	assert_int_equal(situation_of(&c, &w, 65536).user, SIT_ABOVE);
	c.optlen = 65535;
	assert_int_equal(situation_of(&c, &w, 65536).user, SIT_PAGE_LESS);
}

/* Two calls with different situations have different full numbers, and the counters are theirs alone. */
static void numbers(void **state)
{
	static bool seen[SIT_FULL];

	for (unsigned o = 0; o < SIT_OUTCOMES; o++)
		for (unsigned h = 0; h < SIT_SHAPES; h++)
			for (unsigned u = 0; u < SIT_USERS; u++)
				for (unsigned l = 0; l < SIT_LEFTS; l++) {
					struct situation s = {(uint8_t)o, (uint8_t)h, (uint8_t)u, (uint8_t)l};
					unsigned n = situation_full(s);

					assert_true(n < SIT_FULL && !seen[n]);
					assert_int_equal(situation_coarse(s), n / (SIT_USERS * SIT_LEFTS));
					seen[n] = true;
				}
}

/*
 * Of generated cases: each clause that had a say has a counter, and the hash does not throw together so much
 * that guidance is lost (27 of 100 situations share a counter if it is as good as chance).
 */
static void counters(void **state)
{
	static struct fixture f;
	static bool full[C_COUNT][SIT_FULL], coarse[C_COUNT][SIT_COARSE], used[SIT_COUNTERS];
	unsigned situations = 0, distinct = 0;

	setup_oracle(&f, "v6.7");
	gen_init(&f.gen, 1);
	for (unsigned i = 0; i < 200000; i++) {
		gen_case(&f.gen, i, &f.tc);
		begin(&f);
		for (unsigned c = 0; c < f.tc.n_calls; c++) {
			const struct want *w = predict(&f, c);
			struct situation s = situation_of(&f.tc.call[c], w, 4096);
			uint16_t at[SIT_AT_ONCE];
			unsigned n = situation_counters(w, s, at), hits = 0;

			for (unsigned k = 1; k < C_COUNT; k++)
				if (clause_has(&w->hits, k)) {
					hits++;
					situations += !coarse[k][situation_coarse(s)];
					coarse[k][situation_coarse(s)] = true;
				}
			assert_int_equal(n, hits + (w->c_ret != 0));
			situations += w->c_ret && !full[w->c_ret][situation_full(s)];
			full[w->c_ret][situation_full(s)] = true;
			for (unsigned k = 0; k < n; k++) {
				assert_true(at[k] < SIT_COUNTERS);
				distinct += !used[at[k]];
				used[at[k]] = true;
			}
		}
	}
	assert_true(situations > 3000);
	assert_true(distinct * 100 > situations * 70);
	teardown_oracle(&f);
}

static void guided(void **state)
{
	static struct fixture f;
	uint16_t at[SIT_AT_ONCE];
	const struct want *w;
	struct diag d;
	unsigned n;

	setup_oracle(&f, "v6.7");
	assert_int_equal(tcase_parse(rows[0].text, strlen(rows[0].text), "row", &f.tc, NULL, &d), 0);
	begin(&f);
	w = predict(&f, 0);
	n = situation_counters(w, rows[0].s, at);
	assert_int_equal(guide_count(), 0);
	guide_call(&f.tc.call[0], w, 4096);
	assert_true(n > 3);
	assert_int_equal(guide_count(), n);
	guide_call(&f.tc.call[0], w, 4096); /* nothing new */
	assert_int_equal(guide_count(), n);
	teardown_oracle(&f);
}

/* Steps between blocks of the kernel: each way counts once. */
static void guided_by_the_kernel(void **state)
{
	static const uint64_t there[] = {0xffffffff81234560, 0xffffffff81234590},
			      back[] = {0xffffffff81234590, 0xffffffff81234560};

	(void)state;
	guide_kernel(there, 0);
	assert_int_equal(guide_kernel_count(), 0);
	guide_kernel(there, 2);
	assert_int_equal(guide_kernel_count(), 2);
	guide_kernel(there, 2);
	assert_int_equal(guide_kernel_count(), 2);
	guide_kernel(back, 2);
	assert_int_equal(guide_kernel_count(), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_hand),
		cmocka_unit_test(open_outcome),
		cmocka_unit_test(page_size),
		cmocka_unit_test(numbers),
		cmocka_unit_test(counters),
		cmocka_unit_test(guided),
		cmocka_unit_test(guided_by_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
