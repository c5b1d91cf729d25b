/* SPDX-License-Identifier: MIT */
/* Running the calls, given or derived, under every profile, and comparing what comes of them. */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../case/options.h"
#include "../diff/compare.h"
#include "../mutate/boundary.h"
#include "lint.h"
#include "oracle/scope.h"

bool check_loads(const struct check *k, unsigned profile, unsigned hook)
{
	for (unsigned i = 0; i < k->n_places; i++)
		if (k->place[i].hook == hook &&
		    (k->place[i].since > k->kernel[profile] || k->place[i].refused))
			return false;
	return true;
}

static bool has_program(const struct check *k, unsigned hook)
{
	for (unsigned i = 0; i < k->n_places; i++)
		if (k->place[i].hook == hook)
			return true;
	return false;
}

/* Adds the programs to the cgroups of k->tc, behind those that are there. NULL, or why they do not fit. */
static const char *add_programs(struct check *k)
{
	struct tcase *tc = &k->tc;

	for (unsigned i = 0; i < k->n_places; i++) {
		struct check_place *p = &k->place[i];
		struct tc_level *l = &tc->level[p->level - 1];
		struct tc_slot *s;

		while (tc->n_levels < p->level)
			memset(&tc->level[tc->n_levels++], 0, sizeof(tc->level[0]));
		if (l->n[p->hook] == TC_MAX_SLOTS)
			return "its cgroup has 4 programs for the hook already";
		p->id = (uint8_t)((p->level - 1u) * TC_MAX_SLOTS + l->n[p->hook]);
		s = &l->slot[p->hook][l->n[p->hook]++];
		s->mode = MODE_MULTI;
		s->prog = (struct prog){.ret = 1};
	}
	return tcase_check(tc);
}

/* One case more, owned by k. NULL: out of memory. */
static struct check_given *add_given(struct check *k, const char *name)
{
	struct check_given **more = realloc(k->given, (k->n_given + 1) * sizeof(*more)), *g;

	if (!more)
		return NULL;
	k->given = more;
	g = calloc(1, sizeof(*g));
	if (!g)
		return NULL;
	g->name = name;
	k->given[k->n_given++] = g;
	return g;
}

static void skip(struct check *k, struct check_given *g, const char *what, const char *why)
{
	snprintf(g->skipped, sizeof(g->skipped), "%s%s", what, why);
	k->n_skipped++;
}

int check_give(struct check *k, const char *name, const struct tcase *tc, const struct case_meta *meta)
{
	struct check_given *g = add_given(k, name);
	const char *why;

	if (!g)
		return -ENOMEM;
	k->tc = *tc;
	why = add_programs(k);
	if (why)
		skip(k, g, "the objects' programs find no place in it: ", why);
	g->meta = meta;
	g->tc = k->tc;
	for (unsigned i = 0; i < k->n_places; i++)
		g->id[i] = k->place[i].id;
	return 0;
}

int check_skip(struct check *k, const char *name, const char *why)
{
	struct check_given *g = add_given(k, name);

	if (!g)
		return -ENOMEM;
	skip(k, g, "", why);
	return 0;
}

/* The chain of the objects, and below them, if asked, a child with programs of its own. */
static void make_levels(struct check *k, enum check_below below)
{
	static const struct act done = {.op = ACT_OPTLEN, .val = -1};
	struct tcase *tc = &k->tc;
	struct tc_level *child;

	tcase_init(tc);
	tc->n_levels = (uint8_t)k->n_levels;
	add_programs(k); /* they fit: add_place */
	child = &tc->level[k->n_levels];
	if (below)
		memset(&tc->level[tc->n_levels++], 0, sizeof(tc->level[0]));
	for (unsigned h = 0; below == BELOW_DENIES && h < HOOK_COUNT; h++) {
		child->n[h] = 1;
		child->slot[h][0] = (struct tc_slot){.mode = MODE_MULTI, .prog = {.ret = 0}};
	}
	if (below == BELOW_ANSWERS) {
		child->n[HOOK_SET] = 1;
		child->slot[HOOK_SET][0] =
			(struct tc_slot){.mode = MODE_MULTI, .prog = {.n = 1, .ret = 1, .act = {done}}};
	}
	tc->n_socks = 1;
	tc->sock[0] = (struct tc_sock){
		.level = tc->n_levels, .family = 2 /* AF_INET */, .type = 1 /* SOCK_STREAM */};
	k->below = below;
}

static void make_call(struct check *k, unsigned hook, int32_t level, int32_t optname, int32_t optlen,
		      uint32_t salt)
{
	struct tc_call *c = &k->tc.call[k->tc.n_calls++];

	memset(c, 0, sizeof(*c));
	c->hook = (uint8_t)hook;
	c->level = level;
	c->optname = optname;
	c->optlen = optlen;
	c->buf.fill = hook == HOOK_SET ? 0 : TC_FILL;
	c->buf.size = (uint32_t)optlen;
	if (hook == HOOK_SET)
		value_fill(option_find(level, optname), salt, &c->buf);
	if (c->buf.n_data > c->buf.size)
		c->buf.n_data = (uint8_t)c->buf.size;
}

/* Plans and predicts call i under a profile. NULL: nothing is promised of it. */
static const struct want *predict(struct check *k, unsigned profile, unsigned i, struct plan *plan)
{
	struct standin *s = &k->standin[profile];
	const struct tc_call *c = &k->tc.call[i];
	struct handler_result hr;
	const struct want *w;

	k->at_profile = profile;
	k->last_seen = 0;
	k->special = false;
	s->kind = option_find(c->level, c->optname) ? STANDIN_MODEL : STANDIN_ERROR;
	oracle_plan(k->oracle[profile], i, plan);
	standin_answer(s, c, plan, &hr);
	if (k->fails && c->hook == HOOK_GET && !s->modelled) {
		s->kind = STANDIN_ERROR;
		standin_answer(s, c, plan, &hr);
	}
	k->open |= c->hook == HOOK_GET && s->kind == STANDIN_MODEL && plan->called && !s->modelled;
	k->assumed = plan->called && !s->modelled;
	k->handler = plan->called ? hr.ret : 0;
	w = oracle_predict(k->oracle[profile], &hr);
	if (!k->quiet)
		lint_call(k, c, plan, w);
	return w->lost || plan->unsure ? NULL : w;
}

void check_begin(struct check *k, unsigned profile)
{
	k->chain.tc = &k->tc;
	oracle_use_engine(k->oracle[profile], &k->chain.engine);
	oracle_begin(k->oracle[profile], &k->tc);
	standin_begin(&k->standin[profile], &k->tc, STANDIN_MODEL);
	for (unsigned i = 0; i < k->n_inputs; i++)
		byte_object_reset(&k->object[profile][i]);
	for (unsigned i = 0; i < k->n_places; i++)
		byte_chain_put(&k->chain, (enum hook)k->place[i].hook, k->place[i].id,
			       &k->object[profile][k->place[i].input], k->place[i].prog);
}

static bool same(const struct check_outcome *a, const struct check_outcome *b, bool exactly)
{
	if (!a->said || !b->said)
		return a->said == b->said;
	if (a->c_ret != b->c_ret && !exactly)
		return false;
	if (a->called != b->called || (a->ret < 0 || b->ret < 0 ? a->ret != b->ret : false))
		return false;
	return !exactly || (a->ret == b->ret && a->optlen == b->optlen);
}

/* Do the profiles that say something of the call differ in what comes of it? */
static bool differ(const struct check *k, const struct check_outcome by[CHECK_PROFILES])
{
	const struct check_outcome *one = NULL;

	for (unsigned p = 0; p < k->n_profiles; p++) {
		if (!by[p].said)
			continue;
		if (one && !same(one, &by[p], true))
			return true;
		one = &by[p];
	}
	return false;
}

static void note_split(struct check *k, const struct tc_call *c,
		       const struct check_outcome by[CHECK_PROFILES])
{
	struct check_split *s;

	for (unsigned i = 0; i < k->n_splits; i++) {
		unsigned p = 0;

		while (p < k->n_profiles && same(&by[p], &k->split[i].by[p], false))
			p++;
		if (p == k->n_profiles && k->split[i].call.hook == c->hook) {
			k->split[i].count++;
			return;
		}
	}
	if (k->n_splits == CHECK_SPLITS) {
		k->more_splits = true;
		return;
	}
	s = &k->split[k->n_splits++];
	s->count = 1;
	s->call = *c;
	memcpy(s->by, by, sizeof(s->by));
}

/*
 * Holds what comes of call i against what the case's author expects. Where the handler's answer is assumed, a
 * result that is the handler's says nothing, and any other must be wrong with both answers that are tried.
 */
static void expect(struct check *k, unsigned profile, unsigned i, const struct want *w)
{
	static bool wrong[TC_MAX_CALLS][CHECK_PROFILES]; /* with the first answer */
	const struct check_given *g = k->at_given;
	const struct tc_call *c = &k->tc.call[i];
	struct diff d;
	bool bad;

	if (!g || (k->fails && !k->assumed) ||
	    (g->meta && !scope_holds(g->meta->profiles, g->meta->clauses, k->profile[profile])))
		return;
	bad = !expect_allowed(c, w, &d) && !(k->assumed && w->ret == k->handler);
	if (!k->fails)
		wrong[i][profile] = bad;
	if (bad && (!k->assumed || (wrong[i][profile] && (k->fails || !k->open))))
		lint_expect(k, c, w, g->name, &d);
}

/* The case as it stands, under every profile. */
static void answer(struct check *k)
{
	static struct check_outcome by[TC_MAX_CALLS][CHECK_PROFILES];

	memset(by, 0, sizeof(by));
	for (unsigned p = 0; p < k->n_profiles; p++) {
		check_begin(k, p);
		for (unsigned i = 0; i < k->tc.n_calls; i++) {
			const struct want *w;
			struct plan plan;

			if (!check_loads(k, p, k->tc.call[i].hook))
				continue;
			w = predict(k, p, i, &plan);
			if (!w)
				continue;
			expect(k, p, i, w);
			by[i][p] = (struct check_outcome){.said = true,
							  .called = plan.called,
							  .assumed = k->assumed,
							  .ret = w->ret,
							  .optlen = k->tc.call[i].hook == HOOK_GET ? w->optlen
												   : 0,
							  .c_ret = w->c_ret};
		}
	}
	for (unsigned i = 0; i < k->tc.n_calls; i++)
		if (differ(k, by[i]))
			note_split(k, &k->tc.call[i], by[i]);
}

static void run_case(struct check *k)
{
	if (k->run)
		k->run(k, k->run_arg);
	else
		answer(k);
	k->calls += k->tc.n_calls;
}

/* A getsockopt whose handler is not modelled goes both ways: it succeeds, and in a second case it fails. */
static void run_pair(struct check *k, const struct derived *d, int32_t level, int32_t optname)
{
	for (unsigned i = 0; i < d->n_optlens; i++) {
		k->tc.n_calls = 0;
		for (unsigned h = HOOK_COUNT; h-- > 0;)
			if (has_program(k, h))
				make_call(k, h, level, optname, d->optlen[i], i);
		k->open = false;
		run_case(k);
		if (!k->open)
			continue;
		k->tc.n_calls = 0;
		make_call(k, HOOK_GET, level, optname, d->optlen[i], i);
		k->fails = true;
		run_case(k);
		k->fails = false;
	}
}

/* One call below a child; the newest profile's rules. */
static void run_below_call(struct check *k, unsigned hook, int32_t level, int32_t optname, int32_t optlen)
{
	struct plan plan;

	k->tc.n_calls = 0;
	make_call(k, hook, level, optname, optlen, 0);
	if (k->run) {
		run_case(k);
		return;
	}
	check_begin(k, k->n_profiles - 1);
	predict(k, k->n_profiles - 1, 0, &plan);
}

/* The same calls with a child below that denies them, or answers a setsockopt without the handler. */
static void run_below(struct check *k, const struct derived *d, enum check_below below)
{
	make_levels(k, below);
	for (unsigned l = 0; l < d->n_levels; l++)
		for (unsigned o = 0; o < d->n_optnames; o++)
			for (unsigned h = 0; h < HOOK_COUNT; h++)
				for (int32_t optlen = 4; optlen <= 64; optlen *= 4)
					if (has_program(k, h) && check_loads(k, k->n_profiles - 1, h) &&
					    (h == HOOK_SET || below == BELOW_DENIES))
						run_below_call(k, h, d->level[l], d->optname[o], optlen);
}

/* Did a program do something with this call besides mending optlen? The newest profile's rules. */
static bool is_special(struct check *k, unsigned hook, int32_t level, int32_t optname)
{
	bool special = false;
	struct plan plan;

	for (int32_t optlen = 4; optlen <= 64; optlen *= 4) {
		k->tc.n_calls = 0;
		make_call(k, hook, level, optname, optlen, 0);
		check_begin(k, k->n_profiles - 1);
		predict(k, k->n_profiles - 1, 0, &plan);
		special |= k->special;
	}
	return special;
}

#define NO_LEVEL  0x7bff /* no level and no option of the kernel, nor likely of a program */
#define NO_OPTION 0x5eed

/* An option that is special whatever the level, while another one is not. */
static void run_levels(struct check *k, const struct derived *d)
{
	static const int32_t levels[] = {NO_LEVEL, 1, 0, 6, 41};

	k->quiet = true;
	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		if (!has_program(k, h) || !check_loads(k, k->n_profiles - 1, h) ||
		    is_special(k, h, NO_LEVEL, NO_OPTION))
			continue;
		for (unsigned o = 0; o < d->n_optnames; o++) {
			unsigned l = 0;

			while (l < sizeof(levels) / sizeof(levels[0]) &&
			       is_special(k, h, levels[l], d->optname[o]))
				l++;
			if (l == sizeof(levels) / sizeof(levels[0]))
				lint_level(k, h, NO_LEVEL, d->optname[o]);
		}
	}
	k->quiet = false;
}

static void run_given(struct check *k)
{
	for (size_t i = 0; i < k->n_given; i++) {
		const struct check_given *g = k->given[i];

		if (g->skipped[0])
			continue;
		k->at_given = g;
		k->tc = g->tc;
		for (unsigned p = 0; p < k->n_places; p++)
			k->place[p].id = g->id[p];
		k->open = false;
		run_case(k);
		if (!k->open || k->run)
			continue;
		k->fails = true;
		answer(k);
		k->fails = false;
	}
	k->at_given = NULL;
}

void check_run(struct check *k)
{
	struct derived *d = &k->derived;

	if (k->n_given) {
		run_given(k);
		return;
	}
	check_derive(k, d);
	make_levels(k, BELOW_NOBODY);
	for (unsigned l = 0; l < d->n_levels; l++)
		for (unsigned o = 0; o < d->n_optnames; o++)
			run_pair(k, d, d->level[l], d->optname[o]);
	if (!k->run)
		run_levels(k, d);
	if (!k->run)
		lint_look_for_unreached(k);
	if (k->n_levels == TC_MAX_LEVELS)
		return;
	run_below(k, d, BELOW_DENIES);
	run_below(k, d, BELOW_ANSWERS);
}

bool check_found(const struct check *k)
{
	for (unsigned i = 0; i < LINT_COUNT; i++)
		if (i != LINT_NO_MODEL && k->find[i].count)
			return true;
	for (unsigned i = 0; i < k->n_places; i++)
		if (!k->place[i].refused && k->place[i].since == ISA_NEVER)
			return true;
	return false;
}

bool check_unsure(const struct check *k)
{
	for (unsigned i = 0; i < k->n_places; i++)
		if (k->place[i].refused)
			return true;
	return k->find[LINT_NO_MODEL].count || !k->calls;
}
