/* SPDX-License-Identifier: MIT */
#include "../base/names.h"
#include "case_words.h"
#include "options.h"
#include "tree_text.h"
#include "tree_words.h"

const char *const tree_op_words[TREE_OP_COUNT] = {
	[TREE_ATTACH] = "attach",
	[TREE_LINK] = "link",
	[TREE_UPDATE] = "update",
	[TREE_DETACH] = "detach",
	[TREE_LINK_DETACH] = "link_detach",
	[TREE_CLOSE_LINK] = "close",
	[TREE_QUERY] = "query",
	[TREE_MKDIR] = "mkdir",
	[TREE_RMDIR] = "rmdir",
	[TREE_MOVE] = "move",
	[TREE_SOCKET] = "socket",
	[TREE_CLOSE_SOCK] = "close",
	[TREE_CALL] = "call",
};
const char *const tree_route_words[TREE_ROUTE_COUNT] = {
	[ROUTE_FORK] = "fork",	       [ROUTE_EXEC] = "exec",	  [ROUTE_SCM] = "scm",
	[ROUTE_PIDFD] = "pidfd",       [ROUTE_THREAD] = "thread", [ROUTE_CGNS] = "cgns",
	[ROUTE_FALLBACK] = "fallback",
};

void tree_print_path(const struct tree *t, uint8_t cg, struct buf *b)
{
	if (cg == TREE_NONE) {
		buf_puts(b, "outside");
		return;
	}
	if (t->cgroup[cg].parent != TREE_NONE) {
		tree_print_path(t, t->cgroup[cg].parent, b);
		buf_puts(b, "/");
	}
	buf_printf(b, "%c", t->cgroup[cg].name);
}

void tree_print_progs(const uint8_t *ids, unsigned n, struct buf *b)
{
	for (unsigned i = 0; i < n; i++)
		buf_printf(b, "%sp%u", i ? " " : "", ids[i] + 1u);
}

static void print_anchor(const struct tree_step *s, struct buf *b)
{
	if (s->anchor == ANCHOR_NONE)
		return;
	buf_printf(b, "%s%s%c%u", s->flags & (TREE_F_BEFORE | TREE_F_AFTER) ? " " : " beside ",
		   s->flags & TREE_F_ID ? "id " : "", s->anchor == ANCHOR_LINK ? 'l' : 'p', s->at + 1u);
}

/* What stands behind cgroup and program of attach, link and detach. */
static void print_options(const struct tree *t, const struct tree_step *s, struct buf *b)
{
	const uint32_t known = TREE_F_OVERRIDE | TREE_F_MULTI | TREE_F_REPLACE | TREE_F_BEFORE |
			       TREE_F_AFTER | TREE_F_ID | TREE_F_PREORDER | TREE_F_LINK;
	uint8_t own = s->prog == TREE_NONE ? HOOK_COUNT : t->prog[s->prog].hook;

	if (s->op == TREE_ATTACH && !(s->flags & (TREE_F_OVERRIDE | TREE_F_MULTI)))
		buf_puts(b, ", none");
	else if (s->flags & (TREE_F_OVERRIDE | TREE_F_MULTI))
		buf_printf(b, ",%s%s", s->flags & TREE_F_OVERRIDE ? " override" : "",
			   s->flags & TREE_F_MULTI ? " multi" : "");
	else if (s->flags || s->anchor || s->revision || s->hook != own)
		buf_puts(b, ",");
	if (s->hook != own)
		buf_printf(b, " as %s", case_hook_words[s->hook]);
	if (s->flags & TREE_F_PREORDER)
		buf_puts(b, " preorder");
	if (s->flags & TREE_F_REPLACE) {
		buf_puts(b, " replace");
		if (s->other != TREE_NONE)
			buf_printf(b, " p%u", s->other + 1u);
	}
	if (s->flags & TREE_F_BEFORE)
		buf_puts(b, " before");
	if (s->flags & TREE_F_AFTER)
		buf_puts(b, " after");
	print_anchor(s, b);
	if (s->flags & ~known)
		buf_printf(b, " flags 0x%x", s->flags & ~known);
	if (s->revision)
		buf_printf(b, " revision %u", s->revision);
}

static void print_sock(const struct tree *t, unsigned i, struct buf *b)
{
	const struct tree_sock *s = &t->sock[i];

	buf_printf(b, "%s = %s(", case_sock_words[i],
		   s->route == ROUTE_PAIR     ? "socketpair"
		   : s->route == ROUTE_ACCEPT ? "accept"
					      : "socket");
	tcase_print_sock_kind(s->family, s->type, s->protocol, b);
	if (s->route == ROUTE_ACCEPT) {
		buf_puts(b, ") listener ");
		tree_print_path(t, s->cg, b);
		buf_puts(b, " connector ");
		tree_print_path(t, s->connector, b);
		buf_puts(b, " acceptor ");
		tree_print_path(t, s->acceptor, b);
		return;
	}
	buf_puts(b, s->cg == TREE_NONE ? ") " : ") in ");
	tree_print_path(t, s->cg, b);
	if (tree_route_words[s->route])
		buf_printf(b, " via %s", tree_route_words[s->route]);
}

static void print_query(const struct tree *t, const struct tree_step *s, struct buf *b)
{
	buf_puts(b, "query(");
	tree_print_path(t, s->cg, b);
	buf_printf(b, ", %s", case_hook_words[s->hook]);
	if (s->effective || s->array || s->room != TREE_MAX_ROOM)
		buf_puts(b, ",");
	if (s->effective)
		buf_puts(b, " effective");
	if (s->array)
		buf_puts(b, " array");
	if (s->room != TREE_MAX_ROOM)
		buf_printf(b, " room %u", s->room);
	buf_puts(b, ")");
}

void tree_print_step(const struct tree *t, const struct tree_step *s, struct buf *b)
{
	switch ((enum tree_op)s->op) {
	case TREE_ATTACH:
	case TREE_DETACH:
	case TREE_LINK:
		if (s->op == TREE_LINK)
			buf_printf(b, "l%u = ", s->link + 1u);
		buf_printf(b, "%s(", tree_op_words[s->op]);
		tree_print_path(t, s->cg, b);
		if (s->prog == TREE_NONE)
			buf_puts(b, ", nothing");
		else
			buf_printf(b, ", p%u", s->prog + 1u);
		print_options(t, s, b);
		buf_puts(b, ")");
		break;
	case TREE_UPDATE:
		buf_printf(b, "update(l%u, p%u", s->link + 1u, s->prog + 1u);
		if (s->other != TREE_NONE)
			buf_printf(b, ", old p%u", s->other + 1u);
		buf_puts(b, ")");
		break;
	case TREE_LINK_DETACH:
	case TREE_CLOSE_LINK:
		buf_printf(b, "%s(l%u)", tree_op_words[s->op], s->link + 1u);
		break;
	case TREE_QUERY:
		print_query(t, s, b);
		break;
	case TREE_MKDIR:
	case TREE_RMDIR:
	case TREE_MOVE:
		buf_printf(b, "%s(", tree_op_words[s->op]);
		tree_print_path(t, s->cg, b);
		buf_puts(b, ")");
		break;
	case TREE_SOCKET:
		print_sock(t, s->sock, b);
		break;
	case TREE_CLOSE_SOCK:
		buf_printf(b, "close(%s)", case_sock_words[s->sock]);
		break;
	case TREE_CALL:
		tcase_print_call(&t->call[s->call], b);
		break;
	case TREE_OP_COUNT:
		break;
	}
}

static void print_expect(const struct tree *t, const struct tree_step *s, struct buf *b)
{
	const struct tree_answer *a = &s->answer;

	if (s->op == TREE_CALL) {
		tcase_print_expect(&t->call[s->call].expect, b);
		return;
	}
	if (!s->has_ret && !a->has_ids && !a->has_flags && !a->has_revision && !a->has_count)
		return;
	buf_puts(b, " ");
	tcase_print_result(s->has_ret, s->ret, b);
	if (a->has_ids) {
		buf_puts(b, " [");
		tree_print_progs(a->ids, a->n_ids, b);
		buf_puts(b, "]");
	}
	if (a->has_flags)
		buf_printf(b, " flags 0x%x", a->flags);
	if (a->has_count)
		buf_printf(b, " count %u", a->count);
	if (a->has_revision)
		buf_printf(b, " revision %u", a->revision);
}

void tree_print(const struct tree *t, const struct case_meta *meta, struct buf *b)
{
	tcase_print_meta(meta, b);
	buf_puts(b, "tree");
	for (unsigned i = 0; i < t->n_cgroups; i++) {
		if (t->cgroup[i].later)
			continue;
		buf_puts(b, " ");
		tree_print_path(t, (uint8_t)i, b);
	}
	buf_puts(b, "\n");
	for (unsigned i = 0; i < t->n_progs; i++) {
		buf_printf(b, "program p%u %s {", i + 1, case_hook_words[t->prog[i].hook]);
		tcase_print_prog(&t->prog[i].prog, b);
		buf_puts(b, " }\n");
	}
	for (unsigned i = 0; i < t->n_steps; i++) {
		tree_print_step(t, &t->step[i], b);
		print_expect(t, &t->step[i], b);
		buf_puts(b, "\n");
	}
}
