/* SPDX-License-Identifier: MIT */
/* Taking parts out of a tree case, for shrinkers: what named them goes too, and numbers close up. */
#include <string.h>

#include "tree.h"

/* Steps to drop, and the new number of each link, socket, program and cgroup; TREE_NONE: gone. */
struct plan_out {
	bool step[TREE_MAX_STEPS];
	uint8_t link[TREE_MAX_LINKS], sock[TREE_MAX_SOCKS], prog[TREE_MAX_PROGS], cg[TREE_MAX_CGROUPS];
};

static bool uses_link(const struct tree_step *s)
{
	return s->op == TREE_LINK || s->op == TREE_UPDATE || s->op == TREE_LINK_DETACH ||
	       s->op == TREE_CLOSE_LINK;
}

static bool lost(const struct plan_out *o, uint8_t cg)
{
	return cg != TREE_NONE && o->cg[cg] == TREE_NONE;
}

/* Does the step name something that goes? */
static bool loses(const struct tree *t, const struct plan_out *o, const struct tree_step *s)
{
	if (lost(o, s->cg))
		return true;
	if (s->op == TREE_SOCKET) {
		const struct tree_sock *k = &t->sock[s->sock];

		return lost(o, k->cg) ||
		       (k->route == ROUTE_ACCEPT && (lost(o, k->connector) || lost(o, k->acceptor)));
	}
	if (uses_link(s) && s->op != TREE_LINK && o->link[s->link] == TREE_NONE)
		return true;
	if (s->anchor == ANCHOR_LINK && o->link[s->at] == TREE_NONE)
		return true;
	if (s->anchor == ANCHOR_PROG && o->prog[s->at] == TREE_NONE)
		return true;
	if (s->op == TREE_CLOSE_SOCK && o->sock[s->sock] == TREE_NONE)
		return true;
	if (s->op == TREE_CALL)
		return t->call[s->call].sock != TC_SOCK_BAD && o->sock[t->call[s->call].sock] == TREE_NONE;
	if (s->op != TREE_ATTACH && s->op != TREE_LINK && s->op != TREE_UPDATE && s->op != TREE_DETACH)
		return false;
	return (s->prog != TREE_NONE && o->prog[s->prog] == TREE_NONE) ||
	       (s->other != TREE_NONE && o->prog[s->other] == TREE_NONE);
}

static void number(uint8_t *map, unsigned n)
{
	uint8_t next = 0;

	for (unsigned i = 0; i < n; i++)
		if (map[i] != TREE_NONE)
			map[i] = next++;
}

static uint8_t cg_now(const struct plan_out *o, uint8_t cg)
{
	return cg == TREE_NONE ? cg : o->cg[cg];
}

/* What goes takes what names it along, until nothing more goes. */
static void spread(const struct tree *t, struct plan_out *o)
{
	bool more = true;

	while (more) {
		more = false;
		for (unsigned i = 0; i < t->n_steps; i++) {
			const struct tree_step *s = &t->step[i];

			if (!o->step[i] && !loses(t, o, s))
				continue;
			more |= !o->step[i];
			o->step[i] = true;
			if (s->op == TREE_LINK)
				o->link[s->link] = TREE_NONE;
			if (s->op == TREE_SOCKET)
				o->sock[s->sock] = TREE_NONE;
		}
	}
}

static void renumber(struct tree_step *s, const struct plan_out *o)
{
	s->cg = cg_now(o, s->cg);
	if (uses_link(s))
		s->link = o->link[s->link];
	if (s->anchor == ANCHOR_LINK)
		s->at = o->link[s->at];
	else if (s->anchor == ANCHOR_PROG)
		s->at = o->prog[s->at];
	if (s->op == TREE_SOCKET || s->op == TREE_CLOSE_SOCK)
		s->sock = o->sock[s->sock];
	if (s->op <= TREE_DETACH) {
		s->prog = s->prog == TREE_NONE ? TREE_NONE : o->prog[s->prog];
		s->other = s->other == TREE_NONE ? TREE_NONE : o->prog[s->other];
	}
	if (s->op == TREE_QUERY) {
		uint8_t n = 0;

		for (unsigned i = 0; i < s->answer.n_ids; i++)
			if (o->prog[s->answer.ids[i]] != TREE_NONE)
				s->answer.ids[n++] = o->prog[s->answer.ids[i]];
		s->answer.n_ids = n;
	}
}

/* The children of a cgroup that goes become its parent's. */
static unsigned move_cgroups(const struct tree *was, const struct plan_out *o, struct tree *t)
{
	unsigned n = 0;

	for (unsigned i = 0; i < was->n_cgroups; i++) {
		struct tree_cgroup c = was->cgroup[i];

		if (o->cg[i] == TREE_NONE)
			continue;
		while (lost(o, c.parent))
			c.parent = was->cgroup[c.parent].parent;
		c.parent = cg_now(o, c.parent);
		t->cgroup[n++] = c;
	}
	return n;
}

static void move_sock(const struct plan_out *o, struct tree_sock *k)
{
	k->cg = cg_now(o, k->cg);
	if (k->route != ROUTE_ACCEPT)
		return;
	k->connector = cg_now(o, k->connector);
	k->acceptor = cg_now(o, k->acceptor);
}

static bool apply(struct tree *t, struct plan_out *o)
{
	static struct tree was; /* large; one shrinker runs at a time */
	unsigned n = 0, calls = 0, socks = 0, links = 0, progs = 0;

	was = *t;
	spread(t, o);
	number(o->link, t->n_links);
	number(o->sock, t->n_socks);
	number(o->prog, t->n_progs);
	number(o->cg, t->n_cgroups);
	t->n_cgroups = (uint8_t)move_cgroups(&was, o, t);
	for (unsigned i = 0; i < was.n_socks; i++)
		if (o->sock[i] != TREE_NONE) {
			t->sock[socks] = was.sock[i];
			move_sock(o, &t->sock[socks++]);
		}
	for (unsigned i = 0; i < was.n_progs; i++)
		if (o->prog[i] != TREE_NONE)
			t->prog[progs++] = was.prog[i];
	for (unsigned i = 0; i < was.n_steps; i++) {
		struct tree_step s = was.step[i];

		if (o->step[i])
			continue;
		links += s.op == TREE_LINK;
		renumber(&s, o);
		if (s.op == TREE_CALL) {
			t->call[calls] = was.call[s.call];
			if (t->call[calls].sock != TC_SOCK_BAD)
				t->call[calls].sock = o->sock[t->call[calls].sock];
			s.call = (uint8_t)calls++;
		}
		t->step[n++] = s;
	}
	t->n_steps = (uint8_t)n;
	t->n_calls = (uint8_t)calls;
	t->n_socks = (uint8_t)socks;
	t->n_links = (uint8_t)links;
	t->n_progs = (uint8_t)progs;
	if (!tree_check(t) && (n < was.n_steps || progs < was.n_progs || t->n_cgroups < was.n_cgroups))
		return true;
	*t = was;
	return false;
}

bool tree_drop_steps(struct tree *t, unsigned from, unsigned n)
{
	struct plan_out o = {.step = {false}};

	if (from >= t->n_steps)
		return false;
	for (unsigned i = from; i < t->n_steps && i < from + n; i++)
		o.step[i] = true;
	return apply(t, &o);
}

bool tree_drop_step(struct tree *t, unsigned i)
{
	return tree_drop_steps(t, i, 1);
}

bool tree_drop_prog(struct tree *t, unsigned i)
{
	struct plan_out o = {.step = {false}};

	if (i >= t->n_progs)
		return false;
	o.prog[i] = TREE_NONE;
	return apply(t, &o);
}

bool tree_drop_cgroup(struct tree *t, unsigned i)
{
	struct plan_out o = {.step = {false}};

	if (i >= t->n_cgroups)
		return false;
	o.cg[i] = TREE_NONE;
	return apply(t, &o);
}

static void swap_in(uint8_t *what, unsigned gone, unsigned instead)
{
	if (*what == gone)
		*what = (uint8_t)instead;
}

bool tree_join_progs(struct tree *t, unsigned gone, unsigned instead)
{
	static struct tree all; /* large; one shrinker runs at a time */

	if (gone >= t->n_progs || instead >= t->n_progs || gone == instead ||
	    t->prog[gone].hook != t->prog[instead].hook)
		return false;
	all = *t;
	for (unsigned i = 0; i < t->n_steps; i++) {
		struct tree_step *s = &all.step[i];

		if (s->op <= TREE_DETACH) {
			swap_in(&s->prog, gone, instead);
			swap_in(&s->other, gone, instead);
		}
		if (s->anchor == ANCHOR_PROG)
			swap_in(&s->at, gone, instead);
		for (unsigned k = 0; s->op == TREE_QUERY && k < s->answer.n_ids; k++)
			swap_in(&s->answer.ids[k], gone, instead);
	}
	if (!tree_drop_prog(&all, gone))
		return false;
	*t = all;
	return true;
}

bool tree_join_cgroups(struct tree *t, unsigned gone, unsigned instead)
{
	static struct tree all; /* large; one shrinker runs at a time */

	if (gone >= t->n_cgroups || instead >= t->n_cgroups || gone == instead)
		return false;
	all = *t;
	for (unsigned i = 0; i < t->n_steps; i++)
		swap_in(&all.step[i].cg, gone, instead);
	for (unsigned i = 0; i < t->n_socks; i++) {
		swap_in(&all.sock[i].cg, gone, instead);
		if (all.sock[i].route == ROUTE_ACCEPT) {
			swap_in(&all.sock[i].connector, gone, instead);
			swap_in(&all.sock[i].acceptor, gone, instead);
		}
	}
	if (!tree_drop_cgroup(&all, gone))
		return false;
	*t = all;
	return true;
}
