/* SPDX-License-Identifier: MIT */
/*
 * A walk over a tree of choices, one cgroup a level. Going down attaches, coming back detaches, and each of
 * these operations is compared too. A refused attachment ends its branch: what would come below it comes
 * below the choice without it.
 */
#include "chains.h"

#include <string.h>
#include <sys/socket.h>

#define LEVELS 3
#define SLOTS  2
#define PROGS  (LEVELS * SLOTS)

/* A way to attach one program. */
struct way {
	bool link;
	uint32_t flags, needs;
};

static const struct way ways[] = {
	{false, 0, 0},
	{false, TREE_F_OVERRIDE, 0},
	{false, TREE_F_MULTI, 0},
	{true, 0, NEED_LINKS},
	{false, TREE_F_PREORDER, NEED_PREORDER},
	{false, TREE_F_OVERRIDE | TREE_F_PREORDER, NEED_PREORDER},
	{false, TREE_F_MULTI | TREE_F_PREORDER, NEED_PREORDER},
	{true, TREE_F_PREORDER, NEED_MPROG},
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

struct walk {
	struct operate *o;
	const struct chains_opts *opts;
	struct tree *t;
	struct op_result *res;
	struct chains_result *r;
	enum hook hook;
	uint8_t way[WAYS]; /* those that the kernel has */
	unsigned n_ways;
	uint64_t index;
	uint8_t chosen[LEVELS]
		      [SLOTS]; /* the attachments that are there, for the case of a failure; WAYS: none */
	bool stopped;
};

static unsigned usable(const struct attach_epoch *e, uint8_t *out)
{
	unsigned n = 0;

	for (unsigned i = 0; i < WAYS; i++)
		if ((e->has & ways[i].needs) == ways[i].needs)
			out[n++] = (uint8_t)i;
	return n;
}

uint64_t chains_count(const struct attach_epoch *e)
{
	uint8_t way[WAYS];
	uint64_t n = usable(e, way), level = 1 + n + n * n;

	return HOOK_COUNT * level * level * level;
}

/* The steps are scratch: each is written where the last one was, but those of links, which stay valid. */
static struct tree_step *scratch(struct walk *w, enum tree_op op)
{
	struct tree_step *s = &w->t->step[0];

	*s = tree_step(op);
	s->hook = (uint8_t)w->hook;
	return s;
}

static bool run(struct walk *w)
{
	return operate_step(w->o, w->t, 0, w->res) == V_PASS;
}

static uint8_t prog_at(const struct walk *w, unsigned level, unsigned slot)
{
	return (uint8_t)(w->hook * PROGS + level * SLOTS + slot);
}

static void fill_attach(const struct walk *w, struct tree_step *s, unsigned level, unsigned slot)
{
	const struct way *way = &ways[w->chosen[level][slot]];

	*s = tree_step(way->link ? TREE_LINK : TREE_ATTACH);
	s->cg = (uint8_t)level;
	s->hook = (uint8_t)w->hook;
	s->prog = prog_at(w, level, slot);
	s->flags = way->flags;
	s->link = way->link ? (uint8_t)(level * SLOTS + slot) : 0;
}

/* *there: it is attached now. */
static bool attach(struct walk *w, unsigned level, unsigned slot, bool *there)
{
	fill_attach(w, &w->t->step[0], level, slot);
	*there = run(w) && !w->o->got.ret;
	return w->res->verdict == V_PASS;
}

static bool detach(struct walk *w, unsigned level, unsigned slot)
{
	bool link = ways[w->chosen[level][slot]].link;
	struct tree_step *s = scratch(w, link ? TREE_CLOSE_LINK : TREE_DETACH);

	s->link = link ? (uint8_t)(level * SLOTS + slot) : 0;
	if (!link) {
		s->cg = (uint8_t)level;
		s->prog = prog_at(w, level, slot);
	}
	w->chosen[level][slot] = WAYS;
	return run(w);
}

static bool query(struct walk *w, unsigned level, bool effective)
{
	struct tree_step *s = scratch(w, TREE_QUERY);

	s->cg = (uint8_t)level;
	s->effective = effective;
	return run(w);
}

/* A call on the socket of a level. */
static bool call(struct walk *w, unsigned level)
{
	struct tree_step *s = scratch(w, TREE_CALL);

	s->hook = 0;
	w->t->call[0].sock = (uint8_t)level;
	return run(w);
}

/* Every pattern of return values of the programs that run for the lowest socket. */
static bool patterns(struct walk *w)
{
	uint8_t progs[TREE_CHAIN];
	unsigned n = tree_effective(&w->o->model, w->o->model.at[LEVELS - 1], w->hook, progs);

	for (unsigned p = 0; p < 1u << n; p++) {
		for (unsigned k = 0; k < n; k++) {
			w->t->prog[progs[k]].prog.ret = p >> k & 1;
			lane_reload(w->o->lane, progs[k]);
		}
		if (!call(w, LEVELS - 1))
			return false;
	}
	return true;
}

static bool leaf(struct walk *w)
{
	w->r->chains++;
	w->o->cases++;
	if (w->r->chains % 256 == 0 && w->opts->stop && w->opts->stop(w->o->cases, w->opts->arg))
		w->stopped = true;
	for (unsigned l = 0; l + 1 < LEVELS; l++)
		if (!call(w, l))
			return false;
	return query(w, LEVELS - 1, true) && query(w, LEVELS - 1, false) && patterns(w);
}

static bool level(struct walk *w, unsigned l);

/* What is below this level's choice. */
static bool below(struct walk *w, unsigned l)
{
	if (w->stopped)
		return true;
	if (l + 1 < LEVELS)
		return level(w, l + 1);
	if (w->index++ % (w->opts->thin ? w->opts->thin : 1))
		return true;
	return leaf(w);
}

/* The second program of the level, by every way. */
static bool second(struct walk *w, unsigned l)
{
	bool there;

	for (unsigned i = 0; i < w->n_ways; i++) {
		bool single = !ways[w->chosen[l][0]].link && !(ways[w->chosen[l][0]].flags & TREE_F_MULTI);
		uint8_t first = w->chosen[l][0];

		w->chosen[l][1] = w->way[i];
		if (!attach(w, l, 1, &there))
			return false;
		if (!there) {
			w->chosen[l][1] = WAYS;
			continue;
		}
		if (!below(w, l) || !detach(w, l, 1))
			return false;
		/* It took the place of the first, which has to come back. */
		if (single && (!attach(w, l, 0, &there) || !there))
			return false;
		w->chosen[l][0] = first;
	}
	return true;
}

static bool level(struct walk *w, unsigned l)
{
	bool there;

	if (l || w->opts->worker == 0)
		if (!below(w, l)) /* nothing at this level */
			return false;
	for (unsigned i = 0; i < w->n_ways && !w->stopped; i++) {
		if (l == 0 && (i + 1) % w->opts->workers != w->opts->worker)
			continue;
		w->chosen[l][0] = w->way[i];
		if (!attach(w, l, 0, &there))
			return false;
		if (!there) {
			w->chosen[l][0] = WAYS;
			continue;
		}
		if (!below(w, l) || !second(w, l) || !detach(w, l, 0))
			return false;
	}
	return true;
}

/* ---- the case around it ---- */

static void make_tree(struct tree *t)
{
	memset(t, 0, offsetof(struct tree, step));
	for (unsigned l = 0; l < LEVELS; l++) {
		t->cgroup[t->n_cgroups++] = (struct tree_cgroup){.parent = l ? (uint8_t)(l - 1) : TREE_NONE,
								 .name = (char)('a' + l)};
		t->sock[t->n_socks++] = (struct tree_sock){.route = ROUTE_DIRECT,
							   .cg = (uint8_t)l,
							   .connector = TREE_NONE,
							   .acceptor = TREE_NONE,
							   .family = AF_INET,
							   .type = SOCK_STREAM};
	}
	for (unsigned i = 0; i < HOOK_COUNT * PROGS; i++)
		t->prog[t->n_progs++] = (struct tree_prog){.hook = (uint8_t)(i / PROGS), .prog = {.ret = 1}};
	t->n_links = PROGS;
	t->n_steps = t->n_calls = 1;
}

static void make_call(struct tc_call *c, enum hook hook)
{
	memset(c, 0, sizeof(*c));
	c->hook = (uint8_t)hook;
	c->level = SOL_SOCKET;
	c->optname = SO_PRIORITY;
	c->optlen = 4;
	c->buf.size = 4;
	c->buf.fill = TC_FILL;
	if (hook == HOOK_SET) {
		c->buf.n_data = 4;
		c->buf.data[0] = 3;
	}
}

static bool sockets(struct walk *w)
{
	for (unsigned l = 0; l < LEVELS; l++) {
		scratch(w, TREE_SOCKET)->sock = (uint8_t)l;
		w->t->step[0].hook = 0;
		if (!run(w))
			return false;
	}
	return true;
}

/* The last call or operation as a case of its own: all that is attached, in order, then the step. */
static void explain(struct walk *w)
{
	static struct tree t; /* large */
	struct tree_step last = w->t->step[0];
	uint8_t links[LEVELS * SLOTS];

	make_tree(&t);
	memcpy(t.prog, w->t->prog, sizeof(t.prog));
	t.n_links = t.n_steps = t.n_calls = 0;
	for (unsigned l = 0; l < LEVELS; l++) {
		t.step[t.n_steps] = tree_step(TREE_SOCKET);
		t.step[t.n_steps++].sock = (uint8_t)l;
	}
	for (unsigned i = 0; i < LEVELS * SLOTS; i++) {
		struct tree_step *s = &t.step[t.n_steps];

		if (w->chosen[i / SLOTS][i % SLOTS] == WAYS)
			continue;
		fill_attach(w, s, i / SLOTS, i % SLOTS);
		links[i] = t.n_links;
		if (s->op == TREE_LINK)
			s->link = t.n_links++;
		t.n_steps++;
	}
	if (last.op == TREE_CALL) {
		t.call[t.n_calls++] = w->t->call[0];
		t.step[t.n_steps++] = last;
	} else if (last.op == TREE_QUERY || last.op == TREE_DETACH) {
		t.step[t.n_steps++] = last;
	} else if (last.op == TREE_CLOSE_LINK && w->chosen[last.link / SLOTS][last.link % SLOTS] != WAYS) {
		last.link = links[last.link];
		t.step[t.n_steps++] = last;
	}
	*w->t = t;
}

static enum verdict one_hook(struct walk *w)
{
	int ret;

	make_tree(w->t);
	make_call(&w->t->call[0], w->hook);
	memset(w->chosen, WAYS, sizeof(w->chosen));
	ret = operate_begin(w->o, w->t, w->res);
	if (ret)
		return w->res->verdict;
	if (sockets(w))
		level(w, 0);
	operate_end(w->o, w->res);
	if (w->res->verdict == V_FAIL)
		explain(w);
	return w->res->verdict;
}

enum verdict chains_run(struct operate *o, const struct chains_opts *opts, struct tree *t,
			struct op_result *res, struct chains_result *r)
{
	struct walk w = {.o = o, .opts = opts, .t = t, .res = res, .r = r};
	enum verdict v = V_PASS;

	w.n_ways = usable(o->epoch, w.way);
	for (unsigned h = 0; h < HOOK_COUNT && v == V_PASS && !w.stopped; h++) {
		w.hook = (enum hook)h;
		w.index = 0;
		v = one_hook(&w);
	}
	return v;
}
