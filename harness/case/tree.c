/* SPDX-License-Identifier: MIT */
#include "tree.h"

#include <string.h>

#include <sys/socket.h>

#include "safe.h"

#define MPTCP 262

uint8_t tree_find(const struct tree *t, uint8_t parent, char name)
{
	for (uint8_t i = 0; i < t->n_cgroups; i++)
		if (t->cgroup[i].parent == parent && t->cgroup[i].name == name)
			return i;
	return TREE_NONE;
}

unsigned tree_depth(const struct tree *t, uint8_t cg)
{
	unsigned n = 0;

	for (; cg != TREE_NONE; cg = t->cgroup[cg].parent)
		n++;
	return n;
}

bool tree_below(const struct tree *t, uint8_t a, uint8_t b)
{
	for (; b != TREE_NONE; b = t->cgroup[b].parent)
		if (b == a)
			return true;
	return a == TREE_NONE;
}

struct tree_step tree_step(enum tree_op op)
{
	return (struct tree_step){.op = op,
				  .cg = TREE_NONE,
				  .prog = TREE_NONE,
				  .other = TREE_NONE,
				  .room = op == TREE_QUERY ? TREE_MAX_ROOM : 0};
}

/* ---- is it valid ---- */

/* What the steps so far have made, as numbers: whether it still is there only the oracle knows. */
struct made {
	bool cgroup[TREE_MAX_CGROUPS], sock[TREE_MAX_SOCKS];
	unsigned links, calls, socks, mkdirs;
	uint8_t link_hook[TREE_MAX_LINKS];
	bool threaded[TREE_MAX_CGROUPS], plain[TREE_MAX_CGROUPS]; /* how sockets are made there */
};

static const char *check_tables(const struct tree *t)
{
	const char *why;

	if (!t->n_cgroups || t->n_cgroups > TREE_MAX_CGROUPS)
		return "a tree with less than 1 or more than 16 cgroups";
	if (t->n_progs > TREE_MAX_PROGS || t->n_links > TREE_MAX_LINKS || t->n_socks > TREE_MAX_SOCKS ||
	    t->n_steps > TREE_MAX_STEPS || t->n_calls > TREE_MAX_CALLS)
		return "a tree case beyond its limits (32 programs, 80 links, 4 sockets, 192 steps, 32 "
		       "calls)";
	for (unsigned i = 0; i < t->n_cgroups; i++) {
		const struct tree_cgroup *c = &t->cgroup[i];

		if (c->name < 'a' || c->name > 'z')
			return "a cgroup whose name is no letter";
		if (c->parent != TREE_NONE && c->parent >= i)
			return "a cgroup before its parent";
		if (tree_depth(t, (uint8_t)i) > TREE_MAX_DEPTH)
			return "a cgroup more than 8 deep";
		if (tree_find(t, c->parent, c->name) != i)
			return "two cgroups of one name";
		if (!i && c->later)
			return "a tree without a cgroup at the start";
		if (i && !c->later && t->cgroup[i - 1].later)
			return "a cgroup that is there at the start behind one that is not";
	}
	for (unsigned i = 0; i < t->n_progs; i++) {
		if (t->prog[i].hook >= HOOK_COUNT)
			return "a program of an unknown hook";
		why = prog_check(&t->prog[i].prog, (enum hook)t->prog[i].hook);
		if (why)
			return why;
	}
	return NULL;
}

static bool there(const struct tree *t, const struct made *m, uint8_t cg)
{
	return cg < t->n_cgroups && m->cgroup[cg];
}

/* A threaded cgroup makes its parent the root of a threaded domain, in which other children are of no use. */
bool tree_may_thread(const struct tree *t, uint8_t cg)
{
	for (unsigned i = 0; i < t->n_cgroups; i++)
		if (t->cgroup[i].parent == cg || (t->cgroup[i].parent == t->cgroup[cg].parent && i != cg))
			return false;
	return t->cgroup[cg].parent != TREE_NONE;
}

static const char *check_sock(const struct tree *t, struct made *m, unsigned i)
{
	const struct tree_sock *s = &t->sock[i];
	const uint8_t where[] = {s->cg, s->connector, s->acceptor};
	unsigned n = s->route == ROUTE_ACCEPT ? 3 : 1;

	if (s->route >= TREE_ROUTE_COUNT)
		return "a socket made in an unknown way";
	for (unsigned k = 0; k < n; k++) {
		if (where[k] == TREE_NONE)
			continue;
		if (!there(t, m, where[k]))
			return "a socket in a cgroup that was not made";
		(s->route == ROUTE_THREAD ? m->threaded : m->plain)[where[k]] = true;
	}
	if (s->route == ROUTE_THREAD && (s->cg == TREE_NONE || !tree_may_thread(t, s->cg)))
		return "a threaded cgroup that is not the only child of its parent, or has children";
	if (s->route == ROUTE_FALLBACK && (s->protocol != MPTCP || s->type != SOCK_STREAM ||
					   (s->family != AF_INET && s->family != AF_INET6)))
		return "a socket that falls back and is not MPTCP";
	m->sock[i] = true;
	return NULL;
}

static const char *check_progs(const struct tree *t, const struct made *m, const struct tree_step *s)
{
	bool may_lack = s->op == TREE_DETACH;

	if (s->hook >= HOOK_COUNT)
		return "a step with an unknown hook";
	if (s->prog >= t->n_progs && !(may_lack && s->prog == TREE_NONE))
		return "a step with a program that does not exist";
	if (s->op == TREE_LINK && s->hook != t->prog[s->prog].hook)
		return "a link of a program with the other hook";
	if (s->op == TREE_ATTACH && (s->other != TREE_NONE) != !!(s->flags & TREE_F_REPLACE))
		return "a replace without the program that is replaced, or the other way round";
	if (s->other != TREE_NONE && (s->op != TREE_ATTACH || s->other >= t->n_progs))
		return "a step with an old program that does not exist";
	if (s->anchor > ANCHOR_LINK || (s->anchor == ANCHOR_PROG && s->at >= t->n_progs) ||
	    (s->anchor == ANCHOR_LINK && s->at >= m->links))
		return "a step beside a program or link that does not exist";
	if (s->anchor == ANCHOR_LINK && !(s->flags & TREE_F_LINK))
		return "an anchor that is a link without the flag that says so";
	if (s->anchor != ANCHOR_LINK && s->flags & TREE_F_LINK)
		return "the flag for a link as anchor without one";
	if (s->anchor == ANCHOR_NONE && s->flags & TREE_F_ID)
		return "the flag for an anchor's id without an anchor";
	return NULL;
}

static const char *check_query(const struct tree *t, const struct tree_step *s)
{
	const struct tree_answer *a = &s->answer;

	if (s->hook >= HOOK_COUNT)
		return "a step with an unknown hook";
	if (s->room > TREE_MAX_ROOM)
		return "a query with room for more than 128 programs";
	if (a->n_ids > TREE_MAX_IDS)
		return "a query that expects more than 16 programs";
	for (unsigned i = 0; i < a->n_ids; i++)
		if (a->ids[i] >= t->n_progs)
			return "a query that expects a program that does not exist";
	return NULL;
}

static const char *check_link(const struct tree *t, const struct made *m, const struct tree_step *s)
{
	if (s->link >= m->links)
		return "a step with a link that was not made";
	if (s->op != TREE_UPDATE)
		return NULL;
	if (s->prog >= t->n_progs || (s->other != TREE_NONE && s->other >= t->n_progs))
		return "a step with a program that does not exist";
	if (t->prog[s->prog].hook != m->link_hook[s->link])
		return "an update of a link with a program of the other hook, which can crash kernels";
	return NULL;
}

static const char *check_step(const struct tree *t, struct made *m, const struct tree_step *s)
{
	const char *why;
	uint8_t parent;

	switch ((enum tree_op)s->op) {
	case TREE_ATTACH:
	case TREE_DETACH:
	case TREE_LINK:
		if (!there(t, m, s->cg))
			return "a step on a cgroup that was not made";
		why = check_progs(t, m, s);
		if (why || s->op != TREE_LINK)
			return why;
		if (s->link != m->links || m->links == TREE_MAX_LINKS)
			return "links that are not numbered in order, or more than 80";
		m->link_hook[m->links++] = t->prog[s->prog].hook;
		return NULL;
	case TREE_UPDATE:
	case TREE_LINK_DETACH:
	case TREE_CLOSE_LINK:
		return check_link(t, m, s);
	case TREE_QUERY:
		return there(t, m, s->cg) ? check_query(t, s) : "a query of a cgroup that was not made";
	case TREE_MKDIR:
		if (s->cg >= t->n_cgroups)
			return "a mkdir of an unknown cgroup";
		if (m->mkdirs++ == TREE_MAX_MKDIRS)
			return "more than 32 mkdirs";
		parent = t->cgroup[s->cg].parent;
		if (parent != TREE_NONE && !m->cgroup[parent])
			return "a mkdir below a cgroup that was not made";
		m->cgroup[s->cg] = true;
		return NULL;
	case TREE_RMDIR:
		return there(t, m, s->cg) ? NULL : "a rmdir of a cgroup that was not made";
	case TREE_MOVE:
		if (s->cg != TREE_NONE && !there(t, m, s->cg))
			return "a move to a cgroup that was not made";
		if (s->cg != TREE_NONE)
			m->plain[s->cg] = true;
		return NULL;
	case TREE_SOCKET:
		if (s->sock >= t->n_socks || s->sock != m->socks++)
			return "sockets that are not numbered in order, or made twice";
		return check_sock(t, m, s->sock);
	case TREE_CLOSE_SOCK:
		return s->sock < t->n_socks && m->sock[s->sock] ? NULL : "a socket that was not made";
	case TREE_CALL:
		if (s->call != m->calls++ || s->call >= t->n_calls)
			return "calls that are not numbered in order";
		if (t->call[s->call].sock != TC_SOCK_BAD &&
		    (t->call[s->call].sock >= t->n_socks || !m->sock[t->call[s->call].sock]))
			return "a call on a socket that was not made";
		return tc_call_check(&t->call[s->call], t->n_socks);
	case TREE_OP_COUNT:
		break;
	}
	return "an unknown step";
}

static const char *check_steps(const struct tree *t, struct made *m)
{
	const char *why = check_tables(t);

	if (why)
		return why;
	for (unsigned i = 0; i < t->n_cgroups; i++)
		m->cgroup[i] = !t->cgroup[i].later;
	for (unsigned i = 0; i < t->n_steps; i++) {
		why = check_step(t, m, &t->step[i]);
		if (why)
			return why;
	}
	return NULL;
}

const char *tree_check_part(const struct tree *t)
{
	struct made m = {.links = 0};

	return check_steps(t, &m);
}

const char *tree_check(const struct tree *t)
{
	struct made m = {.links = 0};
	const char *why = check_steps(t, &m);

	if (why)
		return why;
	if (m.links != t->n_links || m.calls != t->n_calls)
		return "a case with links or calls that no step makes";
	for (unsigned i = 0; i < t->n_socks; i++)
		if (!m.sock[i])
			return "a case with a socket that no step makes";
	for (unsigned i = 0; i < t->n_cgroups; i++) {
		if (!m.cgroup[i])
			return "a case with a cgroup that no step makes";
		if (m.threaded[i] && m.plain[i])
			return "a threaded cgroup to which a whole task goes";
	}
	return NULL;
}

/* ---- are they equal ---- */

static bool answer_equal(const struct tree_answer *a, const struct tree_answer *b)
{
	return a->has_ids == b->has_ids && a->has_flags == b->has_flags && a->has_count == b->has_count &&
	       a->has_revision == b->has_revision && a->n_ids == b->n_ids &&
	       !memcmp(a->ids, b->ids, a->n_ids) && (!a->has_flags || a->flags == b->flags) &&
	       (!a->has_count || a->count == b->count) && (!a->has_revision || a->revision == b->revision);
}

static bool step_equal(const struct tree_step *a, const struct tree_step *b)
{
	return a->op == b->op && a->hook == b->hook && a->cg == b->cg && a->prog == b->prog &&
	       a->other == b->other && a->link == b->link && a->sock == b->sock && a->call == b->call &&
	       a->anchor == b->anchor && a->at == b->at && a->effective == b->effective &&
	       a->array == b->array && a->room == b->room && a->flags == b->flags &&
	       a->revision == b->revision && a->has_ret == b->has_ret && (!a->has_ret || a->ret == b->ret) &&
	       answer_equal(&a->answer, &b->answer);
}

static bool sock_equal(const struct tree_sock *a, const struct tree_sock *b)
{
	return a->route == b->route && a->cg == b->cg && a->family == b->family && a->type == b->type &&
	       a->protocol == b->protocol &&
	       (a->route != ROUTE_ACCEPT || (a->connector == b->connector && a->acceptor == b->acceptor));
}

bool tree_equal(const struct tree *a, const struct tree *b)
{
	if (a->n_cgroups != b->n_cgroups || a->n_progs != b->n_progs || a->n_links != b->n_links ||
	    a->n_socks != b->n_socks || a->n_steps != b->n_steps || a->n_calls != b->n_calls)
		return false;
	for (unsigned i = 0; i < a->n_cgroups; i++)
		if (a->cgroup[i].parent != b->cgroup[i].parent || a->cgroup[i].name != b->cgroup[i].name ||
		    a->cgroup[i].later != b->cgroup[i].later)
			return false;
	for (unsigned i = 0; i < a->n_progs; i++)
		if (a->prog[i].hook != b->prog[i].hook || !prog_equal(&a->prog[i].prog, &b->prog[i].prog))
			return false;
	for (unsigned i = 0; i < a->n_socks; i++)
		if (!sock_equal(&a->sock[i], &b->sock[i]))
			return false;
	for (unsigned i = 0; i < a->n_steps; i++)
		if (!step_equal(&a->step[i], &b->step[i]))
			return false;
	for (unsigned i = 0; i < a->n_calls; i++)
		if (!tc_call_equal(&a->call[i], &b->call[i]))
			return false;
	return true;
}

/* ---- may it run here ---- */

bool tree_host_safe(const struct tree *t, int32_t *level, int32_t *optname)
{
	static struct tcase
		tc; /* too large for a stack frame; which program runs for which call does not matter */

	tcase_init(&tc);
	tc.n_levels = TC_MAX_LEVELS;
	for (unsigned i = 0; i < t->n_progs; i++) {
		struct tc_level *l = &tc.level[i / TC_MAX_SLOTS];

		if (t->prog[i].hook == HOOK_SET)
			l->slot[HOOK_SET][l->n[HOOK_SET]++].prog = t->prog[i].prog;
	}
	for (unsigned i = 0; i < t->n_calls; i += TC_MAX_CALLS) {
		tc.n_calls = (uint8_t)(t->n_calls - i < TC_MAX_CALLS ? t->n_calls - i : TC_MAX_CALLS);
		memcpy(tc.call, t->call + i, tc.n_calls * sizeof(tc.call[0]));
		if (!tcase_host_safe(&tc, level, optname))
			return false;
	}
	return true;
}
