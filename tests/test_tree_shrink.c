/* SPDX-License-Identifier: MIT */
/*
 * Shrinking of cases with operations, without a kernel: a case that shows a wrong rule of the attach model
 * ends as small as that rule allows, is still valid, still shows it, and no tactic is idle.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/case/tree_text.h"
#include "harness/mutate/tree_gen.h"
#include "harness/mutate/tree_shrink.h"
#include "wrong_rules.h"

static struct tree tree;
static unsigned rule;
static unsigned asked;

/* Does the wrong rule show in the case? */
static bool shows(const struct tree *t, void *arg)
{
	(void)arg;
	asked++;
	assert_null(tree_check(t));
	return wrong_rule_shows(t, rule);
}

/*
 * By hand: the fewest steps, cgroups and programs that show a rule. Where a query shows it a call does too,
 * with one step more for its socket: shrinking does not make the one of the other.
 */
static const struct {
	const char *what;
	unsigned steps, cgroups, progs;
	bool query;
} least[TREE_WRONG_COUNT] = {
	[TREE_WRONG_ABOVE] = {"attach none above, attach below", 2, 2, 1, false},
	[TREE_WRONG_PREORDER] = {"attach preorder twice, effective query", 3, 2, 2, true},
	[TREE_WRONG_REPLACE] = {"attach, replace with preorder, attach another, effective query", 4, 2, 2,
				true},
	[TREE_WRONG_SIBLING] = {"attach, effective query beside", 2, 2, 1, true},
	[TREE_WRONG_MOVED] = {"socket, attach, move, call", 4, 1, 1, false},
	[TREE_WRONG_ACCEPTOR] = {"attach, accept, call", 3, 1, 1, false},
	[TREE_WRONG_LIMIT] = {"65 in two cgroups", 65, 2, 1, false},
	[TREE_WRONG_LINK] = {"link, detach it, query", 3, 1, 1, true},
	[TREE_WRONG_LAST] = {"attach, detach, query", 3, 1, 1, true},
	[TREE_WRONG_YIELD] = {"attach override twice, effective query", 3, 2, 1, true},
	[TREE_WRONG_UPDATE] = {"two links, update the first, query", 4, 1, 2, true},
	[TREE_WRONG_FULL] = {"64 and a replace", 65, 1, 1, false},
	[TREE_WRONG_TWICE] = {"two links of one program", 2, 1, 1, false},
	[TREE_WRONG_BEFORE] = {"two programs, one before, query", 3, 1, 2, true},
	[TREE_WRONG_DEAD] = {"attach, socket, rmdir, call", 4, 1, 1, false},
	[TREE_WRONG_FALLBACK] = {"attach, an MPTCP socket that fell back, call", 3, 1, 1, false},
	[TREE_WRONG_REVISION] = {"link, update, query", 3, 1, 1, true},
};

static bool find(struct tree_gen *g)
{
	tree_gen_init(g, 23);
	for (unsigned i = 0; i < 60000; i++) {
		tree_gen_case(g, i, &tree);
		if (shows(&tree, NULL))
			return true;
	}
	return false;
}

static unsigned scored[16]; /* by tactic */

static void note(const struct tcase *tc, const char *name, unsigned calls, void *arg)
{
	(void)arg;
	assert_null(tc);
	assert_int_equal(calls, asked);
	for (unsigned i = 0; tree_shrink_tactic(i); i++)
		scored[i] += !strcmp(tree_shrink_tactic(i), name);
}

/* Every tactic makes some case smaller. */
static void no_tactic_is_idle(void **state)
{
	const struct shrink_opts opts = {.progress = note};
	/* The generator makes no cgroup that is not there at the start. */
	static const char later[] = "tree a\nprogram p1 setsockopt { return 1 }\nmkdir(a/b)\n"
				    "attach(a, p1, none)\nattach(a/b, p1, multi)\n";
	static struct tree_gen g; /* large */
	unsigned n;

	(void)state;
	rule = TREE_WRONG_ABOVE;
	assert_int_equal(tree_parse(later, sizeof(later) - 1, "later", &tree, NULL, NULL), 0);
	assert_true(shows(&tree, NULL));
	asked = 0;
	tree_shrink(&tree, shows, NULL, &opts);
	assert_int_equal(tree.n_steps, 2);
	for (rule = TREE_RIGHT + 1; rule < TREE_WRONG_COUNT; rule++) {
		tree_gen_init(&g, 29);
		for (unsigned i = 0; i < 1000; i++) {
			tree_gen_case(&g, i, &tree);
			if (!shows(&tree, NULL))
				continue;
			tree.step[0].has_ret = true;
			asked = 0;
			tree_shrink(&tree, shows, NULL, &opts);
		}
	}
	for (n = 0; tree_shrink_tactic(n); n++)
		if (!scored[n])
			fail_msg("no case needs '%s'", tree_shrink_tactic(n));
	assert_int_equal(n, 11);
}

static void every_wrong_rule_ends_small(void **state)
{
	static struct tree_gen g; /* large */
	unsigned bad = 0;

	(void)state;
	for (rule = TREE_RIGHT + 1; rule < TREE_WRONG_COUNT; rule++) {
		unsigned calls, from;

		if (!find(&g)) {
			print_error("rule %u: no generated case shows it\n", rule);
			bad++;
			continue;
		}
		from = tree.n_steps;
		asked = 0;
		calls = tree_shrink(&tree, shows, NULL, NULL);
		assert_int_equal(calls, asked);
		assert_true(calls <= TREE_SHRINK_CALLS);
		assert_null(tree_check(&tree));
		assert_true(shows(&tree, NULL));
		print_message("%-62s %2u -> %u steps, %u cgroups, %u programs, %u calls of the predicate\n",
			      least[rule].what, from, tree.n_steps, tree.n_cgroups, tree.n_progs, calls);
		if (tree.n_steps > least[rule].steps + (least[rule].query && tree.n_calls) ||
		    tree.n_cgroups > least[rule].cgroups || tree.n_progs > least[rule].progs) {
			struct buf text = {0};

			tree_print(&tree, NULL, &text);
			print_error("rule %u could have %u steps, %u cgroups, %u programs:\n%s", rule,
				    least[rule].steps, least[rule].cgroups, least[rule].progs,
				    buf_str(&text));
			buf_fini(&text);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_wrong_rule_ends_small),
		cmocka_unit_test(no_tactic_is_idle),
	};

	return cmocka_run_group_tests_name("tree_shrink", tests, NULL, NULL);
}
