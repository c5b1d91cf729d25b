/* SPDX-License-Identifier: MIT */
/*
 * The shrinker with predicates whose smallest case is known by hand: whatever random case it starts from, it
 * must end in exactly that text. Each row of the table is there because without one of the tactics it stays
 * bigger.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/base/rng.h"
#include "harness/case/case_bin.h"
#include "harness/case/case_text.h"
#include "harness/mutate/shrink.h"

#define STARTS 40 /* random cases a predicate */

/* ---- predicates; all of them look at setsockopt programs and calls, so that one text is the answer ---- */

typedef bool prog_test(const struct prog *p);

static bool some_prog(const struct tcase *tc, prog_test *test)
{
	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned s = 0; s < tc->level[l].n[HOOK_SET]; s++)
			if (test(&tc->level[l].slot[HOOK_SET][s].prog))
				return true;
	return false;
}

static bool prog_bypasses(const struct prog *p)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->act[i].op == ACT_OPTLEN && p->act[i].val == -1)
			return true;
	return false;
}

static bool prog_above_5000(const struct prog *p)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->act[i].op == ACT_OPTLEN && p->act[i].val > 5000)
			return true;
	return false;
}

/* An if on size > whose block holds `op`, at offset `off` or above. */
static bool guarded(const struct prog *p, enum act_op op, uint32_t off)
{
	for (unsigned i = 0; i < p->n; i++) {
		const struct act *a = &p->act[i];

		if (a->op != ACT_IF || a->field != FIELD_SIZE || a->cmp != CMP_GT)
			continue;
		for (unsigned k = i + 1; k < i + 1u + a->n; k++)
			if (p->act[k].op == op &&
			    (op != ACT_BYTES || (p->act[k].n == 1 && p->act[k].off >= off)))
				return true;
	}
	return false;
}

static bool prog_guards_byte(const struct prog *p)
{
	return guarded(p, ACT_BYTES, 100);
}

static bool prog_guards_return(const struct prog *p)
{
	return guarded(p, ACT_RETURN, 0);
}

/* What is outside of blocks returns 0. */
static bool prog_rejects(const struct prog *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		if (p->act[i].op == ACT_RETURN)
			return !p->act[i].val;
		if (p->act[i].op == ACT_IF)
			i += p->act[i].n;
	}
	return !p->ret;
}

static bool p_bypass(const struct tcase *tc, void *arg)
{
	return some_prog(tc, prog_bypasses);
}

/* Two of them, in one program or two. */
static bool p_bypass_twice(const struct tcase *tc, void *arg)
{
	unsigned n = 0;

	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned s = 0; s < tc->level[l].n[HOOK_SET]; s++) {
			const struct prog *p = &tc->level[l].slot[HOOK_SET][s].prog;

			for (unsigned i = 0; i < p->n; i++)
				n += p->act[i].op == ACT_OPTLEN && p->act[i].val == -1;
		}
	return n >= 2;
}

static bool has_act(const struct prog *p, enum act_op op, int32_t val)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->act[i].op == op && p->act[i].val == val)
			return true;
	return false;
}

/* The first program rejects, a later one that does not sets the level, and one before the last sets optlen.
 */
static bool p_around(const struct tcase *tc, void *arg)
{
	uint8_t ids[TC_MAX_PROGS];
	unsigned n = tcase_effective(tc, tc->n_levels, HOOK_SET, ids);
	bool level = false, optlen = false;

	for (unsigned i = 0; i < n; i++) {
		const struct prog *p = tcase_prog(tc, HOOK_SET, ids[i]);

		level |= i && p->ret && has_act(p, ACT_LEVEL, 5);
		optlen |= i + 1 < n && has_act(p, ACT_OPTLEN, 1);
	}
	return n > 1 && !tcase_prog(tc, HOOK_SET, ids[0])->ret && level && optlen;
}

static bool p_above(const struct tcase *tc, void *arg)
{
	return some_prog(tc, prog_above_5000);
}

static bool p_guards_byte(const struct tcase *tc, void *arg)
{
	return some_prog(tc, prog_guards_byte);
}

static bool p_guards_return(const struct tcase *tc, void *arg)
{
	return some_prog(tc, prog_guards_return);
}

static bool p_rejects(const struct tcase *tc, void *arg)
{
	return some_prog(tc, prog_rejects);
}

static bool p_any(const struct tcase *tc, void *arg)
{
	return true;
}

static bool p_two_levels(const struct tcase *tc, void *arg)
{
	unsigned n = 0;

	for (unsigned l = 0; l < tc->n_levels; l++)
		n += tc->level[l].n[HOOK_SET] > 0;
	return n >= 2;
}

static bool p_mode_none(const struct tcase *tc, void *arg)
{
	for (unsigned l = 0; l < tc->n_levels; l++)
		if (tc->level[l].n[HOOK_SET] && tc->level[l].slot[HOOK_SET][0].mode == MODE_NONE &&
		    !tc->level[l].slot[HOOK_SET][0].prog.ret)
			return true;
	return false;
}

typedef bool call_test(const struct tcase *tc, const struct tc_call *c, const struct tc_sock *s);

static unsigned count_calls(const struct tcase *tc, enum hook hook, call_test *test)
{
	unsigned n = 0;

	for (unsigned i = 0; i < tc->n_calls; i++) {
		const struct tc_call *c = &tc->call[i];

		n += c->hook == hook && c->sock < tc->n_socks && (!test || test(tc, c, &tc->sock[c->sock]));
	}
	return n;
}

static bool call_unix0(const struct tcase *tc, const struct tc_call *c, const struct tc_sock *s)
{
	return s->family == AF_UNIX && c->optlen == 0;
}

static bool call_readonly(const struct tcase *tc, const struct tc_call *c, const struct tc_sock *s)
{
	return c->buf.place == BUF_READONLY && c->buf.size > 4096;
}

static bool call_short(const struct tcase *tc, const struct tc_call *c, const struct tc_sock *s)
{
	return c->buf.place == BUF_EDGE && c->buf.size > 10 && c->optlen > 20 &&
	       c->optlen > (int32_t)c->buf.size;
}

static bool call_data(const struct tcase *tc, const struct tc_call *c, const struct tc_sock *s)
{
	return c->buf.n_data > 2 && c->buf.data[2] == 7;
}

static bool call_null(const struct tcase *tc, const struct tc_call *c, const struct tc_sock *s)
{
	return c->optlen_null;
}

static bool call_outside(const struct tcase *tc, const struct tc_call *c, const struct tc_sock *s)
{
	return s->level == TC_OUTSIDE;
}

/* Some program asks for this call's level and optname. */
static bool call_matched(const struct tcase *tc, const struct tc_call *c, const struct tc_sock *s)
{
	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned k = 0; k < tc->level[l].n[HOOK_SET]; k++) {
			const struct prog *p = &tc->level[l].slot[HOOK_SET][k].prog;

			for (unsigned i = 0; i + 1 < p->n; i++)
				if (p->act[i].op == ACT_IF && p->act[i].field == FIELD_LEVEL &&
				    p->act[i].cmp == CMP_EQ && p->act[i].val == c->level &&
				    p->act[i + 1].op == ACT_IF && p->act[i].n == p->act[i + 1].n + 1 &&
				    p->act[i + 1].field == FIELD_OPTNAME && p->act[i + 1].cmp == CMP_EQ &&
				    p->act[i + 1].val == c->optname)
					return true;
		}
	return false;
}

static bool prog_asks_234(const struct prog *p)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->act[i].op == ACT_IF && p->act[i].field == FIELD_LEVEL && p->act[i].cmp == CMP_EQ &&
		    p->act[i].val == 234)
			return true;
	return false;
}

static bool p_unix0(const struct tcase *tc, void *arg)
{
	return count_calls(tc, HOOK_SET, call_unix0);
}

static bool p_readonly(const struct tcase *tc, void *arg)
{
	return count_calls(tc, HOOK_SET, call_readonly);
}

static bool p_short(const struct tcase *tc, void *arg)
{
	return count_calls(tc, HOOK_SET, call_short);
}

static bool p_data(const struct tcase *tc, void *arg)
{
	return count_calls(tc, HOOK_SET, call_data);
}

static bool p_null(const struct tcase *tc, void *arg)
{
	return count_calls(tc, HOOK_GET, call_null);
}

static bool p_outside(const struct tcase *tc, void *arg)
{
	return count_calls(tc, HOOK_SET, call_outside);
}

static bool p_matched(const struct tcase *tc, void *arg)
{
	return count_calls(tc, HOOK_SET, call_matched);
}

static bool p_asks_234(const struct tcase *tc, void *arg)
{
	return count_calls(tc, HOOK_SET, NULL) && some_prog(tc, prog_asks_234);
}

static bool p_two_calls(const struct tcase *tc, void *arg)
{
	return count_calls(tc, HOOK_SET, NULL) >= 2;
}

static bool p_never(const struct tcase *tc, void *arg)
{
	return false;
}

/* ---- what is put into a random case so that the predicate holds at the start ---- */

#define IF(f, c, v, skip)                                                                                    \
	{                                                                                                    \
		.op = ACT_IF, .field = (f), .cmp = (c), .val = (v), .n = (skip)                              \
	}

static const struct prog planted = {
	.n = 14,
	.ret = 1,
	.act =
		{
			IF(FIELD_OPTLEN, CMP_LT, 77, 6),
			{.op = ACT_BYTES, .n = 4, .off = 3, .val = 1234},
			IF(FIELD_SIZE, CMP_GT, 12, 4),
			{.op = ACT_OPTLEN, .val = -1},
			{.op = ACT_BYTES, .n = 1, .off = 250, .val = 99},
			{.op = ACT_OPTLEN, .val = 1000000},
			{.op = ACT_RETURN, .val = 0},
			IF(FIELD_LEVEL, CMP_EQ, 234, 3),
			IF(FIELD_OPTNAME, CMP_EQ, 999, 2),
			{.op = ACT_LEVEL, .val = 41},
			{.op = ACT_OPTNAME, .val = 12},
			{.op = ACT_SET_RETVAL, .val = -1},
			{.op = ACT_RETURN, .val = 0},
			{.op = ACT_KEEP_RETVAL},
		},
};

static struct tc_slot *plant_prog(struct tcase *tc, unsigned level)
{
	struct tc_level *l = &tc->level[level];

	if (!l->n[HOOK_SET])
		l->slot[HOOK_SET][l->n[HOOK_SET]++].mode = MODE_MULTI;
	l->slot[HOOK_SET][0].prog = planted;
	return &l->slot[HOOK_SET][0];
}

static void plant(struct tcase *tc)
{
	static const struct tc_call call = {
		.hook = HOOK_SET,
		.level = 234,
		.optname = 999,
		.optlen = 6000,
		.buf = {.place = BUF_READONLY,
			.n_data = 5,
			.fill = 0x11,
			.size = 6000,
			.data = {1, 2, 7, 4, 5}},
		.expect = {.has_ret = true, .ret = -14, .n_bytes = 2},
	};

	while (tc->n_levels < 3)
		memset(&tc->level[tc->n_levels++], 0, sizeof(tc->level[0]));
	plant_prog(tc, 0);
	plant_prog(tc, 1);
	tc->n_socks = 3;
	tc->sock[0].level = 2;
	tc->sock[1] = (struct tc_sock){
		.route = ROUTE_SOCKETPAIR, .level = 1, .family = AF_UNIX, .type = SOCK_SEQPACKET};
	tc->sock[2] =
		(struct tc_sock){.level = TC_OUTSIDE, .family = AF_INET6, .type = SOCK_DGRAM, .protocol = 17};
	tc->n_calls = tc->n_calls < 6 ? 6 : tc->n_calls;
	for (unsigned i = 0; i < 6; i++) {
		tc->call[i] = call;
		tc->call[i].sock = (uint8_t)(i % 3);
	}
	for (unsigned i = 6; i < tc->n_calls; i++)
		if (tc->call[i].sock != TC_SOCK_BAD)
			tc->call[i].sock %= 3;
	tc->call[1].optlen = 0;
	tc->call[2].buf.place = BUF_EDGE;
	tc->call[2].buf.size = 40;
	tc->call[4].hook = HOOK_GET;
	tc->call[4].optlen_null = true;
}

/* Random bytes, decoded; then the plant. Cases that cannot be attached with it are passed over. */
static void start(struct tcase *tc, uint64_t stream)
{
	uint8_t bytes[1500];
	struct rng r;

	rng_seed(&r, 1, stream);
	do {
		for (unsigned i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)rng_u32(&r);
		memset(tc, 0, sizeof(*tc));
		assert_true(case_bin_decode(bytes, 50 + rng_below(&r, sizeof(bytes) - 50), tc));
		plant(tc);
	} while (tcase_check(tc));
}

#define SOCKET "s = socket(AF_INET, SOCK_STREAM, 0) in a\n"

static const struct row {
	const char *name;
	bool (*still)(const struct tcase *tc, void *arg);
	enum attach_mode mode; /* of the deepest level's program at the start */
	const char *smallest;
} rows[] = {
	{"anything", p_any, MODE_MULTI, "cgroup a\n"},
	{"a program writes optlen -1", p_bypass, MODE_MULTI,
	 "cgroup a { setsockopt multi: optlen = -1; return 1 }\n"},
	{"a program writes an optlen above 5000", p_above, MODE_MULTI,
	 "cgroup a { setsockopt multi: optlen = 5001; return 1 }\n"},
	{"a byte is written behind a condition", p_guards_byte, MODE_MULTI,
	 "cgroup a { setsockopt multi: if size > 0 { optval[100] = u8 0 } return 1 }\n"},
	{"a return behind a condition", p_guards_return, MODE_MULTI,
	 "cgroup a { setsockopt multi: if size > 0 { return 1 } return 1 }\n"},
	{"a program returns 0", p_rejects, MODE_MULTI, "cgroup a { setsockopt multi: return 0 }\n"},
	{"programs in two levels", p_two_levels, MODE_MULTI,
	 "cgroup a { setsockopt multi: return 1 }\ncgroup a/b { setsockopt multi: return 1 }\n"},
	{"a program attached none returns 0", p_mode_none, MODE_NONE,
	 "cgroup a { setsockopt none: return 0 }\n"},
	{"any program, some attached none", p_rejects, MODE_NONE,
	 "cgroup a { setsockopt multi: return 0 }\n"},
	{"a UNIX socket with optlen 0", p_unix0, MODE_MULTI,
	 "cgroup a\ns = socket(AF_UNIX, SOCK_STREAM, 0) in a\nsetsockopt(s, SOL_IP, IP_TOS, buf 0, optlen "
	 "0)\n"},
	{"a read-only buffer above 4096", p_readonly, MODE_MULTI,
	 "cgroup a\n" SOCKET "setsockopt(s, SOL_IP, IP_TOS, buf 4097 readonly, optlen 4097)\n"},
	{"an optlen beyond a buffer's edge", p_short, MODE_MULTI,
	 "cgroup a\n" SOCKET "setsockopt(s, SOL_IP, IP_TOS, buf 11 edge, optlen 21)\n"},
	{"the third byte is 7", p_data, MODE_MULTI,
	 "cgroup a\n" SOCKET "setsockopt(s, SOL_IP, IP_TOS, hex 000007, optlen 3)\n"},
	{"optlen NULL", p_null, MODE_MULTI,
	 "cgroup a\n" SOCKET "getsockopt(s, SOL_IP, IP_TOS, buf 0, optlen NULL)\n"},
	{"a socket outside", p_outside, MODE_MULTI,
	 "cgroup a\ns = socket(AF_INET, SOCK_STREAM, 0) outside\nsetsockopt(s, SOL_IP, IP_TOS, buf 0, optlen "
	 "0)\n"},
	{"two programs that one can do", p_bypass_twice, MODE_MULTI,
	 "cgroup a { setsockopt multi: optlen = -1; optlen = -1; return 1 }\n"},
	{"two calls", p_two_calls, MODE_MULTI,
	 "cgroup a\n" SOCKET "setsockopt(s, SOL_IP, IP_TOS, buf 0, optlen 0)\n"
	 "setsockopt(s, SOL_IP, IP_TOS, buf 0, optlen 0)\n"},
	{"a program asks for the call's option", p_matched, MODE_MULTI,
	 "cgroup a { setsockopt multi: if level == SOL_IP && optname == IP_TOS { } return 1 }\n" SOCKET
	 "setsockopt(s, SOL_IP, IP_TOS, buf 0, optlen 0)\n"},
	{"a program asks for level 234", p_asks_234, MODE_MULTI,
	 "cgroup a { setsockopt multi: if level == 0xea { } return 1 }\n" SOCKET
	 "setsockopt(s, SOL_IP, IP_TOS, buf 0, optlen 0)\n"},
};

static char *text(const struct tcase *tc)
{
	struct buf b = {0};

	tcase_print(tc, NULL, &b);
	assert_false(b.failed);
	return b.p;
}

/* A start for the row; false if its mode cannot be had there. */
static bool start_row(const struct row *row, struct tcase *tc, uint64_t stream)
{
	start(tc, stream);
	if (row->mode != MODE_MULTI) {
		struct tc_level *l = &tc->level[tc->n_levels - 1];

		l->n[HOOK_SET] = 1;
		l->slot[HOOK_SET][0] = (struct tc_slot){.mode = (uint8_t)row->mode, .prog = {.ret = 0}};
	}
	return !tcase_check(tc) && row->still(tc, NULL);
}

static void check_smallest(const struct row *row, const struct tcase *tc, uint64_t stream)
{
	char *got = text(tc);

	if (strcmp(got, row->smallest))
		print_error("%s, start %llu: want\n%sgot\n%s", row->name, (unsigned long long)stream,
			    row->smallest, got);
	assert_null(tcase_check(tc));
	assert_string_equal(got, row->smallest);
	free(got);
}

static void test_smallest(void **state)
{
	static struct tcase tc;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned starts = 0, most = 0;

		for (uint64_t stream = 0; stream < STARTS; stream++) {
			unsigned calls;

			if (!start_row(&rows[i], &tc, stream))
				continue;
			starts++;
			calls = shrink(&tc, rows[i].still, NULL, NULL);
			most = calls > most ? calls : most;
			check_smallest(&rows[i], &tc, stream);
		}
		assert_true(starts >= STARTS / 4);
		print_message("%-40s %2u starts, at most %u calls\n", rows[i].name, starts, most);
		assert_true(most < 1000);
	}
}

/* ---- steps that must be taken in one go, because half of them loses what is looked for ---- */

static bool prog_bypasses_oddly(const struct prog *p)
{
	return p->n % 2 && prog_bypasses(p);
}

static bool p_odd(const struct tcase *tc, void *arg)
{
	return some_prog(tc, prog_bypasses_oddly);
}

static bool p_optlen4(const struct tcase *tc, void *arg)
{
	return tc->n_calls && tc->call[0].optlen == 4;
}

static bool p_get(const struct tcase *tc, void *arg)
{
	return count_calls(tc, HOOK_GET, NULL);
}

static bool p_top(const struct tcase *tc, void *arg)
{
	return tc->n_socks && tc->sock[0].level == 1 && count_calls(tc, HOOK_SET, NULL) && p_bypass(tc, NULL);
}

static bool p_same_mode(const struct tcase *tc, void *arg)
{
	return tc->n_levels > 1 && tc->level[0].n[HOOK_SET] && tc->level[1].n[HOOK_SET] &&
	       tc->level[0].slot[HOOK_SET][0].mode == tc->level[1].slot[HOOK_SET][0].mode;
}

static void test_steps(void **state)
{
	static const struct {
		bool (*still)(const struct tcase *tc, void *arg);
		const char *from, *to;
	} steps[] = {
		{p_odd, "cgroup a { setsockopt: if size > 12 { optval[1] = u8 1 } optlen = -1 }\n",
		 "cgroup a { setsockopt multi: optlen = -1; return 1 }\n"},
		{p_odd, "cgroup a { setsockopt: optlen = -1; level = 41; optname = 12 }\n",
		 "cgroup a { setsockopt multi: optlen = -1; return 1 }\n"},
		{p_optlen4, "cgroup a\nsetsockopt(badfd, SOL_IP, IP_TOS, buf 6, optlen 4)\n",
		 "cgroup a\nsetsockopt(badfd, SOL_IP, IP_TOS, buf 4, optlen 4)\n"},
		{p_get, "cgroup a\n" SOCKET "getsockopt(s, SOL_IP, IP_TOS, NULL, optlen NULL)\n",
		 "cgroup a\n" SOCKET "getsockopt(s, SOL_IP, IP_TOS, buf 0, optlen 0)\n"},
		{p_top,
		 "cgroup a\ncgroup a/b { setsockopt: optlen = -1 }\n" SOCKET
		 "setsockopt(s, SOL_IP, IP_TOS, buf 0, optlen 0)\n",
		 "cgroup a { setsockopt multi: optlen = -1; return 1 }\n" SOCKET
		 "setsockopt(s, SOL_IP, IP_TOS, buf 0, optlen 0)\n"},
		{p_same_mode, "cgroup a { setsockopt override: }\ncgroup a/b { setsockopt override: }\n",
		 "cgroup a { setsockopt multi: return 1 }\ncgroup a/b { setsockopt multi: return 1 }\n"},
	};
	static struct tcase tc;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		char *got;

		assert_int_equal(tcase_parse(steps[i].from, strlen(steps[i].from), "step", &tc, NULL, NULL),
				 0);
		assert_true(steps[i].still(&tc, NULL));
		shrink(&tc, steps[i].still, NULL, NULL);
		got = text(&tc);
		assert_string_equal(got, steps[i].to);
		free(got);
	}
}

/* ---- the loop ---- */

struct spy {
	const struct row *row;
	unsigned calls, progress, sleep_us;
	unsigned scored[32]; /* successes by tactic */
	unsigned sees, lies; /* of 100: true where the thing is, true where it is not */
	struct rng r;
};

static bool p_spy(const struct tcase *tc, void *arg)
{
	struct spy *spy = arg;
	bool is = spy->row->still(tc, NULL);

	assert_null(tcase_check(tc));
	spy->calls++;
	if (spy->sleep_us)
		usleep(spy->sleep_us);
	return rng_chance(&spy->r, is ? spy->sees : spy->lies, 100);
}

static void note(const struct tcase *tc, const char *name, unsigned calls, void *arg)
{
	struct spy *spy = arg;

	assert_int_equal(calls, spy->calls);
	spy->progress++;
	for (unsigned i = 0; shrink_tactic(i); i++)
		spy->scored[i] += !strcmp(shrink_tactic(i), name);
}

static unsigned spied(struct tcase *tc, struct spy *spy, const struct row *row, struct shrink_opts *o)
{
	unsigned calls;

	spy->row = row;
	spy->calls = spy->progress = 0;
	rng_seed(&spy->r, 7, 7);
	o->progress = note;
	calls = shrink(tc, p_spy, spy, o);
	assert_int_equal(calls, spy->calls);
	return calls;
}

static void test_unreliable(void **state)
{
	static const struct {
		unsigned sees, lies, n, k;
	} kinds[] = {{50, 0, 24, 1}, {90, 10, 25, 13}, {100, 40, 30, 30}};
	static struct tcase tc;

	for (size_t kind = 0; kind < 3; kind++)
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			for (uint64_t stream = 0; stream < 5; stream++) {
				struct spy spy = {.sees = kinds[kind].sees, .lies = kinds[kind].lies};
				struct shrink_opts o = {
					.max_calls = 200000, .n = kinds[kind].n, .k = kinds[kind].k};

				if (!start_row(&rows[i], &tc, stream))
					continue;
				spied(&tc, &spy, &rows[i], &o);
				check_smallest(&rows[i], &tc, stream);
			}
}

/* k of n is decided as early as it can be. */
static void test_votes(void **state)
{
	static const struct row never = {.still = p_never};
	static struct tcase tc;
	struct spy spy = {.sees = 100};
	struct shrink_opts o = {.n = 5, .k = 2};
	unsigned calls, candidates;

	start(&tc, 0);
	candidates = spied(&tc, &spy, &never, &(struct shrink_opts){.max_calls = 100000});
	start(&tc, 0);
	o.max_calls = 400000;
	calls = spied(&tc, &spy, &never, &o);
	assert_int_equal(calls, candidates * 4);
	assert_int_equal(spy.progress, 0);
	calls = spied(&tc, &spy, &rows[0], &o);
	assert_int_equal(calls, spy.progress * 2);
}

/* No candidate is asked for twice, none is the case itself. */
struct asked {
	uint64_t hash[4000];
	unsigned n;
};

static bool p_asked(const struct tcase *tc, void *arg)
{
	struct asked *a = arg;
	uint64_t h = 14695981039346656037ull;
	char *t = text(tc);

	for (char *s = t; *s; s++)
		h = (h ^ (uint8_t)*s) * 1099511628211ull;
	free(t);
	for (unsigned i = 0; i < a->n; i++)
		assert_false(a->hash[i] == h);
	if (a->n < 4000)
		a->hash[a->n++] = h;
	return p_matched(tc, NULL);
}

static void test_once(void **state)
{
	static struct tcase tc;
	static struct asked a;

	for (uint64_t stream = 0; stream < 5; stream++) {
		start(&tc, stream);
		a.n = 0;
		p_asked(&tc, &a);
		shrink(&tc, p_asked, &a, NULL);
		assert_true(a.n > 10);
	}
}

/* Three programs become two only if the one in the middle is shared out. */
static void check_around(struct spy *spy)
{
	static const struct row row = {"a rejection, then two things at two places", p_around, MODE_MULTI,
				       "cgroup a {\n"
				       "\tsetsockopt multi: optlen = 1; return 0\n"
				       "\tsetsockopt multi: level = 5; return 1\n"
				       "}\n"};
	static const char text[] = "cgroup a {\n"
				   "\tsetsockopt multi: return 0\n"
				   "\tsetsockopt multi: level = 5; optlen = 1; return 1\n"
				   "\tsetsockopt multi: return 1\n"
				   "}\n";
	static struct tcase tc;

	assert_int_equal(tcase_parse(text, sizeof(text) - 1, "around", &tc, NULL, NULL), 0);
	assert_true(p_around(&tc, NULL));
	spied(&tc, spy, &row, &(struct shrink_opts){.max_calls = 0});
	check_smallest(&row, &tc, 0);
}

/* Every tactic earns its place, and the two that only save calls do save them. */
static void test_tactics(void **state)
{
	static struct tcase tc;
	struct spy spy = {.sees = 100};
	unsigned most = 0, n, calls;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (uint64_t stream = 0; stream < 20; stream++)
			if (start_row(&rows[i], &tc, stream))
				spied(&tc, &spy, &rows[i], &(struct shrink_opts){.max_calls = 0});
	check_around(&spy);
	for (n = 0; shrink_tactic(n); n++)
		if (!spy.scored[n])
			fail_msg("no case needs '%s'", shrink_tactic(n));
	assert_int_equal(n, 24);
	assert_null(shrink_tactic(n + 1));

	for (uint64_t stream = 0; stream < 20; stream++) {
		start(&tc, stream);
		while (tc.n_calls < TC_MAX_CALLS)
			tc.call[tc.n_calls++] = tc.call[0];
		calls = spied(&tc, &spy, &rows[0], &(struct shrink_opts){.max_calls = 0});
		most = calls > most ? calls : most;
	}
	assert_in_range(most, 5, 20); /* 16 calls one by one would make it 29 */
}

static void test_limits(void **state)
{
	static struct tcase tc, before, again;
	struct spy spy = {.sees = 100, .sleep_us = 0};
	struct shrink_opts o = {.max_calls = 0};
	unsigned calls;

	for (unsigned max = 1; max < 60; max += 7) {
		start(&tc, max);
		o = (struct shrink_opts){.max_calls = max};
		calls = spied(&tc, &spy, &rows[1], &o);
		assert_true(calls <= max);
		assert_null(tcase_check(&tc));
		assert_true(p_bypass(&tc, NULL));
	}
	start(&tc, 3);
	before = tc;
	spied(&tc, &spy, &(struct row){.still = p_never}, &o);
	assert_true(tcase_equal(&tc, &before));

	start(&tc, 3);
	spy.sleep_us = 10000;
	o = (struct shrink_opts){.max_ms = 60};
	calls = spied(&tc, &spy, &rows[12], &o);
	assert_in_range(calls, 1, 8);
	assert_true(p_data(&tc, NULL));

	start(&tc, 4);
	start(&again, 4);
	assert_int_equal(shrink(&tc, p_matched, NULL, NULL), shrink(&again, p_matched, NULL, NULL));
	assert_true(tcase_equal(&tc, &again));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smallest),   cmocka_unit_test(test_steps),
		cmocka_unit_test(test_unreliable), cmocka_unit_test(test_votes),
		cmocka_unit_test(test_once),	   cmocka_unit_test(test_tactics),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
