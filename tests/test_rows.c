/* SPDX-License-Identifier: MIT */
/* Records read back: what is bounded and passed over, and the ids of a kernel's tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/report/column_json.h"
#include "harness/report/reading.h"
#include "harness/report/rows.h"

static const char run[] = "{\"type\":\"run\",\"command\":\"run\",\"kernel\":\"6.1.90\",\"profile\":\"v6.5\"}";
static const char summary[] = "{\"type\":\"summary\",\"verdict\":\"PASS\",\"exit\":0,\"cases\":1}";

static void feed(struct column *c, const char *line)
{
	column_line(c, line, strlen(line));
}

/* The id of a case with this path, the only one of its kernel. */
static void assert_id(const char *path, const char *want)
{
	struct column c;
	struct rows rows;
	char line[512];
	size_t i = 0;

	column_init(&c, "host");
	feed(&c, run);
	snprintf(line, sizeof(line), "{\"type\":\"case\",\"verdict\":\"PASS\",\"path\":\"%s\"}", path);
	feed(&c, line);
	assert_int_equal(rows_make(&rows, &c), 0);
	while (i < rows.n && rows.row[i].kind != ROW_CASE)
		i++;
	assert_true(i < rows.n);
	assert_string_equal(rows.row[i].id, want);
	rows_fini(&rows);
	column_fini(&c);
}

static void test_ids(void **state)
{
	assert_id("corpus/set/set-args.case", "hookdiff.case.set.set-args");
	assert_id("/home/x/corpus/set/set-args.case", "hookdiff.case.set.set-args");
	assert_id("/corpus/old/corpus/set/a.case", "hookdiff.case.set.a");
	assert_id("mycorpus/set/a.case", "hookdiff.case.set.a"); /* by the two last words, not by "corpus/" */
	assert_id("/home/x/y/a.case", "hookdiff.case.y.a");
	assert_id("a.case", "hookdiff.case.a");
	assert_id("./y/a.case", "hookdiff.case.y.a");
	assert_id("./a.case", "hookdiff.case.a");
	assert_id("corpus/set/v1.2.case", "hookdiff.case.set.v1_2-2d69f693");
	assert_id("corpus/set/v1_2.case", "hookdiff.case.set.v1_2"); /* and this one's own */
}

static void test_twins(void **state)
{
	struct column c;
	struct rows rows;
	size_t n = 0;

	column_init(&c, "host");
	feed(&c, run);
	for (int i = 0; i < 3; i++)
		feed(&c, "{\"type\":\"case\",\"verdict\":\"PASS\",\"path\":\"corpus/set/a.case\"}");
	assert_int_equal(rows_make(&rows, &c), 0);
	for (size_t i = 0; i < rows.n; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(rows.row[i].id, rows.row[k].id);
	for (size_t i = 0; i < rows.n; i++)
		n += !strcmp(rows.row[i].id, "hookdiff.case.set.a") ||
		     !strcmp(rows.row[i].id, "hookdiff.case.set.a..2") ||
		     !strcmp(rows.row[i].id, "hookdiff.case.set.a..3");
	assert_int_equal(n, 3);
	rows_fini(&rows);
	column_fini(&c);
}

/* A file of runs is whole if each has its summary; a matrix's only with its last line. */
static void test_end(void **state)
{
	struct column c;

	column_init(&c, "");
	feed(&c, run);
	feed(&c, summary);
	feed(&c, run);
	feed(&c, summary);
	column_close(&c, NULL);
	assert_int_equal(c.end, COLUMN_DONE);
	assert_int_equal(c.n_commands, 2);
	column_fini(&c);
	column_init(&c, "");
	feed(&c, run);
	column_close(&c, NULL);
	assert_int_equal(c.end, COLUMN_ERROR);
	column_fini(&c);
	column_init(&c, "");
	feed(&c, "{\"type\":\"matrix\",\"spec\":\"debian:6.1\"}");
	feed(&c, run);
	feed(&c, summary);
	column_close(&c, NULL);
	assert_int_equal(c.end, COLUMN_ERROR);
	assert_string_equal(c.spec, "debian:6.1");
	column_fini(&c);
}

static void test_hostile(void **state)
{
	static const char *const lines[] = {
		"",
		"{",
		"[]",
		"null",
		"7",
		"\"x\"",
		"{\"type\":7}",
		"{\"type\":\"nope\"}",
		"{\"type\":\"run\"}x",
	};
	struct column c;
	char *deep = malloc(200001);
	uint64_t strange;

	column_init(&c, "");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		feed(&c, lines[i]);
	feed(&c, "{\"type\":\"case\",\"verdict\":\"PASS\",\"x\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]"
		 "]]]]]]]]]]]]}");
	memset(deep, '[', 200000);
	deep[200000] = 0;
	feed(&c, deep);
	free(deep);
	assert_int_equal(c.strange, sizeof(lines) / sizeof(lines[0]) + 2);
	/* Members of the wrong type are as if they were not there. */
	strange = c.strange;
	feed(&c,
	     "{\"type\":\"run\",\"command\":[],\"kernel\":{},\"argv\":\"x\",\"page_size\":-1,\"seed\":1}");
	feed(&c, "{\"type\":\"case\",\"verdict\":7,\"path\":[],\"clauses\":{\"a\":1},\"clause\":true}");
	feed(&c,
	     "{\"type\":\"case\",\"verdict\":\"FAIL\",\"want\":\"x\",\"got\":{\"programs\":{},\"optval\":7},"
	     "\"behaves_like\":[1,null,{\"profile\":[]}],\"call\":\"x\",\"offset\":1e99}");
	feed(&c, "{\"type\":\"summary\",\"clauses\":[],\"controls\":[],\"waivers\":{},\"cases\":-5}");
	assert_int_equal(c.strange, strange);
	assert_int_equal(c.n_cases, 2);
	assert_int_equal(c.n_findings, 1);
	assert_null(c.finding[0].want);
	assert_int_equal(c.finding[0].got->n_programs, 0);
	assert_int_equal(c.command[0].cases, 0);
	column_fini(&c);
}

/* What is kept has limits, and what is beyond them is counted. */
static void test_limits(void **state)
{
	struct column c;
	char *line = malloc(100100);
	int n;

	column_init(&c, "");
	feed(&c, run);
	n = snprintf(line, 100, "{\"type\":\"case\",\"verdict\":\"PASS\",\"path\":\"");
	memset(line + n, 'a', 100000);
	snprintf(line + n + 100000, 10, "\"}");
	for (int i = 0; i < 300; i++)
		feed(&c, line);
	free(line);
	assert_true(c.kept <= COLUMN_BYTES);
	assert_true(c.n_cases > 100);
	assert_int_equal(c.n_cases + c.more_cases, 300);
	column_fini(&c);
}

static void put(const char *path, const char *what, size_t n)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fprintf(f, "%s\n{\"type\":\"case\",\"verdict\":\"PASS\",\"path\":\"%0999d\"}\n", run, 7);
	fprintf(f, "{\"type\":\"x\",\"y\":\"");
	for (size_t i = 0; i < n; i++)
		fputc('z', f);
	fprintf(f, "\"}\n%s\n%s", summary, what);
	assert_int_equal(fclose(f), 0);
}

static void test_files(void **state)
{
	char path[] = "/tmp/hookdiff-rows-XXXXXX", why[256];
	int fd = mkstemp(path);
	struct reading r;

	assert_true(fd >= 0);
	close(fd);
	/* A line longer than any record does not end the reading; nor does a last one that was cut off. */
	put(path, "{\"type\":\"case\",\"verdict\":\"FAIL\"", 5u << 20);
	reading_init(&r);
	assert_int_equal(reading_add(&r, path, why, sizeof(why)), 0);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.column[0]->end, COLUMN_DONE);
	assert_int_equal(r.column[0]->strange, 2);
	assert_int_equal(r.column[0]->n_cases, 1);
	assert_int_equal(strlen(r.column[0]->cases[0].path), 999);
	/* An error leaves what was there. */
	assert_true(reading_add(&r, "/nonexistent", why, sizeof(why)) < 0);
	assert_non_null(strstr(why, "/nonexistent"));
	assert_int_equal(r.n, 1);
	reading_fini(&r);
	unlink(path);
}

/* Text that is cut stays UTF-8. */
static void test_cut(void **state)
{
	char out[6];

	cut_text(out, sizeof(out), "abc\xc3\xa4z");
	assert_string_equal(out, "abc\xc3\xa4");
	cut_text(out, sizeof(out), "abcd\xc3\xa4");
	assert_string_equal(out, "abcd");
	cut_text(out, sizeof(out), "abc\xf0\x9f\x98\x80");
	assert_string_equal(out, "abc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),	cmocka_unit_test(test_twins),  cmocka_unit_test(test_end),
		cmocka_unit_test(test_hostile), cmocka_unit_test(test_limits), cmocka_unit_test(test_files),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
