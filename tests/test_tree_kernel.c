/* SPDX-License-Identifier: MIT */
/*
 * Cases with operations on this kernel: the corpus and generated ones agree, a wrong rule of the attach model
 * is caught, and nothing stays: descriptors (links are), cgroups and the programs themselves.
 */
#include <dirent.h>
#include <glob.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "harness/campaign/chains.h"
#include "harness/campaign/operate.h"
#include "harness/case/tree_text.h"
#include "harness/exec/kernel.h"
#include "harness/exec/topo.h"
#include "harness/mutate/tree_gen.h"
#include "oracle/scope.h"

static struct backend *backend;
static struct lane *lane;
static struct operate o;
static struct op_result res;
static struct tree_gen gen;
static struct tree tree;

static unsigned quick(unsigned n)
{
	return getenv("HOOKDIFF_TEST_QUICK") ? n / 8 : n;
}

/* ---- what there is ---- */

#define IDS 1024

/* The programs of this process, by the descriptors that it has of them. */
struct census {
	unsigned fds, n_progs;
	uint32_t prog[IDS];
	char cgroup[PATH_MAX];
};

static void take_census(struct census *c)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;

	c->fds = c->n_progs = 0;
	while (d && (e = readdir(d))) {
		struct bpf_prog_info info = {0};
		__u32 len = sizeof(info);

		c->fds++;
		if (c->n_progs < IDS && !bpf_obj_get_info_by_fd(atoi(e->d_name), &info, &len) &&
		    info.tag[0] && info.type == BPF_PROG_TYPE_CGROUP_SOCKOPT)
			c->prog[c->n_progs++] = info.id;
	}
	if (d)
		closedir(d);
}

static unsigned alive(const struct census *c)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->n_progs; i++) {
		int fd = bpf_prog_get_fd_by_id(c->prog[i]);

		n += fd >= 0;
		if (fd >= 0)
			close(fd);
	}
	return n;
}

/* ---- setup ---- */

static bool start(char *err, size_t size)
{
	struct kernel_opts opts = {.reuse = 64, .own_netns = true};
	const struct attach_epoch *epoch;
	const struct profile *p;

	backend = kernel_open(&opts, err, size);
	if (!backend)
		return false;
	epoch = attach_for_kernel(backend->release, backend->version);
	p = profile_for_kernel(backend->release, backend->version);
	snprintf(err, size, "no profile covers this kernel");
	lane = epoch && p ? lane_open(backend, err, size) : NULL;
	return lane && !operate_init(&o, lane, p, epoch);
}

static void stop(void)
{
	operate_fini(&o);
	lane_close(lane);
	backend->ops->close(backend, NULL);
}

static void generate(unsigned from, unsigned n)
{
	tree_gen_init(&gen, 3);
	gen.helpers = o.loop.profile->traits.helper != HELPER_NONE;
	gen.socks[SOCKS_MPTCP] = gen.socks[SOCKS_SMC] = false; /* not everywhere */
	gen.swap_safe = o.epoch->has & NEED_SWAP_SAFE || !(o.epoch->has & NEED_PREORDER);
	for (unsigned i = from; i < from + n; i++) {
		enum verdict v;

		tree_gen_case(&gen, i, &tree);
		v = operate_case(&o, &tree, false, &res);
		if (v != V_PASS && v != V_SKIP)
			fail_msg("case %u of seed 3: %s", i, res.why);
	}
}

static void generated_agree(void **state)
{
	(void)state;
	generate(0, quick(8000));
	assert_true(o.cases > quick(8000) * 9 / 10);
	assert_true(o.operations > 10 * o.cases);
}

/* ---- the corpus, with the right model and with wrong ones ---- */

static bool parse(const char *path)
{
	static char text[CASE_TEXT_MAX];
	struct case_meta meta;
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(text, 1, sizeof(text), f) : 0;

	if (f)
		fclose(f);
	assert_int_equal(tree_parse(text, n, path, &tree, &meta, NULL), 0);
	return scope_tree_holds(meta.profiles, meta.clauses, meta.needs, o.loop.profile, o.epoch);
}

/* Runs the corpus; returns how many cases differed. */
static unsigned corpus(bool complain)
{
	unsigned failed = 0;
	glob_t g;

	assert_int_equal(glob(HD_SOURCE_DIR "/corpus/tree/*.case", 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		enum verdict v;

		if (!parse(g.gl_pathv[i]))
			continue;
		v = operate_case(&o, &tree, true, &res);
		if (complain && v != V_PASS && v != V_SKIP)
			print_error("%s: %s\n", g.gl_pathv[i], res.why);
		failed += v == V_FAIL;
	}
	globfree(&g);
	return failed;
}

static void corpus_agrees(void **state)
{
	(void)state;
	assert_int_equal(corpus(true), 0);
}

/* Can this kernel make the sockets of a corpus case? If not, it is said why. */
static bool can_make(const char *path)
{
	if (!parse(path) || operate_case(&o, &tree, true, &res) != V_SKIP)
		return true;
	print_message("SKIP: the wrong rules of %s: %s\n", path, res.why);
	return false;
}

static void wrong_rules_are_caught(void **state)
{
	bool mptcp = can_make(HD_SOURCE_DIR "/corpus/tree/sock_fallback.case");
	unsigned bad = 0;

	(void)state;
	if (!(o.epoch->has & NEED_MPROG)) {
		print_message("SKIP: this kernel lacks what some of the rules are about (6.17 has all)\n");
		return;
	}
	for (unsigned w = TREE_RIGHT + 1; w < TREE_WRONG_COUNT; w++) {
		unsigned failed;

		if (w == TREE_WRONG_FALLBACK && !mptcp)
			continue;
		o.wrong = (uint8_t)w;
		failed = corpus(false);
		if (!failed)
			print_error("wrong rule %u: no case of the corpus fails\n", w);
		bad += !failed;
	}
	o.wrong = TREE_RIGHT;
	assert_int_equal(bad, 0);
	corpus_agrees(NULL); /* nothing of it stayed */
}

/* What a case expects in vain is said in the words of what it expected. */
static void expectations(void **state)
{
	static const struct {
		const char *steps, *says;
	} rows[] = {
		{"attach(a, p1, none) = 0\nattach(a/b, p1, multi) = 0\n",
		 "step 2, attach(a/b, p1, multi): expectation: want 0, got -1 EPERM (the case's own "
		 "expectation)"},
		{"attach(a, p1, none) = -1 EPERM\n", "expectation: want -1 EPERM, got 0 ("},
		{"attach(a, p1, multi)\nquery(a, setsockopt) = 0 [p1] count 2\n",
		 "expectation: want 2, got 1 ("},
		{"attach(a, p1, multi)\nquery(a, setsockopt) = 0 [p2]\n", "expectation: want 2, got 1 ("},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[400];
		int n = snprintf(
			text, sizeof(text),
			"tree a a/b\nprogram p1 setsockopt { return 1 }\nprogram p2 setsockopt { return 1 "
			"}\n%s",
			rows[i].steps);

		assert_int_equal(tree_parse(text, (size_t)n, "row", &tree, NULL, NULL), 0);
		assert_int_equal(operate_case(&o, &tree, true, &res), V_FAIL);
		if (!strstr(res.why, rows[i].says))
			fail_msg("%s: want '%s'", res.why, rows[i].says);
	}
}

/* A divergence is made smaller: to what it needs. */
static void a_failure_shrinks(void **state)
{
	struct op_result first;

	(void)state;
	o.wrong = TREE_WRONG_UPDATE;
	tree_gen_init(&gen, 5);
	for (unsigned i = 0; i < 20000; i++) {
		tree_gen_case(&gen, i, &tree);
		if (operate_case(&o, &tree, false, &res) == V_FAIL)
			break;
	}
	assert_int_equal(res.verdict, V_FAIL);
	first = res;
	operate_shrink(&o, &tree, &first, NULL);
	assert_int_equal(operate_case(&o, &tree, true, &res), V_FAIL);
	if (tree.n_steps > 6)
		fail_msg("%u steps are left", tree.n_steps);
	o.wrong = TREE_RIGHT;
}

/* The sweep of chains agrees, its topologies are as many as there must be, and a wrong rule ends it with a
 * case. */
static void chains(void **state)
{
	/* By hand: one level has none, 2 to 6 of none and of override each, 6 to 20 of multi; nothing is
	 * below none. */
	const unsigned single = o.epoch->has & NEED_PREORDER ? 6 : 2, multi = o.epoch->has & NEED_MPROG ? 20
									      : o.epoch->has & NEED_PREORDER
										      ? 12
									      : o.epoch->has & NEED_LINKS ? 6
													  : 2;
	const unsigned open = 1 + single + multi, level = open + single, two = single + open * level;
	struct chains_opts opts = {.workers = 1, .thin = 97};
	struct chains_result r = {.chains = 0};
	uint64_t total = HOOK_COUNT * (single + (uint64_t)open * two), least = total / opts.thin;

	(void)state;
	assert_int_equal(chains_run(&o, &opts, &tree, &res, &r), V_PASS);
	assert_in_range(r.chains, least, least + HOOK_COUNT);
	opts.thin = 1;
	for (unsigned w = TREE_WRONG_ABOVE; w <= TREE_WRONG_YIELD; w++) {
		bool shows = w == TREE_WRONG_ABOVE || w == TREE_WRONG_LAST || w == TREE_WRONG_YIELD ||
			     (w == TREE_WRONG_PREORDER && o.epoch->has & NEED_PREORDER) ||
			     (w == TREE_WRONG_LINK && o.epoch->has & NEED_LINKS);

		if (!shows)
			continue;
		o.wrong = (uint8_t)w;
		assert_int_equal(chains_run(&o, &opts, &tree, &res, &r), V_FAIL);
		assert_null(tree_check(&tree));
		o.wrong = TREE_RIGHT;
	}
	assert_int_equal(corpus(true), 0);
}

/* What the run had loaded, attached and made is gone once it is closed: nobody holds its programs any more.
 */
static void nothing_stays(void **state)
{
	static struct census before, during, after;
	unsigned left;
	char err[256];

	(void)state;
	stop();
	take_census(&before);
	assert_true(start(err, sizeof(err)));
	generate(20000, quick(2000));
	corpus(true);
	take_census(&during);
	snprintf(during.cgroup, sizeof(during.cgroup), "%s", kernel_set(backend)->base.path);
	assert_true(during.n_progs > 8);
	assert_int_equal(access(during.cgroup, F_OK), 0);
	stop();
	take_census(&after);
	assert_int_equal(after.fds, before.fds);
	assert_int_equal(access(during.cgroup, F_OK), -1);
	for (unsigned i = 0; (left = alive(&during)) && i < 100; i++)
		usleep(20000); /* the kernel takes its time with those of removed cgroups */
	assert_int_equal(left, 0);
	assert_true(start(err, sizeof(err)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(corpus_agrees),	  cmocka_unit_test(generated_agree),
		cmocka_unit_test(wrong_rules_are_caught), cmocka_unit_test(expectations),
		cmocka_unit_test(a_failure_shrinks),	  cmocka_unit_test(chains),
		cmocka_unit_test(nothing_stays),
	};
	char err[256];
	int failed;

	if (!start(err, sizeof(err))) {
		printf("SKIP: %s\n", err);
		return 77;
	}
	failed = cmocka_run_group_tests_name("tree_kernel", tests, NULL, NULL);
	stop();
	return failed;
}
