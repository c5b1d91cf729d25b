/* SPDX-License-Identifier: MIT */
/*
 * diff-profiles: what must differ is found, with the clauses that people would name; what is the same is
 * silent; and a profile with any one trait changed is told from the right one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/case/case_text.h"
#include "harness/profiles/contrast.h"
#include "oracle/clauses.h"

struct result {
	struct contrast_find *f;
	unsigned n, real;
};

static struct result search(const struct profile *a, const struct profile *b, uint64_t seed, uint64_t cases)
{
	/* Prime and above 7: all pairs of boundaries stay. */
	unsigned stride = getenv("HOOKDIFF_TEST_QUICK") ? 31 : 5;
	struct contrast_opts o = {.seed = seed, .cases = cases, .shrink = 400, .stride = stride};
	struct contrast *x = contrast_new(a, b);
	struct result r = {0};
	uint64_t looked;

	assert_non_null(x);
	assert_int_equal(contrast_search(x, &o, &r.f, &r.n, &looked), 0);
	assert_true(looked > cases);
	contrast_free(x);
	while (r.real < r.n && !r.f[r.real].key.silent)
		r.real++;
	return r;
}

static struct result named(const char *a, const char *b)
{
	return search(profile_find(a), profile_find(b), 1, 20000);
}

static bool has(const struct result *r, unsigned a, unsigned b)
{
	for (unsigned i = 0; i < r->real; i++)
		if (r->f[i].key.a == a && r->f[i].key.b == b)
			return true;
	return false;
}

/* The epochs whose change is one rule, or three: those rules and nothing else. */
static void neighbours(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned clause[3][2];
	} rows[] = {
		{"v6.4",
		 "v6.5",
		 {{C_SET_LARGE_EFAULT, C_SET_LARGE_IGNORED},
		  {C_GET_LARGE_EFAULT, C_GET_LARGE_IGNORED},
		  {C_HOOK_CALLED, C_BYPASS_OPTION}}},
		{"v6.5", "v6.6.51", {{C_HOOK_BADFD_LENGTH, C_HOOK_BADFD_FIRST}}},
		{"v6.19", "v7.1", {{C_HOOK_CALLED, C_GET_EARLY}}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct result r = named(rows[i].a, rows[i].b);
		unsigned want = rows[i].clause[2][0] ? 3 : 1;

		for (unsigned k = 0; k < want; k++)
			assert_true(has(&r, rows[i].clause[k][0], rows[i].clause[k][1]));
		assert_int_equal(r.real, want);
		free(r.f);
		r = named(rows[i].b, rows[i].a); /* the other way round: the same, exchanged */
		for (unsigned k = 0; k < want; k++)
			assert_true(has(&r, rows[i].clause[k][1], rows[i].clause[k][0]));
		assert_int_equal(r.real, want);
		free(r.f);
	}
}

static void document_against_kernel(void **state)
{
	struct result r = named("doc", "v6.7");

	(void)state;
	assert_true(has(&r, C_SET_OPTLEN_BOUND, C_SET_OPTLEN_GROW));	 /* D5 */
	assert_true(has(&r, C_SET_RETURN_ZERO, C_CHAIN_UNDONE));	 /* D6 */
	assert_true(has(&r, C_GET_RETVAL_ORIGINAL, C_GET_RETVAL_ANY));	 /* D11 */
	assert_true(has(&r, C_GET_RETURN_ZERO, C_GET_REJECT_ERRNO));	 /* D12 */
	assert_true(has(&r, C_SET_OPTLEN_DECREASED, C_SET_OPTLEN_ZERO)); /* D17 */
	assert_true(r.n > r.real);
	for (unsigned i = 0; i < r.real; i++) {
		const struct contrast_find *f = &r.f[i];

		assert_null(tcase_check(&f->tc));
		assert_true(f->n_rows > 0);
		assert_true(f->key.a && f->key.b);
		assert_true(f->tc.n_calls == 1);
		if (i) /* sorted, and each pair once */
			assert_true(r.f[i - 1].key.a < f->key.a ||
				    (r.f[i - 1].key.a == f->key.a && r.f[i - 1].key.b < f->key.b));
	}
	free(r.f);
}

static void a_profile_is_like_itself(void **state)
{
	(void)state;
	for (unsigned i = 0; i < profile_count(); i++) {
		struct result r = search(profile_at(i), profile_at(i), 3, 5000);

		assert_int_equal(r.n, 0);
		free(r.f);
	}
}

static void the_same_twice(void **state)
{
	struct result a = named("v5.3", "v5.8"), b = named("v5.3", "v5.8");

	(void)state;
	assert_int_equal(a.n, b.n);
	for (unsigned i = 0; i < a.real; i++) {
		assert_memory_equal(&a.f[i].key, &b.f[i].key, sizeof(a.f[i].key));
		assert_true(tcase_equal(&a.f[i].tc, &b.f[i].tc));
		assert_string_equal(a.f[i].answer, b.f[i].answer);
	}
	free(a.f);
	free(b.f);
}

#define TRAIT(f, v)                                                                                          \
	{                                                                                                    \
#f, offsetof(struct traits, f), v                                                            \
	}

/* Each of these changes something that a call can show. */
static void one_wrong_trait_is_found(void **state)
{
	static const struct {
		const char *name;
		size_t trait;
		uint8_t value;
	} rows[] = {
		TRAIT(order, ORDER_DOWN),
		TRAIT(after_reject, REJECT_STOPS),
		TRAIT(reject, REJECT_EPERM),
		TRAIT(retval_chain, RETVAL_FRESH),
		TRAIT(set_window, WINDOW_EXACT),
		TRAIT(set_bound, BOUND_USER),
		TRAIT(set_zero, ZERO_LITERAL),
		TRAIT(set_large, LARGE_EFAULT),
		TRAIT(set_large, LARGE_EINVAL),
		TRAIT(set_positive, POSITIVE_RUNS),
		TRAIT(set_export, EXPORT_DROPPED),
		TRAIT(get_zero, ZERO_LITERAL),
		TRAIT(get_large, LARGE_EFAULT),
		TRAIT(get_large, LARGE_EINVAL),
		TRAIT(get_negative_ret, NEGATIVE_COPIES),
		TRAIT(get_null, NULL_CHECKED),
		TRAIT(get_long, LONG_CLAMPED),
		TRAIT(get_early, EARLY_PACKET),
		TRAIT(badfd, BADFD_AFTER_LENGTH),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct profile wrong = *profile_find("v6.7");
		struct result r;

		*((uint8_t *)&wrong.traits + rows[i].trait) = rows[i].value;
		r = search(profile_find("v6.7"), &wrong, 5, 20000);
		if (!r.real)
			fail_msg("%s = %u is not told from the right profile", rows[i].name, rows[i].value);
		free(r.f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours),
		cmocka_unit_test(document_against_kernel),
		cmocka_unit_test(a_profile_is_like_itself),
		cmocka_unit_test(the_same_twice),
		cmocka_unit_test(one_wrong_trait_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
