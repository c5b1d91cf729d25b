/* SPDX-License-Identifier: MIT */
/*
 * Five things that must agree on generated cases, all on one call: the oracle on action lists, the
 * interpreter on the straight-line programs and on progs/interp.bpf.o (two_oracles.h), and the running kernel
 * with the one and with the other. The first three get the same answers of the kernel's handler.
 *
 * test_live_oracles [CASES]: 4,000 without it, 400 with HOOKDIFF_TEST_QUICK. Needs root; otherwise exit 77.
 */
#include "two_oracles.h"

#include "harness/campaign/express.h"
#include "harness/campaign/loop.h"
#include "harness/exec/kernel.h"
#include "harness/exec/probe.h"
#include "harness/mutate/gen.h"

#define SEED 6045

static uint64_t cases = 4000;
static struct pair pair;
static struct backend *backend;
static bool put, lost; /* the case's programs are in the pair; nothing more can be said of it */
static uint64_t volatile_cases;

/* What the loop has planned and predicted, again by the interpreter on both kinds of instructions. */
static void observe(const struct tcase *tc, unsigned call, const struct plan *plan,
		    const struct handler_result *hr, const struct want *want, void *arg)
{
	bool interp = *(const bool *)arg;
	struct plan mine;
	const struct want *w;
	const char *why;

	if (!call) {
		oracle_begin(pair.byte, tc);
		put_programs(&pair, tc, interp);
		put = true;
		lost = false;
	}
	if (lost)
		return;
	oracle_plan(pair.byte, call, &mine);
	why = differ_plan(plan, &mine);
	if (why)
		complain(&pair, tc, call, why, interp);
	w = oracle_predict(pair.byte, hr);
	lost = w->lost || plan->unsure;
	if (w->lost && hr && hr->is_volatile) { /* instructions may store a byte that nobody knows */
		volatile_cases++;
		return;
	}
	why = differ_want(&tc->call[call], want, w);
	if (!why && interp && !w->lost)
		why = differ_trace(&pair, tc->call[call].hook, w);
	if (why)
		complain(&pair, tc, call, why, interp);
	pair.calls++;
	pair.runs += w->n_seen;
	pair.lost += w->lost;
}

/* One case on the kernel with one kind of program, held against the interpreter on the other kind too. */
static enum verdict one_case(struct loop *lp, struct tcase *tc, bool straight, bool interp)
{
	static struct case_result res; /* large */
	enum verdict v;

	backend->straight = straight;
	lp->observe = observe;
	lp->observe_arg = &interp;
	v = loop_case(lp, tc, false, NULL, &res);
	if (put)
		drop_programs(&pair, tc, interp);
	put = false;
	if (v == V_FAIL) {
		struct buf b = {0};

		tcase_print(tc, NULL, &b);
		fail_msg("%s, call %u: the kernel with %s differs in %s: want %lld, got %lld", buf_str(&b),
			 res.call + 1, straight ? "straight-line programs" : "interp.bpf.o",
			 diff_field_name(res.diff.field), (long long)res.diff.want, (long long)res.diff.got);
	}
	if (v == V_ERROR)
		fail_msg("%s", res.why);
	return v;
}

static void agree(void **state)
{
	uint64_t seen[V_COUNT] = {0}, straight = 0;
	static struct tcase tc; /* large */
	static struct gen g;	/* large */
	struct loop lp;

	(void)state;
	assert_int_equal(loop_init(&lp, backend, pair.profile, 0), 0);
	gen_init(&g, SEED);
	for (uint64_t i = 0; i < cases; i++) {
		gen_case(&g, i, &tc);
		express(&tc, pair.profile);
		seen[one_case(&lp, &tc, false, i & 1)]++;
		if (i % 8 > 1)
			continue;
		straight += one_case(&lp, &tc, true, !(i & 1)) == V_PASS;
	}
	print_message(
		"profile %s: %llu cases agree in all ways, %llu of them also with straight-line programs in "
		"the kernel; %llu calls, %llu program runs; %llu skipped, %llu inconclusive, %llu only up to "
		"a value that changes by itself\n",
		pair.profile->name, (unsigned long long)seen[V_PASS], (unsigned long long)straight,
		(unsigned long long)pair.calls, (unsigned long long)pair.runs,
		(unsigned long long)seen[V_SKIP], (unsigned long long)seen[V_INCONCLUSIVE],
		(unsigned long long)volatile_cases);
	assert_true(seen[V_PASS] * 10 > cases * 8);
	assert_true(straight * 10 > cases);
	assert_true(pair.runs > cases);
	assert_true(volatile_cases * 50 < cases);
	loop_fini(&lp);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(agree)};
	const struct kernel_opts opts = {.own_netns = true};
	const struct profile *profile;
	struct control_counts controls;
	char err[512];
	int ret;

	if (getenv("HOOKDIFF_TEST_QUICK"))
		cases = 400;
	if (argc > 1)
		cases = strtoull(argv[1], NULL, 10);
	if (!probe_can_run(err, sizeof(err)) || !(backend = kernel_open(&opts, err, sizeof(err)))) {
		printf("skipped: %s\n", err);
		return 77;
	}
	profile = profile_for_kernel(backend->release, backend->version);
	if (!profile) {
		printf("skipped: no profile covers Linux %s\n", backend->release);
		backend->ops->close(backend, NULL);
		return 77;
	}
	open_pair(&pair, profile);
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	close_pair(&pair);
	backend->ops->close(backend, &controls);
	if (!controls.ran_ok[HOOK_GET] || controls.ran_bad[HOOK_GET] || controls.ran_bad[HOOK_SET]) {
		printf("the controls do not show that the hooks ran\n");
		return 1;
	}
	return ret;
}
