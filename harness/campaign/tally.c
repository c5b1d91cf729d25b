/* SPDX-License-Identifier: MIT */
#include "tally.h"

#include <errno.h>
#include <string.h>

#define AF_UNIX_    1
#define AF_INET6_   10
#define AF_NETLINK_ 16
#define AF_SMC_	    43
#define MPTCP	    262
#define MODES	    (TREE_F_OVERRIDE | TREE_F_MULTI)

static const struct {
	const char *group, *name;
} rows[T_COUNT] = {
#define TALLY(id, g, n) [T_##id] = {g, n},
#include "tally.def"
#undef TALLY
};

const char *tally_group(enum tally_row r)
{
	return rows[r].group;
}

const char *tally_name(enum tally_row r)
{
	return rows[r].name;
}

bool tally_can(enum tally_row r, const struct attach_epoch *e)
{
	switch (r) {
	case T_PREORDER_PROG:
	case T_CALL_PREORDER:
		return e->has & NEED_PREORDER;
	case T_PREORDER_LINK:
	case T_BEFORE_ALONE:
	case T_AFTER_ALONE:
	case T_BOTH_SIDES:
	case T_BESIDE_PROG_FD:
	case T_BESIDE_PROG_ID:
	case T_BESIDE_LINK_FD:
	case T_BESIDE_LINK_ID:
	case T_ANCHOR_REFUSED:
	case T_REVISION_RIGHT:
	case T_REVISION_WRONG:
	case T_DETACH_REVISION:
	case T_QUERY_REVISION:
		return e->has & NEED_MPROG;
	case T_ATTACH_REPLACE:
	case T_ATTACH_REPLACE_ABSENT:
	case T_ATTACH_FULL_REPLACE:
		return e->has & NEED_REPLACE;
	case T_QUERY_ARRAY:
		return e->has & NEED_ARRAY;
	case T_UPDATE:
	case T_UPDATE_OLD:
	case T_UPDATE_WRONG:
	case T_UPDATE_CLOSED:
	case T_UPDATE_DEAD: /* never made where an update may hit the wrong program */
		return e->has & NEED_LINKS && (e->has & NEED_SWAP_SAFE || !(e->has & NEED_PREORDER));
	case T_UPDATE_GONE:
		return e->has & NEED_FORCE && (e->has & NEED_SWAP_SAFE || !(e->has & NEED_PREORDER));
	case T_LINK_DETACH:
	case T_LINK_DETACH_AGAIN:
		return e->has & NEED_FORCE;
	default:
		return e->has & NEED_LINKS || (strcmp(rows[r].group, "link") && r != T_SIDE_BY_SIDE &&
					       r != T_RMDIR_LINKS && r != T_DETACH_LINKED);
	}
}

/* What is known before a step and not after it. */
struct before {
	const struct tree_model *m;
	const struct tree_step *s;
	const struct tree_node *n; /* of s->cg; NULL: it names none, or one that never was */
	enum hook hook;
	unsigned in;	   /* programs and links there */
	int at;		   /* the place of s->prog, attached itself; -1: is not */
	bool linked;	   /* a link of s->prog is there */
	bool progs, links; /* there are some */
	bool there;	   /* UPDATE, LINK_DETACH, CLOSE_LINK: the link is attached */
	bool open;	   /* and open */
	bool dead;	   /* and its cgroup removed */
};

static void look(struct before *b, const struct tree_model *m, const struct tree_step *s)
{
	memset(b, 0, sizeof(*b));
	b->m = m;
	b->s = s;
	b->at = -1;
	b->hook = (enum hook)(s->op == TREE_LINK ? m->t->prog[s->prog].hook : s->hook);
	if (s->op == TREE_UPDATE || s->op == TREE_LINK_DETACH || s->op == TREE_CLOSE_LINK) {
		b->open = m->link[s->link].open;
		b->there = b->open && m->link[s->link].node != TREE_NONE;
		b->dead = b->there && m->node[m->link[s->link].node].dead;
	}
	if (s->cg == TREE_NONE || m->at[s->cg] == TREE_NONE)
		return;
	b->n = &m->node[m->at[s->cg]];
	b->in = b->n->n[b->hook];
	for (unsigned i = 0; i < b->in; i++) {
		const struct tree_entry *e = &b->n->entry[b->hook][i];

		b->links |= e->link != TREE_NONE;
		b->progs |= e->link == TREE_NONE;
		if (e->prog == s->prog && e->link == TREE_NONE && b->at < 0)
			b->at = (int)i;
		b->linked |= e->prog == s->prog && e->link != TREE_NONE;
	}
}

static void count(struct tally *y, enum tally_row r, bool yes)
{
	y->n[r] += yes;
}

/* BEFORE, AFTER, anchors, revisions, PREORDER: of programs and of links. */
static void order(struct tally *y, const struct before *b, const struct tree_want *w)
{
	const struct tree_step *s = b->s;
	uint32_t sides = s->flags & (TREE_F_BEFORE | TREE_F_AFTER);
	bool ok = !w->ret, prog = s->anchor == ANCHOR_PROG, link = s->anchor == ANCHOR_LINK;
	bool id = s->flags & TREE_F_ID;

	count(y, s->op == TREE_LINK ? T_PREORDER_LINK : T_PREORDER_PROG, ok && s->flags & TREE_F_PREORDER);
	count(y, T_BEFORE_ALONE, ok && !s->anchor && sides == TREE_F_BEFORE && b->in);
	count(y, T_AFTER_ALONE, ok && !s->anchor && sides == TREE_F_AFTER && b->in);
	count(y, T_BOTH_SIDES, w->ret == -EINVAL && w->clause == C_ATTACH_END);
	count(y, T_BESIDE_PROG_FD, ok && prog && !id && sides);
	count(y, T_BESIDE_PROG_ID, ok && prog && id && sides);
	count(y, T_BESIDE_LINK_FD, ok && link && !id && sides);
	count(y, T_BESIDE_LINK_ID, ok && link && id && sides);
	count(y, T_ANCHOR_REFUSED, w->ret && w->clause == C_ATTACH_ANCHOR);
	count(y, T_REVISION_RIGHT, ok && s->revision);
	count(y, T_REVISION_WRONG, w->ret == -ESTALE);
	count(y, T_SIDE_BY_SIDE, ok && (s->op == TREE_LINK ? b->progs : b->links));
}

static void attach(struct tally *y, const struct before *b, const struct tree_want *w)
{
	static const enum tally_row modes[] = {
		[0] = T_ATTACH_NONE, [TREE_F_OVERRIDE] = T_ATTACH_OVERRIDE, [TREE_F_MULTI] = T_ATTACH_MULTI};
	const struct tree_step *s = b->s;
	bool ok = !w->ret, replace = s->flags & TREE_F_REPLACE;

	if (ok)
		y->n[modes[s->flags & MODES]]++;
	count(y, T_ATTACH_SINGLE, ok && !(s->flags & TREE_F_MULTI) && b->in);
	count(y, T_ATTACH_REPLACE, ok && replace);
	count(y, T_ATTACH_REPLACE_ABSENT, w->ret == -ENOENT && w->clause == C_ATTACH_REPLACE);
	count(y, T_ATTACH_TWICE, w->ret && w->clause == C_ATTACH_TWICE);
	count(y, T_ATTACH_ABOVE, w->clause == C_ATTACH_ABOVE);
	count(y, T_ATTACH_MIX, w->ret && w->clause == C_ATTACH_MIX);
	count(y, T_ATTACH_MODES, w->clause == C_ATTACH_MODES);
	count(y, T_ATTACH_FLAGS, w->clause == C_ATTACH_FLAGS);
	count(y, T_ATTACH_TYPE, w->clause == C_ATTACH_TYPE);
	count(y, T_ATTACH_LIMIT, w->clause == C_ATTACH_LIMIT && !replace);
	count(y, T_ATTACH_FULL_REPLACE, w->clause == C_ATTACH_LIMIT && replace);
	order(y, b, w);
}

static void link(struct tally *y, const struct before *b, const struct tree_want *w)
{
	count(y, T_LINK, !w->ret);
	count(y, T_LINK_TWICE, !w->ret && b->linked);
	count(y, T_LINK_REFUSED, w->ret == -EPERM);
	count(y, T_LINK_FLAGS, w->clause == C_LINK_FLAGS);
	count(y, T_LINK_LIMIT, w->clause == C_ATTACH_LIMIT);
	order(y, b, w);
}

static void update(struct tally *y, const struct before *b, const struct tree_want *w)
{
	bool old = b->s->other != TREE_NONE;

	count(y, T_UPDATE, !w->ret && !old);
	count(y, T_UPDATE_OLD, !w->ret && old);
	count(y, T_UPDATE_WRONG, w->ret == -EPERM);
	count(y, T_UPDATE_GONE, w->ret == -ENOLINK);
	count(y, T_UPDATE_CLOSED, w->ret == -EBADF);
	count(y, T_UPDATE_DEAD, b->dead);
}

static void detach(struct tally *y, const struct before *b, const struct tree_want *w)
{
	bool ok = !w->ret, multi = b->n && b->n->flags[b->hook] & TREE_F_MULTI;

	count(y, T_DETACH_ONLY, ok && b->in == 1);
	count(y, T_DETACH_FIRST, ok && b->in > 1 && b->at == 0);
	count(y, T_DETACH_MIDDLE, ok && b->at > 0 && (unsigned)b->at + 1 < b->in);
	count(y, T_DETACH_END, ok && b->in > 1 && (unsigned)b->at + 1 == b->in);
	count(y, T_DETACH_SINGLE_OTHER, ok && !multi && b->at < 0);
	count(y, T_DETACH_NONE, w->ret == -EINVAL && w->clause == C_DETACH_MULTI);
	count(y, T_DETACH_ABSENT,
	      w->ret == -ENOENT && (w->clause == C_DETACH_MULTI || w->clause == C_DETACH_SINGLE) &&
		      !b->linked);
	count(y, T_DETACH_LINKED, w->ret == -ENOENT && w->clause == C_DETACH_MULTI && b->linked);
	count(y, T_DETACH_REVISION, ok && b->s->revision);
	count(y, T_DETACH_FLAGS, w->clause == C_DETACH_FLAGS);
}

static bool has_any(const struct tree_node *n, bool links)
{
	for (unsigned h = 0; n && h < HOOK_COUNT; h++)
		for (unsigned i = 0; i < n->n[h]; i++)
			if ((n->entry[h][i].link != TREE_NONE) == links)
				return true;
	return false;
}

static bool has_sockets(const struct tree_model *m, const struct tree_node *n)
{
	for (unsigned i = 0; i < m->t->n_socks; i++)
		if (m->open[i] && m->sock[i] != TREE_NONE && &m->node[m->sock[i]] == n)
			return true;
	return false;
}

/* The node stays as it was, but for being dead. */
static void rmdir_(struct tally *y, const struct before *b, const struct tree_want *w)
{
	count(y, T_RMDIR, !w->ret);
	count(y, T_RMDIR_PROGS, !w->ret && has_any(b->n, false));
	count(y, T_RMDIR_LINKS, !w->ret && has_any(b->n, true));
	count(y, T_RMDIR_SOCKETS, !w->ret && has_sockets(b->m, b->n));
	count(y, T_RMDIR_BUSY, w->ret == -EBUSY);
}

static void query(struct tally *y, const struct before *b, const struct tree_want *w)
{
	const struct tree_step *s = b->s;

	count(y, T_QUERY_LIST, w->answers && !s->effective);
	count(y, T_QUERY_EFFECTIVE, w->answers && s->effective);
	count(y, T_QUERY_LONG, w->answers && s->effective && w->count > 2);
	count(y, T_QUERY_ARRAY, w->answers && s->array && w->n);
	count(y, T_QUERY_ARRAY_REFUSED, w->ret == -EINVAL);
	count(y, T_QUERY_NO_ROOM, w->ret == -ENOSPC);
	count(y, T_QUERY_COUNT, w->answers && !s->room && w->count);
	count(y, T_QUERY_REVISION, w->answers && w->has_revision && w->revision > 1);
}

static void birth(struct tally *y, const struct before *b, const struct tree_want *w)
{
	static const enum tally_row routes[TREE_ROUTE_COUNT] = {
		[ROUTE_DIRECT] = T_SOCK_DIRECT,	    [ROUTE_PAIR] = T_SOCK_PAIR,
		[ROUTE_FORK] = T_SOCK_FORK,	    [ROUTE_EXEC] = T_SOCK_EXEC,
		[ROUTE_SCM] = T_SOCK_SCM,	    [ROUTE_PIDFD] = T_SOCK_PIDFD,
		[ROUTE_THREAD] = T_SOCK_THREAD,	    [ROUTE_CGNS] = T_SOCK_CGNS,
		[ROUTE_FALLBACK] = T_SOCK_FALLBACK, [ROUTE_ACCEPT] = T_SOCK_ACCEPT};
	const struct tree_sock *k = &b->m->t->sock[b->s->sock];

	if (w->ret)
		return;
	y->n[routes[k->route]]++;
	count(y, T_SOCK_ACCEPT_UNIX, k->route == ROUTE_ACCEPT && k->family == AF_UNIX_);
	count(y, T_SOCK_OUTSIDE, b->m->sock[b->s->sock] == TREE_NONE);
	count(y, T_SOCK_INET6, k->family == AF_INET6_);
	count(y, T_SOCK_UNIX, k->family == AF_UNIX_);
	count(y, T_SOCK_NETLINK, k->family == AF_NETLINK_);
	count(y, T_SOCK_MPTCP, k->protocol == MPTCP);
	count(y, T_SOCK_SMC, k->family == AF_SMC_);
}

/* Whose programs run, and what was passed over. */
static void chain(struct tally *y, const struct tree_model *m, uint8_t from, enum hook hook)
{
	unsigned levels = 0;
	bool yields = false, preorder = false;

	for (uint8_t p = from; p != TREE_NONE; p = m->node[p].parent) {
		const struct tree_node *n = &m->node[p];

		if (!n->n[hook])
			continue;
		if (levels && !(n->flags[hook] & TREE_F_MULTI)) {
			yields = true;
			continue;
		}
		levels++;
		for (unsigned i = 0; i < n->n[hook]; i++)
			preorder |= n->entry[hook][i].flags & TREE_F_PREORDER;
	}
	count(y, T_CALL_LEVELS, levels > 1);
	count(y, T_CALL_YIELD, yields);
	count(y, T_CALL_PREORDER, preorder);
}

static bool twice(const struct tree_want *w)
{
	for (unsigned i = 1; i < w->n; i++)
		if (memchr(w->progs, w->progs[i], i))
			return true;
	return false;
}

static bool beside(const struct tree_model *m, uint8_t from, enum hook hook)
{
	for (uint8_t i = 0; i < m->n_nodes; i++)
		if (i != from && m->node[i].parent == m->node[from].parent && m->node[i].n[hook])
			return true;
	return false;
}

static void call(struct tally *y, const struct before *b, const struct tree_want *w)
{
	const struct tc_call *c = &b->m->t->call[b->s->call];
	uint8_t from;

	count(y, c->hook == HOOK_GET ? T_CALL_GET : T_CALL_SET, true);
	if (w->bad_socket) {
		count(y, T_CALL_CLOSED, c->sock != TC_SOCK_BAD);
		return;
	}
	from = b->m->sock[c->sock];
	y->n[w->n > 2 ? T_CALL_3 : T_CALL_0 + w->n]++;
	count(y, T_CALL_TWICE, twice(w));
	count(y, T_CALL_MOVED, b->m->task != TREE_NONE && b->m->task != from);
	if (from == TREE_NONE)
		return;
	chain(y, b->m, from, (enum hook)c->hook);
	count(y, T_CALL_SIBLING, beside(b->m, from, (enum hook)c->hook));
	count(y, T_CALL_DEAD, b->m->node[from].dead);
}

static void step(struct tally *y, const struct before *b, const struct tree_want *w)
{
	if (w->refused)
		return;
	count(y, T_ON_REMOVED, w->clause == C_TREE_RMDIR && (w->ret == -ENOENT || w->ret == -ENODEV));
	switch ((enum tree_op)b->s->op) {
	case TREE_ATTACH:
		attach(y, b, w);
		break;
	case TREE_LINK:
		link(y, b, w);
		break;
	case TREE_UPDATE:
		update(y, b, w);
		break;
	case TREE_DETACH:
		detach(y, b, w);
		break;
	case TREE_LINK_DETACH:
		count(y, T_LINK_DETACH, !w->ret && b->there);
		count(y, T_LINK_DETACH_AGAIN, !w->ret && !b->there);
		break;
	case TREE_CLOSE_LINK:
		count(y, T_LINK_CLOSE, b->there);
		count(y, T_LINK_CLOSE_CLOSED, !b->open);
		break;
	case TREE_QUERY:
		query(y, b, w);
		break;
	case TREE_MKDIR:
		count(y, T_MKDIR, !w->ret);
		count(y, T_MKDIR_THERE, w->ret == -EEXIST);
		break;
	case TREE_RMDIR:
		rmdir_(y, b, w);
		break;
	case TREE_MOVE:
		count(y, T_MOVE, !w->ret);
		break;
	case TREE_SOCKET:
		birth(y, b, w);
		break;
	case TREE_CLOSE_SOCK:
		count(y, T_SOCK_CLOSED, !w->ret);
		break;
	case TREE_CALL:
		call(y, b, w);
		break;
	case TREE_OP_COUNT:
		break;
	}
}

void tally_add(struct tally *to, const struct tally *from)
{
	to->cases += from->cases;
	to->steps += from->steps;
	for (unsigned r = 0; r < T_COUNT; r++)
		to->n[r] += from->n[r];
}

void tally_print(const struct tally *y, struct buf *b)
{
	const char *group = "";

	for (unsigned r = 0; r < T_COUNT; r++) {
		if (strcmp(group, rows[r].group)) {
			group = rows[r].group;
			buf_printf(b, "  %s\n", group);
		}
		buf_printf(b, "    %-48s %10llu\n", rows[r].name, (unsigned long long)y->n[r]);
	}
}

unsigned tally_starved(const struct tally *y, const struct attach_epoch *e, struct buf *b)
{
	unsigned n = 0;

	for (unsigned r = 0; r < T_COUNT; r++) {
		bool optional = r >= T_SOCK_INET6 && r <= T_SOCK_SMC; /* the machine may lack them */

		if (y->n[r] || optional || !tally_can((enum tally_row)r, e))
			continue;
		buf_printf(b, "  %s: %s\n", rows[r].group, rows[r].name);
		n++;
	}
	return n;
}

void tally_case(struct tally *y, struct tree_model *m, const struct attach_epoch *e, const struct tree *t)
{
	struct tree_want w;
	struct before b;

	y->cases++;
	y->steps += t->n_steps;
	tree_begin(m, e, t);
	for (unsigned i = 0; i < t->n_steps; i++) {
		look(&b, m, &t->step[i]);
		tree_next(m, i, &w);
		step(y, &b, &w);
	}
}
