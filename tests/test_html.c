/* SPDX-License-Identifier: MIT */
/* The HTML page from C's side: its data, its size. tests/html.sh looks at it in a browser. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "harness/report/html.h"

#define EVIL "</script><!--<img src=x onerror=alert(1)>&amp;]]>\\u2028\\u2029\\u202e\\u0007"

static void add(struct column *c, const char *line)
{
	column_line(c, line, strlen(line));
}

static void begin(struct column *c, const char *release)
{
	char line[512];

	column_init(c, "host");
	snprintf(line, sizeof(line),
		 "{\"type\":\"run\",\"command\":\"run\",\"version\":\"0\",\"kernel\":\"%s\",\"arch\":\"x86_"
		 "64\","
		 "\"profile\":\"v6.7\",\"page_size\":4096,\"argv\":[\"hookdiff\",\"run\",\"" EVIL "\"]}",
		 release);
	add(c, line);
}

static void end(struct column *c)
{
	add(c, "{\"type\":\"summary\",\"verdict\":\"FAIL\",\"exit\":1,\"cases\":1,\"calls\":1,\"fail\":1,"
	       "\"controls\":{\"ran_ok\":{\"getsockopt\":1,\"setsockopt\":1}},"
	       "\"clauses\":{\"GET.ARGS\":{\"calls\":1,\"fail\":1}}}");
	column_close(c, NULL);
}

/* A finding of clause and field whose case has `text` bytes of comment. */
static void finding(struct column *c, unsigned clause, const char *hook, const char *field, unsigned text)
{
	static const char side[] =
		"{\"ret\":%d,\"optlen\":null,\"optval\":\"%s\",\"programs\":[{\"program\":\"a "
		"program 1\","
		"\"level\":0,\"optname\":1,\"optlen\":4,\"retval\":0,\"size\":16,\"optval\":"
		"\"..%s\"}]}";
	char hex[513], want[2048], got[2048], comment[4096];
	struct buf line = {0};

	for (unsigned i = 0; i < 256; i++)
		snprintf(hex + 2 * i, 3, "%02x", (i * clause) & 255);
	snprintf(want, sizeof(want), side, 0, hex, "00ff");
	snprintf(got, sizeof(got), side, -14, hex, "00ff");
	memset(comment, 'x', sizeof(comment));
	comment[text] = 0;
	buf_printf(
		&line,
		"{\"type\":\"case\",\"verdict\":\"FAIL\",\"kernel\":\"6.8.0\",\"path\":\"" EVIL "%u.case\","
		"\"clauses\":[\"%s\",\"GET.ARGS\"],\"clause\":\"%s\",\"hook\":\"%s\",\"call\":0,\"state\":"
		"false,"
		"\"field\":\"%s\",\"offset\":200,\"want_value\":0,\"got_value\":-14,\"want\":%s,\"got\":%s,"
		"\"reruns\":10,\"failed\":10,\"behaves_like\":[{\"profile\":\"v5.8\",\"clause\":\"GET.ARGS\"}"
		"],"
		"\"reproduce\":\"hookdiff run x\",\"case\":\"# " EVIL " %u %s%s %s\\n\"}",
		clause, clause_info(clause)->name, clause_info(clause)->name, hook, field, want, got, clause,
		hook, field, comment);
	assert_false(line.failed);
	column_line(c, buf_str(&line), line.n);
	buf_fini(&line);
}

/* The page's data, parsed; the page goes to *page. */
static struct json_object *render(struct column **columns, unsigned n, struct buf *page)
{
	struct grid g = {.column = columns, .n = n};
	static const char from[] = "<script id=\"data\" type=\"application/json\">";
	const char *data, *stop;
	struct json_object *o;
	char *copy;

	memset(page, 0, sizeof(*page));
	assert_int_equal(report_html(page, &g,
				     "1.2.3 "
				     "<test>"),
			 0);
	data = strstr(buf_str(page), from);
	assert_non_null(data);
	data += sizeof(from) - 1;
	stop = strstr(data, "</script>");
	assert_non_null(stop);
	copy = strndup(data, (size_t)(stop - data));
	assert_null(strpbrk(copy, "<>&"));
	assert_null(strstr(copy, "\xe2\x80\xa8"));
	o = json_tokener_parse(copy);
	assert_non_null(o);
	free(copy);
	return o;
}

static struct json_object *get(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	assert_true(json_object_object_get_ex(o, key, &v));
	return v;
}

static struct json_object *row(struct json_object *pool, struct json_object *o, const char *key)
{
	return json_object_array_get_idx(pool, (size_t)json_object_get_int64(get(o, key)));
}

static void test_evidence(void **state)
{
	struct column a, b, *both[] = {&a, &b};
	struct json_object *o, *again, *pool, *records, *r, *s;
	struct buf page, second;

	begin(&a, "6.8.0");
	add(&a, "{\"type\":\"case\",\"verdict\":\"PASS\",\"path\":\"a.case\",\"clauses\":[\"GET.ARGS\"]}");
	end(&a);
	begin(&b, "6.8.0");
	finding(&b, C_GET_ARGS, "getsockopt", "optval", 10);
	finding(&b, C_GET_ARGS, "getsockopt", "optval", 20); /* of the same kind: one has the evidence */
	end(&b);
	o = render(both, 2, &page);
	again = render(both, 2, &second);
	assert_int_equal(page.n, second.n);
	assert_memory_equal(page.p, second.p, page.n);

	assert_string_equal(json_object_get_string(get(o, "version")), "1.2.3 <test>");
	assert_false(json_object_object_get_ex(o, "trimmed", NULL));
	/* Two runs of a kernel have two names. */
	assert_string_not_equal(
		json_object_get_string(get(json_object_array_get_idx(get(o, "columns"), 0), "label")),
		json_object_get_string(get(json_object_array_get_idx(get(o, "columns"), 1), "label")));
	pool = get(o, "pool");
	records = get(o, "records");
	assert_int_equal(json_object_array_length(records), 2);
	s = row(pool, json_object_array_get_idx(records, 0), "s");
	assert_string_equal(json_object_get_string(get(s, "v")), "PASS");
	r = json_object_array_get_idx(records, 1);
	s = row(pool, r, "s");
	assert_string_equal(json_object_get_string(get(s, "field")), "optval");
	assert_int_equal(json_object_get_int(get(s, "c")), C_GET_ARGS);
	assert_int_equal(json_object_get_int(get(r, "cases")), 2);
	assert_int_equal(json_object_get_string_len(get(row(pool, r, "want"), "optval")), 512);
	assert_int_equal(json_object_get_int(get(row(pool, r, "got"), "ret")), -14);
	assert_non_null(strstr(json_object_get_string(row(pool, r, "case")), "<img src=x onerror=alert(1)>"));
	json_object_put(o);
	json_object_put(again);
	buf_fini(&page);
	buf_fini(&second);
	column_fini(&a);
	column_fini(&b);
}

/* However much there is: the page is small enough, and says so. */
static void test_size(void **state)
{
	static const char *const fields[] = {"ret", "optval", "optlen", "runs", "order", "seen.level"};
	struct column c[6], *columns[6];
	struct json_object *o;
	struct buf page;

	for (unsigned size = 10; size < 4000; size = size * 15) {
		for (unsigned k = 0; k < 6; k++) {
			char release[32];

			snprintf(release, sizeof(release), "6.8.%u", k);
			begin(columns[k] = &c[k], release);
			for (unsigned i = 1; i < C_COUNT; i++)
				for (unsigned f = 0; f < 6; f++)
					finding(&c[k], i, "setsockopt", fields[f], size + k);
			end(&c[k]);
		}
		o = render(columns, 6, &page);
		assert_true(page.n <= HTML_MAX_BYTES);
		assert_true(json_object_array_length(get(o, "records")) > 500);
		if (page.n > HTML_MAX_BYTES / 10 * 9 || size > 1000)
			assert_true(json_object_object_get_ex(o, "trimmed", NULL));
		json_object_put(o);
		buf_fini(&page);
		for (unsigned k = 0; k < 6; k++)
			column_fini(&c[k]);
	}
}

/* Nothing at all, and records that are none. */
static void test_strange(void **state)
{
	struct column c, *one = &c;
	struct json_object *o;
	struct buf page;

	o = render(NULL, 0, &page);
	json_object_put(o);
	buf_fini(&page);
	column_init(&c, EVIL);
	add(&c,
	    "{\"type\":\"case\",\"verdict\":\"FAIL\",\"clause\":\"NO.SUCH\",\"field\":\"optval\",\"offset\":-"
	    "5,"
	    "\"program\":77,\"want\":{\"optval\":\"zz\",\"programs\":[null,3]},\"got\":{\"optval\":\"00\"}}");
	add(&c, "{\"type\":\"case\",\"verdict\":\"<b>\",\"index\":-1,\"want\":[]}");
	add(&c, "\xff\xfe");
	column_close(&c, "it was cut <short>");
	o = render(&one, 1, &page);
	json_object_put(o);
	buf_fini(&page);
	column_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_evidence),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_strange),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
