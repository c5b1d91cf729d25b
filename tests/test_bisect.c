/* SPDX-License-Identifier: MIT */
/* The search, its file and its letter, without any kernel: harness/bisect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/bisect/letter.h"
#include "harness/bisect/search.h"
#include "harness/bisect/state.h"
#include "harness/exec/feature.h"
#include "harness/kernels/catalog.h"
#include "harness/kernels/files.h"
#include "oracle/clauses.h"

enum { MOST = 64 };

/* A series as it is: what a test of a version shows. */
struct world {
	unsigned n, culprit;
	bool dead[MOST];
	/* of this version the k-th run (from 0, over all its tests) differs if bit k is set */
	unsigned flaky;
	uint64_t pattern;
	struct bisect_answer a[MOST];
	unsigned tests, retests, skips;
};

static void try(struct world *w, const struct search_step *s)
{
	struct bisect_answer *a = &w->a[s->at];
	unsigned failed = 0;

	w->tests++;
	w->retests += s->what == SEARCH_RETEST;
	if (w->dead[s->at]) {
		w->skips++;
		search_add(a, BISECT_SKIP, 0, 0);
		return;
	}
	if (s->at >= w->culprit)
		failed = s->runs;
	if (s->at >= w->culprit && s->at == w->flaky) {
		failed = 0;
		for (unsigned k = 0; k < s->runs; k++)
			failed += w->pattern >> (a->runs + k) & 1;
	}
	search_add(a, failed ? BISECT_BAD : BISECT_GOOD, s->runs, failed);
}

static struct search_step walk(struct world *w, unsigned runs)
{
	struct search_step s;

	for (unsigned i = 0; i < 1000; i++) {
		search_next(w->a, w->n, runs, &s);
		if (s.what != SEARCH_TEST && s.what != SEARCH_RETEST)
			return s;
		assert_true(s.at < w->n);
		assert_true(s.runs > 0);
		try(w, &s);
	}
	fail_msg("no end");
	return s;
}

static unsigned log2_up(unsigned n)
{
	unsigned k = 0;

	while (1u << k < n)
		k++;
	return k;
}

static void every_culprit(void **state)
{
	for (unsigned n = 2; n <= MOST; n++)
		for (unsigned culprit = 1; culprit < n; culprit++) {
			struct world w = {.n = n, .culprit = culprit, .flaky = MOST};
			struct search_step s = walk(&w, 10);

			assert_int_equal(s.what, SEARCH_FOUND);
			assert_int_equal(s.bad, culprit);
			assert_int_equal(s.good, culprit - 1);
			assert_true(w.tests - w.retests <= 2 + log2_up(n));
			assert_int_equal(w.retests, 1); /* the last good one */
			assert_int_equal(w.a[s.good].runs, 20);
		}
}

static void one_run_is_believed(void **state)
{
	struct world w = {.n = 32, .culprit = 7, .flaky = MOST};
	struct search_step s = walk(&w, 1);

	assert_int_equal(s.bad, 7);
	assert_int_equal(w.retests, 0);
	assert_int_equal(w.a[6].runs, 1);
}

static void one_dead(void **state)
{
	enum { N = 32 };

	for (unsigned dead = 1; dead < N - 1; dead++)
		for (unsigned culprit = 1; culprit < N; culprit++) {
			struct world w = {.n = N, .culprit = culprit, .flaky = MOST};
			struct search_step s;
			bool hides = dead == culprit || dead == culprit - 1;

			w.dead[dead] = true;
			s = walk(&w, 10);
			assert_int_equal(s.what, hides ? SEARCH_RANGE : SEARCH_FOUND);
			assert_int_equal(s.bad, dead == culprit ? culprit + 1 : culprit);
			assert_int_equal(s.good, dead == culprit - 1 ? culprit - 2 : culprit - 1);
			assert_true(w.skips <= 1); /* never asked twice */
			assert_true(w.tests - w.retests - w.skips <= 2 + log2_up(N) + w.skips);
		}
}

static void all_dead_between(void **state)
{
	struct world w = {.n = 10, .culprit = 4, .flaky = MOST};
	struct search_step s;

	for (unsigned i = 1; i < 9; i++)
		w.dead[i] = true;
	s = walk(&w, 10);
	assert_int_equal(s.what, SEARCH_RANGE);
	assert_int_equal(s.good, 0);
	assert_int_equal(s.bad, 9);
	assert_int_equal(w.skips, 8);
}

/* Skips go to the nearest one, as few as need be. */
static void dead_middle(void **state)
{
	struct bisect_answer a[9] = {[0] = {BISECT_GOOD, 10, 0, 0}, [8] = {BISECT_BAD, 10, 10, 0}};
	struct search_step s;

	search_next(a, 9, 10, &s);
	assert_int_equal(s.at, 4);
	a[4].verdict = BISECT_SKIP;
	search_next(a, 9, 10, &s);
	assert_int_equal(s.at, 3);
	a[3].verdict = BISECT_SKIP;
	search_next(a, 9, 10, &s);
	assert_int_equal(s.at, 5);
}

/* The culprit itself differs in one run of twelve only: the second test of the last good one finds it. */
static void hidden_culprit(void **state)
{
	struct world w = {.n = 32, .culprit = 16, .flaky = 16, .pattern = 1u << 12};
	struct search_step s = walk(&w, 10);

	assert_int_equal(s.what, SEARCH_FOUND);
	assert_int_equal(s.bad, 16);
	assert_int_equal(s.good, 15);
	assert_true(s.flaky);
	assert_int_equal(w.a[16].runs, 20);
	assert_int_equal(w.a[16].failed, 1);
	assert_int_equal(w.a[15].runs, 40);
}

/* Once something differs now and then, every later version runs twice as often. */
static void flaky_doubles(void **state)
{
	struct bisect_answer a[9] = {[0] = {BISECT_GOOD, 10, 0, 0}, [8] = {BISECT_BAD, 10, 3, 0}};
	struct search_step s;

	search_next(a, 9, 10, &s);
	assert_true(s.flaky);
	assert_int_equal(s.runs, 20);
	a[8].failed = 10;
	search_next(a, 9, 10, &s);
	assert_false(s.flaky);
	assert_int_equal(s.runs, 10);
}

static void one_divergence_is_bad(void **state)
{
	struct bisect_answer a = {0};

	search_add(&a, BISECT_GOOD, 10, 0);
	assert_int_equal(a.verdict, BISECT_GOOD);
	search_add(&a, BISECT_BAD, 10, 1);
	assert_int_equal(a.verdict, BISECT_BAD);
	assert_int_equal(a.runs, 20);
	assert_int_equal(a.failed, 1);
	search_add(&a, BISECT_GOOD, 10, 0);
	assert_int_equal(a.verdict, BISECT_BAD);
}

/* A second test that gives no answer neither ends the search nor repeats for ever. */
static void silent_retest(void **state)
{
	struct bisect_answer a[2] = {{BISECT_GOOD, 10, 0, 0}, {BISECT_BAD, 10, 10, 0}};
	struct search_step s;

	for (unsigned i = 0; i < 2; i++) {
		search_next(a, 2, 10, &s);
		assert_int_equal(s.what, SEARCH_RETEST);
		assert_int_equal(s.at, 0);
		search_add(&a[0], BISECT_SKIP, 0, 0);
		assert_int_equal(a[0].verdict, BISECT_GOOD);
	}
	search_next(a, 2, 10, &s);
	assert_int_equal(s.what, SEARCH_FOUND);
}

static void refusals(void **state)
{
	struct world agree = {.n = 8, .culprit = 8, .flaky = MOST},
		     bad = {.n = 8, .culprit = 0, .flaky = MOST},
		     dead0 = {.n = 8, .culprit = 4, .flaky = MOST, .dead = {[0] = true}},
		     dead7 = {.n = 8, .culprit = 4, .flaky = MOST, .dead = {[7] = true}},
		     rare = {.n = 8, .culprit = 7, .flaky = 7, .pattern = 1u << 15};
	struct search_step s = walk(&agree, 10);

	assert_int_equal(s.what, SEARCH_REFUSED);
	assert_int_equal(s.refusal, REFUSED_BAD_IS_GOOD);
	assert_int_equal(agree.tests, 3); /* the bad end twice: it may be flaky */
	assert_int_equal(agree.a[7].runs, 20);
	s = walk(&bad, 10);
	assert_int_equal(s.refusal, REFUSED_GOOD_IS_BAD);
	assert_int_equal(bad.tests, 1);
	s = walk(&dead0, 10);
	assert_int_equal(s.refusal, REFUSED_GOOD_UNKNOWN);
	s = walk(&dead7, 10);
	assert_int_equal(s.refusal, REFUSED_BAD_UNKNOWN);
	s = walk(&rare, 10);
	assert_int_equal(s.what, SEARCH_FOUND);
	assert_int_equal(s.bad, 7);
}

static void miss(void **state)
{
	assert_true(fabs(search_miss(10, 0.25) - 0.0563) < 0.0001);
	assert_true(fabs(search_miss(20, 0.25) - 0.00317) < 0.00001);
	assert_true(search_miss(5, 1) == 0);
	assert_true(search_miss(0, 0.5) == 1);
}

/* ---- the file ---- */

static char folder[] = "/tmp/test_bisect.XXXXXX", file[64];

static int make_folder(void **state)
{
	if (!mkdtemp(folder))
		return -1;
	snprintf(file, sizeof(file), "%s/bisect.json", folder);
	return 0;
}

static int remove_folder(void **state)
{
	return dir_remove(folder);
}

static struct bisect_state example(void)
{
	struct bisect_state s = {.question = {.mode = "packages",
					      .good = "debian:6.12.94",
					      .bad = "debian:6.12.117",
					      .judge = "case",
					      .what = "a \"b\".case",
					      .content = "0123456789abcdef",
					      .profile = "auto",
					      .runs = 10},
				 .profile = "v6.7",
				 .tests = 3,
				 .skips = 1,
				 .seconds = 12.5,
				 .n = 3};

	s.point = calloc(s.n, sizeof(*s.point));
	strcpy(s.point[0].name, "debian:6.12.94-1");
	strcpy(s.point[0].release, "6.12.94+deb13-cloud-amd64");
	s.point[0].answer = (struct bisect_answer){BISECT_GOOD, 10, 0, 1};
	strcpy(s.point[1].name, "debian:6.12.95-1");
	s.point[1].answer.verdict = BISECT_SKIP;
	strcpy(s.point[1].why, "the kernel did not reach init within 90 s");
	strcpy(s.point[2].name, "debian:6.12.117-1~deb12u1");
	s.point[2].answer = (struct bisect_answer){BISECT_BAD, 10, 3, 0};
	strcpy(s.point[2].evidence, "test-002.jsonl");
	s.point[2].seconds = 7.25;
	return s;
}

static void comes_back(void **state)
{
	struct bisect_state s = example(), r;
	char why[256] = "", a[80], b[80];

	assert_int_equal(state_write(&s, file), 0);
	assert_int_equal(state_read(&r, file, why, sizeof(why)), 0);
	assert_memory_equal(&r.question, &s.question, sizeof(s.question));
	assert_string_equal(r.profile, s.profile);
	assert_int_equal(r.tests, 3);
	assert_int_equal(r.skips, 1);
	assert_true(r.seconds == 12.5);
	assert_int_equal(r.n, 3);
	assert_memory_equal(r.point, s.point, 3 * sizeof(*s.point));
	assert_null(state_differs(&s.question, &r.question, a, b));
	r.question.runs = 20;
	assert_string_equal(state_differs(&s.question, &r.question, a, b), "runs");
	assert_string_equal(a, "10");
	strcpy(r.question.bad, "x");
	assert_string_equal(state_differs(&s.question, &r.question, a, b), "bad");
	assert_string_equal(b, "x");
	assert_int_equal(state_retry(&r), 1);
	assert_int_equal(r.point[1].answer.verdict, BISECT_UNTESTED);
	state_fini(&s);
	state_fini(&r);
}

/* Every half of the file, and every edit of it, is refused with a sentence. */
static void garbage(void **state)
{
	static const struct {
		const char *from, *to, *says;
	} edits[] = {
		{"\"bisect\"", "\"bisection\"", "type: expected"},
		{"\"format\":1", "\"format\":2", "format: expected"},
		{"\"good\":\"debian", "\"goof\":\"debian", "question.good: expected a string, found nothing"},
		{"\"verdict\":\"skip\"", "\"verdict\":\"maybe\"", "points[1].verdict: expected"},
		{"\"verdict\":\"skip\"", "\"verdict\":\"good\"",
		 "points[1]: the verdict does not fit the runs"},
		{"\"verdict\":\"bad\"", "\"verdict\":\"good\"",
		 "points[2]: the verdict does not fit the runs"},
		{"\"verdict\":\"good\"", "\"verdict\":\"bad\"",
		 "points[0]: the verdict does not fit the runs"},
		{"\"failed\":3", "\"failed\":11", "points[2]: the verdict does not fit the runs"},
		{"\"failed\":3", "\"failed\":-1", "points[2].failed: expected"},
		{"\"tests\":3", "\"tests\":1e3", "tests: expected"},
		{"\"points\":[", "\"points\":[7,", "points[0]: expected an object"},
		{"\"points\":[", "\"points\":[],\"x\":[", "points: expected two versions"},
		{"\"runs\":10}", "\"runs\":0}", "question.runs: expected"},
	};
	struct bisect_state s = example(), r;
	struct buf text = {0};
	char why[512];

	assert_int_equal(state_write(&s, file), 0);
	assert_int_equal(file_read(file, &text), 0);
	for (size_t n = 0; n < text.n; n++) {
		assert_int_equal(file_write(file, buf_str(&text), n), 0);
		*why = 0;
		assert_int_equal(state_read(&r, file, why, sizeof(why)), -EBADMSG);
		assert_non_null(strstr(why, "bisect.json: expected"));
		state_fini(&r);
	}
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		const char *at = strstr(buf_str(&text), edits[i].from);
		struct buf edited = {0};

		assert_non_null(at);
		buf_add(&edited, text.p, (size_t)(at - text.p));
		buf_puts(&edited, edits[i].to);
		buf_puts(&edited, at + strlen(edits[i].from));
		assert_int_equal(file_write(file, buf_str(&edited), edited.n), 0);
		*why = 0;
		assert_int_equal(state_read(&r, file, why, sizeof(why)), -EBADMSG);
		if (!strstr(why, edits[i].says))
			fail_msg("%s -> %s: want '%s', got '%s'", edits[i].from, edits[i].to, edits[i].says,
				 why);
		state_fini(&r);
		buf_fini(&edited);
	}
	buf_fini(&text);
	state_fini(&s);
	unlink(file);
	assert_int_equal(state_read(&r, file, why, sizeof(why)), -ENOENT);
	state_fini(&r);
}

/* ---- the letter ---- */

static void tags(void **state)
{
	char tag[64];

	assert_true(letter_tag("debian:6.12.94-1~bpo12+1", tag, sizeof(tag)));
	assert_string_equal(tag, "v6.12.94");
	assert_true(letter_tag("debian:7.3~rc7-1~exp1", tag, sizeof(tag)));
	assert_string_equal(tag, "v7.3-rc7");
	assert_false(letter_tag("17", tag, sizeof(tag)));
}

static void has(const struct buf *b, const char *line)
{
	if (!strstr(buf_str(b), line))
		fail_msg("want a line '%s' in\n%s", line, buf_str(b));
}

static void letters(void **state)
{
	struct bisect_state s = example();
	struct letter l = {.s = &s,
			   .good = 0,
			   .bad = 2,
			   .clause = (unsigned)clause_find("GET.RETVAL.ANY"),
			   .evidence = "EVIDENCE\n",
			   .cases = "cgroup a\nline two\n",
			   .case_name = "x.case",
			   .reproduce = "hookdiff bisect step --kernel debian:6.12.117-1",
			   .hookdiff = "0"};
	struct buf b = {0};

	letter_format(&b, &l);
	has(&b,
	    "Subject: [REGRESSION] bpf: cgroup sockopt hooks: GET.RETVAL.ANY changed between v6.12.94 and "
	    "v6.12.117\n");
	has(&b, "Cc: regressions@lists.linux.dev");
	has(&b, "\n#regzbot introduced: v6.12.94..v6.12.117\n");
	has(&b, "The 1 versions between the two could not be tested");
	has(&b, "EVIDENCE\n");
	has(&b, "    cgroup a\n    line two\n");
	has(&b, "    hookdiff bisect step --kernel debian:6.12.117-1\n");
	has(&b, "3 of 10 runs differ");
	buf_reset(&b);
	l.newer_is_good = true;
	letter_format(&b, &l);
	assert_null(strstr(buf_str(&b), "REGRESSION"));
	assert_null(strstr(buf_str(&b), "regzbot"));
	buf_reset(&b);
	l.newer_is_good = false;
	strcpy(s.question.judge, "feature"); /* it appeared: nobody's regression */
	strcpy(s.question.what, "attach.before");
	strcpy(s.good_feature, "absent");
	buf_reset(&b);
	letter_format(&b, &l);
	has(&b, "attach.before is absent on debian:6.12.94-1 and present on debian:6.12.117-1~deb12u1.");
	assert_null(strstr(buf_str(&b), "REGRESSION"));
	assert_null(strstr(buf_str(&b), "regzbot"));
	strcpy(s.good_feature, "present");
	buf_reset(&b);
	letter_format(&b, &l);
	has(&b, "[REGRESSION]");
	strcpy(s.question.judge, "case");
	buf_reset(&b);
	strcpy(s.point[2].name, "debian:6.12.94-2");
	letter_format(&b, &l);
	assert_null(strstr(buf_str(&b), "#regzbot"));
	has(&b, "the change is Debian's");
	buf_fini(&b);
	state_fini(&s);
}

static void profiles_explain(void **state)
{
	struct bisect_state s = example();
	struct letter l = {.s = &s, .good = 0, .bad = 2, .clause = (unsigned)clause_find("GET.RETVAL.ANY")};
	struct buf b = {0};

	strcpy(s.point[0].release, "5.10.0-46-cloud-amd64");
	strcpy(s.point[0].version, "#1 SMP Debian 5.10.262-1 (2026-11-01)");
	strcpy(s.point[2].release, "6.1.0-56-cloud-amd64");
	strcpy(s.point[2].version, "#1 SMP Debian 6.1.192-2 (2026-11-01)");
	letter_profiles(&b, &l);
	has(&b, "GET.RETVAL.ANY begins to hold in ");
	has(&b, ": this explains it\n");
	buf_reset(&b);
	strcpy(s.point[0].release, s.point[2].release);
	strcpy(s.point[0].version, s.point[2].version);
	letter_profiles(&b, &l);
	has(&b, "no known change explains it");
	buf_fini(&b);
	state_fini(&s);
}

/* ---- what is between two packages ---- */

static void between(void **state)
{
	struct catalog_row rows[] = {
		{.version = "6.12.90-1~bpo12+1"}, {.version = "6.12.94-1~bpo12+1"},
		{.version = "6.12.94-1"},	  {.version = "6.12.100-1"},
		{.version = "6.12.117-1"},	  {.version = "6.12.117-2", .missing = true},
		{.version = "7.3~rc7-1~exp1"},
	};
	struct catalog c = {.row = rows, .n = sizeof(rows) / sizeof(rows[0])};
	size_t from, to;
	char why[256];

	assert_true(catalog_between(&c, "debian:6.12.94", "debian:6.12.117", &from, &to, why, sizeof(why)));
	assert_int_equal(from, 2); /* the newest of that name */
	assert_int_equal(to, 4);   /* one that is whole */
	assert_true(
		catalog_between(&c, "debian:7.3", "debian:6.12.94-1~bpo12+1", &from, &to, why, sizeof(why)));
	assert_int_equal(from, 6);
	assert_int_equal(to, 1);
	assert_true(
		catalog_between(&c, "debian:6.12.117-2", "debian:6.12.100", &from, &to, why, sizeof(why)));
	assert_int_equal(from, 5);
	assert_false(catalog_between(&c, "debian:6.13", "debian:6.12.94", &from, &to, why, sizeof(why)));
	assert_non_null(strstr(why, "debian:6.13: neither"));
	assert_false(catalog_between(&c, "debian:6.12", "debian:6.12.117", &from, &to, why, sizeof(why)));
	assert_non_null(strstr(why, "the same version"));
	assert_false(catalog_between(&c, "host", "debian:6.12.117", &from, &to, why, sizeof(why)));
	assert_non_null(strstr(why, "expected a version of the archive"));
}

/* Every feature has a name of its own, and an answer or a reason. */
static void features(void **state)
{
	struct feature_result f[FEATURE_MAX];
	unsigned n = feature_run(f);

	assert_int_equal(n, feature_count());
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(feature_find(f[i].name), i);
		assert_true(strlen(f[i].what) > 10);
		assert_true(*f[i].text);
		if (geteuid())
			assert_int_equal(f[i].state, FEATURE_UNKNOWN);
	}
	assert_int_equal(feature_find("attach"), -1);
	assert_null(feature_name(n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_culprit), cmocka_unit_test(one_run_is_believed),
		cmocka_unit_test(one_dead),	 cmocka_unit_test(all_dead_between),
		cmocka_unit_test(dead_middle),	 cmocka_unit_test(hidden_culprit),
		cmocka_unit_test(flaky_doubles), cmocka_unit_test(one_divergence_is_bad),
		cmocka_unit_test(silent_retest), cmocka_unit_test(refusals),
		cmocka_unit_test(miss),		 cmocka_unit_test(comes_back),
		cmocka_unit_test(garbage),	 cmocka_unit_test(tags),
		cmocka_unit_test(letters),	 cmocka_unit_test(profiles_explain),
		cmocka_unit_test(between),	 cmocka_unit_test(features),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
