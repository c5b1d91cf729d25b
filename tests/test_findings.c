/* SPDX-License-Identifier: MIT */
/*
 * A finding's folder, with oracles that are wrong on purpose: every file is there and says what it should,
 * the reproducer compiles without a warning under gcc and clang, shows the difference and exits 1. The same
 * case with the right oracle's wants exits 0. One wrong oracle for each part of a call that can differ.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/campaign/bulk.h"
#include "harness/campaign/operate_finding.h"
#include "harness/campaign/recipe.h"
#include "harness/campaign/record.h"
#include "harness/case/case_bin.h"
#include "harness/case/case_text.h"
#include "harness/case/tree_text.h"
#include "harness/exec/kernel.h"
#include "harness/exec/probe.h"
#include "harness/mutate/tree_gen.h"

#define SEED 5

static char root[] = "/tmp/hookdiff-findings.XXXXXX";
static const struct profile *profile;

static void wrong_ret(struct want *w, void *arg)
{
	(void)arg;
	if (w->ret == -EPERM && w->n_seen)
		w->ret = -EACCES;
}

static void wrong_optlen(struct want *w, void *arg)
{
	(void)arg;
	if (!w->ret && w->n_out == 4)
		w->optlen++;
}

static void wrong_memory(struct want *w, void *arg)
{
	static uint8_t bytes[16]; /* sixteen are read at once */

	(void)arg;
	if (w->n_out != 4 || w->out_mask)
		return;
	memcpy(bytes, w->out, 4);
	bytes[3] ^= 0x40;
	w->out = bytes;
}

static void wrong_seen_optlen(struct want *w, void *arg)
{
	(void)arg;
	if (w->n_seen > 1)
		w->seen[1].optlen ^= 1;
}

static void wrong_seen_bytes(struct want *w, void *arg)
{
	static uint8_t bytes[16];

	(void)arg;
	if (!w->n_seen || w->seen[0].size != 16)
		return;
	memcpy(bytes, w->seen[0].bytes, 16);
	bytes[15] ^= 1;
	w->seen[0].bytes = bytes;
}

static void wrong_runs(struct want *w, void *arg)
{
	(void)arg;
	if (w->n_seen > 1)
		w->n_seen--;
}

static const struct wrong {
	const char *part; /* the end of the finding's stem */
	void (*tamper)(struct want *w, void *arg);
	bool seen; /* only what programs saw differs */
} wrongs[] = {
	{"-ret", wrong_ret, false},
	{"-optlen", wrong_optlen, false},
	{"-optval", wrong_memory, false},
	{"-seen.optlen", wrong_seen_optlen, true},
	{"-seen.optval", wrong_seen_bytes, true},
	{"-runs", wrong_runs, true},
};
#define N_WRONGS (sizeof(wrongs) / sizeof(wrongs[0]))

__attribute__((format(printf, 1, 2))) static int shell(const char *fmt, ...)
{
	char line[2048];
	va_list ap;
	int status;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	status = system(line);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool has(const char *tool)
{
	return !shell("command -v %s >/dev/null", tool);
}

static char *slurp(const char *folder, const char *name, size_t *n)
{
	static char text[1 << 20];
	char path[600];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "re");
	if (!f)
		fail_msg("%s is not there", path);
	*n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[*n] = 0;
	return text;
}

/* Compiles and runs folder/name.c; its exit code, with what it printed in folder/output. */
static int compile_and_run(const char *cc, const char *folder, const char *name)
{
	if (shell("%s -O2 -Wall -Wextra -Werror -o %s/a.out %s/%s.c", cc, folder, folder, name))
		fail_msg("%s does not take %s/%s.c", cc, folder, name);
	return shell("timeout 60 %s/a.out >%s/output 2>&1", folder, folder);
}

/* The binary input and the text are the same case. */
static void check_case(const char *folder, struct tcase *tc)
{
	static struct tcase other;
	size_t n;
	char *text = slurp(folder, "case.case", &n);

	assert_int_equal(tcase_parse(text, n, "case.case", tc, NULL, NULL), 0);
	text = slurp(folder, "case.bin", &n);
	assert_true(case_bin_decode((const uint8_t *)text, n, &other));
	assert_true(tcase_equal(tc, &other));
}

static void check_cards(const char *folder)
{
	size_t n;
	char *text = slurp(folder, "card.txt", &n);

	assert_non_null(strstr(text, "FAIL "));
	assert_non_null(strstr(text, "case.case"));
	text = slurp(folder, "card.json", &n);
	assert_int_equal(text[0], '{');
	assert_non_null(strstr(text, "\"verdict\":\"FAIL\""));
	assert_int_equal(text[n - 1], '\n');
	text = slurp(folder, "selftest.inc", &n);
	assert_true(strstr(text, ".descr = ") || strstr(text, "No row of "));
}

/* Ends c. */
static void write_source(const char *folder, struct buf *c)
{
	char path[700];
	FILE *f;

	snprintf(path, sizeof(path), "%s/right.c", folder);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(buf_str(c), f);
	fclose(f);
	buf_fini(c);
}

/* The right oracle on the same kernel: the reproducer must find nothing, with and without its records. */
static void check_right(const char *folder, const struct tcase *tc, bool record)
{
	static struct loop loop;
	static struct repro r;
	struct kernel_opts opts = {.own_netns = true};
	char err[512];
	struct backend *b = kernel_open(&opts, err, sizeof(err));
	struct buf c = {0};

	assert_non_null(b);
	assert_int_equal(loop_init(&loop, b, profile, 0), 0);
	assert_int_equal(recipe_run(&loop, tc, "the right oracle", &r), 0);
	r.record = record;
	repro_print(&r, &c);
	repro_fini(&r);
	b->ops->close(b, NULL);
	loop_fini(&loop);
	write_source(folder, &c);
	if (compile_and_run("gcc", folder, "right"))
		fail_msg("with the right oracle %s", slurp(folder, "output", &(size_t){0}));
}

static void check_finding(const struct wrong *w, const char *folder)
{
	static const char *const compilers[] = {"gcc", "clang"};
	static struct tcase tc;
	size_t n;

	check_case(folder, &tc);
	check_cards(folder);
	for (unsigned i = 0; i < 2; i++) {
		if (!has(compilers[i]))
			continue;
		if (compile_and_run(compilers[i], folder, "repro") != 1)
			fail_msg("%s/repro.c under %s: expected exit 1, found\n%s", folder, compilers[i],
				 slurp(folder, "output", &n));
		assert_non_null(strstr(slurp(folder, "output", &n), "<-- differs"));
	}
	check_right(folder, &tc, w->seen);
}

/* Checks the findings whose stem ends in part, all alike; returns how many. */
static unsigned check_findings(const struct wrong *w, const char *findings)
{
	char folder[600];
	struct dirent *e;
	DIR *d = opendir(findings);
	unsigned found = 0;

	assert_non_null(d);
	while ((e = readdir(d))) {
		size_t n = strlen(e->d_name), part = strlen(w->part);

		if (e->d_name[0] == '.' && strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			fail_msg("%s was left behind", e->d_name);
		if (n < part || strcmp(e->d_name + n - part, w->part) || found >= 3)
			continue;
		found++;
		snprintf(folder, sizeof(folder), "%s/%s", findings, e->d_name);
		check_finding(w, folder);
	}
	closedir(d);
	return found;
}

static void test_wrong_oracle(void **state)
{
	static struct bulk_result r;
	const struct wrong *w = *state;
	char findings[256];
	struct bulk_opts opts = {.profile = profile,
				 .seed = SEED,
				 .cases = 3000,
				 .workers = 1,
				 .reuse = 64,
				 .findings = findings,
				 .reproduce = "this test",
				 .tamper = w->tamper,
				 .quiet = true};

	snprintf(findings, sizeof(findings), "%s/%u", root, (unsigned)(w - wrongs));
	assert_int_equal(mkdir(findings, 0755), 0);
	if (bulk_run(&opts, &r))
		fail_msg("%s", r.error);
	assert_true(r.failed > 0);
	assert_true(check_findings(w, findings) > 0);
}

/* Straight-line programs in the bulk loop: each case, no difference; a wrong oracle shows there too. */
static void test_straight(void **state)
{
	static struct bulk_result r;
	struct bulk_opts opts = {.profile = profile,
				 .seed = SEED,
				 .cases = 2000,
				 .workers = 1,
				 .reuse = 64,
				 .straight = 1,
				 .quiet = true};

	(void)state;
	if (bulk_run(&opts, &r))
		fail_msg("%s", r.error);
	assert_int_equal(r.failed, 0);
	assert_int_equal(r.straight, r.cases - r.inconclusive);
	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		assert_true(r.controls.ran_ok[h] > 0 && r.controls.silent_ok[h] > 0);
		assert_int_equal(r.controls.ran_bad[h] + r.controls.silent_bad[h], 0);
	}
	opts.straight = 100;
	if (bulk_run(&opts, &r))
		fail_msg("%s", r.error);
	assert_int_equal(r.failed, 0);
	assert_in_range(r.straight, 18, 20);
}

/*
 * An oracle that thinks that a positive retval lets the handler run. The call itself is as it says, the state
 * is not: a read beside the case's calls shows it, and so must the reproducer.
 */
static void test_state(void **state)
{
	static const char text[] = "cgroup a { setsockopt multi: set_retval(1); return 1 getsockopt multi: "
				   "optlen = 1; return 1 }\n"
				   "s = socket(AF_INET, SOCK_STREAM) in a\n"
				   "setsockopt(s, SOL_IP, IP_TOS, i32 32, optlen 4)\n";
	static struct loop loop;
	static struct finding f;
	static struct case_result res;
	static struct tcase tc;
	struct profile wrong = *profile;
	struct kernel_opts k = {.own_netns = true};
	char err[512], findings[256], folder[400], stem[96];
	struct record_opts opts = {.folder = findings, .reproduce = "this test"};
	struct backend *b = kernel_open(&k, err, sizeof(err));
	size_t n;

	(void)state;
	assert_int_equal(tcase_parse(text, strlen(text), "state", &tc, NULL, NULL), 0);
	snprintf(findings, sizeof(findings), "%s/state", root);
	assert_int_equal(mkdir(findings, 0755), 0);
	wrong.traits.set_positive = POSITIVE_RUNS;
	assert_non_null(b);
	assert_int_equal(loop_init(&loop, b, &wrong, 0), 0);
	loop.readback = true;
	assert_int_equal(loop_case(&loop, &tc, true, NULL, &res), V_FAIL);
	triage_investigate(&loop, &tc, &res, &f);
	assert_true(f.reproduced && f.res.state);
	assert_int_equal(record_finding(&opts, &loop, &f, NULL, 0, NULL, stem, sizeof(stem)), 0);
	b->ops->close(b, NULL);
	loop_fini(&loop);
	snprintf(folder, sizeof(folder), "%s/%s", findings, stem);
	assert_non_null(strstr(slurp(folder, "repro.c", &n), "\n\tquiet();"));
	if (compile_and_run("gcc", folder, "repro") != 1)
		fail_msg("%s", slurp(folder, "output", &n));
}

static unsigned countdown;

/* Right for the interpreter's run of a case, wrong for the straight-line one that follows. */
static void wrong_second_time(struct want *w, void *arg)
{
	(void)arg;
	if (countdown++ % 4 >= 2 && !w->any)
		w->ret ^= 1;
}

static void test_straight_finding(void **state)
{
	static struct bulk_result r;
	char findings[256];
	struct bulk_opts opts = {.profile = profile,
				 .seed = SEED,
				 .cases = 1,
				 .workers = 1,
				 .reuse = 64,
				 .straight = 1,
				 .findings = findings,
				 .reproduce = "this test",
				 .tamper = wrong_second_time,
				 .quiet = true};

	(void)state;
	snprintf(findings, sizeof(findings), "%s/straight", root);
	assert_int_equal(mkdir(findings, 0755), 0);
	if (bulk_run(&opts, &r))
		fail_msg("%s", r.error);
	assert_int_equal(r.failed, 1);
	assert_int_equal(r.n_buckets, 1);
	assert_true(r.bucket[0].key.straight);
	assert_non_null(strstr(r.bucket[0].stem, "-straight"));
}

/* ---- cases with operations ---- */

static struct operate operate;
static struct op_result op_res;
static struct op_finding op_finding;
static struct tree op_tree;

/* The first generated case that differs under the wrong rule, confirmed, shrunk and written. */
static void record_wrong(struct operate *o, const char *findings, char *stem, size_t size)
{
	static struct tree_gen gen; /* large */
	struct record_operations rec = {.folder = findings, .kernel = o->loop.b->release};

	tree_gen_init(&gen, SEED);
	gen.helpers = o->loop.profile->traits.helper != HELPER_NONE;
	gen.socks[SOCKS_MPTCP] = gen.socks[SOCKS_SMC] = false; /* not everywhere */
	gen.swap_safe = o->epoch->has & NEED_SWAP_SAFE || !(o->epoch->has & NEED_PREORDER);
	for (unsigned i = 0; i < 20000 && op_res.verdict != V_FAIL; i++) {
		tree_gen_case(&gen, i, &op_tree);
		operate_case(o, &op_tree, false, &op_res);
	}
	assert_int_equal(op_res.verdict, V_FAIL);
	operate_investigate(o, &op_tree, &op_res, &op_finding);
	assert_true(op_finding.reproduced);
	assert_int_equal(op_finding.failed, op_finding.reruns);
	assert_int_equal(record_operations(&rec, o, &op_finding, stem, size), 0);
}

/* The same case with what the right rule says. */
static void write_right(struct operate *o, const char *folder)
{
	static struct repro_tree r; /* large */
	struct buf c = {0};

	o->wrong = TREE_RIGHT;
	assert_int_equal(operate_recipe(o, &op_finding, "the right rule", &r), 0);
	r.record = true;
	repro_tree_print(&r, &c);
	repro_tree_fini(&r);
	write_source(folder, &c);
}

static void check_operations(const char *folder, unsigned rule)
{
	size_t n;
	char *text = slurp(folder, "case.case", &n);

	assert_int_equal(tree_parse(text, n, "case.case", &op_tree, NULL, NULL), 0);
	assert_true(tree_equal(&op_tree, &op_finding.t));
	text = slurp(folder, "card.txt", &n);
	assert_non_null(strstr(text, "  rule    "));
	assert_non_null(strstr(text, "10 of 10 failed"));
	assert_non_null(strstr(text, op_finding.want));
	text = slurp(folder, "card.json", &n);
	assert_non_null(strstr(text, "\"step\":{\"number\":"));
	assert_non_null(strstr(text, "\"failed\":10"));
	if (!repro_tree_can(&(struct repro_tree){.t = &op_finding.t, .n_steps = op_finding.t.n_steps}))
		return; /* an accepted socket: there is no reproducer */
	if (compile_and_run("gcc", folder, "repro") != 1)
		fail_msg("rule %u: %s/repro.c: expected exit 1, found\n%s", rule, folder,
			 slurp(folder, "output", &n));
	assert_non_null(strstr(slurp(folder, "output", &n), "<-- differs"));
	if (compile_and_run("gcc", folder, "right"))
		fail_msg("rule %u, the right one: %s", rule, slurp(folder, "output", &n));
}

/* Each wrong rule of the attach model on the kernel: a small case, a full folder, a reproducer that shows it.
 */
static void test_operations(void **state)
{
	struct kernel_opts opts = {.own_netns = true, .reuse = 64};
	char err[512], findings[256], folder[400], stem[96];
	struct backend *b = kernel_open(&opts, err, sizeof(err));
	struct lane *lane = b ? lane_open(b, err, sizeof(err)) : NULL;
	unsigned step = getenv("HOOKDIFF_TEST_QUICK") ? 5 : 1;

	(void)state;
	assert_non_null(lane);
	if (!b)
		return; /* there is no lane without: a checker cannot see it */
	assert_int_equal(operate_init(&operate, lane, profile, attach_for_kernel(b->release, b->version)), 0);
	snprintf(findings, sizeof(findings), "%s/operations", root);
	assert_int_equal(mkdir(findings, 0755), 0);
	for (unsigned rule = TREE_RIGHT + 1; rule < TREE_WRONG_COUNT; rule += step) {
		if (rule == TREE_WRONG_FALLBACK)
			continue; /* needs MPTCP, and its sockets have no reproducer */
		if (!(operate.epoch->has & NEED_MPROG)) {
			print_message("SKIP: this kernel lacks what some of the rules are about\n");
			break;
		}
		operate.wrong = (uint8_t)rule;
		op_res.verdict = V_PASS;
		record_wrong(&operate, findings, stem, sizeof(stem));
		print_message("rule %u: %u steps, %u cgroups, %u programs, %u runs: %s\n", rule,
			      op_finding.t.n_steps, op_finding.t.n_cgroups, op_finding.t.n_progs,
			      op_finding.tries, stem);
		assert_true(op_finding.t.n_steps <=
			    (rule == TREE_WRONG_LIMIT || rule == TREE_WRONG_FULL ? 66 : 6));
		assert_true(op_finding.t.n_cgroups <= 2 && op_finding.t.n_progs <= 2);
		if (rule == TREE_WRONG_PREORDER)
			assert_string_equal(stem, "tree-preorder-order");
		snprintf(folder, sizeof(folder), "%s/%s", findings, stem);
		if (repro_tree_can(&(struct repro_tree){.t = &op_finding.t, .n_steps = op_finding.t.n_steps}))
			write_right(&operate, folder);
		check_operations(folder, rule);
		shell("rm -rf %s", folder); /* another rule may have its name */
	}
	operate_fini(&operate);
	lane_close(lane);
	b->ops->close(b, NULL);
}

static int remove_all(void **state)
{
	(void)state;
	return shell("rm -rf %s", root);
}

int main(void)
{
	struct CMUnitTest tests[N_WRONGS + 4];
	struct kernel_opts opts = {.own_netns = true};
	char why[512];
	struct backend *b;

	if (!probe_can_run(why, sizeof(why)) || !(b = kernel_open(&opts, why, sizeof(why)))) {
		printf("SKIP: %s\n", why);
		return 77;
	}
	profile = profile_for_kernel(b->release, b->version);
	b->ops->close(b, NULL);
	if (!has("gcc") || !profile) {
		printf("SKIP: %s\n",
		       profile ? "no gcc: apt-get install gcc" : "no profile covers this kernel");
		return 77;
	}
	if (!mkdtemp(root))
		return 1;
	if (!has("clang"))
		printf("no clang here: reproducers are compiled with gcc only\n");
	for (unsigned i = 0; i < N_WRONGS; i++)
		tests[i] = (struct CMUnitTest){wrongs[i].part, test_wrong_oracle, NULL, NULL,
					       (void *)(uintptr_t)&wrongs[i]};
	tests[N_WRONGS] = (struct CMUnitTest)cmocka_unit_test(test_straight);
	tests[N_WRONGS + 1] = (struct CMUnitTest)cmocka_unit_test(test_straight_finding);
	tests[N_WRONGS + 2] = (struct CMUnitTest)cmocka_unit_test(test_state);
	tests[N_WRONGS + 3] = (struct CMUnitTest)cmocka_unit_test(test_operations);
	return cmocka_run_group_tests(tests, NULL, remove_all);
}
