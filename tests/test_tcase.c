/* SPDX-License-Identifier: MIT */
/* The model: what is valid, which programs run, what the user's memory holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "harness/case/tcase.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A level by letters: - no program, M n multi programs (digit before it), O override, N none. */
static void chain(struct tcase *tc, const char *spec, enum hook hook)
{
	unsigned n = 1;

	tcase_init(tc);
	tc->n_levels = 0;
	for (; *spec; spec++) {
		struct tc_level *l = &tc->level[tc->n_levels];

		if (*spec >= '0' && *spec <= '9') {
			n = (unsigned)(*spec - '0');
			continue;
		}
		tc->n_levels++;
		l->n[hook] = *spec == '-' ? 0 : (uint8_t)n;
		for (unsigned s = 0; s < l->n[hook]; s++)
			l->slot[hook][s].mode = *spec == 'M'   ? MODE_MULTI
						: *spec == 'O' ? MODE_OVERRIDE
							       : MODE_NONE;
		n = 1;
	}
}

/*
 * kernel/bpf/cgroup.c compute_effective_progs(), by hand. The chain reads from the top; level is where the
 * socket lives (0 outside); the answer lists programs as LEVEL.SLOT from 0, in the order in which they run.
 */
static void effective_follows_the_kernel(void **state)
{
	static const struct {
		const char *chain;
		unsigned level;
		const char *order;
	} rows[] = {
		{"M", 1, "0.0"},
		{"M", 0, ""},
		{"-", 1, ""},
		{"3M", 1, "0.0 0.1 0.2"},
		/* bottom-up over multi */
		{"MM", 2, "1.0 0.0"},
		{"2M3M", 2, "1.0 1.1 1.2 0.0 0.1"},
		{"2M3M", 1, "0.0 0.1"}, /* what is below does not matter */
		{"M-M", 3, "2.0 0.0"},
		{"4M4M4M4M4M4M4M4M", 8,
		 "7.0 7.1 7.2 7.3 6.0 6.1 6.2 6.3 5.0 5.1 5.2 5.3 4.0 4.1 4.2 4.3 "
		 "3.0 3.1 3.2 3.3 2.0 2.1 2.2 2.3 1.0 1.1 1.2 1.3 0.0 0.1 0.2 0.3"},
		/* override: runs only if nothing below does */
		{"O", 1, "0.0"},
		{"O-", 2, "0.0"},
		{"O--", 3, "0.0"},
		{"OO", 2, "1.0"},
		{"OO", 1, "0.0"},
		{"OM", 2, "1.0"},
		{"ON", 2, "1.0"},
		{"O2M", 2, "1.0 1.1"},
		{"OM-", 3, "1.0"},
		/* none: the same, as the nearest */
		{"N", 1, "0.0"},
		{"N-", 2, "0.0"},
		/* multi above anything runs too */
		{"MO", 2, "1.0 0.0"},
		{"MN", 2, "1.0 0.0"},
		{"MN-", 3, "1.0 0.0"},
		{"MO-", 3, "1.0 0.0"},
		/* an override in the middle is skipped, the multi above it is not */
		{"MOM", 3, "2.0 0.0"},
		{"MOM", 2, "1.0 0.0"},
		{"2MO2M", 3, "2.0 2.1 0.0 0.1"},
		{"OMOM", 4, "3.0 1.0"},
		{"OMO", 3, "2.0 1.0"},
		{"OOO", 3, "2.0"},
		{"OO-M", 3, "1.0"},
		{"-O-", 3, "1.0"},
	};

	for (unsigned i = 0; i < COUNT(rows); i++) {
		for (unsigned h = 0; h < HOOK_COUNT; h++) {
			uint8_t ids[TC_MAX_PROGS];
			struct tcase tc;
			char got[256] = "";
			unsigned n;

			chain(&tc, rows[i].chain, (enum hook)h);
			assert_null(tcase_check(&tc));
			n = tcase_effective(&tc, rows[i].level, (enum hook)h, ids);
			for (unsigned k = 0; k < n; k++)
				snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%u.%u",
					 k ? " " : "", ids[k] / TC_MAX_SLOTS, ids[k] % TC_MAX_SLOTS);
			if (strcmp(got, rows[i].order))
				fail_msg("%s at %u: want %s, got %s", rows[i].chain, rows[i].level,
					 rows[i].order, got);
			if (n)
				assert_ptr_equal(tcase_prog(&tc, (enum hook)h, ids[0]),
						 &tc.level[ids[0] / 4].slot[h][ids[0] % 4].prog);
			/* the other hook has nothing to do with it */
			assert_int_equal(tcase_effective(&tc, rows[i].level, (enum hook) !h, ids), 0);
		}
	}
}

/* kernel/bpf/cgroup.c hierarchy_allows_attach(), and one program only without multi. */
static void modes_follow_the_kernel(void **state)
{
	static const struct {
		const char *chain;
		bool ok;
	} rows[] = {
		{"N", true},	 {"O", true},	{"4M", true},	 {"2O", false},	 {"2N", false},
		{"NM", false},	 {"NO", false}, {"NN", false},	 {"N-M", false}, {"N--N", false},
		{"N-", true},	 {"OM", true},	{"OO", true},	 {"ON", true},	 {"O-N", true},
		{"MM", true},	 {"MO", true},	{"MN", true},	 {"MNM", false}, {"MN-O", false},
		{"ONM", false},	 {"OMN", true}, {"OMNM", false}, {"OMOM", true}, {"MON", true},
		{"MONO", false}, {"-N-", true}, {"-N-M", false}, {"-O-M", true},
	};

	for (unsigned i = 0; i < COUNT(rows); i++) {
		for (unsigned h = 0; h < HOOK_COUNT; h++) {
			struct tcase tc;

			chain(&tc, rows[i].chain, (enum hook)h);
			if (!tcase_check(&tc) != rows[i].ok)
				fail_msg("%s: %s", rows[i].chain, tcase_check(&tc));
		}
	}
	/* the hooks do not know of each other */
	struct tcase tc, other;

	chain(&tc, "N-", HOOK_GET);
	chain(&other, "-M", HOOK_SET);
	memcpy(&tc.level[1], &other.level[1], sizeof(tc.level[1]));
	assert_null(tcase_check(&tc));
}

/* A valid case with something of everything. */
static void base_case(struct tcase *tc)
{
	struct prog *p;

	tcase_init(tc);
	tc->n_levels = 2;
	tc->level[0].n[HOOK_GET] = 2;
	tc->level[1].n[HOOK_SET] = 1;
	p = &tc->level[1].slot[HOOK_SET][0].prog;
	p->n = 3;
	p->act[0] = (struct act){.op = ACT_IF, .field = FIELD_BYTE, .n = 2, .off = 65535, .val = 255};
	p->act[1] = (struct act){.op = ACT_IF, .field = FIELD_OPTLEN, .cmp = CMP_GT, .n = 1, .val = -1};
	p->act[2] = (struct act){.op = ACT_BYTES, .n = 2, .off = 65535, .val = 65535};
	tc->n_socks = 2;
	tc->sock[0] = (struct tc_sock){.family = 2, .type = 1, .level = 2};
	tc->n_calls = 2;
	tc->call[0] = (struct tc_call){.hook = HOOK_SET, .sock = 1, .optlen = -1};
	tc->call[0].buf.size = TC_MAX_BUF;
	tc->call[0].buf.n_data = TC_MAX_DATA;
	tc->call[1] = (struct tc_call){.hook = HOOK_GET, .sock = TC_SOCK_BAD};
	tc->call[1].buf.size = 4;
	tc->call[1].expect.n_bytes = 4;
	tc->call[1].expect.has_optlen = true;
}

#define P tc.level[1].slot[HOOK_SET][0].prog

/* An optlen that lies in the call's buffer, as it must. */
static void length_inside(struct tc_call *c)
{
	c->sock = 0;
	c->len_in = true;
	tc_len_settle(c);
	assert_true(c->len_in);
	assert_null(tc_call_check(c, 1));
}

/* Another thread that there is room for. */
static void another_thread(struct tc_call *c)
{
	c->sock = 0;
	c->meanwhile = MEANWHILE_RACING;
	assert_null(tc_call_check(c, 1));
}

/* Every other rule of tcase_check: break it alone, hear exactly that. */
static void each_rule_alone(void **state)
{
	struct tcase tc;
	const char *got;

	base_case(&tc);
	assert_null(tcase_check(&tc));

#define BREAK(change, sentence)                                                                              \
	do {                                                                                                 \
		base_case(&tc);                                                                              \
		change;                                                                                      \
		got = tcase_check(&tc);                                                                      \
		if (!got || strcmp(got, sentence))                                                           \
			fail_msg("%s: got %s", #change, got ? got : "nothing");                              \
	} while (0)

	BREAK(tc.n_levels = 0, "a case with less than 1 or more than 8 cgroups");
	BREAK(tc.n_levels = 9, "a case with less than 1 or more than 8 cgroups");
	BREAK(tc.n_socks = 5, "a case with more than 4 sockets");
	BREAK(tc.n_calls = 17, "a case with more than 16 calls");
	BREAK(tc.level[0].n[HOOK_GET] = 5, "more than 4 programs of one hook in one cgroup");
	BREAK(tc.level[0].slot[HOOK_GET][1].mode = MODE_COUNT, "a program with an unknown attach mode");
	BREAK(tc.level[0].slot[HOOK_GET][1].mode = MODE_NONE,
	      "programs of one hook and cgroup with different attach modes");
	BREAK((tc.level[0].slot[HOOK_GET][0].mode = tc.level[0].slot[HOOK_GET][1].mode = MODE_OVERRIDE),
	      "several programs of one hook in a cgroup whose attach mode is not multi");
	BREAK((tc.level[0].n[HOOK_SET] = 1, tc.level[0].slot[HOOK_SET][0].mode = MODE_NONE),
	      "a program below a cgroup whose attach mode is none");
	BREAK(P.n = 17, "a program of more than 16 actions");
	BREAK(P.ret = 3, "a program that returns neither 0, 1 nor 2");
	BREAK(P.act[0].field = FIELD_COUNT, "a condition on an unknown field");
	BREAK(P.act[0].cmp = CMP_COUNT, "a condition with an unknown comparison");
	BREAK(P.act[0].off = 65536, "a condition on a byte beyond optval[65535]");
	BREAK(P.act[0].val = 256, "a condition that compares a byte with a value outside 0..255");
	BREAK(P.act[0].val = -1, "a condition that compares a byte with a value outside 0..255");
	BREAK(P.act[0].n = 3, "an if whose block ends outside of the block around it");
	BREAK(P.act[1].n = 2, "an if whose block ends outside of the block around it");
	BREAK(P.act[1].n = 255, "an if whose block ends outside of the block around it");
	BREAK((P.act[0].n = 1, P.act[1].n = 1), "an if whose block ends outside of the block around it");
	BREAK(P.act[2].op = ACT_NONE, "an unknown action");
	BREAK(P.act[2].op = ACT_OP_COUNT, "an unknown action");
	BREAK(P.act[2].op = ACT_RETVAL, "a setsockopt program that writes retval through the context");
	BREAK(P.act[2].n = 0, "a write to optval that is not 1, 2 or 4 bytes wide");
	BREAK(P.act[2].n = 3, "a write to optval that is not 1, 2 or 4 bytes wide");
	BREAK(P.act[2].off = 65536, "a write beyond optval[65535]");
	BREAK(P.act[2].val = 65536, "a write to optval of a value that is wider than the write");
	BREAK(P.act[2].val = -1, "a write to optval of a value that is wider than the write");
	BREAK(P.act[2] = ((struct act){.op = ACT_RETURN, .val = 3}), "a return of neither 0, 1 nor 2");
	BREAK(P.act[2] = ((struct act){.op = ACT_RETURN, .val = -1}), "a return of neither 0, 1 nor 2");
	BREAK((tc.level[0].slot[HOOK_GET][0].prog.n = 1,
	       tc.level[0].slot[HOOK_GET][0].prog.act[0].op = ACT_LEVEL),
	      "a getsockopt program that writes level");
	BREAK((tc.level[0].slot[HOOK_GET][0].prog.n = 1,
	       tc.level[0].slot[HOOK_GET][0].prog.act[0].op = ACT_OPTNAME),
	      "a getsockopt program that writes optname");
	BREAK(tc.sock[1].route = ROUTE_COUNT, "a socket that is made in an unknown way");
	BREAK(tc.sock[0].level = 3, "a socket in a cgroup that does not exist");
	BREAK(tc.call[0].hook = HOOK_COUNT, "a call that is neither getsockopt nor setsockopt");
	BREAK(tc.call[0].sock = 2, "a call on a socket that does not exist");
	BREAK(tc.call[0].optlen_null = true, "a setsockopt whose optlen is a pointer");
	BREAK(tc.call[0].via = VIA_COUNT, "a call that enters the kernel in an unknown way");
	BREAK((tc.call[1].expect.has_optlen = false, tc.call[1].via = VIA_URING,
	       tc.call[1].optlen_null = true),
	      "a call through io_uring or a helper whose optlen is a pointer");
	BREAK(tc.call[0].optlen_ro = true, "a read-only optlen where there is no pointer to it");
	BREAK((tc.call[1].optlen_ro = true, tc.call[1].optlen_null = true),
	      "a read-only optlen where there is no pointer to it");
	BREAK((tc.call[1].optlen_ro = true, tc.call[1].via = VIA_HELPER),
	      "a read-only optlen where there is no pointer to it");
	BREAK(tc.call[0].len_across = true,
	      "an optlen across a page's end or in the buffer where there is no pointer to it");
	BREAK((tc.call[1].len_in = true, tc.call[1].via = VIA_URING),
	      "an optlen across a page's end or in the buffer where there is no pointer to it");
	BREAK((length_inside(&tc.call[1]), tc.call[1].buf.data[1] = 1),
	      "an optlen in the buffer that the buffer's spelled-out bytes do not hold");
	BREAK((length_inside(&tc.call[1]), tc.call[1].buf.n_data = 3),
	      "an optlen in the buffer that the buffer's spelled-out bytes do not hold");
	BREAK((length_inside(&tc.call[1]), tc.call[1].len_across = true),
	      "an optlen in the buffer that the buffer's spelled-out bytes do not hold");
	BREAK((another_thread(&tc.call[1]), tc.call[1].meanwhile = MEANWHILE_COUNT),
	      "another thread's doing where the call leaves no room for it");
	BREAK((another_thread(&tc.call[1]), tc.call[1].optlen = 5),
	      "another thread's doing where the call leaves no room for it");
	BREAK((another_thread(&tc.call[1]), tc.call[1].via = VIA_COMPAT),
	      "another thread's doing where the call leaves no room for it");
	BREAK(tc.call[0].buf.place = BUF_PLACE_COUNT, "a buffer in an unknown place");
	BREAK(tc.call[0].buf.size = TC_MAX_BUF + 1, "a buffer of more than 131072 bytes");
	BREAK(tc.call[0].buf.n_data = TC_MAX_DATA + 1, "a buffer with more than 128 bytes spelled out");
	BREAK(tc.call[0].buf.size = 127, "a buffer with more bytes spelled out than it has");
	BREAK((tc.call[0].buf.place = BUF_NULL, tc.call[0].buf.n_data = 0), "a NULL buffer with bytes in it");
	BREAK(tc.call[0].expect.has_optlen = true,
	      "an expected optlen where there is no optlen to read back");
	BREAK(tc.call[1].optlen_null = true, "an expected optlen where there is no optlen to read back");
	BREAK(tc.call[1].expect.n_bytes = 129, "more than 128 expected bytes");
	BREAK(tc.call[1].expect.n_bytes = 5, "more expected bytes than the buffer has");
}

/* Equal: the parts in use. Each change of one shows, each change outside of them does not. */
static void equality(void **state)
{
	struct tcase a, b;

#define DIFFERS(change)                                                                                      \
	do {                                                                                                 \
		base_case(&a);                                                                               \
		base_case(&b);                                                                               \
		assert_true(tcase_equal(&a, &b));                                                            \
		b.change;                                                                                    \
		if (tcase_equal(&a, &b))                                                                     \
			fail_msg("%s makes no difference", #change);                                         \
	} while (0)
#define SAME(change)                                                                                         \
	do {                                                                                                 \
		base_case(&a);                                                                               \
		base_case(&b);                                                                               \
		b.change;                                                                                    \
		if (!tcase_equal(&a, &b))                                                                    \
			fail_msg("%s makes a difference", #change);                                          \
	} while (0)

	DIFFERS(n_levels = 1);
	DIFFERS(n_socks = 1);
	DIFFERS(n_calls = 1);
	DIFFERS(level[0].n[HOOK_GET] = 1);
	DIFFERS(level[0].slot[HOOK_GET][1].mode = MODE_NONE);
	DIFFERS(level[1].slot[HOOK_SET][0].prog.ret = 1);
	DIFFERS(level[1].slot[HOOK_SET][0].prog.n = 2);
	DIFFERS(level[1].slot[HOOK_SET][0].prog.act[0].off = 1);
	DIFFERS(level[1].slot[HOOK_SET][0].prog.act[0].cmp = CMP_NE);
	DIFFERS(level[1].slot[HOOK_SET][0].prog.act[0].n = 0);
	DIFFERS(level[1].slot[HOOK_SET][0].prog.act[1].field = FIELD_SIZE);
	DIFFERS(level[1].slot[HOOK_SET][0].prog.act[1].val = 0);
	DIFFERS(level[1].slot[HOOK_SET][0].prog.act[2].off = 0);
	DIFFERS(level[1].slot[HOOK_SET][0].prog.act[2].n = 4);
	DIFFERS(level[1].slot[HOOK_SET][0].prog.act[2].op = ACT_OPTLEN);
	DIFFERS(sock[0].family = 10);
	DIFFERS(sock[0].type = 2);
	DIFFERS(sock[0].protocol = 6);
	DIFFERS(sock[0].level = 0);
	DIFFERS(sock[1].route = ROUTE_SOCKETPAIR);
	DIFFERS(call[0].hook = HOOK_GET);
	DIFFERS(call[0].sock = 0);
	DIFFERS(call[1].optlen_null = true);
	DIFFERS(call[1].via = VIA_URING);
	DIFFERS(call[0].level = 1);
	DIFFERS(call[0].optname = 1);
	DIFFERS(call[0].optlen = 0);
	DIFFERS(call[0].buf.place = BUF_EDGE);
	DIFFERS(call[0].buf.size = 200);
	DIFFERS(call[0].buf.fill = 1);
	DIFFERS(call[0].buf.n_data = 127);
	DIFFERS(call[0].buf.data[127] = 1);
	DIFFERS(call[1].expect.has_ret = true);
	DIFFERS(call[1].expect.has_optlen = false);
	DIFFERS(call[1].expect.optlen = 3);
	DIFFERS(call[1].expect.n_bytes = 3);
	DIFFERS(call[1].expect.bytes[3] = 3);

	SAME(level[2].n[HOOK_GET] = 1);
	SAME(level[0].slot[HOOK_GET][2].mode = MODE_NONE);
	SAME(level[1].slot[HOOK_SET][0].prog.act[3].op = ACT_RETURN);
	SAME(level[1].slot[HOOK_SET][0].prog.act[1].off = 7); /* only a condition on a byte has an offset */
	SAME(level[1].slot[HOOK_SET][0].prog.act[2].field = 3);
	SAME(sock[2].family = 1);
	SAME(call[2].optlen = 1);
	SAME(call[1].buf.data[0] = 1);
	SAME(call[1].expect.ret = 1); /* not expected */
	SAME(call[1].expect.bytes[4] = 1);
	SAME(call[0].expect.optlen = 1);
}

static void image_is_data_fill_canary(void **state)
{
	struct tc_buf b = {.n_data = 3, .fill = 0xa5, .size = 5, .data = {1, 2, 3, 99}};
	uint8_t want[8] = {1, 2, 3, 0xa5, 0xa5, tc_canary(5), tc_canary(6), tc_canary(7)};
	uint8_t got[9];

	for (uint32_t n = 0; n <= 8; n++) {
		memset(got, 0xee, sizeof(got));
		tc_buf_image(&b, got, n);
		assert_memory_equal(got, want, n);
		assert_int_equal(got[n], 0xee);
	}
	/* canaries at every offset, from every size around a run of 256 */
	static uint8_t large[TC_MAX_BUF + TC_PAST];
	static const uint32_t sizes[] = {0, 1, 191, 192, 193, 255, 256, 257, 511, 4096, 65535, TC_MAX_BUF};

	for (unsigned i = 0; i < COUNT(sizes); i++) {
		uint32_t n = sizes[i] < 4096 ? 2000 : sizes[i] + TC_PAST;

		b = (struct tc_buf){.size = sizes[i]};
		tc_buf_image(&b, large, n);
		for (uint32_t k = 0; k < n; k++)
			if (large[k] != (k < sizes[i] ? 0 : tc_canary(k)))
				fail_msg("size %u, byte %u", sizes[i], k);
	}
}

static void a_shifted_canary_shows(void **state)
{
	static const uint32_t bases[] = {0, 1, 4, 255, 4096, 65536, 131072};

	for (unsigned i = 0; i < COUNT(bases); i++) {
		for (uint32_t shift = 1; shift < 32896; shift++) {
			uint32_t k = 0;

			while (k < TC_PAST && tc_canary(bases[i] + k) == tc_canary(bases[i] + k + shift))
				k++;
			if (k == TC_PAST)
				fail_msg("a shift by %u at %u goes unseen", shift, bases[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(effective_follows_the_kernel),
		cmocka_unit_test(modes_follow_the_kernel),
		cmocka_unit_test(each_rule_alone),
		cmocka_unit_test(equality),
		cmocka_unit_test(image_is_data_fill_canary),
		cmocka_unit_test(a_shifted_canary_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
