/* SPDX-License-Identifier: MIT */
/*
 * The oracle against itself: the invariants hold for generated cases and for whatever bytes decode to, and
 * each row of the table catches a prediction in which just that is wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "harness/case/case_bin.h"
#include "harness/mutate/gen.h"
#include "harness/profiles/selfcheck.h"
#include "oracle/clauses.h"

static struct gen gen;
static struct rng rng;
static struct tcase tc;

static unsigned cases(void)
{
	return getenv("HOOKDIFF_TEST_QUICK") ? 40000 : 400000;
}

/* A generated case, or whatever random bytes mean: those have io_uring, bad descriptors and NULL pointers. */
static void make_case(unsigned i)
{
	uint8_t bytes[300];

	if (i & 1) {
		gen_case(&gen, i, &tc);
		return;
	}
	for (unsigned k = 0; k < sizeof(bytes); k++)
		bytes[k] = (uint8_t)rng_u32(&rng);
	bytes[1] = (uint8_t)(8 | (bytes[1] & 0xd3)); /* one socket at least, few levels: more calls */
	assert_true(case_bin_decode(bytes, sizeof(bytes), &tc));
}

static int setup(void **state)
{
	rng_seed(&rng, 5, 1);
	gen_init(&gen, 5);
	return 0;
}

static void holds(void **state)
{
	struct selfcheck *s = selfcheck_new();

	assert_non_null(s);
	for (unsigned i = 0; i < cases(); i++) {
		uint64_t pick = rng_u64(&rng);
		const struct selfcheck_find *f;

		make_case(i);
		f = selfcheck_case(s, &tc, pick);
		if (f) {
			struct buf text = {0};

			selfcheck_print(f, &tc, pick, &text);
			fail_msg("%s", buf_str(&text));
		}
	}
	selfcheck_free(s);
}

/* ---- predictions with one thing wrong; each returns nothing and does so only where it means anything ----
 */

typedef void spoil(const struct tc_call *c, unsigned side, struct plan *p, struct want *w);

static bool sure(const struct want *w)
{
	return !(w->any & (ANY_RET | ANY_OPTLEN | ANY_MEM)) && !w->lost;
}

static void foreign_hit(const struct tc_call *c, unsigned side, struct plan *p, struct want *w)
{
	w->hits.w[CLAUSE_WORDS - 1] |= 1ull << 63;
}

static void unnamed(const struct tc_call *c, unsigned side, struct plan *p, struct want *w)
{
	w->c_ret = 0;
}

static void swapped(const struct tc_call *c, unsigned side, struct plan *p, struct want *w)
{
	uint8_t id = w->seen[0].id;

	if (w->n_seen < 2)
		return;
	w->seen[0].id = w->seen[1].id;
	w->seen[1].id = id;
}

static void wide_window(const struct tc_call *c, unsigned side, struct plan *p, struct want *w)
{
	uint32_t user = c->optlen_null || c->optlen < 0 ? 0 : (uint32_t)c->optlen;

	for (unsigned k = 0; k < w->n_seen; k++)
		w->seen[k].size = c->hook == HOOK_SET && user < 16 ? 17 : user + 1;
}

static void narrowed(const struct tc_call *c, unsigned side, struct plan *p, struct want *w)
{
	if (w->n_seen < 2 || !w->seen[1].size)
		return;
	w->seen[1].size--;
	w->seen[1].split = 0;
}

static void other_level(const struct tc_call *c, unsigned side, struct plan *p, struct want *w)
{
	w->seen[0].level ^= 1;
}

static void longer(const struct tc_call *c, unsigned side, struct plan *p, struct want *w)
{
	if (c->hook == HOOK_SET)
		w->seen[0].optlen++;
}

static void no_bytes(const struct tc_call *c, unsigned side, struct plan *p, struct want *w)
{
	p->bytes = NULL;
}

static void other_option(const struct tc_call *c, unsigned side, struct plan *p, struct want *w)
{
	if (c->hook == HOOK_GET)
		p->optname ^= 1;
}

static void set_writes(const struct tc_call *c, unsigned side, struct plan *p, struct want *w)
{
	if (c->hook == HOOK_SET)
		w->n_out = 1;
}

static void lost_result(const struct tc_call *c, unsigned side, struct plan *p, struct want *w)
{
	if (c->hook == HOOK_SET && p->called)
		w->ret--;
}

static void negative_runs(const struct tc_call *c, unsigned side, struct plan *p, struct want *w)
{
	if (c->hook == HOOK_SET && c->optlen < 0 && w->ret == -EINVAL)
		w->ret = -EFAULT;
}

static void errno_copies(const struct tc_call *c, unsigned side, struct plan *p, struct want *w)
{
	if (c->hook == HOOK_GET && sure(w) && w->ret < 0 && !c->optlen_null && !c->optlen_ro &&
	    c->via != VIA_HELPER)
		w->n_out = 1;
}

static void errno_length(const struct tc_call *c, unsigned side, struct plan *p, struct want *w)
{
	if (c->hook == HOOK_GET && sure(w) && w->ret < 0)
		w->optlen++;
}

static void beyond(const struct tc_call *c, unsigned side, struct plan *p, struct want *w)
{
	if (c->hook == HOOK_GET && sure(w) && w->ret >= 0 && w->n_seen && !w->n_out)
		w->optlen = c->optlen + 1;
}

static void nowhere(const struct tc_call *c, unsigned side, struct plan *p, struct want *w)
{
	if (c->hook == HOOK_GET && sure(w) && w->ret >= 0)
		w->out = NULL;
}

static void open_after_all(const struct tc_call *c, unsigned side, struct plan *p, struct want *w)
{
	if (c->hook == HOOK_GET && c->sock == TC_SOCK_BAD && c->via == VIA_SYSCALL && sure(w))
		w->ret = 0;
}

static void invented(const struct tc_call *c, unsigned side, struct plan *p, struct want *w)
{
	if (c->hook == HOOK_GET && w->c_ret == C_HOOK_NONE && w->ret >= 0)
		w->ret++;
}

static void unsure(const struct tc_call *c, unsigned side, struct plan *p, struct want *w)
{
	p->unsure = true;
}

static void uring_writes(const struct tc_call *c, unsigned side, struct plan *p, struct want *w)
{
	if (c->hook == HOOK_GET && c->via == VIA_URING)
		w->optlen++;
}

static void compat_hooked(const struct tc_call *c, unsigned side, struct plan *p, struct want *w)
{
	if (c->hook == HOOK_GET && w->c_ret == C_COMPAT_SKIPPED && w->ret >= 0)
		w->ret++;
}

static void helper_hooked(const struct tc_call *c, unsigned side, struct plan *p, struct want *w)
{
	if (c->hook == HOOK_GET && p->called && w->c_ret == C_HELPER_HANDLER && w->ret >= 0)
		w->ret++;
}

static void once_only(const struct tc_call *c, unsigned side, struct plan *p, struct want *w)
{
	w->c_order++; /* not what the second prediction will say */
}

static void apart(const struct tc_call *c, unsigned side, struct plan *p, struct want *w)
{
	if (side == 1 && c->hook == HOOK_SET && !p->called && sure(w) && w->ret == -EFAULT)
		w->ret = -EPERM;
}

static const struct {
	const char *rule;
	spoil *spoil;
} rows[] = {
	{"hits-hold", foreign_hit},	    {"result-named", unnamed},
	{"effective-order", swapped},	    {"window-bound", wide_window},
	{"window-fixed", narrowed},	    {"first-args", other_level},
	{"first-optlen", longer},	    {"plan-bound", no_bytes},
	{"plan-user", other_option},	    {"set-memory", set_writes},
	{"set-result", lost_result},	    {"set-negative", negative_runs},
	{"errno-memory", errno_copies},	    {"errno-optlen", errno_length},
	{"optlen-bound", beyond},	    {"out-bound", nowhere},
	{"bad-descriptor", open_after_all}, {"no-program", invented},
	{"lost-is-free", unsure},	    {"uring-optlen", uring_writes},
	{"compat-silent", compat_hooked},   {"helper-silent", helper_hooked},
	{"deterministic", once_only},	    {"profiles-differ", apart},
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static void tamper(const struct tc_call *c, unsigned side, struct plan *p, struct want *w, void *arg)
{
	spoil *const *f = arg;

	(*f)(c, side, p, w);
}

static void each_row_catches(void **state)
{
	for (unsigned r = 0; r < N_ROWS; r++) {
		struct selfcheck *s = selfcheck_new();
		const struct selfcheck_find *f = NULL;
		spoil *spoil = rows[r].spoil;
		unsigned i;

		assert_non_null(s);
		s->tamper = tamper;
		s->tamper_arg = &spoil;
		for (i = 0; i < cases() && !f; i++) {
			make_case(i);
			f = selfcheck_case(s, &tc, rng_u64(&rng));
			if (f &&
			    strcmp(f->rule, rows[r].rule)) /* by another profile's rules it is another's */
				f = NULL;
		}
		if (!f)
			fail_msg("%s: %u cases, and nothing was caught", rows[r].rule, i);
		selfcheck_free(s);
	}
}

static void table_is_covered(void **state)
{
	assert_true(C_CALLS <= 64 * CLAUSE_WORDS - 1); /* foreign_hit() */
	assert_int_equal(N_ROWS, invariant_count() + 2);
	for (unsigned i = 0; i < invariant_count(); i++) {
		assert_string_equal(invariant_at(i)->name, rows[i].rule);
		assert_true(strlen(invariant_at(i)->source) > 10);
		assert_true(invariant_at(i)->hooks);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(holds, setup),
		cmocka_unit_test_setup(each_row_catches, setup),
		cmocka_unit_test(table_is_covered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
