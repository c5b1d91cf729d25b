/* SPDX-License-Identifier: MIT */
/*
 * The comparison itself: a want and a got that agree, then one difference at a time, in each part that is
 * compared and in both classes of sizes (up to 16 bytes, and above). A part whose comparison is lost turns
 * one row green that must be red.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/diff/compare.h"
#include "oracle/clauses.h"

#define PAGE 4096

/* Two programs, in levels 1 and 0, on a getsockopt or a setsockopt with a buffer of `size` bytes. */
static struct world {
	struct tc_call c;
	struct want w;
	struct outcome got;
	struct hd_trace trace[HD_PROGS];
	uint8_t order[HD_ORDER];
	uint8_t seen[2][PAGE + 16], out[PAGE + 16], base[PAGE + TC_PAST + 16], mem[PAGE + TC_PAST + 16];
} x; /* large */

static const uint8_t ids[2] = {4, 0};

static void agree(enum hook hook, enum buf_place place, uint32_t size)
{
	memset(&x, 0, sizeof(x));
	x.c.hook = (uint8_t)hook;
	x.c.optlen = (int32_t)size;
	x.c.buf.place = (uint8_t)place;
	x.c.buf.size = size;
	x.c.buf.fill = 0x77;
	x.w.n_seen = x.got.runs = 2;
	x.w.c_order = C_CHAIN_ORDER;
	x.w.c_runs = C_HOOK_CALLED;
	x.w.c_ret = C_GET_COPYOUT;
	x.w.c_optlen = C_GET_COPYOUT;
	x.w.c_out = C_GET_COPYOUT;
	x.w.c_base = hook == HOOK_SET ? C_SET_MEM : C_GET_EXPOSED;
	x.w.ret = x.got.ret = 0;
	x.w.optlen = x.got.optlen = (int32_t)size / 2;
	x.got.order = x.order;
	x.got.trace = x.trace;
	x.got.mem = x.mem;
	for (unsigned k = 0; k < 2; k++) {
		struct want_seen *s = &x.w.seen[k];
		struct hd_trace *t = &x.trace[ids[k]];

		x.order[k] = (uint8_t)(hook * HD_PROGS + ids[k]);
		memset(x.seen[k], (int)(0x10 + k), size);
		s->id = ids[k];
		s->level = t->level = 6;
		s->optname = t->optname = 1 + (int32_t)k;
		s->optlen = t->optlen = (int32_t)size;
		s->retval = t->retval = -(int32_t)k;
		s->size = t->size = size;
		s->split = size / 2;
		s->bytes = x.seen[k];
		memcpy(t->bytes, x.seen[k], size);
		s->c_args = C_GET_ARGS;
		s->c_optlen = s->c_bytes = C_GET_AFTER;
		s->c_tail = C_GET_WINDOW_ZEROS;
		s->c_size = C_GET_WINDOW_SIZE;
		s->c_retval = C_GET_RETVAL_SEEN;
	}
	tc_buf_image(&x.c.buf, x.base, size + (place == BUF_EDGE ? 0 : TC_PAST));
	memcpy(x.mem, x.base, sizeof(x.mem));
	if (hook == HOOK_GET) {
		memset(x.out, 0x42, size / 2);
		memcpy(x.mem, x.out, size / 2);
		x.w.out = x.out;
		x.w.n_out = size / 2;
		x.w.base = x.base;
	}
}

static void same(void)
{
	struct diff d = {0};

	if (!compare(&x.c, &x.w, &x.got, &d))
		fail_msg("%s differs where nothing does", diff_field_name(d.field));
}

static void differs(enum diff_field field, unsigned clause, int program)
{
	struct diff d = {0};

	if (compare(&x.c, &x.w, &x.got, &d))
		fail_msg("a difference in %s is not seen (buffer of %u bytes, place %u)",
			 diff_field_name(field), x.c.buf.size, x.c.buf.place);
	assert_string_equal(diff_field_name(d.field), diff_field_name(field));
	assert_string_equal(clause_info(d.clause)->name ? clause_info(d.clause)->name : "",
			    clause_info(clause)->name);
	assert_int_equal(d.program, program);
}

static const uint32_t sizes[] = {1, 4, 8, 9, 16, 17, 64, 100, PAGE};
static const enum buf_place places[] = {BUF_PLAIN, BUF_READONLY, BUF_EDGE};

#define EACH(hook)                                                                                           \
	for (unsigned i_ = 0; i_ < 9 * 3; i_++)                                                              \
		for (int once_ = (agree(hook, places[i_ % 3], sizes[i_ / 3]), 1); once_; once_ = 0)

static void test_agreement(void **state)
{
	(void)state;
	EACH(HOOK_GET) same();
	EACH(HOOK_SET) same();
}

static void test_programs(void **state)
{
	(void)state;
	EACH(HOOK_GET)
	{
		x.got.runs = 3;
		differs(DIFF_RUNS, C_HOOK_CALLED, -1);
	}
	EACH(HOOK_GET)
	{
		x.got.runs = 1;
		differs(DIFF_RUNS, C_CHAIN_ALL, -1);
	}
	EACH(HOOK_GET)
	{
		x.got.runs = 0;
		differs(DIFF_RUNS, C_HOOK_CALLED, -1);
	}
	EACH(HOOK_SET)
	{
		uint8_t first = x.order[0];

		x.order[0] = x.order[1];
		x.order[1] = first;
		differs(DIFF_ORDER, C_CHAIN_ORDER, 0);
	}
	EACH(HOOK_GET)
	{
		x.order[1]++; /* another slot of the same level */
		differs(DIFF_ORDER, C_CHAIN_SLOT, 1);
	}
	EACH(HOOK_GET)
	{
		x.order[0] += HD_PROGS; /* the other hook's program */
		differs(DIFF_ORDER, C_CHAIN_ORDER, 0);
	}
}

static void test_seen(void **state)
{
	(void)state;
	for (int k = 0; k < 2; k++) {
		struct hd_trace *t = &x.trace[ids[k]];

		EACH(HOOK_GET)
		{
			t->level ^= 1 << 30;
			differs(DIFF_SEEN_LEVEL, C_GET_ARGS, k);
		}
		EACH(HOOK_GET)
		{
			t->optname++;
			differs(DIFF_SEEN_OPTNAME, C_GET_ARGS, k);
		}
		EACH(HOOK_SET)
		{
			t->optlen--;
			differs(DIFF_SEEN_OPTLEN, C_GET_AFTER, k);
		}
		EACH(HOOK_SET)
		{
			t->size++;
			differs(DIFF_SEEN_SIZE, C_GET_WINDOW_SIZE, k);
		}
		EACH(HOOK_GET)
		{
			t->retval ^= 1;
			differs(DIFF_SEEN_RETVAL, C_GET_RETVAL_SEEN, k);
		}
		EACH(HOOK_GET)
		{
			t->bytes[x.c.buf.size - 1] ^= 0x80;
			differs(DIFF_SEEN_BYTES, C_GET_WINDOW_ZEROS, k);
		}
		EACH(HOOK_SET)
		{
			t->bytes[0] ^= 1;
			differs(DIFF_SEEN_BYTES, x.c.buf.size / 2 ? C_GET_AFTER : C_GET_WINDOW_ZEROS, k);
		}
		EACH(HOOK_SET)
		{
			if (x.c.buf.size == HD_WINDOW)
				continue;
			t->bytes[x.c.buf.size] ^= 1; /* past the window: no program can see it */
			same();
		}
	}
}

static void test_result(void **state)
{
	(void)state;
	EACH(HOOK_GET)
	{
		x.got.ret = -1;
		differs(DIFF_RET, C_GET_COPYOUT, -1);
	}
	EACH(HOOK_SET)
	{
		x.got.ret = 1ll << 32; /* the whole register counts */
		differs(DIFF_RET, C_GET_COPYOUT, -1);
	}
	EACH(HOOK_GET)
	{
		x.got.optlen++;
		differs(DIFF_OPTLEN, C_GET_COPYOUT, -1);
	}
	EACH(HOOK_SET)
	{
		x.got.optlen++; /* a setsockopt has no optlen to write */
		same();
	}
	EACH(HOOK_GET)
	{
		x.got.stray = true;
		differs(DIFF_OPTLEN, C_MEM_PAST, -1);
	}
}

static void test_memory(void **state)
{
	(void)state;
	EACH(HOOK_GET)
	{
		if (x.w.n_out == 0)
			continue;
		x.mem[x.w.n_out - 1] ^= 1;
		differs(DIFF_MEM, C_GET_COPYOUT, -1);
	}
	EACH(HOOK_GET)
	{
		x.mem[x.c.buf.size - 1] ^= 1;
		differs(DIFF_MEM, C_GET_EXPOSED, -1);
	}
	EACH(HOOK_SET)
	{
		x.mem[x.c.buf.size - 1] ^= 1;
		differs(DIFF_MEM, C_SET_MEM, -1);
	}
	EACH(HOOK_SET)
	{
		x.mem[0] ^= 1;
		differs(DIFF_MEM, C_SET_MEM, -1);
	}
	for (unsigned h = 0; h < HOOK_COUNT; h++)
		for (unsigned past = 0; past < TC_PAST; past += TC_PAST - 1)
			EACH(h)
			{
				if (x.c.buf.place == BUF_EDGE)
					continue; /* nothing is mapped there */
				x.mem[x.c.buf.size + past] ^= 1;
				differs(DIFF_MEM, C_MEM_PAST, -1);
				x.w.any = ANY_MEM; /* and whatever is free in the buffer, this is not */
				differs(DIFF_MEM, C_MEM_PAST, -1);
				/* What a handler writes for a length below zero is its own affair. */
				x.w.n_out = 0;
				x.c.optlen = -1;
				differs(DIFF_MEM, C_MEM_PAST, -1);
				x.w.base = NULL; /* it was not asked */
				differs(DIFF_MEM, C_MEM_PAST, -1);
				x.w.any |= ANY_RET; /* because nothing is known of it */
				if (h == HOOK_GET)
					same();
				else
					differs(DIFF_MEM, C_MEM_PAST, -1);
				x.c.optlen = (int32_t)x.c.buf.size;
				differs(DIFF_MEM, C_MEM_PAST, -1);
			}
}

/* What a profile leaves free is not compared, and nothing else becomes free with it. */
static void test_free_parts(void **state)
{
	(void)state;
	EACH(HOOK_GET)
	{
		x.w.any = ANY_RET;
		x.got.ret = 7;
		same();
		x.got.optlen++;
		differs(DIFF_OPTLEN, C_GET_COPYOUT, -1);
	}
	EACH(HOOK_GET)
	{
		x.w.any = ANY_OPTLEN;
		x.got.optlen++;
		same();
		x.got.ret = 7;
		differs(DIFF_RET, C_GET_COPYOUT, -1);
	}
	EACH(HOOK_GET)
	{
		x.w.any = ANY_MEM;
		x.mem[x.c.buf.size - 1] ^= 1;
		same();
		if (x.w.n_out) {
			x.mem[0] ^= 1; /* what was copied out still counts */
			differs(DIFF_MEM, C_GET_COPYOUT, -1);
		}
	}
	EACH(HOOK_GET)
	{
		x.w.any = ANY_SEEN_TAIL;
		x.got.runs = 3;
		same();
		x.got.runs = 1;
		differs(DIFF_RUNS, C_CHAIN_ALL, -1);
	}
	EACH(HOOK_GET)
	{
		static uint8_t mask[PAGE + 16];

		memset(mask, 0, sizeof(mask));
		mask[0] = 1;
		x.w.seen[1].mask = mask;
		x.trace[ids[1]].bytes[0] ^= 1;
		same();
		x.trace[ids[1]].bytes[x.c.buf.size - 1] ^= 2;
		if (x.c.buf.size > 1)
			differs(DIFF_SEEN_BYTES, C_GET_WINDOW_ZEROS, 1);
	}
}

static void test_expectations(void **state)
{
	struct tc_call c = {.hook = HOOK_GET};
	uint8_t mem[4] = {1, 2, 3, 4};
	struct diff d;

	(void)state;
	assert_true(expect_holds(&c, -5, 9, mem, &d)); /* nothing is expected */
	c.expect.has_ret = true;
	c.expect.ret = -1;
	assert_true(expect_holds(&c, -1, 9, mem, &d));
	assert_false(expect_holds(&c, 0, 9, mem, &d));
	assert_int_equal(d.field, DIFF_EXPECT);
	assert_int_equal(d.want, -1);
	c.expect.has_optlen = true;
	c.expect.optlen = 9;
	assert_true(expect_holds(&c, -1, 9, mem, &d));
	assert_false(expect_holds(&c, -1, 8, mem, &d));
	c.expect.n_bytes = 4;
	memcpy(c.expect.bytes, mem, 4);
	assert_true(expect_holds(&c, -1, 9, mem, &d));
	for (unsigned i = 0; i < 4; i++) {
		mem[i] ^= 1;
		assert_false(expect_holds(&c, -1, 9, mem, &d));
		assert_int_equal(d.offset, i);
		mem[i] ^= 1;
	}
	assert_true(expect_holds(&c, -1, 9, NULL, &d)); /* of unknown memory nothing can be said */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agreement),    cmocka_unit_test(test_programs),
		cmocka_unit_test(test_seen),	     cmocka_unit_test(test_result),
		cmocka_unit_test(test_memory),	     cmocka_unit_test(test_free_parts),
		cmocka_unit_test(test_expectations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
