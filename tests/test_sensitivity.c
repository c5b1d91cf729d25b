/* SPDX-License-Identifier: MIT */
/*
 * Would hookdiff see it if a rule were otherwise? Each row is an oracle with one rule wrong; the boundary
 * sweep and a million generated cases on the real kernel must catch every one, and must find nothing with the
 * right one. The right oracle's run is the control of all others: same cases, same kernel.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/campaign/bulk.h"
#include "harness/exec/probe.h"

#define GENERATED 1000000
#define SEED	  20190627

static bool quick; /* HOOKDIFF_TEST_QUICK: the right oracle is asked less; the wrong ones end at the first
		      catch */

#define TRAIT(f) offsetof(struct traits, f)
#define NO_TRAIT SIZE_MAX

static void swap_traces(struct want *w, void *arg)
{
	struct want_seen first = w->seen[0];

	(void)arg;
	if (w->n_seen < 2)
		return;
	w->seen[0] = w->seen[1];
	w->seen[1] = first;
	w->seen[1].id = w->seen[0].id; /* the order stays right: only what they see is exchanged */
	w->seen[0].id = first.id;
}

static void forget_tail(struct want *w, void *arg)
{
	(void)arg;
	for (unsigned k = 0; k < w->n_seen; k++)
		if (w->seen[k].split < w->seen[k].size && w->seen[k].size <= 16) {
			static uint8_t ones[16];

			memcpy(ones, w->seen[k].bytes, w->seen[k].size);
			ones[w->seen[k].size - 1] ^= 1;
			w->seen[k].bytes = ones;
			return;
		}
}

static void canary_smudged(struct want *w, void *arg)
{
	(void)arg;
	if (w->base && w->n_out)
		w->base = NULL; /* "past the copy the user's bytes are as before": forgets what the handler
				   wrote */
}

static const struct wrong {
	const char *what;
	size_t trait;
	uint8_t value;
	uint32_t page;
	void (*tamper)(struct want *w, void *arg);
} wrongs[] = {
	{"chain order reversed", TRAIT(order), ORDER_DOWN, 0, NULL},
	{"window without \"at least 16 bytes\"", TRAIT(set_window), WINDOW_EXACT, 0, NULL},
	{"setsockopt optlen 0 not special", TRAIT(set_zero), ZERO_LITERAL, 0, NULL},
	{"positive setsockopt retval lets the handler run", TRAIT(set_positive), POSITIVE_RUNS, 0, NULL},
	{"PAGE_SIZE one too small", NO_TRAIT, 0, 4095, NULL},
	{"PAGE_SIZE one too large", NO_TRAIT, 0, 4097, NULL},
	{"EPERM instead of an errno already set", TRAIT(reject), REJECT_EPERM, 0, NULL},
	{"later programs skipped after a 0", TRAIT(after_reject), REJECT_STOPS, 0, NULL},
	{"optlen 0 written back to the user on getsockopt", TRAIT(get_zero), ZERO_LITERAL, 0, NULL},
	{"buffer copied out on error", TRAIT(get_negative_ret), NEGATIVE_COPIES, 0, NULL},
	{"retval not passed up the chain", TRAIT(retval_chain), RETVAL_FRESH, 0, NULL},
	{"level change dropped", TRAIT(set_export), EXPORT_DROPPED, 0, NULL},
	{"first and second program's trace swapped", NO_TRAIT, 0, 0, swap_traces},
	{"setsockopt optlen bound is the user's length", TRAIT(set_bound), BOUND_USER, 0, NULL},
	{"large setsockopt length is EFAULT (5.8 to 6.4)", TRAIT(set_large), LARGE_EFAULT, 0, NULL},
	{"large getsockopt length is EFAULT (5.8 to 6.4)", TRAIT(get_large), LARGE_EFAULT, 0, NULL},
	{"NULL optval is bounds-checked (before 6.4)", TRAIT(get_null), NULL_CHECKED, 0, NULL},
	{"a byte past the user's data not zero", NO_TRAIT, 0, 0, forget_tail},
	{"bytes past the copy not the handler's", NO_TRAIT, 0, 0, canary_smudged},
};

static const struct profile *right;

/* Sweep, then generated cases, up to the first divergence. Returns how many cases it took, or 0: not caught.
 */
static uint64_t run(const struct profile *p, const struct wrong *w, bool stop, struct bulk_result *r,
		    const char **where)
{
	struct bulk_opts opts = {.profile = p,
				 .sweep = true,
				 .thin = quick && !stop ? 17 : 1,
				 .workers = 2,
				 .reuse = 64,
				 .page_size = w ? w->page : 0,
				 .tamper = w ? w->tamper : NULL,
				 .stop_at_first = stop,
				 .quiet = true};

	*where = "sweep";
	if (bulk_run(&opts, r))
		fail_msg("sweep: %s", r->error);
	if (r->failed && stop)
		return r->caught_after;
	uint64_t swept = r->cases, failed = r->failed;
	opts.sweep = false;
	opts.seed = SEED;
	opts.thin = 0;
	opts.cases = quick && !stop ? GENERATED / 10 : GENERATED;
	*where = "generated";
	if (bulk_run(&opts, r))
		fail_msg("generated cases: %s", r->error);
	r->failed += failed;
	return r->failed ? swept + r->caught_after : 0;
}

static void test_right_oracle_is_silent(void **state)
{
	static struct bulk_result r;
	const char *where;

	(void)state;
	run(right, NULL, false, &r, &where);
	assert_int_equal(r.failed, 0);
	assert_true(r.cases >= (quick ? GENERATED / 10 : GENERATED));
	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		assert_true(r.controls.ran_ok[h] > 0);
		assert_true(r.controls.silent_ok[h] > 0);
		assert_int_equal(r.controls.ran_bad[h], 0);
		assert_int_equal(r.controls.silent_bad[h], 0);
	}
}

static void test_nothing_is_starved(void **state)
{
	static struct bulk_result r;
	struct bulk_opts opts = {
		.profile = right, .workers = 2, .reuse = 64, .seed = SEED, .cases = GENERATED, .quiet = true};
	struct buf b = {0};

	(void)state;
	if (quick) { /* its subject is the generator, which the other tests run under the sanitizers */
		puts("HOOKDIFF_TEST_QUICK: starved clauses are not looked for");
		skip();
	}
	assert_int_equal(bulk_run(&opts, &r), 0);
	if (bulk_starved(&r, &b))
		fail_msg("%s", buf_str(&b));
	assert_true(r.indistinct * 1000 <
		    r.sets); /* "handler not called" can fail on all but one set in a thousand */
	r.stat[C_SET_OPTLEN_ZERO].hit = 5;
	assert_int_equal(bulk_starved(&r, &b), 1); /* and the check itself can fail */
	buf_fini(&b);
}

static void test_wrong_oracles_are_caught(void **state)
{
	static struct bulk_result r;
	unsigned missed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		const struct wrong *w = &wrongs[i];
		struct profile p = *right;
		const char *where;
		uint64_t n;

		if (w->trait != NO_TRAIT) {
			uint8_t *t = (uint8_t *)&p.traits + w->trait;

			assert_int_not_equal(*t, w->value);
			*t = w->value;
		}
		n = run(&p, w, true, &r, &where);
		printf("  %-52s %s after %llu cases of the %s\n", w->what, n ? "caught" : "MISSED",
		       (unsigned long long)n, where);
		missed += !n;
	}
	assert_int_equal(missed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right_oracle_is_silent),
		cmocka_unit_test(test_nothing_is_starved),
		cmocka_unit_test(test_wrong_oracles_are_caught),
	};
	struct utsname u;
	char why[400];

	quick = getenv("HOOKDIFF_TEST_QUICK");
	if (!probe_can_run(why, sizeof(why))) {
		printf("SKIP: %s\n", why);
		return 77;
	}
	uname(&u);
	right = profile_for_kernel(u.release, u.version);
	if (!right) {
		printf("SKIP: no profile covers Linux %s\n", u.release);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
