/* SPDX-License-Identifier: MIT */
/*
 * The lists of programs: what may be attached where, with which errno, in which place, and what is taken
 * away. The order of the checks is the kernel's (bpf_prog_attach, cgroup_bpf_link_attach,
 * __cgroup_bpf_attach).
 */
#include <errno.h>
#include <string.h>

#include "tree_impl.h"

#define MODES (TREE_F_OVERRIDE | TREE_F_MULTI)

static bool has(const struct tree_model *m, uint32_t needs)
{
	return (m->epoch->has & needs) == needs;
}

static struct tree_node *node_of(struct tree_model *m, uint8_t cg)
{
	return &m->node[m->at[cg]];
}

static uint32_t known_flags(const struct tree_model *m)
{
	uint32_t f = MODES;

	if (has(m, NEED_REPLACE))
		f |= TREE_F_REPLACE;
	if (has(m, NEED_PREORDER))
		f |= TREE_F_PREORDER;
	if (has(m, NEED_MPROG))
		f |= TREE_F_BEFORE | TREE_F_AFTER | TREE_F_ID | TREE_F_LINK;
	return f;
}

/* hierarchy_allows_attach() */
static bool allowed_above(const struct tree_model *m, const struct tree_node *n, enum hook hook)
{
	if (m->wrong == TREE_WRONG_ABOVE)
		return true;
	for (uint8_t p = n->parent; p != TREE_NONE; p = m->node[p].parent) {
		if (m->node[p].flags[hook] & TREE_F_MULTI)
			return true;
		if (m->node[p].n[hook])
			return m->node[p].flags[hook] & TREE_F_OVERRIDE;
	}
	return true;
}

static unsigned counted(const struct tree_model *m, const struct tree_node *n, enum hook hook)
{
	unsigned count = n->n[hook];

	if (m->wrong == TREE_WRONG_LIMIT)
		for (uint8_t p = n->parent; p != TREE_NONE; p = m->node[p].parent)
			count += m->node[p].n[hook];
	return count;
}

static int find_prog(const struct tree_node *n, enum hook hook, uint8_t prog)
{
	for (unsigned i = 0; i < n->n[hook]; i++)
		if (n->entry[hook][i].link == TREE_NONE && n->entry[hook][i].prog == prog)
			return (int)i;
	return -ENOENT;
}

static int find_link(const struct tree_node *n, enum hook hook, uint8_t link)
{
	for (unsigned i = 0; i < n->n[hook]; i++)
		if (n->entry[hook][i].link == link)
			return (int)i;
	return -ENOENT;
}

/* A request to attach a program, or link, to a node. */
struct request {
	struct tree_node *n;
	enum hook hook;
	uint8_t prog, link; /* link TREE_NONE: the program itself */
	uint8_t replace;    /* or TREE_NONE */
	uint32_t flags;
	const struct tree_step *s; /* anchor and revision */
};

/* The anchor's place in the list, or -errno. */
static int anchor_place(const struct tree_model *m, const struct request *r)
{
	bool is_link = r->s->anchor == ANCHOR_LINK;
	int at;

	if (!(r->flags & TREE_F_BEFORE) == !(r->flags & TREE_F_AFTER) || is_link != (r->link != TREE_NONE))
		return -EINVAL;
	if (is_link && !m->link[r->s->at].open)
		return r->flags & TREE_F_ID ? -ENOENT : -EBADF;
	at = is_link ? find_link(r->n, r->hook, r->s->at) : find_prog(r->n, r->hook, r->s->at);
	if (at >= 0 && !!(r->n->entry[r->hook][at].flags & TREE_F_PREORDER) != !!(r->flags & TREE_F_PREORDER))
		return -EINVAL;
	return at;
}

/* get_prog_list(), insert_pl_to_hlist(): where a new entry goes, or -errno. */
static int place(const struct tree_model *m, const struct request *r, struct tree_want *w)
{
	bool before = r->flags & TREE_F_BEFORE && m->wrong != TREE_WRONG_BEFORE;
	unsigned n = r->n->n[r->hook];
	int at;

	if (!has(m, NEED_MPROG))
		return (int)n;
	if (r->s->anchor) {
		tree_hit(w, C_ATTACH_ANCHOR);
		at = anchor_place(m, r);
		return at < 0 ? at : at + !before;
	}
	if (r->flags & (TREE_F_BEFORE | TREE_F_AFTER))
		tree_hit(w, C_ATTACH_END);
	if (r->flags & TREE_F_BEFORE && r->flags & TREE_F_AFTER && n)
		return -EINVAL;
	return before ? 0 : (int)n;
}

static void insert(const struct request *r, unsigned at)
{
	struct tree_entry *e = r->n->entry[r->hook];

	memmove(e + at + 1, e + at, (r->n->n[r->hook] - at) * sizeof(*e));
	e[at] = (struct tree_entry){r->prog, r->link, r->flags};
	r->n->n[r->hook]++;
}

/* find_attach_entry(): the entry that the newcomer replaces, -1 if none does, or -errno below that. */
static int entry_to_replace(const struct tree_model *m, const struct request *r, struct tree_want *w)
{
	if (!(r->flags & TREE_F_MULTI)) {
		if (r->n->n[r->hook])
			tree_hit(w, C_ATTACH_SINGLE);
		return r->n->n[r->hook] ? 0 : -1;
	}
	if (m->wrong == TREE_WRONG_TWICE && r->link != TREE_NONE)
		for (unsigned i = 0; i < r->n->n[r->hook]; i++)
			if (r->n->entry[r->hook][i].prog == r->prog)
				return -EINVAL;
	if (r->link == TREE_NONE && r->prog != r->replace && find_prog(r->n, r->hook, r->prog) >= 0) {
		tree_result(w, 0, C_ATTACH_TWICE);
		return -EINVAL;
	}
	if (r->replace == TREE_NONE)
		return -1;
	tree_result(w, 0, C_ATTACH_REPLACE);
	return find_prog(r->n, r->hook, r->replace);
}

/* The checks of __cgroup_bpf_attach() before it looks at the list; 0 or the result. */
static int refuse(const struct tree_model *m, const struct request *r, struct tree_want *w)
{
	bool full = counted(m, r->n, r->hook) >= TREE_CGROUP_PROGS;

	if ((r->flags & MODES) == MODES || (r->flags & TREE_F_REPLACE && !(r->flags & TREE_F_MULTI)) ||
	    (r->flags & TREE_F_REPLACE && r->flags & (TREE_F_BEFORE | TREE_F_AFTER)))
		tree_result(w, -EINVAL, C_ATTACH_MODES);
	else if (has(m, NEED_MPROG) && r->s->revision && r->s->revision != r->n->revision[r->hook])
		tree_result(w, -ESTALE, C_ATTACH_REVISION);
	else if (!allowed_above(m, r->n, r->hook))
		tree_result(w, -EPERM, C_ATTACH_ABOVE);
	else if (r->n->n[r->hook] && r->n->flags[r->hook] != (r->flags & MODES))
		tree_result(w, -EPERM, C_ATTACH_MIX);
	else if (full && !(m->wrong == TREE_WRONG_FULL && r->replace != TREE_NONE))
		tree_result(w, -E2BIG, C_ATTACH_LIMIT);
	return w->ret;
}

static void attach(struct tree_model *m, const struct request *r, struct tree_want *w)
{
	int at;

	if (refuse(m, r, w))
		return;
	if (r->s->revision && has(m, NEED_MPROG))
		tree_hit(w, C_ATTACH_REVISION);
	at = entry_to_replace(m, r, w);
	if (at < -1) {
		w->ret = at;
		return;
	}
	if (at >= 0) {
		struct tree_entry *e = &r->n->entry[r->hook][at];

		e->prog = r->prog;
		e->flags = m->wrong == TREE_WRONG_REPLACE ? e->flags : r->flags;
	} else {
		at = place(m, r, w);
		if (at < 0) {
			tree_result(w, at, r->s->anchor ? C_ATTACH_ANCHOR : C_ATTACH_END);
			return;
		}
		insert(r, (unsigned)at);
	}
	r->n->flags[r->hook] = r->flags & MODES;
	r->n->revision[r->hook]++;
}

void tree_attach(struct tree_model *m, const struct tree_step *s, struct tree_want *w)
{
	struct request r = {.n = node_of(m, s->cg),
			    .hook = (enum hook)s->hook,
			    .prog = s->prog,
			    .link = TREE_NONE,
			    .replace = s->other,
			    .flags = s->flags,
			    .s = s};

	tree_result(w, 0, C_ATTACH_MIX);
	if (s->flags & ~known_flags(m) || (!has(m, NEED_MPROG) && (s->anchor || s->revision)))
		tree_result(w, -EINVAL, C_ATTACH_FLAGS);
	else if (s->hook != m->t->prog[s->prog].hook)
		tree_result(w, -EINVAL, C_ATTACH_TYPE);
	else if (r.n->dead)
		tree_result(w, -ENOENT, C_TREE_RMDIR);
	else
		attach(m, &r, w);
}

void tree_link(struct tree_model *m, const struct tree_step *s, struct tree_want *w)
{
	const uint32_t known =
		has(m, NEED_MPROG) ? TREE_F_PREORDER | TREE_F_BEFORE | TREE_F_AFTER | TREE_F_ID | TREE_F_LINK
				   : 0;
	struct request r = {.n = node_of(m, s->cg),
			    .hook = (enum hook)m->t->prog[s->prog].hook,
			    .prog = s->prog,
			    .link = s->link,
			    .replace = TREE_NONE,
			    .flags = s->flags | TREE_F_MULTI,
			    .s = s};

	if (!has(m, NEED_LINKS)) {
		tree_result(w, -EINVAL, C_LINK_NONE);
		return;
	}
	tree_result(w, 0, C_LINK_MULTI);
	if (s->flags & ~known ||
	    (!has(m, NEED_MPROG) && !has(m, NEED_LAX_LINKS) && (s->anchor || s->revision))) {
		tree_result(w, -EINVAL, C_LINK_FLAGS);
		return;
	}
	if (!has(m, NEED_MPROG) && (s->anchor || s->revision))
		tree_hit(w, C_LINK_LAX);
	if (r.n->dead) {
		tree_result(w, -ENOENT, C_TREE_RMDIR);
		return;
	}
	attach(m, &r, w);
	if (w->ret)
		return;
	m->link[s->link].open = true;
	m->link[s->link].node = m->at[s->cg];
	m->link[s->link].prog = s->prog;
}

static void take(struct tree_node *n, enum hook hook, unsigned at, const struct tree_model *m)
{
	struct tree_entry *e = n->entry[hook];

	n->n[hook]--;
	memmove(e + at, e + at + 1, (n->n[hook] - at) * sizeof(*e));
	n->revision[hook]++;
	if (!n->n[hook] && m->wrong != TREE_WRONG_LAST)
		n->flags[hook] = 0;
}

void tree_detach(struct tree_model *m, const struct tree_step *s, struct tree_want *w)
{
	struct tree_node *n = node_of(m, s->cg);
	bool multi = n->flags[s->hook] & TREE_F_MULTI;
	int at;

	if (s->flags || s->anchor || (s->revision && !has(m, NEED_MPROG))) {
		tree_result(w, -EINVAL, C_DETACH_FLAGS);
		return;
	}
	if (n->dead) {
		tree_result(w, -ENOENT, C_TREE_RMDIR);
		return;
	}
	if (s->revision && s->revision != n->revision[s->hook]) {
		tree_result(w, -ESTALE, C_ATTACH_REVISION);
		return;
	}
	tree_result(w, 0, multi ? C_DETACH_MULTI : C_DETACH_SINGLE);
	if (multi)
		at = s->prog == TREE_NONE ? -EINVAL : find_prog(n, (enum hook)s->hook, s->prog);
	else
		at = n->n[s->hook] ? 0 : -ENOENT;
	if (at < 0) {
		w->ret = at;
		return;
	}
	take(n, (enum hook)s->hook, (unsigned)at, m);
	if (!n->n[s->hook])
		tree_hit(w, C_DETACH_LAST);
}

/* Is any program of the hook PREORDER somewhere in the case? */
static bool any_preorder(const struct tree_model *m, enum hook hook)
{
	for (unsigned i = 0; i < m->n_nodes; i++)
		for (unsigned k = 0; k < m->node[i].n[hook]; k++)
			if (m->node[i].entry[hook][k].flags & TREE_F_PREORDER)
				return true;
	return false;
}

/* The new program takes the link's place in its list. */
static void exchange(struct tree_model *m, const struct tree_step *s, enum hook hook)
{
	struct tree_node *n = &m->node[m->link[s->link].node];
	int at = find_link(n, hook, s->link);
	struct tree_entry e;

	m->link[s->link].prog = s->prog;
	n->revision[hook] += m->wrong != TREE_WRONG_REVISION;
	if (at < 0)
		return;
	n->entry[hook][at].prog = s->prog;
	if (m->wrong != TREE_WRONG_UPDATE)
		return;
	e = n->entry[hook][at];
	memmove(&n->entry[hook][at], &n->entry[hook][at + 1], (n->n[hook] - 1u - (unsigned)at) * sizeof(e));
	n->entry[hook][n->n[hook] - 1] = e;
}

void tree_update(struct tree_model *m, const struct tree_step *s, struct tree_want *w)
{
	enum hook hook = (enum hook)m->t->prog[s->prog].hook;
	bool mismatch = s->other != TREE_NONE && s->other != m->link[s->link].prog;

	if (!has(m, NEED_LINKS)) {
		tree_result(w, -EINVAL, C_LINK_NONE);
		return;
	}
	if (!m->link[s->link].open) {
		tree_result(w, -EBADF, C_LINK_CLOSE);
		return;
	}
	if (m->link[s->link].node == TREE_NONE) {
		tree_result(w, -ENOLINK, C_LINK_GONE);
		return;
	}
	tree_result(w, mismatch ? -EPERM : 0, s->other == TREE_NONE ? C_LINK_UPDATE : C_LINK_UPDATE_OLD);
	if (!has(m, NEED_SWAP_SAFE) && any_preorder(m, hook)) {
		w->refused = true;
		w->why = "a link update beside PREORDER programs exchanges the wrong program on this kernel "
			 "(fixed in 7.2, 7.1.5, 6.18.40, 6.12.97)";
	}
	if (m->node[m->link[s->link].node].dead && !tree_is_held(m, m->link[s->link].node)) {
		w->either = true; /* the kernel lets go of the link when it comes to it */
		w->other = -ENOLINK;
		tree_hit(w, C_LINK_GONE);
	}
	if (!mismatch)
		exchange(m, s, hook);
}

/* Takes the link out of its list. */
static void release(struct tree_model *m, uint8_t link)
{
	struct tree_node *n;
	enum hook hook = (enum hook)m->t->prog[m->link[link].prog].hook;
	int at;

	if (m->link[link].node == TREE_NONE)
		return;
	n = &m->node[m->link[link].node];
	m->link[link].node = TREE_NONE;
	at = find_link(n, hook, link);
	if (at >= 0 && m->wrong != TREE_WRONG_LINK)
		take(n, hook, (unsigned)at, m);
}

void tree_link_detach(struct tree_model *m, const struct tree_step *s, struct tree_want *w)
{
	if (!has(m, NEED_FORCE)) {
		tree_result(w, -EINVAL, C_LINK_NONE);
		return;
	}
	if (!m->link[s->link].open) {
		tree_result(w, -EBADF, C_LINK_CLOSE);
		return;
	}
	tree_result(w, 0, C_LINK_DETACH);
	if (m->link[s->link].node == TREE_NONE)
		tree_hit(w, C_LINK_GONE);
	release(m, s->link);
}

void tree_close_link(struct tree_model *m, const struct tree_step *s, struct tree_want *w)
{
	if (!has(m, NEED_LINKS)) {
		tree_result(w, -EBADF, C_LINK_NONE);
		return;
	}
	tree_result(w, m->link[s->link].open ? 0 : -EBADF, C_LINK_CLOSE);
	if (!m->link[s->link].open)
		return;
	release(m, s->link);
	m->link[s->link].open = false;
}
