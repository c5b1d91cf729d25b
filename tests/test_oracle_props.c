/* SPDX-License-Identifier: MIT */
/*
 * What must hold for every case and every answer of a handler, in each profile: the clause named behind a
 * part that is compared holds in that profile, an errno copies nothing out, the same question has the same
 * answer, and the oracle never reads or writes outside its own memory (the sanitized build).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/mutate/gen.h"
#include "oracle/clauses.h"
#include "oracle/oracle.h"
#include "oracle/profiles.h"

#define CASES 60000

static struct gen g; /* large */
static struct tcase tc;
static uint8_t mem[TC_MAX_BUF + 8192];

/* An answer that some handler could give: an errno, or bytes up to the user's length, or a longer length. */
static struct handler_result answer(struct rng *r, const struct tc_call *c)
{
	static const int32_t lengths[] = {0, 1, 4, 8, 16, 64, 4096, 4097, 6000};
	struct handler_result hr = {.mem = c->buf.place == BUF_NULL ? NULL : mem, .optlen = c->optlen};
	uint32_t x = rng_below(r, 4);

	tc_buf_image(&c->buf, mem, c->buf.size + TC_PAST);
	if (c->hook == HOOK_SET) {
		hr.ret = x ? 0 : -22;
		return hr;
	}
	if (x == 0 || c->optlen < 0 || c->optlen_null || c->buf.place != BUF_PLAIN) {
		hr.ret = -92;
		return hr;
	}
	hr.optlen = lengths[rng_below(r, sizeof(lengths) / sizeof(lengths[0]))];
	for (int32_t i = 0; i < hr.optlen && i < c->optlen && i < 64; i++)
		mem[i] = (uint8_t)rng_u32(r);
	hr.is_volatile = rng_chance(r, 1, 16);
	return hr;
}

static void in_profile(const struct profile *p, unsigned clause, const char *part, uint64_t i)
{
	if (clause && !profile_has(p, clause))
		fail_msg("case %llu: %s is held against %s, which profile %s does not have",
			 (unsigned long long)i, part, clause_info(clause)->name, p->name);
	if (!clause)
		fail_msg("case %llu: %s is compared and no clause is behind it (profile %s)",
			 (unsigned long long)i, part, p->name);
}

static void check_seen(const struct profile *p, const struct want *w, uint64_t i)
{
	for (unsigned k = 0; k < w->n_seen; k++) {
		const struct want_seen *s = &w->seen[k];

		if (!(s->any & SEEN_ANY_ARGS))
			in_profile(p, s->c_args, "level", i);
		if (!(s->any & SEEN_ANY_OPTLEN))
			in_profile(p, s->c_optlen, "a program's optlen", i);
		if (!(s->any & SEEN_ANY_SIZE))
			in_profile(p, s->c_size, "a window's size", i);
		if (!(s->any & SEEN_ANY_RETVAL))
			in_profile(p, s->c_retval, "a program's retval", i);
	}
}

/* May bytes be named that are there after an error? */
static bool may_copy(const struct tc_call *c, const struct want *w)
{
	uint8_t before[64];

	if (w->c_out == C_ZC_FAILED) { /* the handler's own copy, which the twin saw, does not come */
		tc_buf_image(&c->buf, before, sizeof(before));
		return w->n_out <= sizeof(before) && !memcmp(w->out, before, w->n_out);
	}
	if (w->c_ret == C_GET_ERROR_COPIED)
		return true;
	/* The value is copied before the length: a length that cannot be written comes too late for it. No
	 * other EFAULT does, and the value has to fit. */
	return c->optlen_ro && w->c_ret == C_GET_COPYOUT_FAULT && w->n_out <= tc_buf_reach(&c->buf, true);
}

static void check(const struct profile *p, const struct tc_call *c, const struct want *w, uint64_t i)
{
	if (!(w->any & ANY_RET))
		in_profile(p, w->c_ret, "the result", i);
	if (c->hook == HOOK_GET && !(w->any & ANY_OPTLEN) && !c->optlen_null)
		in_profile(p, w->c_optlen, "optlen", i);
	if (w->n_out && c->buf.place != BUF_NULL)
		in_profile(p, w->c_out, "the bytes copied out", i);
	if (!(w->any & ANY_MEM) && c->buf.place != BUF_NULL)
		in_profile(p, w->c_base, "the buffer", i);
	check_seen(p, w, i);
	if (p->in == IN_KERNEL && w->ret < 0 && !(w->any & ANY_RET) && w->n_out && !may_copy(c, w))
		fail_msg("case %llu: %u bytes copied out, and result %lld by %s", (unsigned long long)i,
			 w->n_out, (long long)w->ret, clause_info(w->c_ret)->name);
	for (unsigned n = 1; n < C_COUNT; n++)
		if (clause_has(&w->hits, n) && !profile_has(p, n))
			fail_msg("case %llu: %s had a say in profile %s", (unsigned long long)i,
				 clause_info(n)->name, p->name);
}

static void test_profile(void **state)
{
	const struct profile *p = *state;
	struct oracle *o = oracle_new(p, 4096);
	struct rng r;

	assert_non_null(o);
	gen_init(&g, 5);
	for (uint64_t i = 0; i < (getenv("HOOKDIFF_TEST_QUICK") ? CASES / 6 : CASES); i++) {
		gen_case(&g, i, &tc);
		rng_seed(&r, 6, i);
		oracle_begin(o, &tc);
		for (unsigned k = 0; k < tc.n_calls; k++) {
			struct plan plan, again;
			struct handler_result hr = answer(&r, &tc.call[k]);
			int64_t first;
			uint32_t any;

			oracle_plan(o, k, &plan);
			first = oracle_predict(o, &hr)->ret;
			any = oracle_predict(o, &hr)->any;
			oracle_plan(o, k, &again);
			const struct want *w = oracle_predict(o, &hr);

			assert_int_equal(plan.called, again.called);
			assert_int_equal(plan.optlen, again.optlen);
			assert_true(any == w->any && first == w->ret);
			check(p, &tc.call[k], w, i);
		}
	}
	oracle_free(o);
}

/* The check above would see a clause of the wrong profile. */
static void test_it_can_fail(void **state)
{
	const struct profile *doc = profile_find("doc");

	(void)state;
	assert_false(profile_has(doc, C_GET_RETVAL_ANY));
	assert_true(profile_has(doc, C_GET_RETVAL_ORIGINAL));
	assert_int_equal(clause_find("SET.OPTLEN.BYPASS"), C_SET_OPTLEN_BYPASS);
	assert_int_equal(clause_find("SET.OPTLEN"), -1);
}

/* Debian's release leaves the stable version out; the version of uname -v has it. */
static void test_profile_for_kernel(void **state)
{
	static const struct {
		const char *release, *version, *profile;
	} rows[] = {
		{"5.3.0", NULL, "v5.3"},
		{"5.4.49", NULL, "v5.4"},
		{"5.4.50", NULL, "v5.8"},
		{"5.5.19", NULL, "v5.4"},
		{"5.7.6", NULL, "v5.4"},
		{"5.7.7", NULL, "v5.8"},
		{"5.10.0-32-cloud-amd64", "#1 SMP Debian 5.10.223-1 (2024-08-10)", "v5.10.188"},
		{"5.10.0-10-cloud-amd64", "#1 SMP Debian 5.10.84-1 (2021-12-08)", "v5.8"},
		{"5.15.0", NULL, "v5.8"},
		{"5.18.0-rc3", NULL, "v5.18"},
		{"6.1.0-56-cloud-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-10-01)", "v6.5"},
		{"6.1.27", NULL, "v5.19"},
		{"6.1.38", "#1 SMP", "v6.4"},
		{"6.2.16", NULL, "v6.4"},
		{"6.4.3", NULL, "v6.4"},
		{"6.4.4", NULL, "v6.5"},
		{"5.4.243", NULL, "v5.10.180"},
		{"5.15.0", NULL, "v5.8"},
		{"5.15.111", NULL, "v5.15.111"},
		{"5.15.121", NULL, "v5.15.121"},
		{"5.17.15", NULL, "v5.8"},
		{"6.6.50", NULL, "v6.5"},
		{"6.6.51", NULL, "v6.6.51"},
		{"6.12.117+deb12-cloud-amd64", "#1 SMP Debian 6.12.117-1~deb12u1", "v6.19"},
		{"6.18.44", "#1 SMP Debian 5.10.1-1", "v6.19"}, /* another series: not this kernel's */
		{"7.0.13", NULL, "v6.19"},
		{"6.12.77", NULL, "v6.7"},
		{"6.13.0", NULL, "v6.7"},
		{"6.19.0", NULL, "v6.19"},
		{"7.1", NULL, "v7.1"},
		{"7.3.0-rc7", NULL, "v7.2"},
		{"7.4.0", NULL, NULL},
		{"5.2.21", NULL, NULL},
		{"plan9", NULL, NULL},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct profile *p = profile_for_kernel(rows[i].release, rows[i].version);

		if (!rows[i].profile)
			assert_null(p);
		else
			assert_string_equal(p ? p->name : "none", rows[i].profile);
	}
}

/* A clause id reads aloud, is unique, and its row is complete. */
static void test_catalogue(void **state)
{
	(void)state;
	for (int c = 1; c < C_COUNT; c++) {
		const struct clause_info *info = clause_info((unsigned)c);

		assert_int_equal(clause_find(info->name), c);
		assert_true(strspn(info->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.") ==
			    strlen(info->name));
		assert_true(info->in ? !(info->in & ~(unsigned)IN_ALL) : c > C_CALLS_END);
		assert_true(strlen(info->sentence) > 20);
		assert_true(strlen(info->source) > 5);
	}
}

int main(void)
{
	struct CMUnitTest tests[32];
	unsigned n = 0;

	for (unsigned i = 0; i < profile_count(); i++)
		tests[n++] = (struct CMUnitTest){profile_at(i)->name, test_profile, NULL, NULL,
						 (void *)profile_at(i)};
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_it_can_fail);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_catalogue);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_profile_for_kernel);
	return _cmocka_run_group_tests("oracle properties", tests, n, NULL, NULL);
}
