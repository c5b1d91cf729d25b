/* SPDX-License-Identifier: MIT */
/*
 * The protocol's two codecs: every case and every result survives the way there and back, and whatever is
 * made of a line, it is read as something valid or refused with one sentence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/case/case_bin.h"
#include "harness/mutate/gen.h"
#include "harness/mutate/sweep.h"
#include "harness/wire/case_json.h"
#include "harness/wire/line.h"
#include "harness/wire/null.h"

static struct json_tokener *tok;
static struct tcase tc, back; /* large */

static unsigned rounds(unsigned n)
{
	const char *quick = getenv("HOOKDIFF_TEST_QUICK");

	return quick && *quick ? n / 10 : n;
}

static void forget_expectations(struct tcase *c)
{
	for (unsigned i = 0; i < c->n_calls; i++)
		c->call[i].expect = (struct tc_expect){0};
}

/* Reads a case; the complaint is in err. */
static bool read_case(const char *text, size_t n, struct tcase *out, char err[JIN_ERR])
{
	struct jin root = {.err = err};
	struct json_object *o;
	bool ok;

	*err = 0;
	o = jin_line(tok, text, n, err);
	ok = o && case_json_get(&root, o, out);
	json_object_put(o);
	return ok;
}

static void check_case(const struct tcase *c)
{
	struct buf text = {0};
	char err[JIN_ERR];

	case_json_put(&text, c);
	if (!read_case(buf_str(&text), text.n, &back, err))
		fail_msg("%s\n%s", err, buf_str(&text));
	assert_true(tcase_equal(c, &back));
	buf_fini(&text);
}

static void test_generated(void **state)
{
	static struct gen g; /* large */
	unsigned topology, socket;
	uint64_t n = sweep_count();

	(void)state;
	gen_init(&g, 7);
	for (unsigned i = 0; i < rounds(20000); i++) {
		gen_case(&g, i, &tc);
		check_case(&tc);
		sweep_case(i * 7919ull % n, &tc, &topology, &socket);
		check_case(&tc);
	}
}

/* Cases from bytes: several sockets and calls, bad descriptors, NULL pointers, nested ifs, expectations. */
static void test_from_bytes(void **state)
{
	uint8_t bytes[1500];

	(void)state;
	srandom(11);
	for (unsigned i = 0; i < rounds(20000); i++) {
		for (size_t k = 0; k < sizeof(bytes); k++)
			bytes[k] = (uint8_t)random();
		assert_true(case_bin_decode(bytes, 3 + (size_t)random() % (sizeof(bytes) - 3), &tc));
		forget_expectations(&tc);
		check_case(&tc);
	}
}

/* A few random edits, as a broken or hostile peer would make them. */
static void spoil(struct buf *text)
{
	static const char *const words[] = {
		"null", "-1",	      "99999999999999999999", "1e9", "\"\"", "{}", "[]", "\"0\"",
		"true", "4294967296", "-9223372036854775808", "}",   "]"};

	for (long edits = 1 + random() % 3; edits && text->n; edits--) {
		size_t at = (size_t)random() % text->n;
		const char *w = words[(size_t)random() % (sizeof(words) / sizeof(words[0]))];

		switch (random() % 5) {
		case 0:
			text->p[at] = (char)random();
			break;
		case 1:
			text->p[at] = "0123456789abcdef{}[]\",:-"[random() % 24];
			break;
		case 2: /* a value becomes another one */
			while (at && text->p[at - 1] != ':')
				at--;
			for (size_t k = 0; w[k] && at + k < text->n; k++)
				text->p[at + k] = w[k];
			break;
		case 3: /* a piece is missing */
			memmove(text->p + at, text->p + at + 1, text->n - at - 1);
			text->n--;
			break;
		case 4: /* the end is missing */
			if (random() % 8 == 0 && at)
				text->n = at;
			break;
		}
	}
}

static void test_hostile_cases(void **state)
{
	unsigned refused = 0, n = rounds(30000);
	static struct gen g; /* large */
	char err[JIN_ERR];

	(void)state;
	srandom(12);
	gen_init(&g, 8);
	for (unsigned i = 0; i < n; i++) {
		struct buf text = {0};

		gen_case(&g, i, &tc);
		case_json_put(&text, &tc);
		spoil(&text);
		if (read_case(text.p, text.n, &back, err)) {
			assert_null(tcase_check(&back));
		} else {
			assert_true(*err && !strchr(err, '\n'));
			refused++;
		}
		buf_fini(&text);
	}
	assert_true(refused > n / 2 && refused < n);
}

/* What each complaint says: expected, found, where. */
static void test_complaints(void **state)
{
	static const struct {
		const char *from, *to, *want;
	} edits[] = {
		{"\"multi\"", "\"many\"",
		 "levels[0].set[0].mode: expected \"multi\" or \"override\" or \"none\", found \"many\""},
		{"\"value\":7", "\"value\":\"7\"",
		 "levels[0].set[0].actions[0].value: expected an integer from -2147483648 to 2147483647, "
		 "found \"7\""},
		{"\"value\":7", "\"value\":4294967296",
		 "levels[0].set[0].actions[0].value: expected an integer from -2147483648 to 2147483647, "
		 "found 4294967296"},
		{"\"socket\":0", "\"socket\":1", "a call on a socket that does not exist"},
		{"\"cgroup\":1", "\"cgroup\":2", "a socket in a cgroup that does not exist"},
		{"\"data\":\"20000000\"", "\"data\":\"200000000\"",
		 "calls[0].buffer.data: expected an even number of hex digits, found \"200000000\""},
		{"\"data\":\"20000000\"", "\"data\":\"2000000x\"",
		 "calls[0].buffer.data: expected a string of hex digits, found \"2000000x\""},
		{"\"sockets\":[", "\"sackets\":[", "sockets: expected a list, found nothing"},
		{"\"do\":\"optlen\"", "\"do\":\"retval\"",
		 "a setsockopt program that writes retval through the context"},
		{"{\"levels\"", "[{\"levels\"", "expected an object"},
	};

	(void)state;
	tcase_init(&tc);
	tc.level[0].n[HOOK_SET] = 1;
	tc.level[0].slot[HOOK_SET][0].prog =
		(struct prog){.n = 1, .ret = 1, .act = {{.op = ACT_OPTLEN, .val = 7}}};
	tc.n_socks = 1;
	tc.sock[0] = (struct tc_sock){.level = 1, .family = 2, .type = 1};
	tc.n_calls = 1;
	tc.call[0] = (struct tc_call){
		.hook = HOOK_SET, .optname = 1, .optlen = 4, .buf = {.size = 4, .n_data = 4, .data = {32}}};
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		struct buf text = {0}, edited = {0};
		char err[JIN_ERR];
		const char *at;

		case_json_put(&text, &tc);
		at = strstr(buf_str(&text), edits[i].from);
		assert_non_null(at);
		buf_add(&edited, text.p, (size_t)(at - text.p));
		buf_printf(&edited, "%s%s", edits[i].to, at + strlen(edits[i].from));
		assert_false(read_case(edited.p, edited.n, &back, err));
		if (strncmp(err, edits[i].want, strlen(edits[i].want)))
			fail_msg("want %s\n got %s", edits[i].want, err);
		buf_fini(&text);
		buf_fini(&edited);
	}
}

/* ---- results ---- */

static struct call_result sent, got; /* large */

/* A result that no kernel gives, for the call. */
static void random_result(const struct tc_call *c)
{
	uint32_t n = call_memory(c, 4096);

	memset(&sent, 0, sizeof(sent));
	tc_buf_image(&c->buf, sent.twin, n);
	tc_buf_image(&c->buf, sent.hooked, n);
	for (int i = 0; n && i < 3; i++) {
		sent.twin[(uint32_t)random() % n] ^= (uint8_t)random();
		sent.hooked[(uint32_t)random() % n] ^= (uint8_t)random();
	}
	sent.hr = (struct handler_result){.ret = (int64_t)((uint64_t)random() << 33 | (uint64_t)random()),
					  .optlen = (int32_t)random(),
					  .mem = n ? sent.twin : NULL};
	sent.got = (struct outcome){.ret = -(int64_t)((uint64_t)random() << 32),
				    .optlen = -(int32_t)random(),
				    .stray = random() & 1,
				    .runs = (uint32_t)random() % 70,
				    .mem = n ? sent.hooked : NULL,
				    .order = sent.order,
				    .trace = sent.trace};
	for (unsigned k = 0; k < HD_ORDER; k++)
		sent.order[k] = (uint8_t)(random() % (2 * HD_PROGS));
	for (unsigned p = 0; p < HD_PROGS; p++) {
		struct hd_trace *t = &sent.trace[p];

		*t = (struct hd_trace){.level = (int32_t)random(), .optname = 3, .optlen = -1, .retval = -14};
		t->size = (uint32_t)random() % (random() & 1 ? 40 : 6000);
		memset(t->bytes, (int)random(), sizeof(t->bytes));
		for (int i = 0; i < 10; i++)
			t->bytes[i] = (uint8_t)random();
	}
}

static bool read_result(const char *text, size_t n, const struct tc_call *c, bool handler, char err[JIN_ERR])
{
	struct jin root = {.err = err};
	struct json_object *o;
	bool ok;

	*err = 0;
	o = jin_line(tok, text, n, err);
	ok = o && result_json_get(&root, o, c, handler, 4096, &got);
	json_object_put(o);
	return ok;
}

static void same_results(const struct tc_call *c, bool handler)
{
	uint32_t n = call_memory(c, 4096);

	if (handler) {
		assert_int_equal(sent.hr.ret, got.hr.ret);
		if (c->hook == HOOK_GET && !c->optlen_null)
			assert_int_equal(sent.hr.optlen, got.hr.optlen);
		assert_int_equal(!got.hr.mem, c->buf.place == BUF_NULL);
		assert_memory_equal(sent.twin, got.twin, n);
	}
	assert_int_equal(sent.got.ret, got.got.ret);
	if (tc_call_has_len(c))
		assert_int_equal(sent.got.optlen, got.got.optlen);
	assert_int_equal(sent.got.stray, got.got.stray);
	assert_int_equal(sent.got.runs, got.got.runs);
	assert_memory_equal(sent.hooked, got.hooked, n);
	for (unsigned k = 0; k < sent.got.runs && k < HD_ORDER; k++) {
		const struct hd_trace *a = &sent.trace[sent.order[k] % HD_PROGS],
				      *b = &got.trace[sent.order[k] % HD_PROGS];

		assert_int_equal(sent.order[k], got.order[k]);
		if (sent.order[k] / HD_PROGS != c->hook)
			continue;
		assert_memory_equal(a, b, offsetof(struct hd_trace, bytes));
		assert_memory_equal(a->bytes, b->bytes, a->size < HD_WINDOW ? a->size : HD_WINDOW);
	}
}

static void write_result(struct buf *text, const struct tc_call *c, bool handler)
{
	buf_puts(text, "{");
	if (handler) {
		buf_puts(text, "\"handler\":{");
		handler_json_put(text, c, &sent.hr, 4096);
		buf_puts(text, "},");
	}
	outcome_json_put(text, c, &sent.got, 4096);
	buf_puts(text, "}");
}

static void test_results(void **state)
{
	static struct gen g; /* large */
	char err[JIN_ERR];

	(void)state;
	srandom(13);
	gen_init(&g, 9);
	for (unsigned i = 0; i < rounds(3000); i++) {
		struct buf text = {0};
		bool handler = random() & 1;
		const struct tc_call *c;

		gen_case(&g, i, &tc);
		c = &tc.call[random() % tc.n_calls];
		random_result(c);
		write_result(&text, c, handler);
		if (!read_result(text.p, text.n, c, handler, err))
			fail_msg("%s\n%.300s", err, text.p);
		same_results(c, handler);
		for (int k = 0; k < 5; k++) { /* hostile: refused, or something that can be compared */
			struct buf bad = {0};

			buf_add(&bad, text.p, text.n);
			spoil(&bad);
			if (!read_result(bad.p, bad.n, c, handler, err))
				assert_true(*err && !strchr(err, '\n'));
			buf_fini(&bad);
		}
		buf_fini(&text);
	}
}

/* ---- the server ---- */

static char *answer_to(const char *lines, size_t n, int *err)
{
	static const struct wire_host host = {.name = "null", .open = null_open};
	int in = memfd_create("in", MFD_CLOEXEC), out = memfd_create("out", MFD_CLOEXEC);
	char *text;
	off_t size;

	assert_true(in >= 0 && out >= 0);
	assert_int_equal(write(in, lines, n), n);
	lseek(in, 0, SEEK_SET);
	*err = wire_serve(in, out, &host);
	size = lseek(out, 0, SEEK_CUR);
	text = calloc(1, (size_t)size + 1);
	assert_int_equal(pread(out, text, (size_t)size, 0), size);
	close(in);
	close(out);
	return text;
}

#define HELLO	      "{\"id\":0,\"ops\":[{\"op\":\"hello\",\"protocols\":[0,1,2],\"reuse\":9}]}\n"
#define LINE(id, ops) "{\"id\":" #id ",\"ops\":[" ops "]}\n"

static void test_server(void **state)
{
	static const struct {
		const char *lines, *want;
	} rows[] = {
		{LINE(1, "{\"op\":\"controls\"}"), "{\"id\":1,\"error\":\"ops[0]: expected a hello first\"}"},
		{LINE(1, "{\"op\":\"hello\",\"protocols\":[2]}"),
		 "{\"id\":1,\"error\":\"ops[0].protocols: expected a list with 1 in it, found [2]\"}"},
		{HELLO LINE(2, "{\"op\":\"hello\",\"protocols\":[1]}"),
		 "{\"id\":2,\"error\":\"ops[0]: a second hello\"}"},
		{HELLO LINE(3, "{\"op\":\"load\"}"),
		 "{\"id\":3,\"error\":\"ops[0]: a load without a begin\"}"},
		{HELLO LINE(4, "{\"op\":\"end\"}"),
		 "{\"id\":4,\"error\":\"ops[0]: an end without a begin\"}"},
		{HELLO LINE(5, "{\"op\":\"dance\"}"),
		 "{\"id\":5,\"error\":\"ops[0].op: expected \\\"hello\\\" or"},
		{HELLO "nonsense\n", "{\"id\":null,\"error\":\"expected an object, found"},
		{HELLO "{\"ops\":[]}\n", "{\"id\":null,\"error\":\"id: expected an integer"},
		{HELLO LINE(6, ""), "{\"id\":6,\"replies\":[]}"},
		{HELLO LINE(7, "{\"op\":\"begin\",\"case\":{\"levels\":[]}}"),
		 "{\"id\":7,\"error\":\"ops[0].case.sockets: expected a list, found nothing\"}"},
		{HELLO LINE(8, "{\"op\":\"close\",\"extra\":[1]}"), "{\"id\":8,\"replies\":[{\"controls\":{"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int err;
		char *text = answer_to(rows[i].lines, strlen(rows[i].lines), &err);

		if (!strstr(text, rows[i].want))
			fail_msg("%s\nwant %s\n got %s", rows[i].lines, rows[i].want, text);
		assert_int_equal(err != 0, strstr(rows[i].want, "error") != NULL);
		free(text);
	}
}

static void test_long_line(void **state)
{
	size_t n = LINE_LONGEST + 10;
	char *lines = malloc(n), *text;
	int err;

	(void)state;
	assert_non_null(lines);
	memset(lines, ' ', n);
	text = answer_to(lines, n, &err);
	assert_int_equal(err, -90 /* EMSGSIZE */);
	assert_non_null(strstr(text, "expected a line of at most"));
	free(text);
	free(lines);
}

static void test_hostile_lines(void **state)
{
	static struct gen g; /* large */

	(void)state;
	srandom(14);
	gen_init(&g, 10);
	for (unsigned i = 0; i < rounds(3000); i++) {
		struct buf text = {0};
		int err;

		buf_puts(&text, HELLO "{\"id\":1,\"ops\":[{\"op\":\"begin\",\"fresh\":true,\"case\":");
		gen_case(&g, i, &tc);
		case_json_put(&text, &tc);
		buf_puts(&text,
			 "},{\"op\":\"call\",\"call\":0,\"handler\":{\"level\":0,\"optname\":1,\"optlen\":2,"
			 "\"bytes\":\"0102\"}},{\"op\":\"load\",\"case\":");
		case_json_put(&text, &tc);
		buf_puts(&text, "},{\"op\":\"call\",\"call\":1},{\"op\":\"end\",\"irregular\":true}]}\n");
		if (i)
			spoil(&text);
		char *answer = answer_to(text.p, text.n, &err);

		if (!i)
			assert_int_equal(err, 0);
		free(answer);
		buf_fini(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generated),     cmocka_unit_test(test_from_bytes),
		cmocka_unit_test(test_hostile_cases), cmocka_unit_test(test_complaints),
		cmocka_unit_test(test_results),	      cmocka_unit_test(test_server),
		cmocka_unit_test(test_long_line),     cmocka_unit_test(test_hostile_lines),
	};
	int failed;

	tok = json_tokener_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	json_tokener_free(tok);
	return failed;
}
