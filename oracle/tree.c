/* SPDX-License-Identifier: MIT */
/* Cgroups, tasks, sockets, queries and calls of the attach model; the lists of programs: tree_attach.c. */
#include "tree.h"

#include <errno.h>
#include <string.h>

#include "tree_impl.h"

#define AF_UNIX_	 1
#define SOL_TCP_	 6
#define ZEROCOPY_RECEIVE 35
#define ZC_LEAST	 40 /* bytes of its struct in every kernel with the hook inside */
#define ZC_MOST		 64

bool tree_clause_holds(const struct attach_epoch *e, unsigned clause)
{
	uint32_t needs = clause_info(clause)->when.values;

	return (e->has & needs) == needs;
}

uint8_t tree_new_node(struct tree_model *m, uint8_t cg)
{
	uint8_t parent = m->t->cgroup[cg].parent;
	struct tree_node *n = &m->node[m->n_nodes];

	n->parent = parent == TREE_NONE ? TREE_NONE : m->at[parent];
	n->cg = cg;
	n->dead = false;
	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		n->n[h] = 0;
		n->flags[h] = 0;
		n->revision[h] = 1;
	}
	m->at[cg] = (uint8_t)m->n_nodes;
	return (uint8_t)m->n_nodes++;
}

void tree_begin(struct tree_model *m, const struct attach_epoch *epoch, const struct tree *t)
{
	m->epoch = epoch;
	m->t = t;
	m->wrong = TREE_RIGHT;
	m->n_nodes = 0;
	m->task = TREE_NONE;
	memset(m->open, 0, sizeof(m->open));
	memset(m->link, 0, t->n_links * sizeof(m->link[0]));
	memset(m->at, TREE_NONE, sizeof(m->at));
	for (unsigned i = 0; i < t->n_cgroups; i++)
		if (!t->cgroup[i].later)
			tree_new_node(m, (uint8_t)i);
}

void tree_hit(struct tree_want *w, unsigned clause)
{
	for (unsigned i = 0; i < w->n_hits; i++)
		if (w->hits[i] == clause)
			return;
	if (w->n_hits < TREE_CLAUSES)
		w->hits[w->n_hits++] = (uint8_t)clause;
}

void tree_result(struct tree_want *w, int ret, unsigned clause)
{
	w->ret = ret;
	w->clause = (uint8_t)clause;
	tree_hit(w, clause);
}

static bool is_gone(const struct tree_model *m, uint8_t cg)
{
	return cg != TREE_NONE && m->node[m->at[cg]].dead;
}

/* ---- which programs run ---- */

static void append(const struct tree_node *n, enum hook hook, bool preorder, uint8_t *progs, unsigned *count)
{
	for (unsigned i = 0; i < n->n[hook]; i++)
		if (!!(n->entry[hook][i].flags & TREE_F_PREORDER) == preorder)
			progs[(*count)++] = n->entry[hook][i].prog;
}

/* The cgroups that have a say: the nearest one with programs, and every multi one. Returns how many. */
static unsigned speakers(const struct tree_model *m, uint8_t node, enum hook hook, uint8_t *out)
{
	unsigned n = 0;

	for (; node != TREE_NONE; node = m->node[node].parent) {
		const struct tree_node *p = &m->node[node];

		if (!p->n[hook] || (p->dead && m->wrong == TREE_WRONG_DEAD))
			continue;
		if (n && !(p->flags[hook] & TREE_F_MULTI) && m->wrong != TREE_WRONG_YIELD)
			continue;
		out[n++] = node;
	}
	return n;
}

static void add_sibling(const struct tree_model *m, uint8_t node, enum hook hook, uint8_t *progs,
			unsigned *count)
{
	for (uint8_t i = 0; i < m->n_nodes; i++)
		if (i != node && m->node[i].parent == m->node[node].parent && !m->node[i].dead &&
		    m->node[i].n[hook]) {
			append(&m->node[i], hook, false, progs, count);
			return;
		}
}

unsigned tree_effective(const struct tree_model *m, uint8_t node, enum hook hook, uint8_t progs[TREE_CHAIN])
{
	uint8_t who[TREE_MAX_DEPTH];
	unsigned n = 0, levels = speakers(m, node, hook, who);

	for (unsigned i = 0; i < levels; i++)
		append(&m->node[who[m->wrong == TREE_WRONG_PREORDER ? i : levels - 1 - i]], hook, true, progs,
		       &n);
	for (unsigned i = 0; i < levels; i++)
		append(&m->node[who[i]], hook, false, progs, &n);
	if (m->wrong == TREE_WRONG_SIBLING && node != TREE_NONE && n < TREE_CHAIN - TREE_CGROUP_PROGS)
		add_sibling(m, node, hook, progs, &n);
	return n;
}

/* The clauses that decide which programs run for the node, the most particular one last. */
static void chain_clauses(const struct tree_model *m, uint8_t node, enum hook hook, struct tree_want *w)
{
	uint8_t who[TREE_MAX_DEPTH];
	unsigned levels = speakers(m, node, hook, who);
	bool yields = false, slots = false, preorder = false;

	w->c_order = C_TREE_ORDER;
	w->c_runs = C_TREE_SIBLING;
	tree_hit(w, C_TREE_ORDER);
	tree_hit(w, C_TREE_SIBLING);
	for (uint8_t p = node; p != TREE_NONE; p = m->node[p].parent)
		yields |= m->node[p].n[hook] && !(m->node[p].flags[hook] & TREE_F_MULTI);
	for (unsigned i = 0; i < levels; i++) {
		const struct tree_node *p = &m->node[who[i]];

		slots |= p->n[hook] > 1;
		for (unsigned k = 0; k < p->n[hook]; k++)
			preorder |= p->entry[hook][k].flags & TREE_F_PREORDER;
	}
	if (slots) {
		w->c_order = C_TREE_SLOT;
		tree_hit(w, C_TREE_SLOT);
	}
	if (preorder) {
		w->c_order = C_TREE_PREORDER;
		tree_hit(w, C_TREE_PREORDER);
	}
	if (yields) {
		w->c_runs = C_TREE_YIELD;
		tree_hit(w, C_TREE_YIELD);
	}
}

/* ---- queries ---- */

static void query(struct tree_model *m, const struct tree_step *s, struct tree_want *w)
{
	const struct tree_node *n = &m->node[m->at[s->cg]];
	bool modern = m->epoch->has & NEED_ARRAY;

	if (s->array && !modern) {
		tree_result(w, -EINVAL, C_QUERY_ARRAY);
		return;
	}
	if (n->dead) {
		tree_result(w, -ENOENT, C_TREE_RMDIR);
		return;
	}
	if (s->array && s->effective) {
		tree_result(w, -EINVAL, C_QUERY_ARRAY);
		return;
	}
	tree_result(w, 0, s->effective ? C_QUERY_EFFECTIVE : C_QUERY_LIST);
	w->answers = true;
	w->flags = w->entry_flags = n->flags[s->hook];
	if (s->effective) {
		w->flags = modern ? 0 : w->flags;
		tree_hit(w, C_QUERY_EFFECTIVE_FLAGS);
		w->n = tree_effective(m, m->at[s->cg], (enum hook)s->hook, w->progs);
	} else {
		w->n = n->n[s->hook];
		for (unsigned i = 0; i < w->n; i++)
			w->progs[i] = n->entry[s->hook][i].prog;
	}
	if (m->epoch->has & NEED_MPROG) {
		w->has_revision = true;
		w->revision = s->effective ? 0 : n->revision[s->hook];
		tree_hit(w, C_QUERY_REVISION);
	}
	w->count = w->n;
	if (s->array)
		tree_hit(w, C_QUERY_ARRAY);
	if (w->n > s->room) {
		tree_result(w, s->room ? -ENOSPC : 0, C_QUERY_ROOM);
		w->n = s->room;
	}
}

/* ---- cgroups ---- */

static void make(struct tree_model *m, const struct tree_step *s, struct tree_want *w)
{
	uint8_t parent = m->t->cgroup[s->cg].parent;

	if (parent != TREE_NONE && is_gone(m, parent)) {
		tree_result(w, -ENOENT, C_TREE_RMDIR);
	} else if (m->at[s->cg] != TREE_NONE && !is_gone(m, s->cg)) {
		tree_result(w, -EEXIST, C_TREE_MKDIR);
	} else {
		tree_new_node(m, s->cg);
		tree_result(w, 0, C_TREE_MKDIR);
	}
}

static bool has_children(const struct tree_model *m, uint8_t node)
{
	for (unsigned i = 0; i < m->n_nodes; i++)
		if (m->node[i].parent == node && !m->node[i].dead)
			return true;
	return false;
}

static void unmake(struct tree_model *m, const struct tree_step *s, struct tree_want *w)
{
	uint8_t node = m->at[s->cg];

	if (m->node[node].dead)
		tree_result(w, -ENOENT, C_TREE_RMDIR);
	else if (has_children(m, node) || m->task == node)
		tree_result(w, -EBUSY, C_TREE_RMDIR);
	else {
		m->node[node].dead = true;
		tree_result(w, 0, C_TREE_RMDIR);
	}
}

bool tree_is_held(const struct tree_model *m, uint8_t node)
{
	for (unsigned s = 0; s < m->t->n_socks; s++)
		for (uint8_t n = m->open[s] ? m->sock[s] : TREE_NONE; n != TREE_NONE; n = m->node[n].parent)
			if (n == node)
				return true;
	return false;
}

/* ---- tasks and sockets ---- */

static void move(struct tree_model *m, const struct tree_step *s, struct tree_want *w)
{
	if (is_gone(m, s->cg)) {
		tree_result(w, -ENODEV, C_TREE_RMDIR);
		return;
	}
	m->task = s->cg == TREE_NONE ? TREE_NONE : m->at[s->cg];
	tree_result(w, 0, C_SOCK_MAKER);
}

static unsigned route_clause(const struct tree_sock *k)
{
	switch ((enum tree_route)k->route) {
	case ROUTE_PAIR:
		return C_SOCK_PAIR;
	case ROUTE_FORK:
	case ROUTE_EXEC:
		return C_SOCK_INHERIT;
	case ROUTE_SCM:
	case ROUTE_PIDFD:
		return C_SOCK_PASSED;
	case ROUTE_THREAD:
		return C_SOCK_THREAD;
	case ROUTE_FALLBACK:
		return C_SOCK_FALLBACK;
	case ROUTE_CGNS:
		return C_SOCK_NAMESPACE;
	case ROUTE_ACCEPT:
		return k->family == AF_UNIX_ ? C_SOCK_ACCEPT_UNIX : C_SOCK_ACCEPT;
	case ROUTE_DIRECT:
	case TREE_ROUTE_COUNT:
		break;
	}
	return C_SOCK_MAKER;
}

static void birth(struct tree_model *m, const struct tree_step *s, struct tree_want *w)
{
	const struct tree_sock *k = &m->t->sock[s->sock];
	bool accepts = k->route == ROUTE_ACCEPT;
	uint8_t cg = k->cg;

	if (is_gone(m, cg) || (accepts && (is_gone(m, k->connector) || is_gone(m, k->acceptor)))) {
		tree_result(w, -ENODEV, C_TREE_RMDIR);
		return;
	}
	if (accepts && k->family == AF_UNIX_)
		cg = k->connector;
	if (accepts && m->wrong == TREE_WRONG_ACCEPTOR)
		cg = k->acceptor;
	m->sock[s->sock] = cg == TREE_NONE ? TREE_NONE : m->at[cg];
	m->open[s->sock] = true;
	tree_result(w, 0, route_clause(k));
}

/* Does every program leave the call as it is? */
static bool all_idle(const struct tree *t, const struct tree_want *w)
{
	for (unsigned i = 0; i < w->n; i++)
		if (t->prog[w->progs[i]].prog.n || t->prog[w->progs[i]].prog.ret != 1)
			return false;
	return true;
}

/*
 * The handler of TCP runs the programs, and the call does. What the second run begins with would be what the
 * first one made of the handler's result: followed only if that is the handler's own.
 */
static void run_twice(const struct tree_model *m, const struct tc_call *c, struct tree_want *w)
{
	bool whole = c->buf.place == BUF_PLAIN && tc_call_has_len(c) && !c->optlen_ro &&
		     c->optlen == (int32_t)c->buf.size && !c->buf.n_data && !c->buf.fill &&
		     c->optlen >= ZC_LEAST && c->optlen <= ZC_MOST;

	if (!w->n || m->wrong == TREE_WRONG_FALLBACK)
		return;
	if (!whole || !all_idle(m->t, w) || 2 * w->n > TC_MAX_PROGS) {
		w->refused = true;
		w->why = "programs that run twice (MPTCP fallback) are followed only if they do nothing, on "
			 "a struct of zeros";
		return;
	}
	memcpy(w->progs + w->n, w->progs, w->n);
	w->n *= 2;
}

static void call(struct tree_model *m, const struct tree_step *s, struct tree_want *w)
{
	const struct tc_call *c = &m->t->call[s->call];
	const struct tree_sock *k;
	uint8_t node;

	if (c->sock == TC_SOCK_BAD || !m->open[c->sock]) {
		w->bad_socket = true;
		w->c_runs = w->c_order = C_HOOK_BADFD;
		return;
	}
	k = &m->t->sock[c->sock];
	node = m->wrong == TREE_WRONG_MOVED && k->route == ROUTE_DIRECT && m->task != TREE_NONE
		       ? m->task
		       : m->sock[c->sock];
	chain_clauses(m, node, (enum hook)c->hook, w);
	tree_hit(w, route_clause(k));
	if (w->c_runs == C_TREE_SIBLING)
		w->c_runs = (uint8_t)route_clause(k);
	if (node != TREE_NONE && m->node[node].dead) {
		w->c_runs = C_TREE_RMDIR_SOCKET;
		tree_hit(w, C_TREE_RMDIR_SOCKET);
	}
	w->n = tree_effective(m, node, (enum hook)c->hook, w->progs);
	if (k->route == ROUTE_FALLBACK && c->hook == HOOK_GET && c->level == SOL_TCP_ &&
	    c->optname == ZEROCOPY_RECEIVE)
		run_twice(m, c, w);
}

static bool never_was(const struct tree_model *m, uint8_t cg)
{
	return cg != TREE_NONE && m->at[cg] == TREE_NONE;
}

/* Does the step name a cgroup that no mkdir has made, although there was one: of a removed parent? */
static bool is_about_nothing(const struct tree_model *m, const struct tree_step *s)
{
	if (s->op == TREE_MKDIR)
		return never_was(m, m->t->cgroup[s->cg].parent);
	if (s->op == TREE_SOCKET) {
		const struct tree_sock *k = &m->t->sock[s->sock];

		return never_was(m, k->cg) || (k->route == ROUTE_ACCEPT &&
					       (never_was(m, k->connector) || never_was(m, k->acceptor)));
	}
	return never_was(m, s->cg);
}

void tree_next(struct tree_model *m, unsigned i, struct tree_want *w)
{
	const struct tree_step *s = &m->t->step[i];

	memset(w, 0, offsetof(struct tree_want, progs));
	w->bad_socket = false;
	w->c_order = w->c_runs = C_NONE;
	if (is_about_nothing(m, s)) {
		tree_result(w, -ENOENT, C_TREE_MKDIR);
		w->refused = true;
		w->why = "a step on a cgroup whose mkdir failed";
		return;
	}
	switch ((enum tree_op)s->op) {
	case TREE_ATTACH:
		tree_attach(m, s, w);
		break;
	case TREE_LINK:
		tree_link(m, s, w);
		break;
	case TREE_UPDATE:
		tree_update(m, s, w);
		break;
	case TREE_DETACH:
		tree_detach(m, s, w);
		break;
	case TREE_LINK_DETACH:
		tree_link_detach(m, s, w);
		break;
	case TREE_CLOSE_LINK:
		tree_close_link(m, s, w);
		break;
	case TREE_QUERY:
		query(m, s, w);
		break;
	case TREE_MKDIR:
		make(m, s, w);
		break;
	case TREE_RMDIR:
		unmake(m, s, w);
		break;
	case TREE_MOVE:
		move(m, s, w);
		break;
	case TREE_SOCKET:
		birth(m, s, w);
		break;
	case TREE_CLOSE_SOCK:
		tree_result(w, m->open[s->sock] ? 0 : -EBADF, C_SOCK_MAKER);
		m->open[s->sock] = false;
		break;
	case TREE_CALL:
		call(m, s, w);
		break;
	case TREE_OP_COUNT:
		break;
	}
}

bool tree_flat(const struct tree *t, const struct tree_want *w, const struct tc_call *c, struct tcase *flat)
{
	if (w->n > TC_MAX_PROGS)
		return false;
	flat->n_levels = TC_MAX_LEVELS;
	flat->n_socks = !w->bad_socket;
	flat->n_calls = 1;
	flat->call[0] = *c;
	flat->call[0].sock = w->bad_socket ? TC_SOCK_BAD : 0;
	for (unsigned l = 0; l < TC_MAX_LEVELS; l++)
		flat->level[l].n[HOOK_GET] = flat->level[l].n[HOOK_SET] = 0;
	for (unsigned k = 0; k < w->n; k++) {
		unsigned id = tree_flat_id(k), l = id / TC_MAX_SLOTS;
		struct tc_slot *slot = &flat->level[l].slot[c->hook][id % TC_MAX_SLOTS];
		const struct prog *p = &t->prog[w->progs[k]].prog;

		slot->mode = MODE_MULTI;
		memcpy(&slot->prog, p, offsetof(struct prog, act) + p->n * sizeof(p->act[0]));
		flat->level[l].n[c->hook]++;
	}
	if (!w->bad_socket) {
		const struct tree_sock *k = &t->sock[c->sock];

		flat->sock[0] =
			(struct tc_sock){.route = k->route == ROUTE_PAIR ? ROUTE_SOCKETPAIR : ROUTE_SOCKET,
					 .level = TC_MAX_LEVELS,
					 .family = k->family,
					 .type = k->type,
					 .protocol = k->protocol};
	}
	return true;
}
