/* SPDX-License-Identifier: MIT */
/* The option table: its order, its names, and that what it promises to the generator holds together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/case/options.h"

static void rows_are_sorted_and_found(void **state)
{
	assert_true(option_count() >= 100);
	for (size_t i = 0; i < option_count(); i++) {
		const struct option_info *o = option_at(i), *last = i ? option_at(i - 1) : NULL;

		if (last &&
		    (o->level < last->level || (o->level == last->level && o->optname <= last->optname)))
			fail_msg("%s stands before %s", last->name, o->name);
		assert_ptr_equal(option_find(o->level, o->optname), o);
		assert_ptr_equal(option_by_name(o->level, o->name, strlen(o->name)), o);
		assert_non_null(level_name(o->level));
		assert_string_equal(option_name(o->level, o->optname), o->name);
	}
	assert_null(option_find(0x484b, 1));
	assert_null(option_find(0, 0));
	assert_null(option_find(INT32_MIN, INT32_MAX));
	assert_null(option_find(INT32_MAX, INT32_MIN));
}

/* Inside of programs an option is read without its level. */
static void a_name_means_one_number(void **state)
{
	for (size_t i = 0; i < option_count(); i++) {
		const struct option_info *o = option_at(i);
		int32_t v = -1;

		assert_true(option_parse_any(o->name, strlen(o->name), &v));
		if (v != o->optname)
			fail_msg("%s means %d and %d", o->name, v, o->optname);
	}
}

static void rows_make_sense(void **state)
{
	unsigned choices = 0;

	for (size_t i = 0; i < option_count(); i++) {
		const struct option_info *o = option_at(i);
		bool int_like = o->kind == OPT_INT || o->kind == OPT_BOOL || o->kind == OPT_BYTE;

		if (o->kind <= OPT_NONE || o->kind >= OPT_KIND_COUNT || !o->size || o->v_lo > o->v_hi ||
		    o->v_step < 0 || (int_like && o->size != 4) || (!int_like && o->v_step) ||
		    (!o->can_set && o->v_step) ||
		    (o->v_step ? (o->v_hi - o->v_lo) % o->v_step : o->v_hi || o->v_lo) ||
		    (o->v_hi > o->v_lo && !o->v_step))
			fail_msg("the row of %s is odd", o->name);
		choices += o->host_safe && o->v_hi > o->v_lo;
	}
	assert_true(choices >= 80); /* options that a generator can set to two different values */
}

static void flags_that_must_not_change(void **state)
{
	static const struct {
		int level;
		const char *name;
		bool safe, is_volatile;
	} rows[] = {
		{0, "IP_TOS", true, false},
		{0, "IP_MINTTL", false, false},
		{0, "IPT_SO_SET_REPLACE", false, false},
		{0, "MRT_INIT", false, false},
		{1, "SO_COOKIE", true, true},
		{1, "SO_PEERCRED", true, false},
		{1, "SO_PEERPIDFD", false, true},
		{1, "SO_TIMESTAMP_OLD", false, false},
		{1, "SO_ATTACH_FILTER", false, false},
		{1, "SO_ATTACH_BPF", false, false},
		{1, "SO_BINDTODEVICE", false, false},
		{1, "SO_INCOMING_CPU", true, true},
		{1, "SO_INCOMING_NAPI_ID", true, true},
		{1, "SO_MEMINFO", true, true},
		{1, "SO_BUSY_POLL", false, false},
		{6, "TCP_INFO", true, true},
		{6, "TCP_TIMESTAMP", false, true},
		{6, "TCP_REPAIR", false, false},
		{6, "TCP_ULP", false, false},
		{6, "TCP_MD5SIG", false, false},
		{6, "TCP_ZEROCOPY_RECEIVE", false, false},
		{17, "UDP_ENCAP", false, false},
		{17, "UDP_GRO", false, false},
		{41, "IPV6_ADDRFORM", false, false},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct option_info *o =
			option_by_name(rows[i].level, rows[i].name, strlen(rows[i].name));

		if (!o || o->host_safe != rows[i].safe || o->is_volatile != rows[i].is_volatile)
			fail_msg("%s", rows[i].name);
	}
}

static void levels_by_name(void **state)
{
	struct buf b = {0};
	int32_t v;

	assert_true(level_count() < 128); /* case_bin's level tag */
	for (size_t i = 0; i < level_count(); i++) {
		const char *name = level_name(level_at(i));

		assert_true(level_parse(name, strlen(name), &v));
		assert_int_equal(v, level_at(i));
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(level_at(k), level_at(i));
	}
	assert_true(level_parse("IPPROTO_TCP", 11, &v));
	assert_int_equal(v, 6);
	assert_true(level_parse("IPPROTO_RAW", 11, &v));
	assert_int_equal(v, 255);
	assert_false(level_parse("IPPROTO_ICMP", 12, &v)); /* 1 would be SOL_SOCKET */
	assert_true(level_parse("0x484b", 6, &v));
	assert_int_equal(v, 0x484b);
	assert_true(level_parse("-5", 2, &v));
	assert_int_equal(v, -5);
	assert_true(level_parse("0xffffffff", 10, &v));
	assert_int_equal(v, -1);
	assert_false(level_parse("0x100000000", 11, &v));
	assert_false(level_parse("-2147483649", 11, &v));
	assert_false(level_parse("SOL_I", 5, &v));
	assert_int_equal(v, -1);
	level_print(&b, 0);
	buf_puts(&b, " ");
	level_print(&b, 270);
	buf_puts(&b, " ");
	level_print(&b, 0x484b);
	buf_puts(&b, " ");
	level_print(&b, INT32_MIN);
	assert_string_equal(buf_str(&b), "SOL_IP SOL_NETLINK 0x484b -2147483648");
	buf_fini(&b);
}

static void options_by_name(void **state)
{
	struct buf b = {0};
	int32_t v = 7;

	assert_true(option_parse(0, "IP_TOS", 6, &v));
	assert_int_equal(v, 1);
	assert_false(option_parse(6, "IP_TOS", 6, &v));
	assert_true(option_parse(0x484b, "TCP_NODELAY", 11, &v)); /* no rows there: any name will do */
	assert_true(option_parse(1, "SO_GET_FILTER", 13, &v));
	assert_int_equal(v, 26);
	assert_true(option_parse(1, "SO_RCVTIMEO", 11, &v));
	assert_int_equal(v, 20);
	assert_true(option_parse(0, "0x21", 4, &v));
	assert_int_equal(v, 33);
	assert_true(option_parse_any("SO_GET_FILTER", 13, &v));
	assert_int_equal(v, 26);
	v = 7;
	assert_false(option_parse_any("SO_NONE", 7, &v));
	assert_int_equal(v, 7);
	option_print(&b, 1, 2);
	buf_puts(&b, " ");
	option_print(&b, 6, 1);
	buf_puts(&b, " ");
	option_print(&b, 0x484b, 33);
	buf_puts(&b, " ");
	option_print(&b, 0, -3);
	assert_string_equal(buf_str(&b), "SO_REUSEADDR TCP_NODELAY 0x21 -3");
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_sorted_and_found),
		cmocka_unit_test(a_name_means_one_number),
		cmocka_unit_test(rows_make_sense),
		cmocka_unit_test(flags_that_must_not_change),
		cmocka_unit_test(levels_by_name),
		cmocka_unit_test(options_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
