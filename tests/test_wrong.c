/* SPDX-License-Identifier: MIT */
/*
 * What the shrinker makes of findings: a case that shows a wrong oracle (wrong.h), grown by random edits into
 * a large one that still does, must end with at most two calls and two programs, in less than ten seconds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "harness/case/case_text.h"
#include "harness/mutate/edit.h"
#include "harness/mutate/gen.h"
#include "harness/mutate/shrink.h"
#include "wrong.h"

#define EDITS 400

/* Written by hand: the smallest cases that show each, one program or two. */
static const struct {
	const char *name, *text;
} rows[] = {
	{"set-undone", "cgroup a { setsockopt: return 0; setsockopt: set_retval(0); optlen = 0; level = "
		       "0x484b; optname = 9 }\n"
		       "s = socket(AF_INET, SOCK_STREAM) in a\n"
		       "setsockopt(s, SOL_IP, IP_TOS, buf 4097 readonly, optlen 4097)\n"},
	{"get-null", "cgroup a { getsockopt: optlen = -5; return 0; getsockopt: retval = 7; optlen = 0 }\n"
		     "s = socket(AF_INET, SOCK_STREAM) in a\n"
		     "getsockopt(s, SOL_IP, IP_TOS, NULL, optlen NULL)\n"},
	{"get-after-bypass",
	 "cgroup a { setsockopt: optlen = -1; getsockopt: optval[0] = u8 1; retval = 0; optlen = 4096 }\n"
	 "s = socket(AF_INET, SOCK_STREAM) in a\n"
	 "setsockopt(s, SOL_IP, IP_TTL, buf 4097, optlen 4097)\n"
	 "getsockopt(s, SOL_IP, IP_TTL, buf 4096, optlen 4096)\n"},
	{"set-after-bypass", "cgroup a { setsockopt: optlen = 4096; if optname == IP_TTL { optlen = -1 } }\n"
			     "s = socket(AF_INET, SOCK_STREAM) in a\n"
			     "setsockopt(s, SOL_IP, IP_TTL, i32 8, optlen 4)\n"
			     "setsockopt(s, SOL_IP, IP_TOS, buf 4097, optlen 4097)\n"},
	{"uring-set", "cgroup a { setsockopt: optlen = 0; level = 0x484b; optname = 9; optval[0] = u8 1 }\n"
		      "s = socket(AF_INET, SOCK_STREAM) in a\n"
		      "setsockopt(s, SOL_IP, IP_TOS, buf 4097, optlen 4097) via io_uring\n"},
	{"uring-get", "cgroup a { getsockopt: optlen = 4095 }\ncgroup a/b { getsockopt: return 1 }\n"
		      "s = socket(AF_INET, SOCK_STREAM) in a/b\n"
		      "getsockopt(s, SOL_SOCKET, SO_PRIORITY, buf 4096, optlen 4096) via io_uring\n"},
};

#define ROWS  (sizeof(rows) / sizeof(rows[0]))
#define SEEDS 10

struct finding {
	const struct wrong *wrong;
	struct wrong_run *run;
	struct tcase tc, cand, other;
};

static bool still(const struct tcase *tc, void *arg)
{
	struct finding *f = arg;

	return wrong_shows(f->run, f->wrong, tc, NULL);
}

static unsigned programs(const struct tcase *tc)
{
	unsigned n = 0;

	for (unsigned l = 0; l < tc->n_levels; l++)
		n += tc->level[l].n[HOOK_GET] + tc->level[l].n[HOOK_SET];
	return n;
}

/* Edits that keep the mistake visible and make nothing smaller. */
static void grow(struct finding *f, struct gen *gen, uint64_t seed)
{
	struct rng r;

	rng_seed(&r, seed, 7);
	for (unsigned i = 0; i < EDITS; i++) {
		gen_case(gen, rng_below(&r, 1000000), &f->other);
		f->cand = f->tc;
		edit_case(&f->cand, &f->other, EDIT_KERNEL, &r);
		if (f->cand.n_calls >= f->tc.n_calls && programs(&f->cand) >= programs(&f->tc) &&
		    still(&f->cand, f))
			f->tc = f->cand;
	}
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void setup(struct finding *f, size_t row)
{
	struct diag d;

	f->wrong = wrong_find(rows[row].name);
	assert_non_null(f->wrong);
	if (tcase_parse(rows[row].text, strlen(rows[row].text), rows[row].name, &f->tc, NULL, &d))
		fail_msg("%s does not parse", rows[row].name);
	if (!still(&f->tc, f))
		fail_msg("%s does not show", f->wrong->name);
}

static void shrinks(struct finding *f)
{
	const unsigned calls = f->tc.n_calls, progs = programs(&f->tc);
	double start = seconds();
	unsigned tries = shrink(&f->tc, still, f, NULL);

	start = seconds() - start;
	printf("%-18s %2u calls, %2u programs -> %u, %u; %4u tries, %.2f s\n", f->wrong->name, calls, progs,
	       f->tc.n_calls, programs(&f->tc), tries, start);
	if (!still(&f->tc, f))
		fail_msg("%s does not show", f->wrong->name);
	if (f->tc.n_calls > 2 || programs(&f->tc) > 2) {
		struct buf text = {0};

		tcase_print(&f->tc, NULL, &text);
		fail_msg("still %u calls, %u programs:\n%s", f->tc.n_calls, programs(&f->tc), buf_str(&text));
	}
	assert_true(start < 10);
}

static void small(void **state)
{
	static struct finding f; /* large */
	static struct gen gen;

	f.run = wrong_run_new();
	assert_non_null(f.run);
	assert_int_equal(n_wrongs, ROWS);
	gen_init(&gen, 1);
	for (size_t i = 0; i < ROWS; i++)
		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			setup(&f, i);
			grow(&f, &gen, seed);
			assert_true(still(&f.tc, &f));
			assert_true(f.tc.n_calls > 2 && programs(&f.tc) > 4);
			shrinks(&f);
		}
	wrong_run_free(f.run);
}

/* Each mistake shows rarely: not once in these. (Rates: wrong_rate.) */
static void rare(void **state)
{
	struct wrong_run *run = wrong_run_new();
	static struct tcase tc;
	static struct gen gen;

	assert_non_null(run);
	gen_init(&gen, 2);
	for (unsigned i = 0; i < 50000; i++) {
		gen_case(&gen, i, &tc);
		assert_int_equal(wrong_which(run, &tc), 0);
	}
	wrong_run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(small), cmocka_unit_test(rare)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
