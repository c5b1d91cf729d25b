/* SPDX-License-Identifier: MIT */
/* The text form: what is read, what is refused and how, and that printing and reading are inverse. */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/rng.h"
#include "harness/case/case_bin.h"
#include "harness/case/case_text.h"

static struct tcase tc;
static struct case_meta meta;

static void complain(const struct diag *d, const char *text, size_t n)
{
	struct buf b = {0};

	diag_print(d, text, n, &b);
	fprintf(stderr, "%s", buf_str(&b));
	buf_fini(&b);
}

static void parse(const char *text)
{
	struct diag d;

	if (tcase_parse(text, strlen(text), "t.case", &tc, &meta, &d)) {
		complain(&d, text, strlen(text));
		fail();
	}
}

/* Reads text, prints it, wants `out`. */
static void prints(const char *text, const char *out)
{
	struct buf b = {0};

	parse(text);
	tcase_print(&tc, &meta, &b);
	assert_string_equal(buf_str(&b), out);
	buf_fini(&b);
}

static void same(const char *text)
{
	prints(text, text);
}

/* print(parse(print(x))) == print(x), and parse(print(x)) equals x. */
static void round_trip(const struct tcase *x, const struct case_meta *m, const char *where)
{
	static struct tcase again;
	struct case_meta meta2;
	struct buf b1 = {0}, b2 = {0};
	struct diag d;

	tcase_print(x, m, &b1);
	if (tcase_parse(b1.p, b1.n, where, &again, &meta2, &d)) {
		complain(&d, b1.p, b1.n);
		fail_msg("%s: what was printed does not parse", where);
	}
	if (!tcase_equal(x, &again))
		fail_msg("%s: what was printed means something else:\n%s", where, b1.p);
	tcase_print(&again, m ? &meta2 : NULL, &b2);
	if (strcmp(buf_str(&b1), buf_str(&b2)))
		fail_msg("%s: printed twice, differs:\n%s\n%s", where, b1.p, b2.p);
	buf_fini(&b1);
	buf_fini(&b2);
}

static void canonical_text_stays(void **state)
{
	same("cgroup a\n");
	same("# A title, with # in it\n# clauses SET.OPTLEN.BYPASS CHAIN.ORDER\ncgroup a\n");
	same("# A title\n# clauses SET.ARGS\n# profiles v5.4..v5.18 draft\ncgroup a\n");
	same("# profiles doc\ncgroup a\n");
	same("cgroup a { setsockopt multi: return 1 }\n");
	same("cgroup a { setsockopt multi: if size == 1 { return 2 } optlen = 3; return 0; return 2 }\n");
	same("cgroup a { setsockopt none: return 0 }\n");
	same("cgroup a {\n"
	     "\tgetsockopt override: retval = -EPERM; retval = 5; retval = retval; set_retval(-5000); return "
	     "0\n"
	     "\tsetsockopt multi: level = SOL_TCP; optname = TCP_NODELAY; optlen = -1; return 1\n"
	     "\tsetsockopt multi: level = 0x484b; optname = 0x21; retval = retval; set_retval(-EPERM); "
	     "return 1\n"
	     "}\n"
	     "cgroup a/b\n"
	     "cgroup a/b/c { setsockopt multi: optval[0] = u8 255; optval[1] = u16 65535; "
	     "optval[65535] = i32 -1; return 1 }\n");
	same("cgroup a { setsockopt multi: if level == SOL_IP && optname == IP_TOS { optlen = -1 } "
	     "if level != SOL_SOCKET { optname = 9 } if optname == 0xa { } return 1 }\n");
	same("cgroup a { getsockopt multi: if optlen > 4 && optval[7] < 9 && size != -3 { "
	     "if retval == -ENOENT { return 0 } if retval > 0 { } optlen = 4 } return 1; return 0 }\n");
	same("cgroup a { getsockopt multi: if size == 1 { if size == 2 { } optlen = 3 } return 1 }\n");
	same("cgroup a { getsockopt multi: if size == 1 && size == 2 { if size == 3 { optlen = 4 } optlen = "
	     "5 } "
	     "return 1 }\n");
	same("cgroup a\n"
	     "s = socket(AF_INET, SOCK_STREAM, 0) in a\n"
	     "t = socketpair(AF_UNIX, SOCK_SEQPACKET, 0) outside\n"
	     "u = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC) in a\n"
	     "v = socket(0xffff, 0x801, 0x20) in a\n"
	     "setsockopt(s, SOL_IP, IP_TOS, i32 32, optlen 4) = 0\n"
	     "setsockopt(s, SOL_IP, IP_TOS, u8 32, optlen 1)\n"
	     "setsockopt(s, SOL_IP, IP_TOS, u16 32, optlen 2) = 1\n");
}

/* The rest of the grammar: each of these reads as written on the right. */
static void sugar(void **state)
{
	prints("#title\r\n\r\n cgroup  a{setsockopt:optlen=0x10;}\r\n",
	       "# title\ncgroup a { setsockopt multi: optlen = 16; return 1 }\n");
	prints("# SPDX-License-Identifier: MIT\n# clauses A.B\n#\n# the title\n# more\n# clauses C.D\ncgroup "
	       "a # no\n# no",
	       "# the title\n# clauses A.B C.D\ncgroup a\n");
	prints("cgroup a {\n\n\tsetsockopt: # why\n\t\toptlen = INT_MIN;\n\t\treturn 0\n\tgetsockopt: }",
	       "cgroup a {\n\tgetsockopt multi: return 1\n\tsetsockopt multi: optlen = -2147483648; return "
	       "0\n}\n");
	prints("cgroup a { setsockopt: if size == 1 { if size == 2 { return 0 } } }",
	       "cgroup a { setsockopt multi: if size == 1 && size == 2 { return 0 } return 1 }\n");
	prints("cgroup a\ns = socket(2, 1) in a", "cgroup a\ns = socket(AF_INET, SOCK_STREAM, 0) in a\n");
	prints("cgroup a\nsetsockopt(badfd, IPPROTO_TCP, TCP_NODELAY, NULL, optlen INT_MAX) = -1 EWOULDBLOCK",
	       "cgroup a\nsetsockopt(badfd, SOL_TCP, TCP_NODELAY, NULL, optlen 2147483647) = -1 EAGAIN\n");
	prints("cgroup a\nsetsockopt(badfd, 0x484b, IP_TTL, buf 0, optlen 0xffffffff) = raw -22",
	       "cgroup a\nsetsockopt(badfd, 0x484b, 2, buf 0, optlen -1) = -1 EINVAL\n");
	prints("cgroup a\nsetsockopt(\n badfd, 1,\n 2, i32 1, optlen 4)",
	       "cgroup a\nsetsockopt(badfd, SOL_SOCKET, SO_REUSEADDR, i32 1, optlen 4)\n");
}

static void buffers(void **state)
{
	static const char *const rows[][2] = {
		{"NULL", "NULL"},
		{"buf 0", "buf 0"},
		{"buf 131072", "buf 131072"},
		{"buf 7 readonly", "buf 7 readonly"},
		{"buf 7 edge", "buf 7 edge"},
		{"u8 200", "u8 200"},
		{"u16 0x1234", "u16 4660"},
		{"i32 -1", "i32 -1"},
		{"i32 0xffffffff", "i32 -1"},
		{"i32 -1 edge", "i32 -1 edge"},
		{"hex 010203", "hex 010203"},
		{"hex AB", "u8 171"},
		{"\"cubic\"", "\"cubic\""},
		{"\"reno\"", "\"reno\""},
		{"\"a\\\\b\\\"c\\x41\"", "\"a\\\\b\\\"cA\""},
		{"\"ab\\x00\"", "hex 616200"},
		{"\"# no comment\"", "\"# no comment\""},
		{"\"\"", "buf 0"},
		{"i32 1 u8 2 hex 03", "hex 010000000203"},
		{"i32 1 fill 0x00 size 16", "i32 1 fill 0x00 size 16"},
		{"i32 1 fill 0 size 4", "i32 1"},
		{"fill 0xa5 size 3", "buf 3"},
		{"fill 0xa6 size 3 readonly", "fill 0xa6 size 3 readonly"},
		{"\"cubic\" fill 0 size 16 edge", "\"cubic\" fill 0x00 size 16 edge"},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[256], want[256];

		snprintf(text, sizeof(text), "cgroup a\nsetsockopt(badfd, SOL_IP, IP_TOS, %s, optlen 4)\n",
			 rows[i][0]);
		snprintf(want, sizeof(want), "cgroup a\nsetsockopt(badfd, SOL_IP, IP_TOS, %s, optlen 4)\n",
			 rows[i][1]);
		prints(text, want);
		same(want);
	}
	parse("cgroup a\nsetsockopt(badfd, 0, 1, \"ab\" hex 0102 fill 7 size 6 edge, optlen 4)");
	assert_int_equal(tc.call[0].buf.place, BUF_EDGE);
	assert_int_equal(tc.call[0].buf.n_data, 4);
	assert_int_equal(tc.call[0].buf.size, 6);
	assert_int_equal(tc.call[0].buf.fill, 7);
	assert_memory_equal(tc.call[0].buf.data, "ab\1\2", 4);
	parse("cgroup a\nsetsockopt(badfd, 0, 1, buf 9, optlen 4)");
	assert_int_equal(tc.call[0].buf.n_data, 0);
	assert_int_equal(tc.call[0].buf.fill, 0xa5);
	assert_int_equal(tc.call[0].buf.size, 9);
}

static void expectations(void **state)
{
	static const char *const rows[] = {
		" = 0",
		" = 5",
		" = -1 EPERM",
		" = -1 ENOTSUPP",
		" = raw -4096",
		" = raw -4000", /* no errno has that number */
		" = raw -5000",
		" = 9223372036854775807",
		" = raw -9223372036854775808",
		" = ? [i32 5]",
		" = ? optlen 4",
		" = 0 [i32 5] optlen 4",
		" = 0 [hex 000000] optlen -1",
		" = 0 [\"abc\"]",
	};
	char text[256];

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text),
			 "cgroup a\ngetsockopt(badfd, SOL_IP, IP_TOS, buf 4, optlen 4)%s\n", rows[i]);
		same(text);
	}
	parse("cgroup a\ngetsockopt(badfd, 0, 1, buf 4, optlen 4) = -1 EPERM [u8 7] optlen 9");
	assert_true(tc.call[0].expect.has_ret && tc.call[0].expect.ret == -1);
	assert_true(tc.call[0].expect.n_bytes == 1 && tc.call[0].expect.bytes[0] == 7);
	assert_true(tc.call[0].expect.has_optlen && tc.call[0].expect.optlen == 9);
	parse("cgroup a\ngetsockopt(badfd, 0, 1, buf 4, optlen 4) = ?");
	assert_false(tc.call[0].expect.has_ret);
	parse("cgroup a\ngetsockopt(badfd, 0, 1, buf 4, optlen NULL)");
	assert_true(tc.call[0].optlen_null);
}

static void programs_become_flat_lists(void **state)
{
	const struct prog *p = &tc.level[0].slot[HOOK_SET][0].prog;

	parse("cgroup a { setsockopt: if size == 1 && optlen > 2 { if optval[3] != 4 { } optlen = 5 } return "
	      "0 }");
	assert_int_equal(tc.level[0].n[HOOK_SET], 1);
	assert_int_equal(p->n, 4);
	assert_int_equal(p->ret, 0); /* the last return is the result, not an action */
	assert_int_equal(p->act[0].op, ACT_IF);
	assert_int_equal(p->act[0].field, FIELD_SIZE);
	assert_int_equal(p->act[0].cmp, CMP_EQ);
	assert_int_equal(p->act[0].n, 3);
	assert_int_equal(p->act[0].val, 1);
	assert_int_equal(p->act[1].n, 2);
	assert_int_equal(p->act[1].cmp, CMP_GT);
	assert_int_equal(p->act[2].n, 0);
	assert_int_equal(p->act[2].off, 3);
	assert_int_equal(p->act[2].cmp, CMP_NE);
	assert_int_equal(p->act[3].op, ACT_OPTLEN);
	parse("cgroup a { setsockopt: if size == 1 { return 0 } }");
	assert_int_equal(p->n, 2);
	assert_int_equal(p->ret, 1);
	assert_int_equal(p->act[1].op, ACT_RETURN);
	/* 16 actions and the return fit */
	parse("cgroup a { setsockopt: "
	      "optlen=1;optlen=2;optlen=3;optlen=4;optlen=5;optlen=6;optlen=7;optlen=8;"
	      "optlen=9;optlen=10;optlen=11;optlen=12;optlen=13;optlen=14;optlen=15;optlen=16;return 0 }");
	assert_int_equal(p->n, 16);
	assert_int_equal(p->act[15].val, 16);
	assert_int_equal(p->ret, 0);
}

static void meta_is_cut_and_masked(void **state)
{
	char text[400] = "# ", want[400] = "# ";

	parse("## a\tb\1  \ncgroup a");
	assert_string_equal(meta.title, "a?b?");
	assert_string_equal(meta.clauses, "");
	parse("# clausesX\n#clauses\n#clauses\tA.B  \r\ncgroup a");
	assert_string_equal(meta.title, "clausesX");
	assert_string_equal(meta.clauses, "A.B");

	parse("# profiles doc\n# profilesX\n# clauses A.B\n#profiles \t draft\1 \ncgroup a\n# profiles "
	      "v6.7\n");
	assert_string_equal(meta.title, "profilesX");
	assert_string_equal(meta.clauses, "A.B");
	assert_string_equal(meta.profiles, "doc draft?");
	memset(text + 11, 'x', 300);
	memcpy(text, "# profiles ", 11);
	strcpy(text + 311, "\ncgroup a\n");
	parse(text);
	assert_int_equal(strlen(meta.profiles), sizeof(meta.profiles) - 1);
	strcpy(text, "# ");

	memset(text + 2, 'x', 300);
	text[2 + 198] = ' '; /* the cut falls behind a blank, which goes as well */
	strcpy(text + 302, "\ncgroup a\n");
	memset(want + 2, 'x', 198);
	strcpy(want + 200, "\ncgroup a\n");
	prints(text, want);
}

static char *slurp(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	char *text = malloc(1 << 20);

	assert_non_null(text);
	if (!f)
		fail_msg("cannot read %s", path);
	*n = fread(text, 1, 1 << 20, f);
	fclose(f);
	text = realloc(text, *n ? *n : 1); /* a read past the end is the sanitizer's */
	assert_non_null(text);
	return text;
}

static void the_corpus_round_trips(void **state)
{
	unsigned seen = 0;
	glob_t g;

	assert_int_equal(glob(HD_SOURCE_DIR "/corpus/*/*.case", 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		const char *path = g.gl_pathv[i];
		struct diag d;
		size_t n;
		char *text;

		if (strstr(path, "/corpus/bad/") || strstr(path, "/corpus/tree/")) /* test_tree.c */
			continue;
		text = slurp(path, &n);
		if (tcase_parse(text, n, path, &tc, &meta, &d)) {
			complain(&d, text, n);
			fail();
		}
		free(text);
		round_trip(&tc, &meta, path);
		seen++;
	}
	globfree(&g);
	assert_true(seen > 50);
}

/* Each corpus/bad/NAME.case is refused with the line in NAME.msg. */
static void bad_cases_are_refused(void **state)
{
	unsigned seen = 0, wrong = 0;
	glob_t g;

	assert_int_equal(glob(HD_SOURCE_DIR "/corpus/bad/*.case", 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		const char *path = g.gl_pathv[i], *name = strrchr(path, '/') + 1;
		struct buf got = {0};
		char msg[512], *text, *want;
		struct diag d;
		size_t n, n_want;

		text = slurp(path, &n);
		if (!tcase_parse(text, n, name, &tc, NULL, &d)) {
			fprintf(stderr, "%s: parses\n", name);
			wrong++;
		} else {
			diag_head(&d, &got);
			snprintf(msg, sizeof(msg), "%.*smsg", (int)strlen(path) - 4, path);
			want = slurp(msg, &n_want);
			if (n_want != got.n || memcmp(want, got.p, n_want)) {
				fprintf(stderr, "want %.*sgot  %s", (int)n_want, want, got.p);
				wrong++;
			}
			free(want);
		}
		buf_fini(&got);
		free(text);
		seen++;
	}
	globfree(&g);
	assert_true(seen >= 25);
	assert_int_equal(wrong, 0);
}

static void errors_show_the_line(void **state)
{
	static const char text[] = "cgroup a\nsetsockopt(badfd, SOL_IP, IP_TOZ, i32 1, optlen 4)\n";
	struct buf b = {0};
	struct diag d;

	assert_int_equal(tcase_parse(text, strlen(text), "x.case", &tc, NULL, &d), -22);
	diag_print(&d, text, strlen(text), &b);
	assert_string_equal(buf_str(&b),
			    "x.case:2:27: expected an option of SOL_IP or a number, found 'IP_TOZ'\n"
			    "setsockopt(badfd, SOL_IP, IP_TOZ, i32 1, optlen 4)\n"
			    "                          ^\n");
	buf_fini(&b);
	assert_int_equal(tcase_parse(text, strlen(text), "x.case", &tc, NULL, NULL), -22);
}

static void size_is_capped(void **state)
{
	size_t n = CASE_TEXT_MAX + 1;
	char *text = malloc(n);
	struct diag d;

	assert_non_null(text);
	memset(text, '\n', n);
	memcpy(text, "cgroup a", 8);
	assert_int_equal(tcase_parse(text, n - 1, "big", &tc, NULL, &d), 0);
	assert_int_equal(tcase_parse(text, n, "big", &tc, NULL, &d), -22);
	assert_string_equal(d.message, "expected at most 1048576 bytes, found 1048577");
	assert_int_equal(d.line, 0);
	memset(text, '{', n - 1);
	assert_int_equal(tcase_parse(text, n - 1, "big", &tc, NULL, &d), -22);
	memset(text, '"', n - 1);
	assert_int_equal(tcase_parse(text, n - 1, "big", &tc, NULL, &d), -22);
	free(text);
}

/* Any byte, or mostly small ones: they are indices and counts. */
static uint8_t random_byte(struct rng *r, bool flat)
{
	uint8_t byte = (uint8_t)rng_u32(r);

	return flat ? byte : (uint8_t)(byte >> rng_below(r, 8));
}

/*
 * Cases that random bytes mean; then their text with a few bytes spoilt, which must not crash, and which
 * round-trips if it is still a case.
 */
static void random_cases_round_trip(void **state)
{
	unsigned long total = 20000, parsed = 0;
	const char *env = getenv("HD_RANDOM");

	if (env)
		total = strtoul(env, NULL, 0);
	else if (getenv("HOOKDIFF_TEST_QUICK"))
		total = 4000;
	for (unsigned long k = 0; k < total; k++) {
		uint8_t data[800];
		struct buf b = {0};
		char where[40];
		struct diag d;
		struct rng r;
		char *text;
		size_t n;

		rng_seed(&r, 3, k);
		n = 3 + rng_below(&r, k % 8 ? 160 : sizeof(data) - 2);
		for (size_t i = 0; i < n; i++)
			data[i] = random_byte(&r, k & 1);
		assert_true(case_bin_decode(data, n, &tc));
		snprintf(where, sizeof(where), "seed 3 stream %lu", k);
		round_trip(&tc, NULL, where);

		tcase_print(&tc, NULL, &b);
		text = malloc(b.n);
		assert_non_null(text);
		for (unsigned i = 0; i < 4; i++) {
			memcpy(text, b.p, b.n);
			n = b.n;
			for (unsigned c = rng_below(&r, 3) + 1; c; c--) {
				uint32_t at = rng_below(&r, (uint32_t)n), from = rng_below(&r, (uint32_t)n);

				if (rng_chance(&r, 1, 3))
					text[at] = (char)rng_u32(&r);
				else if (rng_chance(&r, 1, 2))
					text[at] = text[from];
				else if (n > 1 && rng_chance(&r, 1, 8))
					n = at + 1;
				else
					memmove(text + at, text + from, n - (at > from ? at : from));
			}
			if (tcase_parse(text, n, where, &tc, &meta, &d)) {
				assert_true(d.line > 0 && d.col > 0);
				if (!strstr(d.message, "expected ") || !strstr(d.message, ", found "))
					fail_msg("%s: %s", where, d.message);
				continue;
			}
			parsed++;
			assert_null(tcase_check(&tc));
			round_trip(&tc, &meta, where);
		}
		free(text);
		buf_fini(&b);
	}
	printf("%lu cases, %lu of their spoilt texts were cases as well\n", total, parsed);
	assert_true(parsed > total / 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(canonical_text_stays),
		cmocka_unit_test(sugar),
		cmocka_unit_test(buffers),
		cmocka_unit_test(expectations),
		cmocka_unit_test(programs_become_flat_lists),
		cmocka_unit_test(meta_is_cut_and_masked),
		cmocka_unit_test(the_corpus_round_trips),
		cmocka_unit_test(bad_cases_are_refused),
		cmocka_unit_test(errors_show_the_line),
		cmocka_unit_test(size_is_capped),
		cmocka_unit_test(random_cases_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
