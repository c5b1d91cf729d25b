/* SPDX-License-Identifier: MIT */
/*
 * The writers of harness/report: hostile text, waiver files and their messages, the verdict of a run, the
 * card of a finding and the JSON lines, each held against text that was written by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/case/case_text.h"
#include "harness/report/card.h"
#include "harness/report/jsonl.h"
#include "harness/report/progress.h"
#include "harness/report/summary.h"
#include "harness/report/text.h"
#include "harness/report/column_json.h"
#include "harness/report/html.h"
#include "harness/report/reading.h"
#include "harness/report/waivers.h"
#include "oracle/clauses.h"

static void assert_safe(const char *in, size_t n, const char *want)
{
	struct buf b = {0};

	text_safe(&b, in, n);
	assert_string_equal(buf_str(&b), want);
	buf_fini(&b);
}

static void test_text_safe(void **state)
{
	assert_safe("plain\n\ttext", 11, "plain\n\ttext");
	assert_safe("\033[2J", 4, "\\x1b[2J");
	assert_safe("a\0b", 3, "a\\x00b");
	assert_safe("\xc3\xa4", 2, "\xc3\xa4");			    /* a-umlaut */
	assert_safe("\xc3", 1, "\\xc3");			    /* cut off */
	assert_safe("\xc0\xaf", 2, "\\xc0\\xaf");		    /* overlong */
	assert_safe("\xed\xa0\x80", 3, "\\xed\\xa0\\x80");	    /* surrogate */
	assert_safe("\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80"); /* above U+10FFFF */
	assert_safe("\xc2\x9b", 2, "\\xc2\\x9b");		    /* C1: CSI */
	assert_safe((const char[]){'\xe2', '\x80', '\xae'}, 3,
		    "\\xe2\\x80\\xae"); /* right-to-left override */
	assert_safe("\x7f", 1, "\\x7f");
}

static void test_text_numbers(void **state)
{
	static const struct {
		uint64_t n;
		const char *want;
	} counts[] = {{0, "0"},
		      {999, "999"},
		      {1000, "1,000"},
		      {1000001, "1,000,001"},
		      {UINT64_MAX, "18,446,744,073,709,551,615"}};
	struct buf b = {0};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		buf_reset(&b);
		text_count(&b, counts[i].n);
		assert_string_equal(buf_str(&b), counts[i].want);
	}
	buf_reset(&b);
	text_seconds(&b, 200);
	assert_string_equal(buf_str(&b), "3 min 20 s");
	buf_reset(&b);
	text_shell(&b, "a'b c");
	assert_string_equal(buf_str(&b), "'a'\\''b c'");
	buf_reset(&b);
	text_shell(&b, "corpus/set/x.case");
	assert_string_equal(buf_str(&b), "corpus/set/x.case");
	buf_fini(&b);
}

static void test_waivers(void **state)
{
	static const char text[] = "# known\n"
				   "\n"
				   "SET.OPTLEN.BYPASS 6.1.* \"a reason # with a hash\" "
				   "https://example.org/a#b net 2026-02-28 # why\r\n"
				   "get:MEM.PAST * \"x\" docs/x.md me never";
	struct waivers w;
	struct diag d = {0};
	struct waiver *row;

	assert_int_equal(waivers_parse(&w, "w", text, strlen(text), &d), 0);
	assert_int_equal(w.n, 2);
	row = waivers_match(&w, C_SET_OPTLEN_BYPASS, HOOK_SET, "6.1.90-foo");
	assert_ptr_equal(row, &w.row[0]);
	assert_string_equal(row->reason, "a reason # with a hash");
	assert_string_equal(row->link, "https://example.org/a#b");
	assert_string_equal(row->owner, "net");
	assert_int_equal(row->expiry, 20260228);
	assert_false(waiver_expired(row, 1772323199)); /* its last second */
	assert_true(waiver_expired(row, 1772323200));
	assert_false(waiver_expired(&w.row[1], INT32_MAX));
	assert_int_equal(row->line, 3);
	assert_int_equal(row->used, 1);
	assert_null(waivers_match(&w, C_SET_OPTLEN_BYPASS, HOOK_SET, "6.12.1"));
	assert_null(waivers_match(&w, C_SET_OPTLEN_RANGE, HOOK_SET, "6.1.90"));
	assert_null(waivers_match(&w, C_MEM_PAST, HOOK_SET, "6.1.90"));
	assert_ptr_equal(waivers_match(&w, C_MEM_PAST, HOOK_GET, "9"), &w.row[1]);
	waivers_fini(&w);
	assert_int_equal(waivers_parse(&w, "w", "", 0, &d), 0);
	assert_int_equal(w.n, 0);
	waivers_fini(&w);
}

static void test_waivers_refused(void **state)
{
	static const struct {
		const char *text;
		size_t n; /* 0: strlen */
		int line, col;
		const char *message;
	} bad[] = {
		{"\nSET.NOTHING * \"r\" l", 0, 2, 1,
		 "expected a clause's id (hookdiff clauses lists them), found 'SET.NOTHING'"},
		{"get:\033[2J * \"r\" l", 0, 1, 5,
		 "expected a clause's id (hookdiff clauses lists them), found '\\x1b[2J'"},
		{"MEM.PAST", 0, 1, 9,
		 "expected a glob of kernel releases such as 6.1.* or *, found the end of the line"},
		{"MEM.PAST * reason l", 0, 1, 12, "expected the reason in double quotes, found 'reason'"},
		{"MEM.PAST * \"open l", 0, 1, 19,
		 "expected a double quote that ends the reason, found the end of the line"},
		{"MEM.PAST * \"\" l", 0, 1, 12, "expected a reason that is not empty, found '\"\"'"},
		{"MEM.PAST * \"r\"", 0, 1, 15, "expected a link that explains it, found the end of the line"},
		{"MEM.PAST * \"r\" # l", 0, 1, 16, "expected a link that explains it, found '#'"},
		{"MEM.PAST * \"r\" l", 0, 1, 17, "expected its owner, found the end of the line"},
		{"MEM.PAST * \"r\" l o", 0, 1, 19,
		 "expected its last day such as 2027-06-30, or never, found the end of the line"},
		{"MEM.PAST * \"r\" l o  2027-6-30", 0, 1, 21,
		 "expected its last day such as 2027-06-30, or never, found '2027-6-30'"},
		{"MEM.PAST * \"r\" l o 2027-02-29", 0, 1, 20,
		 "expected its last day such as 2027-06-30, or never, found '2027-02-29'"},
		{"MEM.PAST * \"r\" l o 2027-04-31", 0, 1, 20,
		 "expected its last day such as 2027-06-30, or never, found '2027-04-31'"},
		{"MEM.PAST * \"r\" l o 2027-13-01", 0, 1, 20,
		 "expected its last day such as 2027-06-30, or never, found '2027-13-01'"},
		{"MEM.PAST * \"r\" l o never more", 0, 1, 26, "expected the end of the line, found 'more'"},
		{"MEM.PAST \0 \"r\" l", 16, 1, 10, "expected text without NUL bytes, found '\\x00'"},
	};
	struct waivers w;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct diag d = {0};

		assert_int_equal(
			waivers_parse(&w, "w", bad[i].text, bad[i].n ? bad[i].n : strlen(bad[i].text), &d),
			-EINVAL);
		assert_string_equal(d.message, bad[i].message);
		assert_int_equal(d.line, bad[i].line);
		assert_int_equal(d.col, bad[i].col);
		assert_int_equal(w.n, 0);
	}
}

static void test_waivers_bounded(void **state)
{
	struct waivers w;
	struct diag d = {0};
	struct buf text = {0};

	for (int i = 0; i <= WAIVERS_MAX; i++)
		buf_puts(&text, "MEM.PAST * \"r\" l o never\n");
	assert_int_equal(waivers_parse(&w, "w", text.p, text.n, &d), -EINVAL);
	assert_int_equal(d.line, WAIVERS_MAX + 1);
	assert_int_equal(waivers_load(&w, "/nonexistent/waivers", &d), -ENOENT);
	assert_string_equal(d.message, "No such file or directory");
	assert_int_equal(waivers_load(&w, "/dev/zero", &d), -EFBIG);
	buf_fini(&text);
}

/* A run in which everything is in order; each row below spoils one thing. */
static struct report_totals good_totals(void)
{
	return (struct report_totals){
		.cases = 10, .calls = 20, .pass = 10, .calls_on = {10, 10}, .seconds = 2};
}

static struct control_counts good_controls(void)
{
	return (struct control_counts){.ran_ok = {1, 1}, .silent_ok = {1, 1}};
}

static void test_verdict(void **state)
{
	struct report_totals t = good_totals();
	struct control_counts c = good_controls();

	assert_string_equal(summary_verdict(&t, &c), "PASS");
	assert_int_equal(summary_exit(&t, &c), 0);

	t.fail = 1;
	t.error = 1;
	assert_string_equal(summary_verdict(&t, &c), "FAIL");
	assert_int_equal(summary_exit(&t, &c), 1);

	t = good_totals();
	t.error = 1;
	assert_string_equal(summary_verdict(&t, &c), "ERROR");
	assert_int_equal(summary_exit(&t, &c), 2);

	t = good_totals();
	t.inconclusive = 1;
	assert_string_equal(summary_verdict(&t, &c), "INCONCLUSIVE");
	assert_int_equal(summary_exit(&t, &c), 2);

	t = good_totals();
	t.pass = 0;
	assert_string_equal(summary_verdict(&t, &c), "INCONCLUSIVE");

	t = good_totals();
	t.calls = 0;
	assert_string_equal(summary_verdict(&t, &c), "INCONCLUSIVE");
	t.operations = 1; /* results of attaching are compared, too */
	assert_string_equal(summary_verdict(&t, &c), "PASS");

	t = good_totals();
	c.ran_ok[HOOK_SET] = 0;
	assert_string_equal(summary_verdict(&t, &c), "INCONCLUSIVE");
	t.calls_on[HOOK_SET] = 0; /* a hook that no case called needs no control */
	assert_string_equal(summary_verdict(&t, &c), "PASS");

	t = good_totals();
	c = good_controls();
	c.silent_bad[HOOK_GET] = 1;
	assert_string_equal(summary_verdict(&t, &c), "INCONCLUSIVE");
	c = good_controls();
	c.ran_bad[HOOK_GET] = 1;
	assert_string_equal(summary_verdict(&t, &c), "INCONCLUSIVE");
}

static void test_summary(void **state)
{
	struct report_run run = {.kernel = "6.18.1\033[2J",
				 .arch = "x86_64",
				 .profile = "v6.7",
				 .seed_given = true,
				 .seed = 7};
	struct report_totals t = good_totals();
	struct control_counts c = good_controls();
	static struct clause_stat stat[C_COUNT];
	struct buf out = {0};

	stat[C_MEM_PAST] = (struct clause_stat){.hit = 1234, .fail = 2, .waived = 1};
	summary_format(&out, &run, &t, stat, &c, false);
	assert_non_null(strstr(buf_str(&out),
			       "\nMEM.PAST                       1,234         1,231         2         1"
			       "         -         -\n"));
	assert_null(strstr(buf_str(&out), "SET.OPTLEN.BYPASS"));
	assert_null(strchr(buf_str(&out), '\033'));
	assert_non_null(strstr(buf_str(&out), "took 2.0 s, 5 cases/s, seed 7\n"));
	assert_non_null(strstr(buf_str(&out),
			       "\nPASS: 10 cases, 20 calls on Linux 6.18.1\\x1b[2J (x86_64), profile v6.7: "
			       "10 cases agree\n"));
	buf_reset(&out);
	summary_format(&out, &run, &t, stat, &c, true);
	assert_non_null(strstr(buf_str(&out), "SET.OPTLEN.BYPASS"));
	buf_fini(&out);
}

/* A getsockopt whose third byte, optlen and program differ from what was wanted. */
struct example {
	struct tcase tc;
	struct want want;
	struct outcome got;
	struct diff diff;
	struct report_case rc;
	uint8_t mem[4 + TC_PAST], out[4], order[HD_ORDER], bytes[4];
	struct hd_trace trace[TC_MAX_PROGS];
};

static struct example *example_new(void)
{
	struct example *e = calloc(1, sizeof(*e));
	struct tc_call *c = &e->tc.call[0];

	assert_non_null(e);
	tcase_init(&e->tc);
	e->tc.level[0].n[HOOK_GET] = 1;
	e->tc.n_calls = 1;
	e->tc.n_socks = 1;
	*c = (struct tc_call){
		.hook = HOOK_GET, .level = 0, .optname = 1, .optlen = 4, .buf = {.size = 4, .fill = 0xa5}};
	for (uint32_t i = 0; i < sizeof(e->mem); i++)
		e->mem[i] = i < 4 ? (uint8_t)(i + 1) : tc_canary(i);
	memcpy(e->out, e->mem, 4);
	memcpy(e->bytes, e->mem, 4);
	e->mem[2] = 0xff;
	e->want = (struct want){.ret = 0, .optlen = 4, .n_seen = 1, .n_out = 4, .out = e->out};
	e->want.seen[0] = (struct want_seen){.optname = 1, .optlen = 4, .size = 4, .bytes = e->bytes};
	e->trace[0] = (struct hd_trace){.optname = 1, .optlen = 4, .size = 4, .bytes = {1, 2, 3, 4}};
	e->got = (struct outcome){
		.ret = -1, .optlen = 4, .runs = 1, .mem = e->mem, .order = e->order, .trace = e->trace};
	e->diff = (struct diff){.field = DIFF_MEM,
				.clause = C_GET_COPYOUT,
				.program = -1,
				.offset = 2,
				.want = 3,
				.got = 0xff};
	e->rc = (struct report_case){.verdict = "FAIL",
				     .kernel = "6.18.1",
				     .path = "x.case",
				     .text = "# evil \033[2J\xff\n",
				     .tc = &e->tc,
				     .diff = &e->diff,
				     .want = &e->want,
				     .got = &e->got,
				     .reruns = 10,
				     .failed = 9,
				     .reproduce = "hookdiff run x.case"};
	return e;
}

static void assert_holds(const struct buf *b, const char *part)
{
	if (!strstr(buf_str(b), part))
		fail_msg("expected:\n%s\nin:\n%s", part, buf_str(b));
}

static void test_card(void **state)
{
	struct example *e = example_new();
	struct buf b = {0};

	card_format(&b, &e->rc);
	assert_holds(&b, "FAIL GET.COPYOUT: getsockopt optval, Linux 6.18.1\n");
	assert_holds(&b, "    # evil \\x1b[2J\\xff\n");
	assert_null(strchr(buf_str(&b), '\033'));
	assert_holds(&b, "    ret      0                        -1 EPERM");
	assert_holds(&b, "a program 1");
	assert_holds(&b, "    0x0000  01 02 03 04 ");
	assert_holds(&b, "   01 02 ff 04 ");
	assert_holds(&b, "\n                  ^^                                                ^^\n");
	assert_holds(&b, "9 of 10 failed");
	assert_holds(&b, "reproduce: hookdiff run x.case\n");

	/* Bytes that may be anything, a program that must not run, a program that did not. */
	buf_reset(&b);
	e->want.any = ANY_MEM | ANY_RET;
	e->want.n_out = 0;
	e->want.n_seen = 2;
	e->want.seen[1].id = TC_MAX_SLOTS;
	e->want.seen[1].any = SEEN_ANY_ARGS;
	e->want.seen[1].bytes = e->bytes;
	e->diff =
		(struct diff){.field = DIFF_RUNS, .clause = C_CHAIN_ALL, .program = -1, .want = 2, .got = 1};
	card_format(&b, &e->rc);
	assert_holds(&b, "    0x0000  .. .. .. .. ");
	assert_holds(&b, "    ret      anything");
	assert_holds(&b, "want a/b program 1");
	assert_holds(&b, "got  no program");
	buf_fini(&b);
	free(e);
}

static struct json_object *read_line(FILE *f)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n = getline(&line, &cap, f);
	struct json_object *o;

	assert_true(n > 0);
	for (ssize_t i = 0; i < n; i++)
		assert_true((unsigned char)line[i] <
			    0x80); /* this test's bad bytes must all be spelled out */
	o = json_tokener_parse(line);
	assert_non_null(o);
	free(line);
	return o;
}

static const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *v = json_object_object_get(o, key);

	return v ? json_object_get_string(v) : "(absent)";
}

static void test_jsonl(void **state)
{
	char path[] = "/tmp/hookdiff-test-XXXXXX";
	char *argv[] = {(char *)"hookdiff", (char *)"fuzz\xff"};
	struct report_run run = {.command = "fuzz",
				 .version = "1",
				 .kernel = "6.18.1",
				 .arch = "x86_64",
				 .profile = "v6.7",
				 .page_size = 4096,
				 .seed_given = true,
				 .seed = UINT64_MAX,
				 .start = 1,
				 .argc = 2,
				 .argv = argv};
	struct report_totals t = good_totals();
	struct control_counts c = good_controls();
	static struct clause_stat stat[C_COUNT] = {[C_MEM_PAST] = {.hit = 5}};
	struct example *e = example_new();
	struct json_object *o, *got;
	struct jsonl *j;
	int fd = mkstemp(path);
	FILE *f;

	assert_true(fd >= 0);
	close(fd);
	j = jsonl_open(path);
	assert_non_null(j);
	assert_int_equal(jsonl_run(j, &run), 0);
	assert_int_equal(jsonl_case(j, &e->rc), 0);
	assert_int_equal(jsonl_summary(j, &t, stat, &c), 0);
	assert_int_equal(jsonl_close(j), 0);

	f = fopen(path, "r");
	assert_non_null(f);
	o = read_line(f);
	assert_string_equal(text_of(o, "type"), "run");
	assert_string_equal(text_of(o, "seed"), "18446744073709551615");
	assert_string_equal(text_of(o, "start"), "1970-01-01T00:00:01Z");
	assert_string_equal(
		json_object_get_string(json_object_array_get_idx(json_object_object_get(o, "argv"), 1)),
		"fuzz\\xff");
	json_object_put(o);

	o = read_line(f);
	assert_string_equal(text_of(o, "verdict"), "FAIL");
	assert_string_equal(text_of(o, "clause"), "GET.COPYOUT");
	assert_string_equal(text_of(o, "hook"), "getsockopt");
	assert_string_equal(text_of(o, "field"), "optval");
	assert_string_equal(text_of(o, "offset"), "2");
	assert_string_equal(text_of(o, "case"), "# evil \\x1b[2J\\xff\n");
	got = json_object_object_get(o, "got");
	assert_int_equal(json_object_get_int(json_object_object_get(got, "ret")), -1);
	assert_true(!strncmp(text_of(got, "optval"), "0102ff04", 8));
	assert_true(!strncmp(text_of(json_object_object_get(o, "want"), "optval"), "01020304", 8));
	json_object_put(o);

	o = read_line(f);
	assert_string_equal(text_of(o, "type"), "summary");
	assert_string_equal(text_of(o, "verdict"), "PASS");
	assert_int_equal(json_object_object_length(json_object_object_get(o, "clauses")), 1);
	json_object_put(o);
	assert_int_equal(fgetc(f), EOF);
	fclose(f);
	unlink(path);
	free(e);
}

/* What a run knew of its waivers is there when its lines are read back, much later and without the file. */
static void test_waivers_in_records(void **state)
{
	static const char text[] = "set:SET.ARGS 6.1.* \"known\" https://example.org/w me 2026-06-30\n"
				   "GET.ARGS * \"bidi \xe2\x80\xae\" docs/x.md you never\n";
	static const char xfail[] =
		"{\"type\":\"case\",\"verdict\":\"XFAIL\",\"path\":\"a.case\",\"why\":\"known\","
		"\"clause\":\"SET.ARGS\",\"hook\":\"setsockopt\",\"field\":\"ret\"}";
	char path[] = "/tmp/hookdiff-test-XXXXXX", why[200];
	/* 2026-07-01: a day too late for the first */
	struct report_run run = {
		.command = "run", .kernel = "6.1.90", .profile = "v6.5", .start = 1782864000};
	struct report_totals t = good_totals();
	struct control_counts c = good_controls();
	static struct clause_stat stat[C_COUNT];
	struct waivers w;
	struct reading r;
	struct jsonl *j;
	struct diag d;
	struct buf page = {0};
	bool judged;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(waivers_parse(&w, "w", text, strlen(text), &d), 0);
	waivers_match(&w, C_SET_ARGS, HOOK_SET, "6.1.90");
	t.waivers = &w;
	j = jsonl_open(path);
	assert_non_null(j);
	jsonl_run(j, &run);
	assert_int_equal(jsonl_summary(j, &t, stat, &c), 0);
	assert_int_equal(jsonl_close(j), 0);

	reading_init(&r);
	/* The same run twice: each waiver once, its uses summed. */
	assert_int_equal(reading_add(&r, path, why, sizeof(why)), 0);
	assert_int_equal(reading_add(&r, path, why, sizeof(why)), 0);
	column_line(r.column[0], xfail, strlen(xfail));
	assert_int_equal(reading_finish(&r), 0);
	assert_int_equal(r.waivers.n, 2);
	assert_ptr_equal(r.grid.waivers, &r.waivers);
	assert_true(waiver_same(&r.waivers.row[0], &w.row[0]));
	assert_true(waiver_same(&r.waivers.row[1], &w.row[1]));
	assert_false(waiver_same(&r.waivers.row[0], &w.row[1]));
	assert_int_equal(grid_waiver_used(&r.grid, &w.row[0], &judged), 2);
	assert_true(judged);
	assert_int_equal(grid_waiver_used(&r.grid, &w.row[1], &judged), 0);
	assert_int_equal(r.grid.now, run.start);
	assert_true(waiver_expired(&r.waivers.row[0], r.grid.now));
	/* The XFAIL finds its waiver, and the page and KCIDB say where it is explained. */
	assert_int_equal(r.column[0]->n_findings, 1);
	assert_ptr_equal(grid_waiver(&r.grid, r.column[0], &r.column[0]->finding[0]), &r.waivers.row[0]);
	assert_int_equal(report_html(&page, &r.grid, "1"), 0);
	assert_non_null(strstr(buf_str(&page), "https://example.org/w"));
	assert_non_null(strstr(buf_str(&page), "\"waiver\":0"));
	buf_fini(&page);
	reading_fini(&r);
	waivers_fini(&w);
	unlink(path);
}

/* A time goes on to JUnit, KCIDB and SARIF as one: what is none of the calendar is as if it were not there.
 */
static void test_times(void **state)
{
	static const char *const bad[] = {"",
					  "x",
					  "2026-99-21T10:00:00Z",
					  "2026-11-21T10:61:00Z",
					  "2026-11-21 10:00:00Z",
					  "2026-11-31T10:00:00Z",
					  "2026-11-21T10:00:00Zx",
					  " 026-11-21T10:00:00Z",
					  "2026-11-21T10:00:00+",
					  "2026-11-21T10"};
	struct column c;
	char line[200];

	(void)state;
	assert_int_equal(time_seconds("2026-11-21T10:00:00Z"), 1795255200);
	assert_int_equal(time_seconds("1970-01-01T00:00:00Z"), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(time_seconds(bad[i]), -1);
		column_init(&c, "host");
		snprintf(line, sizeof(line), "{\"type\":\"run\",\"command\":\"run\",\"start\":\"%s\"}",
			 bad[i]);
		column_line(&c, line, strlen(line));
		assert_int_equal(c.n_commands, 1);
		assert_string_equal(c.command[0].start, "");
		column_fini(&c);
	}
}

static void test_jsonl_append(void **state)
{
	char from[] = "/tmp/hookdiff-test-XXXXXX", to[] = "/tmp/hookdiff-test-XXXXXX", back[16] = "";
	int fd = mkstemp(from), fd_to = mkstemp(to);
	struct jsonl *j;

	assert_true(fd >= 0 && fd_to >= 0);
	assert_int_equal(write(fd, "{\"a\":1}\n", 8), 8);
	j = jsonl_open(to);
	assert_non_null(j);
	assert_int_equal(jsonl_append_file(j, from), 0);
	assert_int_equal(read(fd_to, back, sizeof(back)), 8);
	assert_string_equal(back, "{\"a\":1}\n");
	assert_int_equal(jsonl_append_file(j, "/nonexistent/x.jsonl"), -ENOENT);
	assert_int_equal(jsonl_close(j), -ENOENT);
	close(fd);
	close(fd_to);
	unlink(from);
	unlink(to);
}

/* A report that could not be written is an error, and it sticks. */
static void test_jsonl_full(void **state)
{
	struct example *e = example_new();
	struct jsonl *j;

	assert_null(jsonl_open("/nonexistent/report.jsonl"));
	assert_int_equal(errno, ENOENT);
	j = jsonl_open("/dev/full");
	assert_non_null(j);
	assert_int_equal(jsonl_case(j, &e->rc), -ENOSPC);
	assert_int_equal(jsonl_case(j, &e->rc), -ENOSPC);
	assert_int_equal(jsonl_close(j), -ENOSPC);
	free(e);
}

static void test_progress(void **state)
{
	struct progress p;
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	assert_non_null(f);
	progress_init(&p, f, "sweep", 10000, 0);
	progress_update(&p, 10, 0); /* too early */
	fflush(f);
	assert_int_equal(n, 0);
	p.last_ns -= 1000000000;
	p.next_ns = 0;
	progress_update(&p, 5000, 1);
	assert_string_equal(text, "sweep: 5,000 of 10,000 cases, 4,999/s, 1.0 s left, 1 finding\n");
	progress_end(&p);
	progress_update(&p, 6000, 1); /* silent after the end */
	fclose(f);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_safe),	cmocka_unit_test(test_text_numbers),
		cmocka_unit_test(test_waivers),		cmocka_unit_test(test_waivers_refused),
		cmocka_unit_test(test_waivers_bounded), cmocka_unit_test(test_waivers_in_records),
		cmocka_unit_test(test_times),		cmocka_unit_test(test_verdict),
		cmocka_unit_test(test_summary),		cmocka_unit_test(test_card),
		cmocka_unit_test(test_jsonl),		cmocka_unit_test(test_jsonl_full),
		cmocka_unit_test(test_progress),	cmocka_unit_test(test_jsonl_append),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
