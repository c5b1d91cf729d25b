/* SPDX-License-Identifier: MIT */
/* The table of edits, the driver, and what makes a case worth an execution. */
#include "edit.h"

#include <string.h>

#include "../case/safe.h"
#include "edit_impl.h"

#define TRIES	     64	  /* edits that do not apply, before one gives up */
#define SAFE_TRIES   64	  /* options taken out one by one, before all rewrites go */
#define UNUSUAL	     256  /* one case in so many keeps a chain of its own on a kernel */
#define HIGH_OPTNAME 4096 /* no protocol numbers its options as high (safe.c) */

/* clang-format off */
static const struct row {
	const char *name;
	uint8_t weight;
	bool may_repeat; /* what it makes of a case may be that case: edit_apply compares */
	edit_fn *fn;
} rows[] = {
	{"drop a call",                   4, false, call_drop},
	{"duplicate a call",              2, false, call_dup},
	{"swap two calls",                2, false, call_swap},
	{"add a call",                    4, false, call_new},
	{"read back what was set",        3, false, call_readback},
	{"get becomes set, or back",      2, false, call_hook},
	{"call on another socket",        1, false, call_sock},
	{"nudge optlen",                 12, false, call_optlen},
	{"nudge the buffer's size",       6, false, call_size},
	{"relate size and optlen",        6, false, call_relation},
	{"change the option",             8, false, call_option},
	{"change the level",              3, false, call_level},
	{"change the option's number",    2, false, call_optname},
	{"move the buffer",               3, false, call_place},
	{"change the value",              8, false, call_content},
	{"another way in, or none",       1, false, call_via},
	{"optlen pointer NULL, or not",   1, true, call_null},
	{"add a socket",                  1, false, sock_add},
	{"drop a socket",                 2, false, sock_drop},
	{"change a socket's kind",        3, false, sock_kind},
	{"move a socket to a level",      2, false, sock_move},
	{"grow the chain",                1, false, level_add},
	{"cut the chain",                 2, false, level_cut},
	{"swap two levels",               1, false, level_swap},
	{"change the attach mode",        1, false, level_mode},
	{"a usual chain",                 2, true,  level_shape},
	{"add a program",                 3, false, prog_new},
	{"drop a program",                3, false, prog_drop},
	{"duplicate a program",           1, false, prog_dup},
	{"swap two programs",             2, false, prog_swap},
	{"move a program to a level",     2, false, prog_move},
	{"a program on the other hook",   1, false, prog_rehook},
	{"change a program's result",     4, false, prog_return},
	{"add an action",                10, false, act_new},
	{"drop an action",                6, false, act_drop},
	{"swap two actions",              3, false, act_swap},
	{"duplicate an action",           2, false, act_dup},
	{"another action",                6, false, act_op},
	{"nudge an action's value",      14, false, act_value},
	{"nudge an offset",               6, false, act_offset},
	{"change a write's width",        2, false, act_width},
	{"make actions conditional",      3, false, cond_wrap},
	{"change a condition",            3, false, cond_change},
	{"change a block's length",       2, false, cond_block},
	{"splice calls in",               3, false, join_calls},
	{"splice at a call",              4, true,  join_tail},
	{"the other's programs",          2, true,  join_progs},
	{"both cases' programs",          2, false, join_under},
	{"splice two programs",           3, true,  join_acts},
};
/* clang-format on */
#define N_ROWS	   (sizeof(rows) / sizeof(rows[0]))
#define FIRST_JOIN (N_ROWS - 5)

unsigned edit_count(void)
{
	return N_ROWS;
}

const char *edit_name(unsigned i)
{
	return rows[i].name;
}

bool edit_apply(unsigned i, struct tcase *tc, const struct tcase *other, struct rng *r)
{
	struct edit e = {tc, other, r};
	struct slot_ref ref;
	struct tcase was;

	if (rows[i].may_repeat)
		was = *tc;
	if (!rows[i].fn(&e))
		return false;
	for (unsigned c = 0; c < tc->n_calls; c++)
		memset(&tc->call[c].expect, 0, offsetof(struct tc_expect, bytes));
	for (unsigned k = 0; slot_find(tc, k, &ref); k++)
		prog_settle(&slot_of(tc, ref)->prog, (enum hook)ref.hook);
	for (unsigned c = 0; c < tc->n_calls; c++)
		tc_len_settle(&tc->call[c]);
	case_settle_modes(tc);
	return !rows[i].may_repeat || !tcase_equal(tc, &was);
}

/* One edit of rows first..N_ROWS-1, by weight. */
static bool any_edit(unsigned first, struct tcase *tc, const struct tcase *other, struct rng *r)
{
	unsigned end = other ? N_ROWS : FIRST_JOIN, total = 0;

	for (unsigned i = first; i < end; i++)
		total += rows[i].weight;
	for (unsigned tries = 0; tries < TRIES; tries++) {
		unsigned x = rng_below(r, total), i = first;

		while (x >= rows[i].weight)
			x -= rows[i++].weight;
		if (edit_apply(i, tc, other, r))
			return true;
	}
	return false;
}

void edit_case(struct tcase *tc, const struct tcase *other, enum edit_for where, struct rng *r)
{
	unsigned n = 1;

	while (n < EDIT_STACK && rng_chance(r, 2, 5))
		n++;
	while (n-- > 0)
		any_edit(0, tc, other, r);
	edit_tame(tc, where, r);
}

void edit_cross(struct tcase *tc, const struct tcase *other, enum edit_for where, struct rng *r)
{
	if (!any_edit(FIRST_JOIN, tc, other, r))
		any_edit(0, tc, NULL, r);
	edit_tame(tc, where, r);
}

/* ---- tame ---- */

/* Takes the option out of the case: from a program that rewrites to a part of it, else from the call. */
static void disarm(struct edit *e, int32_t level, int32_t optname, bool plainly)
{
	struct tcase *tc = e->tc;
	struct slot_ref ref;

	for (unsigned k = 0; slot_find(tc, k, &ref); k++) {
		struct prog *p = &slot_of(tc, ref)->prog;

		for (unsigned i = 0; i < p->n && ref.hook == HOOK_SET; i++) {
			struct act *a = &p->act[i];

			if (a->op == ACT_LEVEL && a->val == level)
				a->val = LEVEL_UNKNOWN;
			else if (a->op == ACT_OPTNAME && a->val == optname)
				a->val = HIGH_OPTNAME + (int32_t)draw(e, 64);
			else
				continue;
			return;
		}
	}
	for (unsigned i = 0; i < tc->n_calls; i++) {
		struct tc_call *c = &tc->call[i];

		if (c->level != level || c->optname != optname)
			continue;
		if (plainly)
			c->level = LEVEL_UNKNOWN;
		else
			any_option(e, sock_of(tc, c), &c->level, &c->optname);
	}
}

/* No rewrites of level or option number that matter: for a case with more of them than can be looked at. */
static void flatten(struct tcase *tc)
{
	struct slot_ref ref;

	for (unsigned k = 0; slot_find(tc, k, &ref); k++) {
		struct prog *p = &slot_of(tc, ref)->prog;

		for (unsigned i = 0; i < p->n; i++)
			if (p->act[i].op == ACT_LEVEL)
				p->act[i].val = LEVEL_UNKNOWN;
			else if (p->act[i].op == ACT_OPTNAME)
				p->act[i].val = HIGH_OPTNAME;
	}
}

static void make_safe(struct edit *e)
{
	int32_t level, optname;

	for (unsigned i = 0; i < SAFE_TRIES && !tcase_host_safe(e->tc, &level, &optname); i++)
		disarm(e, level, optname, i >= SAFE_TRIES / 2);
	if (tcase_host_safe(e->tc, &level, &optname))
		return;
	flatten(e->tc);
	while (!tcase_host_safe(e->tc, &level, &optname)) /* each turn takes out one call's option */
		disarm(e, level, optname, true);
}

static bool programs_run(const struct tcase *tc)
{
	uint8_t ids[TC_MAX_PROGS];

	for (unsigned i = 0; i < tc->n_calls; i++) {
		const struct tc_sock *s = sock_of(tc, &tc->call[i]);

		if (s && s->level && tcase_effective(tc, s->level, (enum hook)tc->call[i].hook, ids))
			return true;
	}
	return false;
}

/* A call on a socket, and programs that run for it. */
static void make_worth(struct edit *e)
{
	struct tcase *tc = e->tc;
	bool called = false;
	struct tc_call *c;

	if (!tc->n_socks) {
		any_socket(e, &tc->sock[0]);
		tc->sock[0].level = tc->n_levels;
		tc->n_socks = 1;
	}
	if (!tc->n_calls)
		any_call(e, case_insert_call(tc, 0), (enum hook)draw(e, HOOK_COUNT), 0);
	for (unsigned i = 0; i < tc->n_calls; i++)
		called |= tc->call[i].sock != TC_SOCK_BAD;
	c = &tc->call[draw(e, tc->n_calls)];
	if (!called)
		c->sock = (uint8_t)draw(e, tc->n_socks);
	if (programs_run(tc) || once_in(e, 256)) /* without programs there is a rule to check too */
		return;
	if (c->sock == TC_SOCK_BAD)
		c->sock = 0;
	if (!tc->sock[c->sock].level)
		tc->sock[c->sock].level = tc->n_levels;
	if (!programs_run(tc)) {
		add_prog(e, tc->sock[c->sock].level - 1u, (enum hook)c->hook);
		case_settle_modes(tc);
	}
}

/* Levels, programs and modes of a row of topologies[]? */
static bool has_shape(const struct tcase *tc, const struct topology *t)
{
	static const char letters[MODE_COUNT] = {
		[MODE_MULTI] = 'm', [MODE_OVERRIDE] = 'o', [MODE_NONE] = 'n'};

	if (tc->n_levels != t->n_levels)
		return false;
	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned h = 0; h < HOOK_COUNT; h++) {
			unsigned n = (unsigned)(t->shape[h][2 * l + 1] - '0');

			if (tc->level[l].n[h] != n ||
			    (n && letters[tc->level[l].slot[h][0].mode] != t->shape[h][2 * l]))
				return false;
		}
	return true;
}

/* A new chain costs a kernel milliseconds, a known one nothing: all but a few go back to a usual one. */
static void make_usual(struct edit *e)
{
	for (unsigned i = 0; i < TOPOLOGIES; i++)
		if (has_shape(e->tc, &topologies[i]))
			return;
	if (!once_in(e, UNUSUAL))
		level_shape(e);
}

/* What no kernel can be asked. */
static void make_runnable(struct edit *e)
{
	struct tcase *tc = e->tc;
	struct slot_ref ref;

	for (unsigned i = 0; i < tc->n_socks; i++)
		if (!usual_socket(&tc->sock[i]))
			any_socket(e, &tc->sock[i]);
	for (unsigned k = 0; slot_find(tc, k, &ref); k++) {
		struct prog *p = &slot_of(tc, ref)->prog;

		p->ret = p->ret ? 1 : 0;
		for (unsigned i = 0; i < p->n; i++)
			if (p->act[i].op == ACT_RETURN)
				p->act[i].val = p->act[i].val ? 1 : 0;
	}
}

void edit_tame(struct tcase *tc, enum edit_for where, struct rng *r)
{
	struct edit e = {tc, NULL, r};

	for (unsigned c = 0; c < tc->n_calls; c++)
		memset(&tc->call[c].expect, 0, offsetof(struct tc_expect, bytes));
	if (where == EDIT_KERNEL)
		make_usual(&e);
	make_worth(&e);
	if (where == EDIT_KERNEL)
		make_runnable(&e);
	make_safe(&e);
}
