/* SPDX-License-Identifier: MIT */
#include "tree_shrink.h"

#include <string.h>
#include <sys/socket.h>

#include "../base/clock.h"
#include "shrink_tactics.h"

struct tree_tactic {
	const char *name;
	enum made (*make)(struct tree *t, unsigned i);
};

static enum made made_if(bool yes)
{
	return yes ? MADE : MADE_SKIP;
}

/* ---- what there is ---- */

static enum made drop_expectations(struct tree *t, unsigned i)
{
	if (i)
		return MADE_END;
	for (unsigned k = 0; k < t->n_steps; k++) {
		t->step[k].has_ret = false;
		t->step[k].answer = (struct tree_answer){.has_ids = false};
	}
	for (unsigned k = 0; k < t->n_calls; k++)
		t->call[k].expect = (struct tc_expect){.has_ret = false};
	return MADE;
}

/* Runs of steps: a half, a quarter ... of them, the last ones first; single ones at the end. */
static enum made drop_steps(struct tree *t, unsigned i)
{
	for (unsigned size = (t->n_steps + 1u) / 2; size; size /= 2) {
		unsigned n = (t->n_steps + size - 1) / size;

		if (i < n)
			return made_if(tree_drop_steps(t, (n - 1 - i) * size, size));
		i -= n;
	}
	return MADE_END;
}

/* One step, and expected revisions behind it count one change less. */
static enum made drop_change(struct tree *t, unsigned i)
{
	if (i >= t->n_steps)
		return MADE_END;
	for (unsigned k = i; k < t->n_steps; k++)
		t->step[k].revision -= t->step[k].revision > 1;
	return made_if(tree_drop_step(t, i));
}

static enum made drop_progs(struct tree *t, unsigned i)
{
	return i < t->n_progs ? made_if(tree_drop_prog(t, t->n_progs - 1u - i)) : MADE_END;
}

static enum made drop_cgroups(struct tree *t, unsigned i)
{
	return i < t->n_cgroups ? made_if(tree_drop_cgroup(t, t->n_cgroups - 1u - i)) : MADE_END;
}

static enum made join_cgroups(struct tree *t, unsigned i)
{
	unsigned gone = i / TREE_MAX_CGROUPS, instead = i % TREE_MAX_CGROUPS;

	return gone < t->n_cgroups ? made_if(tree_join_cgroups(t, gone, instead)) : MADE_END;
}

/* The same, and sockets of the one that goes are made outside. */
static enum made leave_cgroups(struct tree *t, unsigned i)
{
	unsigned gone = i / TREE_MAX_CGROUPS;

	for (unsigned k = 0; k < t->n_socks; k++)
		if (t->sock[k].cg == gone)
			t->sock[k].cg = TREE_NONE;
	return join_cgroups(t, i);
}

static enum made join_progs(struct tree *t, unsigned i)
{
	unsigned gone = i / TREE_MAX_PROGS, instead = i % TREE_MAX_PROGS;

	return gone < t->n_progs ? made_if(tree_join_progs(t, gone, instead)) : MADE_END;
}

/* A cgroup that a step makes is there from the start. */
static enum made make_early(struct tree *t, unsigned i)
{
	if (i >= t->n_cgroups)
		return MADE_END;
	if (!t->cgroup[i].later)
		return MADE_SKIP;
	t->cgroup[i].later = false;
	for (unsigned k = 0; k < t->n_steps; k++)
		if (t->step[k].op == TREE_MKDIR && t->step[k].cg == i)
			return made_if(tree_drop_step(t, k));
	return MADE_SKIP;
}

/* Makes the place outside; is that a change? */
static bool go_outside(uint8_t *cg)
{
	bool was = *cg != TREE_NONE;

	*cg = TREE_NONE;
	return was;
}

static enum made plain_sockets(struct tree *t, unsigned i)
{
	struct tree_sock *k = &t->sock[i / 4];
	bool accepts;

	if (i / 4 >= t->n_socks)
		return MADE_END;
	accepts = k->route == ROUTE_ACCEPT;
	switch (i % 4) {
	case 0:
		if (k->route == ROUTE_DIRECT)
			return MADE_SKIP;
		k->route = ROUTE_DIRECT;
		k->connector = k->acceptor = TREE_NONE;
		return MADE;
	case 1:
		return made_if(accepts && go_outside(&k->connector));
	case 2:
		return made_if(accepts && go_outside(&k->acceptor));
	default:
		return made_if(go_outside(&k->cg));
	}
}

/* ---- options of a step, one at a time ---- */

static bool drop_flags(struct tree_step *s, uint32_t flags)
{
	bool has = s->flags & flags;

	s->flags &= ~flags;
	return has;
}

static bool drop_anchor(struct tree_step *s)
{
	bool has = s->anchor != ANCHOR_NONE;

	s->anchor = ANCHOR_NONE;
	s->at = 0;
	s->flags &= ~(uint32_t)(TREE_F_ID | TREE_F_LINK);
	return has;
}

static bool drop_other(struct tree_step *s)
{
	bool has = s->other != TREE_NONE;

	s->other = TREE_NONE;
	s->flags &= ~(uint32_t)TREE_F_REPLACE;
	return has;
}

static bool drop_query(struct tree_step *s)
{
	bool has = s->op == TREE_QUERY && (s->array || s->room != TREE_MAX_ROOM);

	if (!has)
		return false;
	s->array = false;
	s->room = TREE_MAX_ROOM;
	return true;
}

static enum made plain_steps(struct tree *t, unsigned i)
{
	const uint32_t sides = TREE_F_BEFORE | TREE_F_AFTER;
	const uint32_t named = sides | TREE_F_OVERRIDE | TREE_F_MULTI | TREE_F_REPLACE | TREE_F_ID |
			       TREE_F_PREORDER | TREE_F_LINK;
	struct tree_step *s = &t->step[i / 9];

	if (i / 9 >= t->n_steps)
		return MADE_END;
	switch (i % 9) {
	case 0:
		return made_if(drop_anchor(s) + drop_flags(s, sides));
	case 1:
		return made_if(drop_anchor(s));
	case 2:
		return made_if(drop_flags(s, TREE_F_ID));
	case 3:
		return made_if(drop_other(s));
	case 4:
		return made_if(drop_flags(s, TREE_F_PREORDER));
	case 5:
		return made_if(drop_flags(s, sides));
	case 6:
		return made_if(drop_flags(s, ~named));
	case 7:
		return made_if(drop_query(s));
	default:
		if (!s->revision)
			return MADE_SKIP;
		s->revision = 0;
		return MADE;
	}
}

static const struct tree_tactic tactics[] = {
	{"drop expectations", drop_expectations},
	{"drop steps", drop_steps},
	{"drop changes", drop_change},
	{"drop cgroups", drop_cgroups},
	{"drop programs", drop_progs},
	{"join cgroups", join_cgroups},
	{"leave cgroups", leave_cgroups},
	{"join programs", join_progs},
	{"make cgroups early", make_early},
	{"plain sockets", plain_sockets},
	{"plain steps", plain_steps},
};
#define N_TACTICS (sizeof(tactics) / sizeof(tactics[0]))

const char *tree_shrink_tactic(unsigned i)
{
	return i < N_TACTICS ? tactics[i].name : NULL;
}

/* ---- the loop ---- */

struct shrinking {
	bool (*still)(const struct tree *t, void *arg);
	void *arg;
	struct shrink_opts opts;
	double end; /* by clock_now(); 0: none */
	unsigned calls;
	struct tree cur, cand;
	struct tcase view; /* of cur */
};

static bool spent(const struct shrinking *sh)
{
	return sh->calls >= sh->opts.max_calls || (sh->end > 0 && clock_now() > sh->end);
}

/* Is it true of cand, k times of n? */
static bool ask(struct shrinking *sh)
{
	unsigned yes = 0;

	if (tree_check(&sh->cand))
		return false;
	for (unsigned run = 0; run < sh->opts.n && !spent(sh); run++) {
		sh->calls++;
		yes += sh->still(&sh->cand, sh->arg);
		if (yes == sh->opts.k)
			return true;
	}
	return false;
}

/* One tactic until it has no more. Is the case smaller? */
static bool go_through(struct shrinking *sh, const struct tree_tactic *tactic)
{
	bool better = false;

	for (unsigned i = 0; !spent(sh);) {
		enum made made;

		sh->cand = sh->cur;
		made = tactic->make(&sh->cand, i);
		if (made == MADE_END)
			break;
		if (made == MADE && !tree_equal(&sh->cand, &sh->cur) && ask(sh)) {
			sh->cur = sh->cand; /* what comes next has this number now */
			better = true;
			if (sh->opts.progress)
				sh->opts.progress(NULL, tactic->name, sh->calls, sh->arg);
		} else {
			i++;
		}
	}
	return better;
}

/* ---- actions and values, as a case of shrink.h ---- */

/* Programs, sockets and calls in places that tell which they are. False: there are too many calls. */
static bool make_view(const struct tree *t, struct tcase *v)
{
	unsigned n[HOOK_COUNT] = {0};

	if (t->n_calls > TC_MAX_CALLS)
		return false;
	tcase_init(v);
	v->n_levels = TC_MAX_LEVELS;
	for (unsigned i = 0; i < t->n_progs; i++) {
		unsigned hook = t->prog[i].hook, k = n[hook]++;
		struct tc_level *l = &v->level[k / TC_MAX_SLOTS];

		l->n[hook]++;
		l->slot[hook][k % TC_MAX_SLOTS] =
			(struct tc_slot){.mode = MODE_MULTI, .prog = t->prog[i].prog};
	}
	v->n_socks = t->n_socks;
	for (unsigned i = 0; i < t->n_socks; i++)
		v->sock[i] = (struct tc_sock){.route = ROUTE_SOCKET,
					      .level = TC_MAX_LEVELS,
					      .family = t->sock[i].family,
					      .type = t->sock[i].type,
					      .protocol = t->sock[i].protocol};
	v->n_calls = t->n_calls;
	memcpy(v->call, t->call, t->n_calls * sizeof(v->call[0]));
	return !tcase_check(v);
}

static bool same_places(const struct tcase *a, const struct tcase *b)
{
	if (a->n_levels != b->n_levels || a->n_socks != b->n_socks || a->n_calls != b->n_calls)
		return false;
	for (unsigned l = 0; l < a->n_levels; l++)
		if (a->level[l].n[HOOK_GET] != b->level[l].n[HOOK_GET] ||
		    a->level[l].n[HOOK_SET] != b->level[l].n[HOOK_SET])
			return false;
	for (unsigned i = 0; i < a->n_socks; i++)
		if (a->sock[i].route != b->sock[i].route || a->sock[i].level != b->sock[i].level)
			return false;
	return true;
}

/* The other way round: what the view says now, in cand. */
static bool take_view(struct shrinking *sh, const struct tcase *v)
{
	unsigned n[HOOK_COUNT] = {0};
	struct tree *t = &sh->cand;

	if (!same_places(v, &sh->view))
		return false;
	*t = sh->cur;
	for (unsigned i = 0; i < t->n_progs; i++) {
		unsigned hook = t->prog[i].hook, k = n[hook]++;

		t->prog[i].prog = v->level[k / TC_MAX_SLOTS].slot[hook][k % TC_MAX_SLOTS].prog;
	}
	for (unsigned i = 0; i < t->n_socks; i++) {
		t->sock[i].family = v->sock[i].family;
		t->sock[i].type = v->sock[i].type;
		t->sock[i].protocol = v->sock[i].protocol;
	}
	memcpy(t->call, v->call, t->n_calls * sizeof(t->call[0]));
	return true;
}

static bool still_by_view(const struct tcase *v, void *arg)
{
	struct shrinking *sh = arg;

	return take_view(sh, v) && ask(sh);
}

/* Did that change anything? */
static bool shrink_values(struct shrinking *sh)
{
	static struct tcase v; /* large; one shrinker runs at a time */
	struct shrink_opts opts = {.max_calls = 4 * sh->opts.max_calls, .max_ms = sh->opts.max_ms};

	if (spent(sh) || !make_view(&sh->cur, &sh->view))
		return false;
	v = sh->view;
	shrink(&v, still_by_view, sh, &opts);
	if (tcase_equal(&v, &sh->view) || !take_view(sh, &v))
		return false;
	sh->cur = sh->cand;
	return true;
}

static bool shrink_parts(struct shrinking *sh)
{
	bool better = false;

	for (unsigned i = 0; i < N_TACTICS; i++)
		better |= go_through(sh, &tactics[i]);
	return better;
}

unsigned tree_shrink(struct tree *t, bool (*still)(const struct tree *t, void *arg), void *arg,
		     const struct shrink_opts *opts)
{
	static struct shrinking sh; /* large; one runs at a time */

	memset(&sh.opts, 0, sizeof(sh.opts));
	if (opts)
		sh.opts = *opts;
	sh.opts.max_calls = sh.opts.max_calls ? sh.opts.max_calls : TREE_SHRINK_CALLS;
	sh.opts.n = sh.opts.n ? sh.opts.n : 1;
	sh.opts.k = sh.opts.k < 1 ? 1 : sh.opts.k > sh.opts.n ? sh.opts.n : sh.opts.k;
	sh.end = sh.opts.max_ms ? clock_now() + sh.opts.max_ms / 1e3 : 0;
	sh.still = still;
	sh.arg = arg;
	sh.calls = 0;
	sh.cur = *t;
	do
		while (shrink_parts(&sh))
			;
	while (shrink_values(&sh)); /* what is simpler may need fewer steps */
	*t = sh.cur;
	return sh.calls;
}
