/* SPDX-License-Identifier: MIT */
/*
 * hookdiff race: nothing is found on this kernel, and the set of allowed results is so tight that each rule
 * which is wrong on purpose is noticed: wrong orders of calls and operations, wrong rules of attaching, an
 * operation that takes effect late, leaks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "harness/exec/probe.h"
#include "harness/race/race.h"
#include "harness/race/round_impl.h"
#include "oracle/profiles.h"

#define TRIES 20
#define SLOW  20000 /* turns of the loop: some 10 us a program, so that calls meet several operations */

static struct race_result res; /* large */
static char text[1 << 14];

static bool odd; /* a finding's parts are not as they should be; its thread must not fail the test itself */

/* What the JSON document has stands in the text too, and none of it is empty. */
static bool is_whole(const struct race_finding *f)
{
	return strstr(f->text, f->scene) && strstr(f->text, f->what) && f->got[0] && f->want[0] &&
	       strstr(f->text, f->got) && strstr(f->text, f->want) && strstr(f->schedule, "* ") &&
	       strstr(f->text, f->schedule) && (f->clause != C_NONE) == !strncmp(f->what, "operation", 9);
}

static void keep(void *arg, const struct race_finding *finding)
{
	(void)arg;
	odd |= !is_whole(finding);
	if (!text[0])
		snprintf(text, sizeof(text), "%s", finding->text);
}

static double scaled(double seconds)
{
	return getenv("HOOKDIFF_TEST_QUICK") ? seconds / 2 : seconds;
}

/* Runs until a finding or the time is over. scene NULL: all. */
static void run(const char *scene, double seconds, uint8_t wrong, uint8_t rule, unsigned delay)
{
	struct utsname u;
	struct race_opts o = {.seed = 7,
			      .threads = 4,
			      .seconds = seconds,
			      .round_seconds = 0.2,
			      .settle_seconds = wrong == RACE_WRONG_LEAK ? 0.2 : 10,
			      .delay = delay,
			      .wrong = wrong,
			      .wrong_rule = rule,
			      .stop_at_finding = wrong || rule,
			      .scenes = ~0u,
			      .finding = keep};

	uname(&u);
	o.profile = profile_for_kernel(u.release, u.version);
	o.epoch = attach_for_kernel(u.release, u.version);
	o.early = race_early(u.release);
	assert_non_null(o.profile);
	assert_non_null(o.epoch);
	for (unsigned i = 0; scene && scene_at(i); i++)
		if (!strcmp(scene_at(i)->name, scene))
			o.scenes = 1u << i;
	text[0] = 0;
	if (race_run(&o, &res))
		fail_msg("%s", res.error);
	if (odd)
		fail_msg("a finding's parts are not those of its text:\n%s", text);
	if (res.total.findings && !wrong && !rule)
		print_message("%s", text);
}

/* Did every scene's calls meet changes? On a busy machine that takes more than one run. */
static bool all_met(void)
{
	for (unsigned i = 0; scene_at(i); i++) {
		const struct race_counts *n = &res.scene[i];

		if (!res.lacks[i] && (!n->calls[HOOK_GET] || !n->calls[HOOK_SET] || !n->overlapped))
			return false;
	}
	return res.total.saw_first && res.total.saw_last;
}

static void clean(void **state)
{
	bool met = false;

	(void)state;
	for (unsigned i = 0; i < TRIES && !met; i++) {
		run(NULL, scaled(2), RACE_RIGHT, TREE_RIGHT, 0);
		assert_int_equal(res.total.findings, 0);
		assert_false(res.leaked);
		met = all_met();
	}
	assert_true(met);
}

/* Calls take long: they meet several operations, and chains that change under them. */
static void slow(void **state)
{
	uint64_t mixed = 0;

	(void)state;
	for (unsigned i = 0; i < TRIES && !mixed; i++) {
		run("update", scaled(1), RACE_RIGHT, TREE_RIGHT, SLOW);
		assert_int_equal(res.total.findings, 0);
		mixed = res.total.mixed;
		if (!res.total.rounds)
			skip(); /* no links */
	}
	assert_true(mixed > 0);
}

static void caught(const char *scene, uint8_t wrong, uint8_t rule, unsigned delay)
{
	run(scene, 20, wrong, rule, delay);
	if (!res.total.findings)
		fail_msg("rule %u of races, %u of attaching: not noticed in %llu calls", wrong, rule,
			 (unsigned long long)(res.total.calls[HOOK_GET] + res.total.calls[HOOK_SET]));
	assert_non_null(strstr(text, "scene "));
	assert_non_null(strstr(text, "operations "));
}

static void wrong_orders(void **state)
{
	(void)state;
	caught("first", RACE_WRONG_NEW, TREE_RIGHT, 0);
	caught("first", RACE_WRONG_OLD, TREE_RIGHT, 0);
	caught("replace", RACE_WRONG_NEW, TREE_RIGHT, 0);
	caught("replace", RACE_WRONG_OLD, TREE_RIGHT, 0);
	caught("update", RACE_WRONG_MIX, TREE_RIGHT, SLOW);
	caught("update", RACE_WRONG_BACK, TREE_RIGHT, SLOW);
}

/* A kernel whose operations take effect 300 us after they have returned. */
static void late_kernel(void **state)
{
	(void)state;
	for (unsigned i = 0; scene_at(i); i++)
		caught(scene_at(i)->name, RACE_WRONG_LATE, TREE_RIGHT, 0);
}

static void wrong_rules(void **state)
{
	(void)state;
	caught("first", RACE_RIGHT, TREE_WRONG_LINK, 0);
	caught("update", RACE_RIGHT, TREE_WRONG_UPDATE, 0);
	caught("multi", RACE_RIGHT, TREE_WRONG_LINK, 0);
	caught("rmdir", RACE_RIGHT, TREE_WRONG_DEAD, 0);
}

static void leaks(void **state)
{
	(void)state;
	run("first", 0.2, RACE_WRONG_LEAK, TREE_RIGHT, 0);
	assert_true(res.leaked);
	assert_true(res.after.progs > res.before.progs);
	assert_true(!res.after.has_links || res.after.links > res.before.links);
	assert_true(res.after.cgroups > res.before.cgroups);
	assert_true(res.after.fds > res.before.fds);
}

static void early_by_release(void **state)
{
	(void)state;
	assert_true(race_early("5.10.0-30-cloud-amd64"));
	assert_true(race_early("6.1.0-40-cloud-amd64"));
	assert_true(race_early("6.6.50"));
	assert_false(race_early("6.6.51"));
	assert_true(race_early("6.10.9"));
	assert_false(race_early("6.10.10"));
	assert_false(race_early("6.11.0"));
	assert_false(race_early("7.0.1"));
}

/* ---- without a kernel: the set by hand ---- */

static struct round fake; /* large */
static struct expect table;
static struct scene_run scene;

static void set_state(uint32_t k, uint32_t version, uint8_t first, uint8_t second)
{
	struct race_chain *c = &table.entry[k].chain;

	*c = (struct race_chain){.n = 2, .prog = {(uint8_t)(first - 1), (uint8_t)(second - 1)}};
	table.entry[k].hook = HOOK_GET;
	table.entry[k].seen = (struct race_seen){.optlen = 16, .bytes = {first, second}};
	fake.state[k].version[HOOK_GET] = version;
	fake.state[k].version[HOOK_SET] = k; /* of no interest to a getsockopt */
	fake.state[k].expect[0][HOOK_GET] = (uint16_t)k;
}

static bool allowed(uint32_t lo, uint32_t hi, uint8_t first, uint8_t second)
{
	struct observed o = {.lo = lo, .hi = hi, .seen = {.optlen = 16, .bytes = {first, second}}};
	struct race_counts n = {0};

	return verdict(&fake, &o, &n);
}

static void by_hand(void **state)
{
	static const struct round_opts right;

	(void)state;
	fake.o = &right;
	fake.run = &scene;
	fake.expect = &table;
	scene.scene = scene_find("first");
	set_state(0, 0, 1, 2);
	set_state(1, 1, 3, 4);
	set_state(2, 2, 5, 6);
	assert_true(allowed(0, 0, 1, 2));
	assert_false(allowed(1, 1, 1, 2)); /* over before the call began */
	assert_false(allowed(0, 0, 3, 4)); /* not begun when the call ended */
	assert_true(allowed(0, 1, 1, 2));
	assert_true(allowed(0, 1, 3, 4));
	assert_false(allowed(0, 1, 5, 6));
	assert_true(allowed(0, 2, 5, 6));
	assert_false(allowed(0, 2, 1, 4)); /* mixed, but lists were exchanged as a whole */
}

/* Lists that change in place: a mixed chain needs its own entry, which a predicted one would get. */
static bool mixed(uint32_t lo, uint32_t hi, uint8_t first, uint8_t second)
{
	struct observed o = {.lo = lo, .hi = hi, .seen = {.optlen = 16, .bytes = {first, second}}};
	struct race_counts n = {0};

	return verdict(&fake, &o, &n) && n.mixed == 1;
}

static void mixed_by_hand(void **state)
{
	static const struct round_opts right;
	struct utsname u;

	(void)state;
	uname(&u);
	scene_begin(&scene, scene_find("update"), attach_for_kernel(u.release, u.version), 1, 1);
	assert_int_equal(expect_init(&table, profile_for_kernel(u.release, u.version), &scene.tree), 0);
	fake.o = &right;
	fake.run = &scene;
	fake.expect = &table;
	table.n = 4; /* look_up adds behind these */
	set_state(0, 0, 1, 2);
	set_state(1, 0, 1, 3);		 /* the second program first ... */
	set_state(2, 0, 4, 3);		 /* ... then the first one */
	set_state(3, 1, 5, 6);		 /* another list */
	assert_false(mixed(0, 2, 4, 2)); /* newer before older */
	assert_false(mixed(0, 1, 4, 2));
	assert_false(mixed(0, 3, 1, 6)); /* of two lists */
	set_state(2, 0, 4, 2);
	set_state(1, 0, 4, 5);
	set_state(0, 0, 1, 2);
	assert_true(mixed(0, 1, 1, 5)); /* the older first program, then the newer second one */
	assert_false(mixed(0, 0, 1, 5));
	expect_fini(&table);
}

int main(void)
{
	const struct CMUnitTest pure[] = {
		cmocka_unit_test(by_hand),
		cmocka_unit_test(mixed_by_hand),
		cmocka_unit_test(early_by_release),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clean),       cmocka_unit_test(slow),	      cmocka_unit_test(wrong_orders),
		cmocka_unit_test(late_kernel), cmocka_unit_test(wrong_rules), cmocka_unit_test(leaks),
	};
	char why[400];
	int failed = cmocka_run_group_tests(pure, NULL, NULL);

	if (failed)
		return failed;
	if (!probe_can_run(why, sizeof(why))) {
		printf("SKIP: %s\n", why);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
