/* SPDX-License-Identifier: MIT */
/* harness/base: bytes in and out, complaints, names, random numbers. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/buf.h"
#include "harness/base/diag.h"
#include "harness/base/names.h"
#include "harness/base/rng.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void buf_grows(void **state)
{
	struct buf b = {0};

	assert_string_equal(buf_str(&b), "");
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%d,", i);
	assert_int_equal(b.n, 3890);
	assert_int_equal(strlen(buf_str(&b)), b.n);
	assert_memory_equal(b.p, "0,1,2,", 6);
	assert_string_equal(b.p + b.n - 4, "999,");
	buf_reset(&b);
	assert_string_equal(buf_str(&b), "");
	buf_add(&b, "a\0b", 3);
	buf_add(&b, NULL, 0);
	assert_int_equal(b.n, 3);
	assert_int_equal(b.p[3], 0);
	assert_false(b.failed);
	buf_fini(&b);
	assert_null(b.p);
}

static void buf_out_of_memory_sticks(void **state)
{
	struct buf b = {0};

	buf_puts(&b, "xyz");
	buf_add(&b, "y", SIZE_MAX - 1); /* overflows before anything is copied */
	assert_true(b.failed);
	buf_puts(&b, "z");
	assert_string_equal(buf_str(&b), "xyz");
	buf_fini(&b);
}

static void cursor_stays_inside(void **state)
{
	static const uint8_t data[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
	struct cursor c = cursor_make(data, sizeof(data));
	uint8_t out[4];

	assert_int_equal(cursor_u8(&c), 1);
	assert_int_equal(cursor_u16(&c), 0x0302);
	assert_int_equal(cursor_u32(&c), 0x07060504);
	assert_true(cursor_u64(&c) == 0x0f0e0d0c0b0a0908ull);
	assert_int_equal(cursor_remaining(&c), 1);
	assert_false(c.over);
	assert_int_equal(cursor_u32(&c), 16); /* what is missing is zero */
	assert_true(c.over);
	assert_int_equal(cursor_u8(&c), 0);
	assert_int_equal(cursor_remaining(&c), 0);

	c = cursor_make(data, sizeof(data));
	cursor_bytes(&c, out, sizeof(out));
	assert_memory_equal(out, data, sizeof(out));
	assert_int_equal(cursor_u8(&c), 5);
	c = cursor_make(data, 2);
	memset(out, 0xff, sizeof(out));
	cursor_bytes(&c, out, sizeof(out));
	assert_memory_equal(out, "\1\2\0\0", 4);
	assert_true(c.over);
	c = cursor_make(NULL, 0);
	assert_int_equal(cursor_u64(&c), 0);
}

static void diag_shows_the_place(void **state)
{
	static const char text[] = "first\n\tsecond x\r\nthird";
	struct buf b = {0};
	struct diag d;
	char longline[400];

	diag_set(&d, "f.case", 2, 9, "expected %s, found '%c'", "y", 'x');
	diag_print(&d, text, sizeof(text) - 1, &b);
	assert_string_equal(buf_str(&b), "f.case:2:9: expected y, found 'x'\n\tsecond x\n\t       ^\n");

	buf_reset(&b);
	diag_set(&d, "f.case", 3, 6, "end");
	diag_print(&d, text, sizeof(text) - 1, &b);
	assert_string_equal(buf_str(&b), "f.case:3:6: end\nthird\n     ^\n");

	buf_reset(&b); /* beyond the text: no line to show */
	diag_set(&d, "f.case", 9, 1, "gone");
	diag_print(&d, text, sizeof(text) - 1, &b);
	assert_string_equal(buf_str(&b), "f.case:9:1: gone\n");

	buf_reset(&b);
	diag_set(&d, "f.case", 0, 0, "too long");
	diag_print(&d, text, sizeof(text) - 1, &b);
	assert_string_equal(buf_str(&b), "f.case: too long\n");

	buf_reset(&b); /* a long line is cut around the column, odd bytes are masked */
	memset(longline, 'a', sizeof(longline));
	longline[300] = '\1';
	diag_set(&d, "f", 1, 301, "m");
	diag_print(&d, longline, sizeof(longline), &b);
	assert_int_equal(b.n, strlen("f:1:301: m\n") + 101 + 75 + 2);
	assert_int_equal(b.p[strlen("f:1:301: m\n") + 75], '?');
	assert_string_equal(b.p + b.n - 3, " ^\n");

	diag_set(NULL, "f", 1, 1, "nothing happens");
	memset(longline, 'a', sizeof(longline) - 1);
	longline[sizeof(longline) - 1] = '\0';
	diag_set(&d, "f", 1, 1, "%s", longline);
	assert_int_equal(strlen(d.message), sizeof(d.message) - 1);
	buf_fini(&b);
}

static void names_both_ways(void **state)
{
	static const struct name *const tables[] = {names_errno, names_family, names_socktype, names_protocol,
						    names_netlink};
	int64_t v = -7;

	for (unsigned t = 0; t < COUNT(tables); t++) {
		for (const struct name *n = tables[t]; n->name; n++) {
			assert_true(name_value(tables[t], n->name, strlen(n->name), &v));
			assert_int_equal(v, n->value);
			assert_non_null(name_of(tables[t], n->value));
		}
	}
	v = -7;
	assert_false(name_value(names_errno, "EPER", 4, &v));
	assert_false(name_value(names_errno, "EPERMX", 6, &v));
	assert_false(name_value(names_errno, "", 0, &v));
	assert_int_equal(v, -7);
	assert_true(name_value(names_errno, "EPERMX", 5, &v));
	assert_int_equal(v, EPERM);
	assert_string_equal(errno_name(EAGAIN), "EAGAIN");
	assert_string_equal(errno_name(EOPNOTSUPP), "EOPNOTSUPP");
	assert_string_equal(errno_name(EDEADLK), "EDEADLK");
	assert_string_equal(errno_name(524), "ENOTSUPP");
	assert_null(errno_name(0));
	assert_null(errno_name(41)); /* a hole of the ABI */
	assert_null(errno_name(4000));
	assert_string_equal(name_of(names_family, 1), "AF_UNIX");
	assert_string_equal(name_of(names_family, 16), "AF_NETLINK");
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 32)
	for (int e = 1; e < 134; e++) /* libc knows the same ones */
		if (e != 41 && e != 58)
			assert_string_equal(errno_name(e), strerrorname_np(e));
#endif
}

static void names_print_unknown_as_hex(void **state)
{
	struct buf b = {0};

	name_print(&b, names_family, 2);
	buf_puts(&b, " ");
	name_print(&b, names_family, 0x484b);
	buf_puts(&b, " ");
	number_print(&b, 9);
	buf_puts(&b, " ");
	number_print(&b, -20);
	assert_string_equal(buf_str(&b), "AF_INET 0x484b 9 -20");
	buf_fini(&b);
}

static void numbers(void **state)
{
	static const struct {
		const char *s;
		bool ok;
		int64_t v;
	} rows[] = {
		{"0", true, 0},
		{"-1", true, -1},
		{"0x484b", true, 0x484b},
		{"0XfF", true, 255},
		{"-0x10", true, -16},
		{"007", true, 7},
		{"9223372036854775807", true, INT64_MAX},
		{"-9223372036854775808", true, INT64_MIN},
		{"0x7fffffffffffffff", true, INT64_MAX},
		{"9223372036854775808", false, 0},
		{"-9223372036854775809", false, 0},
		{"0x8000000000000000", false, 0},
		{"99999999999999999999999", false, 0},
		{"", false, 0},
		{"-", false, 0},
		{"0x", false, 0},
		{"12a", false, 0},
		{"0xg", false, 0},
		{"--1", false, 0},
		{" 1", false, 0},
		{"+1", false, 0},
	};

	for (unsigned i = 0; i < COUNT(rows); i++) {
		int64_t v = 77;

		if (number_parse(rows[i].s, strlen(rows[i].s), &v) != rows[i].ok ||
		    v != (rows[i].ok ? rows[i].v : 77))
			fail_msg("'%s' gives %lld", rows[i].s, (long long)v);
	}
}

static void rng_is_the_published_one(void **state)
{
	/* https://prng.di.unimi.it: state 1, 2, 3, 4; splitmix64 from 1234567 */
	static const uint64_t want[] = {11520, 0, 1509978240, 1215971899390074240ull};
	static const uint64_t mix[] = {6457827717110365317ull, 3203168211198807973ull,
				       9817491932198370423ull};
	struct rng r = {{1, 2, 3, 4}}, a, b;
	uint64_t x = 1234567;

	for (unsigned i = 0; i < COUNT(want); i++)
		assert_true(rng_u64(&r) == want[i]);
	for (unsigned i = 0; i < COUNT(mix); i++)
		assert_true(rng_splitmix(&x) == mix[i]);
	rng_seed(&a, 1, 2);
	rng_seed(&b, 1, 2);
	assert_true(rng_u64(&a) == rng_u64(&b));
	rng_seed(&b, 1, 3);
	assert_true(rng_u64(&a) != rng_u64(&b));
	rng_seed(&a, 2, 1);
	rng_seed(&b, 1, 2);
	assert_true(rng_u64(&a) != rng_u64(&b));
}

static void rng_below_covers_its_range(void **state)
{
	unsigned seen[7] = {0}, yes = 0;
	struct rng r;

	rng_seed(&r, 0, 0);
	for (int i = 0; i < 70000; i++)
		seen[rng_below(&r, 7)]++;
	for (unsigned i = 0; i < COUNT(seen); i++)
		assert_in_range(seen[i], 9500, 10500);
	assert_int_equal(rng_below(&r, 0), 0);
	assert_int_equal(rng_below(&r, 1), 0);
	for (int i = 0; i < 40000; i++)
		yes += rng_chance(&r, 1, 4);
	assert_in_range(yes, 9500, 10500);
	for (int i = 0; i < 100; i++) {
		assert_false(rng_chance(&r, 0, 4));
		assert_true(rng_chance(&r, 4, 4));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buf_grows),
		cmocka_unit_test(buf_out_of_memory_sticks),
		cmocka_unit_test(cursor_stays_inside),
		cmocka_unit_test(diag_shows_the_place),
		cmocka_unit_test(names_both_ways),
		cmocka_unit_test(names_print_unknown_as_hex),
		cmocka_unit_test(numbers),
		cmocka_unit_test(rng_is_the_published_one),
		cmocka_unit_test(rng_below_covers_its_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
