/* SPDX-License-Identifier: MIT */
/*
 * Cases with operations without a kernel: their text, the attach model against a table written by hand from
 * kernel/bpf/cgroup.c and kernel/bpf/syscall.c, the generator, and whether a wrong rule of the model would
 * show.
 */
#include <errno.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/campaign/tally.h"
#include "harness/case/tree_bin.h"
#include "harness/case/tree_text.h"
#include "harness/mutate/tree_gen.h"
#include "oracle/scope.h"
#include "oracle/profiles.h"
#include "wrong_rules.h"

static struct tree tree, again;
static struct tree_model model;

/* ---- by hand: a case each, and its epoch; NULL: the newest ---- */

#define PROGS                                                                                                \
	"program p1 setsockopt { return 1 }\nprogram p2 setsockopt { return 1 }\n"                           \
	"program p3 setsockopt { return 1 }\nprogram p4 setsockopt { return 1 }\n"                           \
	"program p5 getsockopt { return 1 }\n"
#define TREE	"tree a a/b a/b/c a/d e\n" PROGS
#define EFF(cg) "query(" cg ", setsockopt, effective) = ? "

static const struct row {
	const char *what, *epoch, *text;
} rows[] = {
	/* hierarchy_allows_attach(): modes of parent and child */
	{"none above", NULL, "attach(a, p1, none) = 0\nattach(a/b, p2, none) = -1 EPERM\n"},
	{"none above, override", NULL, "attach(a, p1, none) = 0\nattach(a/b, p2, override) = -1 EPERM\n"},
	{"none above, multi", NULL, "attach(a, p1, none) = 0\nattach(a/b, p2, multi) = -1 EPERM\n"},
	{"none above, link", NULL, "attach(a, p1, none) = 0\nl1 = link(a/b, p2) = -1 EPERM\n"},
	{"none two above", NULL, "attach(a, p1, none) = 0\nattach(a/b/c, p2, multi) = -1 EPERM\n"},
	{"none beside", NULL, "attach(a/d, p1, none) = 0\nattach(a/b, p2, multi) = 0\n" EFF("a/b") "[p2]\n"},
	{"none below", NULL, "attach(a/b, p1, none) = 0\nattach(a, p2, multi) = 0\n" EFF("a/b") "[p1 p2]\n"},
	{"override above, none", NULL,
	 "attach(a, p1, override) = 0\nattach(a/b, p2, none) = 0\n" EFF("a/b") "[p2]\n" EFF(
		 "a/b/c") "[p2]\n"},
	{"override above, override", NULL,
	 "attach(a, p1, override) = 0\nattach(a/b, p2, override) = 0\n" EFF("a/b/c") "[p2]\n" EFF(
		 "a") "[p1]\n"},
	{"override above, multi", NULL,
	 "attach(a, p1, override) = 0\nattach(a/b, p2, multi) = 0\n" EFF("a/b/c") "[p2]\n"},
	{"multi above, none", NULL,
	 "attach(a, p1, multi) = 0\nattach(a/b, p2, none) = 0\n" EFF(
		 "a/b") "[p2 p1]\nattach(a/b/c, p3, multi) = -1 EPERM\n"},
	{"multi above, override", NULL,
	 "attach(a, p1, multi) = 0\nattach(a/b, p2, override) = 0\n" EFF("a/b") "[p2 p1]\n" EFF(
		 "a/b/c") "[p2 p1]\n"},
	{"multi above, multi", NULL,
	 "attach(a, p1, multi) = 0\nattach(a/b, p2, multi) = 0\nattach(a/b/c, p3, multi) = 0\n" EFF(
		 "a/b/c") "[p3 p2 p1]\n"},
	{"the nearest decides", NULL,
	 "attach(a, p1, multi) = 0\nattach(a/b, p2, override) = 0\nattach(a/b/c, p3, none) = 0\n" EFF(
		 "a/b/c") "[p3 p1]\n"},
	{"override then multi above", NULL,
	 "attach(a/b, p2, multi) = 0\nattach(a, p1, override) = 0\n" EFF("a/b") "[p2]\n" EFF("a/d") "[p1]\n"},
	{"multi below none stays", NULL,
	 "attach(a/b, p2, multi) = 0\nattach(a, p1, none) = 0\n" EFF(
		 "a/b") "[p2]\nattach(a/b, p3, multi) = -1 EPERM\n"
			"l1 = link(a/b, p3) = -1 EPERM\n"},
	/* __cgroup_bpf_attach(): one mode a cgroup */
	{"multi then override", NULL, "attach(a, p1, multi) = 0\nattach(a, p2, override) = -1 EPERM\n"},
	{"override then multi", NULL, "attach(a, p1, override) = 0\nattach(a, p2, multi) = -1 EPERM\n"},
	{"none then override", NULL, "attach(a, p1, none) = 0\nattach(a, p2, override) = -1 EPERM\n"},
	{"link then none", NULL, "l1 = link(a, p1) = 0\nattach(a, p2, none) = -1 EPERM\n"},
	{"link then multi", NULL, "l1 = link(a, p1) = 0\nattach(a, p2, multi) = 0\n" EFF("a") "[p1 p2]\n"},
	{"preorder is no mode", NULL,
	 "attach(a, p1, multi) = 0\nattach(a, p2, multi preorder) = 0\nattach(e, p1, override) = 0\n"
	 "attach(e, p2, override preorder) = 0\nquery(e, setsockopt) = 0 [p2] flags 0x1\n"},
	{"both modes", NULL, "attach(a, p1, override multi) = -1 EINVAL\n"},
	{"mode is free again", NULL,
	 "attach(a, p1, multi) = 0\nattach(a, p2, multi) = 0\ndetach(a, p1) = 0\nattach(a, p1, none) = -1 "
	 "EPERM\n"
	 "detach(a, p2) = 0\nattach(a, p1, none) = 0\n"},
	/* the order of the checks */
	{"revision before ancestors", NULL,
	 "attach(a, p1, none) = 0\nattach(a/b, p2, multi revision 9) = -1 ESTALE\n"},
	{"ancestors before the mode", NULL,
	 "attach(a/b, p1, multi) = 0\nattach(a, p2, none) = 0\nattach(a/b, p3, override) = -1 EPERM\n"},
	{"mode before twice", NULL, "attach(a, p1, multi) = 0\nattach(a, p1, override) = -1 EPERM\n"},
	{"twice before the anchor", NULL,
	 "attach(a, p1, multi) = 0\nattach(a, p1, multi before p4) = -1 EINVAL\n"},
	{"combination before revision", NULL, "attach(a, p1, override multi revision 9) = -1 EINVAL\n"},
	{"type before the cgroup", NULL, "rmdir(e) = 0\nattach(e, p5, as setsockopt multi) = -1 EINVAL\n"},
	{"flags before type", NULL, "attach(a, p5, as setsockopt multi flags 0x80) = -1 EINVAL\n"},
	{"the cgroup before combinations", NULL, "rmdir(e) = 0\nattach(e, p1, override multi) = -1 ENOENT\n"},
	/* compute_effective_progs() with PREORDER: 1,2p below 3,4p runs 4,2,1,3 */
	{"preorder top-down", NULL,
	 "attach(a/b, p1, multi) = 0\nattach(a/b, p2, multi preorder) = 0\nattach(a, p3, multi) = 0\n"
	 "attach(a, p4, multi preorder) = 0\n" EFF("a/b") "[p4 p2 p1 p3]\n" EFF("a") "[p4 p3]\n"},
	{"preorder in order", NULL,
	 "attach(a/b, p1, multi) = 0\nattach(a/b, p2, multi preorder) = 0\nattach(a, p4, multi preorder) = "
	 "0\n"
	 "attach(a, p3, multi preorder) = 0\n" EFF("a/b") "[p4 p3 p2 p1]\n"},
	{"preorder yields too", NULL,
	 "attach(a, p1, override preorder) = 0\nattach(a/b, p2, multi) = 0\n" EFF("a/b") "[p2]\n" EFF(
		 "a/d") "[p1]\n"},
	{"preorder three levels", NULL,
	 "attach(a, p1, multi preorder) = 0\nattach(a/b, p2, multi preorder) = 0\nattach(a/b/c, p3, multi "
	 "preorder) = 0\n"
	 "attach(a/b/c, p4, multi) = 0\n" EFF("a/b/c") "[p1 p2 p3 p4]\n"},
	/* get_prog_list() */
	{"before without anchor is first", NULL,
	 "attach(a, p1, multi) = 0\nattach(a, p2, multi before) = 0\n" EFF("a") "[p2 p1]\n"},
	{"before and after", NULL,
	 "attach(a, p1, multi) = 0\nattach(a, p2, multi before after) = -1 EINVAL\n"
	 "attach(e, p2, multi before after) = 0\n"},
	{"anchor needs a side", NULL,
	 "attach(a, p1, multi) = 0\nattach(a, p2, multi beside p1) = -1 EINVAL\n"},
	{"anchor with both sides", NULL,
	 "attach(a, p1, multi) = 0\nattach(a, p2, multi before after p1) = -1 EINVAL\n"},
	{"after an anchor", NULL,
	 "attach(a, p1, multi) = 0\nattach(a, p2, multi) = 0\nattach(a, p3, multi after p1) = 0\n" EFF(
		 "a") "[p1 p3 p2]\n"},
	{"anchor of another cgroup", NULL,
	 "attach(a, p1, multi) = 0\nattach(a/b, p2, multi before p1) = -1 ENOENT\n"},
	{"anchor of the other hook", NULL,
	 "attach(a, p5, multi) = 0\nattach(a, p2, multi before p5) = -1 ENOENT\n"},
	{"preorder anchor", NULL,
	 "attach(a, p1, multi preorder) = 0\nattach(a, p2, multi before p1) = -1 EINVAL\n"
	 "attach(a, p2, multi preorder before p1) = 0\n" EFF("a") "[p2 p1]\n"},
	{"a program beside a link", NULL,
	 "l1 = link(a, p1) = 0\nattach(a, p2, multi before l1) = -1 EINVAL\nattach(a, p2, multi before p1) = "
	 "-1 ENOENT\n"},
	{"a link beside a program", NULL,
	 "attach(a, p1, multi) = 0\nl1 = link(a, p2, before p1) = -1 EINVAL\n"},
	{"no anchor for a single one", NULL,
	 "attach(a, p1, none) = 0\nattach(a, p2, none before p4) = 0\n" EFF("a") "[p2]\n"},
	{"replace and before", NULL,
	 "attach(a, p1, multi) = 0\nattach(a, p2, multi replace p1 before) = -1 EINVAL\n"},
	/* find_attach_entry() */
	{"replace in place", NULL,
	 "attach(a, p1, multi) = 0\nattach(a, p2, multi) = 0\nattach(a, p3, multi replace p1) = 0\n" EFF(
		 "a") "[p3 p2]\n"},
	{"replace by one that is there", NULL,
	 "attach(a, p1, multi) = 0\nattach(a, p2, multi) = 0\nattach(a, p2, multi replace p1) = -1 EINVAL\n"},
	{"replace itself", NULL,
	 "attach(a, p1, multi) = 0\nattach(a, p2, multi) = 0\nattach(a, p1, multi preorder replace p1) = 0\n"
	 "attach(a, p2, multi preorder replace p2) = 0\nquery(a, setsockopt) = 0 [p1 p2] revision 5\n"},
	{"replace a link's", NULL, "l1 = link(a, p1) = 0\nattach(a, p2, multi replace p1) = -1 ENOENT\n"},
	{"replace in nothing", NULL, "attach(a, p2, multi replace p1) = -1 ENOENT\n"},
	{"replace needs multi", NULL, "attach(a, p2, none replace p1) = -1 EINVAL\n"},
	/* detaching */
	{"detach nothing from nothing", NULL, "detach(a, nothing, as setsockopt) = -1 ENOENT\n"},
	{"detach from nothing", NULL, "detach(a, p1) = -1 ENOENT\n"},
	{"detach nothing from multi", NULL,
	 "attach(a, p1, multi) = 0\ndetach(a, nothing, as setsockopt) = -1 EINVAL\n"},
	{"detach any from none", NULL, "attach(a, p1, none) = 0\ndetach(a, p4) = 0\n" EFF("a") "[]\n"},
	{"detach another hook's from override", NULL,
	 "attach(a, p1, override) = 0\ndetach(a, p5, as setsockopt) = 0\n" EFF("a") "[]\n"},
	{"detach another hook's from multi", NULL,
	 "attach(a, p1, multi) = 0\ndetach(a, p5, as setsockopt) = -1 ENOENT\n"},
	{"detach a link's program", NULL, "l1 = link(a, p1) = 0\ndetach(a, p1) = -1 ENOENT\n"},
	{"detach with a flag", NULL, "attach(a, p1, multi) = 0\ndetach(a, p1, multi) = -1 EINVAL\n"},
	/* links */
	{"update a detached one", NULL,
	 "l1 = link(a, p1) = 0\nlink_detach(l1) = 0\nupdate(l1, p2) = -1 ENOLINK\nlink_detach(l1) = 0\n"},
	{"update the wrong old one", NULL,
	 "l1 = link(a, p1) = 0\nupdate(l1, p2, old p3) = -1 EPERM\nquery(a, setsockopt) = 0 [p1] revision 2\n"
	 "update(l1, p1, old p1) = 0\nquery(a, setsockopt) = 0 [p1] revision 3\n"},
	{"a link that was never made", NULL,
	 "attach(a, p1, none) = 0\nl1 = link(a, p2) = -1 EPERM\nupdate(l1, p2) = -1 EBADF\nclose(l1) = -1 "
	 "EBADF\n"},
	/* what older kernels know */
	{"5.3 has no replace", "attach-5.3",
	 "attach(a, p1, multi) = 0\nattach(a, p2, multi replace p1) = -1 EINVAL\n"},
	{"5.6 has", "attach-5.6", "attach(a, p1, multi) = 0\nattach(a, p2, multi replace p1) = 0\n"},
	{"5.6 has no links", "attach-5.6", "l1 = link(a, p1) = -1 EINVAL\nclose(l1) = -1 EBADF\n"},
	{"5.7 has, but no BPF_LINK_DETACH", "attach-5.7",
	 "l1 = link(a, p1) = 0\nlink_detach(l1) = -1 EINVAL\n"},
	{"5.7 looks at the tail", "attach-5.7", "l1 = link(a, p1, revision 9) = -1 EINVAL\n"},
	{"5.9 does not", "attach-5.9", "l1 = link(a, p1, revision 9) = 0\nlink_detach(l1) = 0\n"},
	{"5.9 shows the mode", "attach-5.9",
	 "attach(a, p1, multi) = 0\nquery(a, setsockopt, effective) = 0 [p1] flags 0x2\n"
	 "query(a/b, setsockopt, effective) = 0 [p1] flags 0x0\nquery(a, setsockopt, array) = -1 EINVAL\n"},
	{"6.1 has no preorder", "attach-6.1",
	 "attach(a, p1, multi preorder) = -1 EINVAL\nl1 = link(a, p1, preorder) = -1 EINVAL\n"
	 "attach(a, p1, multi) = 0\nquery(a, setsockopt, array) = 0 [p1] flags 0x2\n"},
	{"6.15 has it for programs", "attach-6.15",
	 "attach(a, p1, multi) = 0\nattach(a, p2, multi preorder) = 0\n" EFF(
		 "a") "[p2 p1]\n"
		      "l1 = link(a, p3, preorder) = -1 EINVAL\nattach(a, p3, multi before) = -1 EINVAL\n"
		      "attach(a, p3, multi revision 1) = -1 EINVAL\ndetach(a, p1, revision 1) = -1 EINVAL\n"},
};

/* Does the model say what the case expects of each step? Complains if not. */
static bool agrees(const struct tree *t, const struct attach_epoch *e, const char *what)
{
	struct tree_want w;

	tree_begin(&model, e, t);
	for (unsigned i = 0; i < t->n_steps; i++) {
		const struct tree_step *s = &t->step[i];
		const struct tree_answer *a = &s->answer;
		bool ok;

		tree_next(&model, i, &w);
		ok = (!s->has_ret || s->ret == w.ret) && (!a->has_flags || a->flags == w.flags) &&
		     (!a->has_count || a->count == w.count) &&
		     (!a->has_revision || a->revision == w.revision) &&
		     (!a->has_ids || (a->n_ids == w.n && !memcmp(a->ids, w.progs, w.n)));
		if (ok)
			continue;
		if (what)
			print_error("%s, %s: step %u gives %d, %u programs, revision %u\n", what, e->name,
				    i + 1, w.ret, w.n, w.revision);
		return false;
	}
	return true;
}

static void by_hand(void **state)
{
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct attach_epoch *e =
			attach_epoch_find(rows[i].epoch ? rows[i].epoch : "attach-7.2");
		char text[4096];
		struct diag d;

		snprintf(text, sizeof(text), "%s%s", TREE, rows[i].text);
		if (tree_parse(text, strlen(text), rows[i].what, &tree, NULL, &d))
			fail_msg("%s:%d:%d: %s", rows[i].what, d.line, d.col, d.message);
		bad += !agrees(&tree, e, rows[i].what);
	}
	assert_int_equal(bad, 0);
}

/* ---- the corpus ---- */

static struct {
	struct tree t;
	struct case_meta meta;
	const char *path;
} corpus[128];
static unsigned n_corpus;

static void round_trip(const struct tree *t, const struct case_meta *meta, const char *where)
{
	struct buf one = {0}, two = {0};
	struct case_meta meta2;
	struct diag d;

	tree_print(t, meta, &one);
	if (tree_parse(buf_str(&one), one.n, where, &again, &meta2, &d))
		fail_msg("%s: what was printed does not parse: %d:%d %s\n%s", where, d.line, d.col, d.message,
			 buf_str(&one));
	if (!tree_equal(t, &again))
		fail_msg("%s: print and parse give another case:\n%s", where, buf_str(&one));
	tree_print(&again, meta ? &meta2 : NULL, &two);
	assert_string_equal(buf_str(&one), buf_str(&two));
	buf_fini(&one);
	buf_fini(&two);
}

static int load_corpus(void **state)
{
	static glob_t g;

	(void)state;
	if (glob(HD_SOURCE_DIR "/corpus/tree/*.case", 0, NULL, &g))
		return -1;
	for (size_t i = 0; i < g.gl_pathc && n_corpus < 128; i++) {
		static char text[CASE_TEXT_MAX];
		FILE *f = fopen(g.gl_pathv[i], "re");
		size_t n = f ? fread(text, 1, sizeof(text), f) : 0;
		struct diag d;

		if (f)
			fclose(f);
		assert_true(tree_text_is(text, n));
		if (tree_parse(text, n, g.gl_pathv[i], &corpus[n_corpus].t, &corpus[n_corpus].meta, &d)) {
			print_error("%s:%d:%d: %s\n", g.gl_pathv[i], d.line, d.col, d.message);
			return -1;
		}
		corpus[n_corpus++].path = g.gl_pathv[i];
	}
	return n_corpus < 40;
}

static void corpus_round_trips(void **state)
{
	(void)state;
	for (unsigned i = 0; i < n_corpus; i++)
		round_trip(&corpus[i].t, &corpus[i].meta, corpus[i].path);
}

static bool in_scope(unsigned i, const struct attach_epoch *e)
{
	return scope_tree_holds(corpus[i].meta.profiles, corpus[i].meta.clauses, corpus[i].meta.needs,
				profile_find("v7.2"), e);
}

static void corpus_agrees(void **state)
{
	unsigned bad = 0;

	(void)state;
	for (unsigned i = 0; i < n_corpus; i++) {
		unsigned somewhere = 0;

		for (unsigned k = 0; k < attach_epoch_count(); k++) {
			if (!in_scope(i, attach_epoch_at(k)))
				continue;
			somewhere++;
			bad += !agrees(&corpus[i].t, attach_epoch_at(k), corpus[i].path);
		}
		if (!somewhere)
			print_error("%s holds in no epoch\n", corpus[i].path);
		bad += !somewhere;
	}
	assert_int_equal(bad, 0);
}

/* Has the clause a say in a case that names it? */
static bool covered(unsigned clause)
{
	for (unsigned i = 0; i < n_corpus; i++) {
		char words[256], name[64];

		snprintf(words, sizeof(words), " %s ", corpus[i].meta.clauses);
		snprintf(name, sizeof(name), " %s ", clause_info(clause)->name);
		if (!strstr(words, name))
			continue;
		for (unsigned k = 0; k < attach_epoch_count(); k++) {
			struct tree_want w;

			if (!in_scope(i, attach_epoch_at(k)))
				continue;
			tree_begin(&model, attach_epoch_at(k), &corpus[i].t);
			for (unsigned s = 0; s < corpus[i].t.n_steps; s++) {
				tree_next(&model, s, &w);
				for (unsigned h = 0; h < w.n_hits; h++)
					if (w.hits[h] == clause)
						return true;
			}
		}
	}
	return false;
}

static void every_clause_has_a_case(void **state)
{
	unsigned bad = 0;

	(void)state;
	for (unsigned c = C_CALLS; c < C_OPERATIONS; c++) {
		if (!covered(c))
			print_error("%s: no case of corpus/tree names it and shows it\n",
				    clause_info(c)->name);
		bad += !covered(c);
	}
	assert_int_equal(bad, 0);
}

/* ---- what is refused ---- */

static void malformed(void **state)
{
	static const struct {
		const char *text, *want;
		int line, col;
	} bad[] = {
		{"tree\n", "the path of a cgroup", 1, 5},
		{"tree a/b\n", "one of the cgroups above", 1, 6},
		{"tree ab\n", "a path of single letters", 1, 6},
		{"tree a\nattach(a, p1, multi)\n", "a program from above", 2, 11},
		{"tree a\nprogram p2 setsockopt { return 1 }\n", "p1 as the next program", 2, 9},
		{"tree a\nprogram p1 setsockopt { return 1 }\nattach(a, p1)\n", "','", 3, 13},
		{"tree a\nprogram p1 setsockopt { return 1 }\nattach(a, p1, often)\n", "none, override", 3,
		 15},
		{"tree a\nprogram p1 setsockopt { return 1 }\nattach(b, p1, multi)\n",
		 "one of the cgroups above", 3, 8},
		{"tree a\nprogram p1 setsockopt { return 1 }\nl2 = link(a, p1)\n", "l1 as the next link", 3,
		 1},
		{"tree a\nupdate(l1, p1)\n", "a link from above", 2, 8},
		{"tree a\nmkdir(a/b/c)\n", "one of the cgroups above", 2, 9},
		{"tree a\nrmdir(a) = 7\n", "0, '-1 ENAME' or '?'", 2, 12},
		{"tree a\ns = socket(AF_INET, SOCK_STREAM) in a via post\n", "fork, exec, scm", 2, 43},
		{"tree a a/b a/c\ns = socket(AF_INET, SOCK_STREAM) in a/b via thread\n", "threaded cgroup", 0,
		 0},
		{"tree a\nfly(a)\n", "an operation, a socket or a call", 2, 1},
		{"tree a\nprogram p1 setsockopt { return 1 }\nprogram p2 getsockopt { return 1 }\n"
		 "l1 = link(a, p1)\nupdate(l1, p2)\n",
		 "other hook", 5, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct diag d = {0};

		assert_int_equal(tree_parse(bad[i].text, strlen(bad[i].text), "x", &tree, NULL, &d), -EINVAL);
		if (!strstr(d.message, bad[i].want) ||
		    (bad[i].line && (d.line != bad[i].line || d.col != bad[i].col)))
			fail_msg("%s: want '%s' at %d:%d, got %d:%d %s", bad[i].text, bad[i].want,
				 bad[i].line, bad[i].col, d.line, d.col, d.message);
	}
	assert_false(tree_text_is("cgroup a\n", 9));
	assert_false(tree_text_is("", 0));
	assert_true(tree_text_is("# tree\n\ntree a", 14));
}

/* ---- the generator ---- */

static unsigned cases(unsigned n)
{
	return getenv("HOOKDIFF_TEST_QUICK") ? n / 8 : n;
}

static void generated(void **state)
{
	static struct tree_gen g; /* large */
	unsigned drops = 0;

	(void)state;
	tree_gen_init(&g, 7);
	for (unsigned i = 0; i < cases(20000); i++) {
		const char *why;

		tree_gen_case(&g, i, &tree);
		why = tree_check(&tree);
		if (why)
			fail_msg("case %u: %s", i, why);
		if (i % 16 == 0)
			round_trip(&tree, NULL, "generated");
		again = tree;
		tree_gen_case(&g, i, &tree);
		assert_true(tree_equal(&again, &tree));
		if (tree_drop_step(&again, i % again.n_steps)) {
			assert_null(tree_check(&again));
			assert_true(again.n_steps < tree.n_steps);
			drops++;
		}
		if (tree_drop_prog(&again, i % again.n_progs))
			assert_null(tree_check(&again));
	}
	assert_true(drops > cases(20000) / 2);
	assert_true(g.edits > cases(20000) / 10);
	for (unsigned op = 0; op < TREE_OP_COUNT; op++)
		assert_true(g.ops[op] > 0);
	for (unsigned k = 0; k < TREE_KIND_COUNT; k++)
		assert_true(g.kinds[k] > 0);
}

/* ---- the binary form ---- */

static void bin_trip(const struct tree *t, const char *what)
{
	static struct tree back; /* large */
	static uint8_t bytes[TREE_BIN_MAX];
	size_t n = tree_bin_encode(t, bytes, sizeof(bytes));

	assert_in_range(n, TREE_BIN_MIN, TREE_BIN_MAX);
	assert_true(tree_bin_decode(bytes, n, &back));
	if (tree_check(&back) || !tree_equal(t, &back))
		fail_msg("%s: decode(encode(x)) is another case: %s", what, tree_check(&back));
	assert_int_equal(tree_bin_encode(t, bytes, n - 1), 0);
}

static void binary_round_trips(void **state)
{
	static struct tree_gen g; /* large */

	(void)state;
	for (unsigned i = 0; i < n_corpus; i++)
		bin_trip(&corpus[i].t, corpus[i].path);
	tree_gen_init(&g, 17);
	for (unsigned i = 0; i < cases(20000); i++) {
		tree_gen_case(&g, i, &tree);
		bin_trip(&tree, "generated");
	}
}

/* Any bytes are a valid case, and always the same one. */
static void any_bytes_decode(void **state)
{
	static uint8_t bytes[4096];
	unsigned steps = 0, most = 0;
	struct rng r;

	(void)state;
	assert_false(tree_bin_decode(bytes, TREE_BIN_MIN - 1, &tree));
	for (unsigned i = 0; i < cases(20000); i++) {
		size_t n;

		rng_seed(&r, 3, i);
		n = TREE_BIN_MIN + rng_below(&r, sizeof(bytes) - TREE_BIN_MIN);
		for (size_t k = 0; k < n; k++)
			bytes[k] = (uint8_t)rng_u64(&r);
		assert_true(tree_bin_decode(bytes, n, &tree));
		if (tree_check(&tree))
			fail_msg("bytes %u: %s", i, tree_check(&tree));
		bin_trip(&tree, "bytes");
		round_trip(&tree, NULL, "bytes");
		assert_true(tree_bin_decode(bytes, n, &again));
		assert_true(tree_equal(&tree, &again));
		steps += tree.n_steps;
		most = tree.n_steps > most ? tree.n_steps : most;
	}
	assert_true(steps > cases(20000) * 8); /* most of what is written stays */
	assert_true(most > 40);
}

/* By hand, from the comment of tree_bin.h. */
static void binary_by_hand(void **state)
{
	static const uint8_t bytes[] = {1,    0x01,		    /* two cgroups */
					0,    0,    1,	  1,	    /* a, a/b */
					1,    1,    0x80,	    /* a setsockopt program that returns 1 */
					4,			    /* steps */
					0x10, 0,    0,	  2 | 0x40, /* attach(a, p1, multi) ... */
					1,    0x20,		    /* = 0 */
					10,   0,    1, /* s = socket(AF_INET, SOCK_STREAM, 0) in a/b */
					6,    1,    3, /* query(a/b, setsockopt, effective) */
					8,    1};      /* rmdir(a/b) */
	static const char want[] =
		"tree a a/b\nprogram p1 setsockopt { return 1 }\nattach(a, p1, multi) = 0\n"
		"s = socket(AF_INET, SOCK_STREAM, 0) in a/b\n"
		"query(a/b, setsockopt, effective)\nrmdir(a/b)\n";
	struct buf text = {0};

	(void)state;
	assert_true(tree_bin_decode(bytes, sizeof(bytes), &tree));
	tree_print(&tree, NULL, &text);
	assert_string_equal(buf_str(&text), want);
	buf_fini(&text);
}

/* Bytes may name them in another order than the steps that make them, a text cannot: found by fuzz_tree. */
static void made_in_another_order(void **state)
{
	static const uint8_t bytes[] = {
		1,    0x03,			/* four cgroups */
		0,    10,   0x21, 23, 0x21, 24, /* k, k/x and k/y, which are made later, */
		0x22, 25,			/* k/x/z as well */
		0,    4,    7,	  2,  7,    1,	7, 3, 8, 2};
	struct buf text = {0};

	(void)state;
	assert_true(tree_bin_decode(bytes, sizeof(bytes), &tree));
	assert_null(tree_check(&tree));
	round_trip(&tree, NULL, "another order");
	bin_trip(&tree, "another order");
	tree_print(&tree, NULL, &text);
	assert_string_equal(buf_str(&text), "tree k\nmkdir(k/y)\nmkdir(k/x)\nmkdir(k/x/z)\nrmdir(k/y)\n");
	buf_fini(&text);
}

/* A cgroup whose mkdir failed is nowhere: what names it is never asked. */
static void never_made(void **state)
{
	static const char *const steps[] = {"rmdir(a/b)",
					    "query(a/b, setsockopt)",
					    "attach(a/b, p1, multi)",
					    "l1 = link(a/b, p1)",
					    "detach(a/b, p1)",
					    "move(a/b)",
					    "mkdir(a/b/c)",
					    "s = socket(AF_INET, SOCK_STREAM, 0) in a/b"};

	(void)state;
	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct tree_want w;
		char text[300];
		int n = snprintf(text, sizeof(text),
				 "tree a\nprogram p1 setsockopt { return 1 }\nrmdir(a)\nmkdir(a/b)\n%s\n",
				 steps[i]);

		assert_int_equal(tree_parse(text, (size_t)n, "x", &tree, NULL, NULL), 0);
		tree_begin(&model, attach_epoch_find("attach-7.2"), &tree);
		tree_next(&model, 0, &w);
		tree_next(&model, 1, &w);
		assert_int_equal(w.ret, -ENOENT);
		assert_false(w.refused);
		tree_next(&model, 2, &w);
		assert_true(w.refused);
	}
}

/* Everything that an attach model is about is in what is generated; and the counting counts. */
static void nothing_is_left_out(void **state)
{
	static struct tally y;
	static struct tree_gen g; /* large */
	struct buf b = {0};

	(void)state;
	tree_gen_init(&g, 13);
	for (unsigned i = 0; i < 100000; i++) {
		tree_gen_case(&g, i, &tree);
		tally_case(&y, &model, attach_epoch_find("attach-7.2"), &tree);
	}
	if (tally_starved(&y, attach_epoch_find("attach-7.2"), &b))
		fail_msg("never generated:\n%s", buf_str(&b));
	for (unsigned r = T_SOCK_INET6; r <= T_SOCK_SMC; r++)
		assert_true(y.n[r] > 0);
	memset(&y, 0, sizeof(y));
	assert_true(tally_starved(&y, attach_epoch_find("attach-7.2"), &b) > 80);
	buf_fini(&b);
}

/* By hand: a case, and the rows that it is counted in. */
static void rows_are_counted(void **state)
{
	static const struct {
		const char *steps;
		enum tally_row row;
		unsigned n;
	} by_row[] = {
		{"attach(a, p1, multi)\nattach(a, p2, multi)\nattach(a, p3, multi)\ndetach(a, p2)\n",
		 T_DETACH_MIDDLE, 1},
		{"attach(a, p1, multi)\nattach(a, p2, multi)\ndetach(a, p2)\n", T_DETACH_MIDDLE, 0},
		{"attach(a, p1, multi)\nattach(a, p2, multi)\ndetach(a, p1)\n", T_DETACH_FIRST, 1},
		{"attach(a, p1, multi)\nattach(a, p2, multi)\ndetach(a, p2)\ndetach(a, p1)\n", T_DETACH_END,
		 1},
		{"attach(a, p1, multi)\nl1 = link(a, p1)\n", T_SIDE_BY_SIDE, 1},
		{"l1 = link(a, p1)\nl2 = link(a, p1)\n", T_SIDE_BY_SIDE, 0},
		{"l1 = link(a, p1)\nl2 = link(a, p1)\n", T_LINK_TWICE, 1},
		{"attach(e, p1, multi)\nrmdir(e)\n", T_RMDIR_PROGS, 1},
		{"l1 = link(e, p1)\nrmdir(e)\n", T_RMDIR_PROGS, 0},
		{"l1 = link(e, p1)\nrmdir(e)\nupdate(l1, p2)\n", T_UPDATE_DEAD, 1},
		{"s = socket(AF_INET, SOCK_STREAM, 0) in e\nrmdir(e)\n", T_RMDIR_SOCKETS, 1},
		{"l1 = link(a, p1)\nlink_detach(l1)\nlink_detach(l1)\nupdate(l1, p2)\n", T_LINK_DETACH, 1},
		{"l1 = link(a, p1)\nlink_detach(l1)\nlink_detach(l1)\nupdate(l1, p2)\n", T_LINK_DETACH_AGAIN,
		 1},
		{"l1 = link(a, p1)\nlink_detach(l1)\nlink_detach(l1)\nupdate(l1, p2)\n", T_UPDATE_GONE, 1},
		{"attach(a, p1, override)\ndetach(a, p2)\n", T_DETACH_SINGLE_OTHER, 1},
		{"attach(a, p1, override)\ndetach(a, p1)\n", T_DETACH_SINGLE_OTHER, 0},
		{"l1 = link(a, p1)\nl2 = link(a, p2, before id l1)\n", T_BESIDE_LINK_ID, 1},
		{"attach(a, p1, multi)\nattach(a, p2, multi after p1)\n", T_BESIDE_PROG_FD, 1},
		{"attach(a, p1, multi)\nattach(a, p2, multi after p1)\n", T_AFTER_ALONE, 0},
		{"attach(a, p1, multi)\nattach(a, p2, multi revision 2)\n", T_REVISION_RIGHT, 1},
		{"attach(a, p1, multi)\nattach(a, p2, multi revision 1)\n", T_REVISION_WRONG, 1},
		{"s = socket(AF_INET, SOCK_STREAM, 0) in a/b\nattach(a/d, p1, multi)\n"
		 "setsockopt(s, SOL_SOCKET, SO_MARK, i32 1, optlen 4)\n",
		 T_CALL_SIBLING, 1},
		{"s = socket(AF_INET, SOCK_STREAM, 0) in a/b\nattach(a, p1, override)\nattach(a/b, p2, "
		 "multi)\n"
		 "setsockopt(s, SOL_SOCKET, SO_MARK, i32 1, optlen 4)\n",
		 T_CALL_YIELD, 1},
		{"s = socket(AF_INET, SOCK_STREAM, 0) in a/b\nattach(a, p1, multi)\nattach(a/b, p1, multi)\n"
		 "setsockopt(s, SOL_SOCKET, SO_MARK, i32 1, optlen 4)\n",
		 T_CALL_TWICE, 1},
		{"s = socket(AF_INET, SOCK_STREAM, 0) in a/b\nattach(a, p1, multi)\nattach(a/b, p1, multi)\n"
		 "setsockopt(s, SOL_SOCKET, SO_MARK, i32 1, optlen 4)\n",
		 T_CALL_LEVELS, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(by_row) / sizeof(by_row[0]); i++) {
		struct tally y = {.cases = 0};
		char text[2000];
		int n = snprintf(text, sizeof(text), "%s%s", TREE, by_row[i].steps);

		assert_int_equal(tree_parse(text, (size_t)n, "row", &tree, NULL, NULL), 0);
		tally_case(&y, &model, attach_epoch_find("attach-7.2"), &tree);
		if (y.n[by_row[i].row] != by_row[i].n)
			fail_msg("%s%s: want %u, got %llu", by_row[i].steps, tally_name(by_row[i].row),
				 by_row[i].n, (unsigned long long)y.n[by_row[i].row]);
	}
}

/* Each wrong rule shows in generated cases and in the corpus; the right one in none. */
static void wrong_rules_show(void **state)
{
	static struct tree_gen g; /* large */
	unsigned bad = 0;

	(void)state;
	for (unsigned w = TREE_RIGHT; w < TREE_WRONG_COUNT; w++) {
		unsigned in_corpus = 0, first = 0;

		for (unsigned i = 0; i < n_corpus; i++)
			in_corpus += wrong_rule_shows(&corpus[i].t, w);
		tree_gen_init(&g, 11);
		for (unsigned i = 1; i <= 40000 && !first; i++) {
			tree_gen_case(&g, i, &tree);
			first = wrong_rule_shows(&tree, w) ? i : 0;
		}
		if (w == TREE_RIGHT ? in_corpus || first : !in_corpus || !first) {
			print_error("wrong rule %u: %u cases of the corpus, first generated case %u\n", w,
				    in_corpus, first);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

static void epochs(void **state)
{
	static const struct {
		const char *release, *version, *epoch;
	} kernels[] = {
		{"5.10.0-46-cloud-amd64", "#1 SMP Debian 5.10.262-1 (2026-11-01)", "attach-5.9"},
		{"6.1.0-56-cloud-amd64", "#1 SMP Debian 6.1.192-2 (2026-11-01)", "attach-6.1"},
		{"6.12.8", NULL, "attach-6.1"},
		{"6.12.95", NULL, "attach-6.15"},
		{"6.12.117+deb13", NULL, "attach-7.2"},
		{"6.16.12", NULL, "attach-6.15"},
		{"6.17.13", NULL, "attach-6.17"},
		{"6.18.15", NULL, "attach-6.17"},
		{"6.18.44", NULL, "attach-7.2"},
		{"7.1.3", NULL, "attach-6.17"},
		{"7.1.13", NULL, "attach-7.2"},
		{"7.3.4", NULL, "attach-7.2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++)
		assert_string_equal(attach_for_kernel(kernels[i].release, kernels[i].version)->name,
				    kernels[i].epoch);
	assert_null(attach_for_kernel("7.9.0", NULL));
	assert_null(attach_for_kernel("4.19.0", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_hand),
		cmocka_unit_test(corpus_round_trips),
		cmocka_unit_test(corpus_agrees),
		cmocka_unit_test(every_clause_has_a_case),
		cmocka_unit_test(malformed),
		cmocka_unit_test(generated),
		cmocka_unit_test(wrong_rules_show),
		cmocka_unit_test(epochs),
		cmocka_unit_test(binary_round_trips),
		cmocka_unit_test(any_bytes_decode),
		cmocka_unit_test(binary_by_hand),
		cmocka_unit_test(made_in_another_order),
		cmocka_unit_test(never_made),
		cmocka_unit_test(nothing_is_left_out),
		cmocka_unit_test(rows_are_counted),
	};

	return cmocka_run_group_tests_name("tree", tests, load_corpus, NULL);
}
