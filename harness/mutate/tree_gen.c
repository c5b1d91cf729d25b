/* SPDX-License-Identifier: MIT */
#include "tree_gen.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "boundary.h"
#include "tree_mutate.h"

#define IPPROTO_MPTCP_	 262
#define ZEROCOPY_RECEIVE 35
#define AF_SMC_		 43

#define EDITED 8 /* one case in so many is edited as well: that breaks what the generator takes care of */

const char *tree_kind_name(enum tree_kind k)
{
	static const char *const names[TREE_KIND_COUNT] = {"plain", "moves", "removes", "routes", "full"};

	return k < TREE_KIND_COUNT ? names[k] : "?";
}

void tree_gen_init(struct tree_gen *g, uint64_t seed)
{
	memset(g, 0, sizeof(*g));
	g->seed = seed;
	g->helpers = g->swap_safe = g->full_route = true;
	for (unsigned i = 0; i < TREE_SOCKS; i++)
		g->socks[i] = true;
}

struct tree_sock tree_gen_sock(enum tree_socks kind)
{
	static const uint16_t kinds[TREE_SOCKS][3] = {[SOCKS_NETLINK] = {AF_NETLINK, SOCK_RAW, 0},
						      [SOCKS_MPTCP] = {AF_INET, SOCK_STREAM, IPPROTO_MPTCP_},
						      [SOCKS_SMC] = {AF_SMC_, SOCK_STREAM, 0}};

	return (struct tree_sock){.route = ROUTE_DIRECT,
				  .cg = TREE_NONE,
				  .connector = TREE_NONE,
				  .acceptor = TREE_NONE,
				  .family = kinds[kind][0],
				  .type = kinds[kind][1],
				  .protocol = kinds[kind][2]};
}

/* Shapes of the tree: the parent of each cgroup, or TREE_NONE; the end is 0xfe. */
#define NO  TREE_NONE
#define END 0xfe
static const uint8_t shapes[][6] = {
	{NO, END},	 {NO, 0, END},	     {NO, 0, END},	    {NO, 0, 1, END},
	{NO, 0, 1, END}, {NO, 0, 0, END},    {NO, 0, 1, 0, END},    {NO, 0, NO, END},
	{NO, NO, END},	 {NO, 0, 1, 2, END}, {NO, 0, 1, 1, 0, END},
};
#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static void make_tree(struct tree_gen *g)
{
	const uint8_t *s = shapes[rng_below(&g->r, SHAPES)];
	struct tree *t = g->t;

	for (; s[t->n_cgroups] != END; t->n_cgroups++) {
		uint8_t parent = s[t->n_cgroups];
		char name = 'a';

		while (tree_find(t, parent, name) != TREE_NONE)
			name++;
		t->cgroup[t->n_cgroups] = (struct tree_cgroup){.parent = parent, .name = name};
		g->made[t->n_cgroups] = true;
	}
}

/* ---- programs ---- */

static void act(struct tree_gen *g, struct prog *p, enum hook hook)
{
	static const int32_t lengths[] = {-1, 0, 1, 2, 4, 8, 16, 17, 4096, -2};
	uint32_t pick = rng_below(&g->r, 8);

	if (pick < 4)
		prog_add(p, (struct act){.op = ACT_BYTES,
					 .n = 1,
					 .off = rng_below(&g->r, 6),
					 .val = (int32_t)rng_below(&g->r, 256)});
	else if (pick == 4)
		prog_add(p, (struct act){.op = ACT_OPTLEN, .val = lengths[rng_below(&g->r, 10)]});
	else if (pick == 5 && hook == HOOK_GET)
		prog_add(p, (struct act){.op = ACT_RETVAL, .val = rng_chance(&g->r, 1, 2) ? 0 : -EPERM});
	else if (pick == 5 && g->helpers)
		prog_add(p, (struct act){.op = ACT_SET_RETVAL, .val = rng_chance(&g->r, 1, 2) ? 0 : -EACCES});
	else if (pick == 6 && hook == HOOK_SET)
		prog_add(p, (struct act){.op = ACT_OPTNAME, .val = SO_PRIORITY});
}

static void make_progs(struct tree_gen *g)
{
	struct tree *t = g->t;
	unsigned n = 2 + rng_below(&g->r, 5);

	g->hook = (uint8_t)rng_below(&g->r, HOOK_COUNT);
	for (unsigned i = 0; i < n; i++) {
		struct tree_prog *p = &t->prog[t->n_progs++];

		p->hook = rng_chance(&g->r, 1, 8) ? !g->hook : g->hook;
		p->prog.n = 0;
		p->prog.ret = !rng_chance(&g->r, 1, 6);
		for (unsigned k = rng_below(&g->r, 3); k > 0; k--)
			act(g, &p->prog, (enum hook)p->hook);
	}
}

/* A program, most often of the case's hook. */
static uint8_t any_prog(struct tree_gen *g)
{
	return (uint8_t)rng_below(&g->r, g->t->n_progs);
}

static uint8_t prog_of(struct tree_gen *g, enum hook hook)
{
	for (unsigned i = 0; i < 4; i++) {
		uint8_t p = any_prog(g);

		if (g->t->prog[p].hook == hook)
			return p;
	}
	return any_prog(g);
}

static uint8_t cgroup_of(struct tree_gen *g)
{
	uint8_t cg;

	do
		cg = (uint8_t)rng_below(&g->r, g->t->n_cgroups);
	while (!g->made[cg]);
	return cg;
}

/* One that is attached there, or (now and then, or if there is none) any. */
static uint8_t attached(struct tree_gen *g, uint8_t cg, enum hook hook)
{
	unsigned n = g->n_in[cg][hook] < 8 ? g->n_in[cg][hook] : 8;

	if (!n || rng_chance(&g->r, 1, 8))
		return prog_of(g, hook);
	return g->in[cg][hook][rng_below(&g->r, n)];
}

static struct tree_step *add(struct tree_gen *g, enum tree_op op)
{
	struct tree_step *s = &g->t->step[g->t->n_steps++];

	*s = tree_step(op);
	g->ops[op]++;
	return s;
}

/* ---- attaching ---- */

static uint32_t any_mode(struct tree_gen *g)
{
	static const uint32_t modes[] = {TREE_F_MULTI, TREE_F_MULTI, TREE_F_MULTI, TREE_F_OVERRIDE, 0};

	return modes[rng_below(&g->r, 5)];
}

static void anchor(struct tree_gen *g, struct tree_step *s)
{
	if (s->op == TREE_LINK && g->t->n_links && !rng_chance(&g->r, 1, 8)) {
		s->anchor = ANCHOR_LINK;
		s->at = (uint8_t)rng_below(&g->r, g->t->n_links);
		s->flags |= TREE_F_LINK;
	} else {
		s->anchor = ANCHOR_PROG;
		s->at = attached(g, s->cg, (enum hook)s->hook);
	}
	if (rng_chance(&g->r, 1, 2))
		s->flags |= TREE_F_ID;
}

static void options(struct tree_gen *g, struct tree_step *s)
{
	uint32_t pick = rng_below(&g->r, 20);

	if (pick < 4)
		s->flags |= TREE_F_PREORDER;
	if (pick >= 2 && pick < 5)
		s->flags |= TREE_F_BEFORE;
	if (pick == 5 || pick == 6 || (pick == 4 && rng_chance(&g->r, 1, 4)))
		s->flags |= TREE_F_AFTER;
	if (s->flags & (TREE_F_BEFORE | TREE_F_AFTER) ? rng_chance(&g->r, 2, 3) : rng_chance(&g->r, 1, 40))
		anchor(g, s);
	if (pick == 7)
		s->revision = g->revision[s->cg][s->hook] + !rng_below(&g->r, 3);
	if (pick == 8 && rng_chance(&g->r, 1, 8))
		s->flags |=
			1u << rng_below(&g->r, 20) & ~(uint32_t)(TREE_F_REPLACE | TREE_F_ID | TREE_F_LINK);
}

static void note(struct tree_gen *g, const struct tree_step *s, uint32_t mode)
{
	uint8_t *n = &g->n_in[s->cg][s->hook];

	g->mode[s->cg][s->hook] = mode;
	g->revision[s->cg][s->hook]++;
	if (!(mode & TREE_F_MULTI))
		*n = 0;
	if (*n < 8)
		g->in[s->cg][s->hook][(*n)++] = s->prog;
}

static void attach(struct tree_gen *g)
{
	struct tree_step *s = add(g, TREE_ATTACH);

	s->cg = cgroup_of(g);
	s->prog = any_prog(g);
	s->hook = g->t->prog[s->prog].hook;
	if (rng_chance(&g->r, 1, 64))
		s->hook = !s->hook;
	s->flags =
		g->n_in[s->cg][s->hook] && !rng_chance(&g->r, 1, 10) ? g->mode[s->cg][s->hook] : any_mode(g);
	options(g, s);
	if (rng_chance(&g->r, g->n_in[s->cg][s->hook] ? 1 : 0, 6)) {
		s->flags |= TREE_F_REPLACE;
		if (!rng_chance(&g->r, 1, 8))
			s->flags &= ~(uint32_t)(TREE_F_BEFORE | TREE_F_AFTER);
		s->other = attached(g, s->cg, (enum hook)s->hook);
	}
	note(g, s, s->flags & (TREE_F_OVERRIDE | TREE_F_MULTI));
}

static void link_one(struct tree_gen *g)
{
	struct tree_step *s = add(g, TREE_LINK);

	s->cg = cgroup_of(g);
	s->prog = any_prog(g);
	s->hook = g->t->prog[s->prog].hook;
	options(g, s);
	s->link = g->t->n_links++;
	g->link_prog[s->link] = s->prog;
	note(g, s, TREE_F_MULTI);
}

static void update(struct tree_gen *g)
{
	struct tree_step *s = add(g, TREE_UPDATE);
	uint8_t hook;

	s->link = (uint8_t)rng_below(&g->r, g->t->n_links);
	hook = g->t->prog[g->link_prog[s->link]].hook;
	s->prog = g->link_prog[s->link];
	for (unsigned i = 0; i < 4; i++) {
		uint8_t p = any_prog(g);

		if (g->t->prog[p].hook == hook) /* never one of the other hook: tree.h */
			s->prog = p;
	}
	if (rng_chance(&g->r, 1, 3))
		s->other = rng_chance(&g->r, 2, 3) ? g->link_prog[s->link] : any_prog(g);
	if (s->other == TREE_NONE || s->other == g->link_prog[s->link])
		g->link_prog[s->link] = s->prog;
}

static void detach(struct tree_gen *g)
{
	struct tree_step *s = add(g, TREE_DETACH);

	s->cg = cgroup_of(g);
	s->hook = g->hook;
	s->prog = rng_chance(&g->r, 1, 12) ? TREE_NONE : attached(g, s->cg, (enum hook)s->hook);
	if (rng_chance(&g->r, 1, 24))
		s->revision = g->revision[s->cg][s->hook];
	if (rng_chance(&g->r, 1, 40))
		s->flags = TREE_F_MULTI;
	if (g->n_in[s->cg][s->hook] == 1)
		g->n_in[s->cg][s->hook] = 0;
	g->revision[s->cg][s->hook]++;
}

static void query(struct tree_gen *g)
{
	struct tree_step *s = add(g, TREE_QUERY);

	s->cg = cgroup_of(g);
	s->hook = rng_chance(&g->r, 1, 8) ? !g->hook : g->hook;
	s->effective = rng_chance(&g->r, 1, 2);
	s->array = rng_chance(&g->r, 1, 6);
	if (rng_chance(&g->r, 1, 6))
		s->room = (uint8_t)rng_below(&g->r, 4);
}

/* ---- calls ---- */

static void call(struct tree_gen *g)
{
	static const int32_t options[][2] = {
		{SOL_SOCKET, SO_PRIORITY}, {SOL_SOCKET, SO_MARK}, {SOL_SOCKET, SO_REUSEADDR}, {0x484b, 1}};
	static const int32_t lengths[] = {4, 4, 4, 4, 4, 8, 16, 0, 1, 64, -1, 4096};
	uint32_t o = rng_below(&g->r, 16);
	const int32_t *opt = options[o < 3 ? o : o == 3 ? 3 : 0];
	struct tree_step *s = add(g, TREE_CALL);
	struct tc_call *c = &g->t->call[g->t->n_calls];

	s->call = g->t->n_calls++;
	memset(c, 0, sizeof(*c));
	c->hook = rng_chance(&g->r, 1, 8) ? !g->hook : g->hook;
	c->sock = rng_chance(&g->r, 1, 64) ? TC_SOCK_BAD : (uint8_t)rng_below(&g->r, g->t->n_socks);
	c->level = opt[0];
	c->optname = opt[1];
	c->optlen = lengths[rng_below(&g->r, 12)];
	c->buf.fill = TC_FILL;
	c->buf.size = c->optlen < 4 ? 4 : (uint32_t)c->optlen;
	if (c->hook == HOOK_SET) {
		c->buf.n_data = 4;
		c->buf.data[0] = (uint8_t)rng_below(&g->r, 7);
	}
}

static void sock_at(struct tree_gen *g, uint8_t cg, enum tree_route route)
{
	struct tree *t = g->t;
	struct tree_sock *k = &t->sock[t->n_socks];
	struct tree_step *s = add(g, TREE_SOCKET);
	uint32_t kind = rng_below(&g->r, 8), rare = rng_below(&g->r, 32);

	*k = (struct tree_sock){.route = (uint8_t)route,
				.cg = cg,
				.connector = TREE_NONE,
				.acceptor = TREE_NONE,
				.family = AF_INET,
				.type = SOCK_STREAM};
	if (kind == 6)
		k->family = AF_INET6;
	if (kind == 7 && route != ROUTE_ACCEPT)
		k->type = SOCK_DGRAM;
	if (route == ROUTE_PAIR || (route == ROUTE_ACCEPT && kind < 3))
		k->family = AF_UNIX;
	if (route == ROUTE_ACCEPT) {
		k->connector = rng_chance(&g->r, 1, 4) ? TREE_NONE : cgroup_of(g);
		k->acceptor = rng_chance(&g->r, 1, 4) ? TREE_NONE : cgroup_of(g);
	}
	if (route == ROUTE_DIRECT && rare < TREE_SOCKS && g->socks[rare]) {
		*k = tree_gen_sock((enum tree_socks)rare);
		k->cg = cg;
	}
	s->sock = t->n_socks++;
}

static void sockets(struct tree_gen *g)
{
	unsigned n = 1 + rng_below(&g->r, 2);

	sock_at(g, (uint8_t)(g->t->n_cgroups - 1), ROUTE_DIRECT);
	while (g->t->n_socks < n)
		sock_at(g, rng_chance(&g->r, 1, 16) ? TREE_NONE : cgroup_of(g), ROUTE_DIRECT);
}

/* ---- the rarer kinds ---- */

static void close_some(struct tree_gen *g)
{
	struct tree_step *s = add(g, rng_chance(&g->r, 1, 2) ? TREE_CLOSE_LINK : TREE_LINK_DETACH);

	s->link = (uint8_t)rng_below(&g->r, g->t->n_links);
}

static void remove_some(struct tree_gen *g)
{
	struct tree *t = g->t;
	uint32_t pick = rng_below(&g->r, 4);
	unsigned mkdirs = 0;
	struct tree_step *s;

	for (unsigned i = 0; i < t->n_steps; i++)
		mkdirs += t->step[i].op == TREE_MKDIR;
	if (pick == 0 && t->n_socks < TREE_MAX_SOCKS) {
		sock_at(g, cgroup_of(g), rng_chance(&g->r, 1, 4) ? ROUTE_PAIR : ROUTE_DIRECT);
	} else if (pick == 1) {
		s = add(g, TREE_CLOSE_SOCK);
		s->sock = (uint8_t)rng_below(&g->r, t->n_socks);
	} else if (pick == 2 && mkdirs < 4) {
		s = add(g, TREE_MKDIR);
		s->cg = cgroup_of(g);
	} else {
		s = add(g, TREE_RMDIR);
		s->cg = rng_chance(&g->r, 2, 3) ? (uint8_t)(t->n_cgroups - 1) : cgroup_of(g);
	}
}

/* MPTCP that falls back, and the call for which that makes a difference. */
static void fallen(struct tree_gen *g)
{
	struct tree *t = g->t;
	struct tree_sock *k = &t->sock[t->n_socks];
	struct tree_step *s;

	sock_at(g, cgroup_of(g), ROUTE_FALLBACK);
	k->family = AF_INET;
	k->type = SOCK_STREAM;
	k->protocol = IPPROTO_MPTCP_;
	if (k->cg == TREE_NONE)
		return;
	t->prog[0] = (struct tree_prog){.hook = HOOK_GET, .prog = {.ret = 1}};
	s = add(g, TREE_ATTACH);
	s->cg = k->cg;
	s->prog = 0;
	s->hook = HOOK_GET;
	s->flags = TREE_F_MULTI;
	note(g, s, TREE_F_MULTI);
	s = add(g, TREE_CALL);
	s->call = t->n_calls;
	t->call[t->n_calls++] = (struct tc_call){.hook = HOOK_GET,
						 .sock = (uint8_t)(t->n_socks - 1),
						 .level = SOL_TCP,
						 .optname = ZEROCOPY_RECEIVE,
						 .optlen = 40,
						 .buf = {.size = 40}};
}

static void routes(struct tree_gen *g)
{
	static const uint8_t ways[] = {ROUTE_ACCEPT, ROUTE_ACCEPT, ROUTE_ACCEPT, ROUTE_FORK, ROUTE_SCM,
				       ROUTE_PIDFD,  ROUTE_EXEC,   ROUTE_CGNS,	 ROUTE_PAIR};
	unsigned n = sizeof(ways) - (g->full_route ? 0 : 6);

	if (g->socks[SOCKS_MPTCP] && rng_chance(&g->r, 1, 8))
		fallen(g);
	else
		sock_at(g, cgroup_of(g), (enum tree_route)ways[rng_below(&g->r, n)]);
}

/* Sockets of a threaded cgroup and of the one above; false if the tree has none that may be threaded. */
static bool threads(struct tree_gen *g)
{
	struct tree *t = g->t;

	for (uint8_t cg = t->n_cgroups; cg-- > 0;)
		if (tree_may_thread(t, cg)) {
			sock_at(g, cg, ROUTE_THREAD);
			sock_at(g, t->cgroup[cg].parent, ROUTE_DIRECT);
			return true;
		}
	return false;
}

/* As many links of one program as a cgroup takes, and some more. */
static void fill(struct tree_gen *g)
{
	uint8_t cg = cgroup_of(g), prog = any_prog(g);
	unsigned n = 62 + rng_below(&g->r, 5);

	while (g->t->n_links < n) {
		struct tree_step *s = add(g, TREE_LINK);

		s->cg = cg;
		s->prog = prog;
		s->hook = g->t->prog[prog].hook;
		s->link = g->t->n_links++;
		g->link_prog[s->link] = prog;
		note(g, s, TREE_F_MULTI);
	}
}

static void one_step(struct tree_gen *g, enum tree_kind kind)
{
	uint32_t pick = rng_below(&g->r, 100);
	struct tree *t = g->t;

	if (kind == TREE_REMOVES && pick >= 80) {
		remove_some(g);
	} else if (kind == TREE_MOVES && pick >= 85) {
		add(g, TREE_MOVE)->cg = rng_chance(&g->r, 1, 3) ? TREE_NONE : cgroup_of(g);
	} else if (pick < 28) {
		attach(g);
	} else if (pick < 40 && t->n_links < TREE_MAX_LINKS) {
		link_one(g);
	} else if (pick < 46 && t->n_links && g->swap_safe) {
		update(g);
	} else if (pick < 54) {
		detach(g);
	} else if (pick < 60 && t->n_links) {
		close_some(g);
	} else if (pick < 68) {
		query(g);
	} else if (t->n_calls < TREE_MAX_CALLS &&
		   kind != TREE_FULL) { /* a full chain is too long to follow */
		call(g);
	}
}

static enum tree_kind kind_of(struct tree_gen *g)
{
	uint32_t pick = rng_below(&g->r, 1000);

	return pick < 983   ? TREE_PLAIN
	       : pick < 986 ? TREE_MOVES
	       : pick < 991 ? TREE_REMOVES
	       : pick < 993 ? TREE_ROUTES
			    : TREE_FULL;
}

void tree_gen_case(struct tree_gen *g, uint64_t index, struct tree *t)
{
	enum tree_kind kind;
	unsigned n;

	rng_seed(&g->r, g->seed, index);
	g->t = t;
	t->n_cgroups = t->n_progs = t->n_links = t->n_socks = t->n_steps = t->n_calls = 0;
	memset(g->n_in, 0, sizeof(g->n_in));
	memset(g->made, 0, sizeof(g->made));
	for (unsigned i = 0; i < TREE_MAX_CGROUPS; i++)
		g->revision[i][0] = g->revision[i][1] = 1;
	kind = kind_of(g);
	g->kinds[kind]++;
	make_tree(g);
	make_progs(g);
	if (kind == TREE_FULL)
		fill(g);
	if (kind != TREE_ROUTES || !g->full_route || rng_chance(&g->r, 2, 3) || !threads(g)) {
		sockets(g);
		if (kind == TREE_ROUTES)
			routes(g);
	}
	n = t->n_steps + 8 + rng_below(&g->r, 17);
	for (unsigned tries = 0; t->n_steps < n && tries < 64; tries++)
		one_step(g, kind);
	if (kind == TREE_PLAIN && g->swap_safe && rng_chance(&g->r, 1, EDITED))
		for (unsigned k = 1 + rng_below(&g->r, 4); k > 0; k--)
			g->edits += tree_mutate(&g->r, t);
}
