/* SPDX-License-Identifier: MIT */
/* The fewest cases for all blocks: read from what a guest writes, compared, chosen. No root. */
#include "scratch.h"

#include <string.h>

#include "harness/base/buf.h"
#include "harness/base/rng.h"
#include "harness/lines/cover.h"

static void reads(void **state)
{
	struct cover c;

	(void)state;
	assert_int_equal(cover_read("10\n10\nf\n= a b\n3\n1\n3\n2\n= c\n\n=\n0\nxyz\n12 \n7\n= a b\n9\n", &c),
			 0);
	assert_int_equal(c.base.n, 2);
	assert_true(c.base.pc[0] == 0xf && c.base.pc[1] == 0x10);
	assert_int_equal(c.n, 2);
	assert_string_equal(c.set[0].name, "a b");
	assert_int_equal(c.set[0].n, 4);
	assert_true(c.set[0].pc[0] == 1 && c.set[0].pc[3] == 9);
	assert_int_equal(c.set[1].n, 1);
	assert_true(c.set[1].pc[0] == 7);
	cover_fini(&c);
	assert_int_equal(cover_read("", &c), 0);
	assert_int_equal(c.n + c.base.n, 0);
	cover_fini(&c);
}

static void sets(void **state)
{
	struct cover a, b;

	(void)state;
	assert_int_equal(cover_read("5\n= x\n1\n2\n5\n= y\n1\n= z\n4\n", &a), 0);
	assert_int_equal(cover_read("= y\n1\n2\n= x\n5\n2\n3\n", &b), 0);
	cover_both(&a, &b);
	assert_int_equal(a.set[0].n, 2); /* x: 2 and 5 */
	assert_true(a.set[0].pc[0] == 2 && a.set[0].pc[1] == 5);
	assert_int_equal(a.set[1].n, 1);
	assert_int_equal(a.set[2].n, 0); /* the other run has no z */
	cover_without(&a, &a.base);
	assert_int_equal(a.set[0].n, 1);
	assert_true(cover_set_within(&a.set[0], &b.set[1]));
	assert_false(cover_set_within(&b.set[1], &a.set[0]));
	cover_fini(&a);
	cover_fini(&b);
}

static void chooses(void **state)
{
	static const char text[] =
		"= most\n1\n2\n3\n4\n= heavy\n5\n6\n= light\n5\n6\n= nothing new\n1\n5\n= none\n";
	static const size_t weight[] = {100, 20, 10, 1, 1};
	struct cover c;
	bool chosen[5];

	(void)state;
	assert_int_equal(cover_read(text, &c), 0);
	assert_int_equal(cover_choose(&c, weight, chosen), 2);
	assert_true(chosen[0] && chosen[2]);
	cover_fini(&c);
	/* The greatest one is taken first, and is not needed once the others are there. */
	assert_int_equal(cover_read("= a\n1\n2\n3\n4\n= b\n1\n2\n5\n= c\n3\n4\n6\n", &c), 0);
	assert_int_equal(cover_choose(&c, weight, chosen), 2);
	assert_true(!chosen[0] && chosen[1] && chosen[2]);
	cover_fini(&c);
}

/* Nothing is lost, and nothing chosen can be left out. */
static void any(void **state)
{
	struct buf b = {0};
	struct cover c;
	struct rng r;

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		size_t weight[40], n = 0;
		bool chosen[40];

		rng_seed(&r, 11, i);
		buf_reset(&b);
		for (unsigned s = 0; s < 40; s++) {
			weight[s] = rng_below(&r, 9);
			buf_printf(&b, "= %u\n", s);
			for (unsigned k = rng_below(&r, 12); k; k--)
				buf_printf(&b, "%x\n", 1 + rng_below(&r, 60));
		}
		assert_int_equal(cover_read(buf_str(&b), &c), 0);
		assert_int_equal(c.n, 40);
		n = cover_choose(&c, weight, chosen);
		for (unsigned out = 0; out <= 40; out++) { /* 40: with all that are chosen */
			bool have[64] = {false}, want[64] = {false};

			if (out < 40 && !chosen[out])
				continue;
			n -= out < 40;
			for (unsigned s = 0; s < 40; s++)
				for (size_t k = 0; k < c.set[s].n; k++) {
					want[c.set[s].pc[k]] = true;
					have[c.set[s].pc[k]] |= chosen[s] && s != out;
				}
			assert_int_equal(!memcmp(have, want, sizeof(have)), out == 40);
		}
		assert_int_equal(n, 0);
		cover_fini(&c);
	}
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(sets),
		cmocka_unit_test(chooses),
		cmocka_unit_test(any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
