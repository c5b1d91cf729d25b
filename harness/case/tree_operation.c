/* SPDX-License-Identifier: MIT */
/* The operations of a tree case: attach, link, query ..., and what they answer. */
#include "tree_parse.h"

#include <errno.h>
#include <stdio.h>

#include "case_words.h"

/* `before`, `after`, `beside`: what may follow */
static int anchor(struct tree_parser *q, struct tree_step *s, bool must)
{
	bool id = lex_skip(&q->p, "id");
	int ret;

	if (s->anchor && (must || id))
		return lex_expected(&q->p, "only one program or link to be beside of");
	if (tree_numbered(&q->p, 'l', q->t->n_links) != TREE_NONE) {
		ret = tree_parse_link(q, &s->at);
		s->anchor = ANCHOR_LINK;
		s->flags |= TREE_F_LINK;
	} else if (must || id || tree_numbered(&q->p, 'p', q->t->n_progs) != TREE_NONE) {
		ret = tree_parse_prog(q, &s->at);
		s->anchor = ANCHOR_PROG;
	} else {
		return 0;
	}
	s->flags |= id ? TREE_F_ID : 0;
	return ret;
}

/* One option of attach, link or detach; *known: false if the token is none. */
static int option(struct tree_parser *q, struct tree_step *s, bool *known)
{
	struct parser *p = &q->p;
	uint32_t more;
	int ret = 0;

	*known = true;
	if (lex_skip(p, "none")) {
		/* the mode without a flag */
	} else if (lex_skip(p, "override")) {
		s->flags |= TREE_F_OVERRIDE;
	} else if (lex_skip(p, "multi")) {
		s->flags |= TREE_F_MULTI;
	} else if (lex_skip(p, "preorder")) {
		s->flags |= TREE_F_PREORDER;
	} else if (lex_skip(p, "replace")) {
		s->flags |= TREE_F_REPLACE;
		if (s->op == TREE_ATTACH)
			ret = tree_parse_prog(q, &s->other);
	} else if (lex_skip(p, "before")) {
		s->flags |= TREE_F_BEFORE;
		ret = anchor(q, s, false);
	} else if (lex_skip(p, "after")) {
		s->flags |= TREE_F_AFTER;
		ret = anchor(q, s, false);
	} else if (lex_skip(p, "beside")) {
		ret = anchor(q, s, true);
	} else if (lex_skip(p, "flags")) {
		ret = parse_u32(p, "flags", 0, UINT32_MAX, &more);
		s->flags |= more & ~(uint32_t)(TREE_F_REPLACE | TREE_F_ID | TREE_F_LINK);
	} else if (lex_skip(p, "revision")) {
		ret = parse_u32(p, "a revision", 0, UINT32_MAX, &s->revision);
	} else if (lex_skip(p, "as")) {
		ret = tree_parse_hook(q, &s->hook);
	} else {
		*known = false;
	}
	return ret;
}

static int options(struct tree_parser *q, struct tree_step *s)
{
	bool known = true, any = false;
	int ret = 0;

	while (!ret && known) {
		ret = option(q, s, &known);
		any |= known;
	}
	if (!ret && !any)
		ret = lex_expected(&q->p, "none, override, multi, preorder, replace, before, after, beside, "
					  "flags, revision or as");
	return ret;
}

/* attach(a, p1, multi), l1 = link(a, p1), detach(a, p1) */
static int on_cgroup(struct tree_parser *q, struct tree_step *s)
{
	struct parser *p = &q->p;
	int ret;

	lex_next(p);
	ret = lex_want(p, "(");
	if (!ret)
		ret = tree_parse_path(q, &s->cg, false, false);
	if (!ret)
		ret = lex_want(p, ",");
	if (!ret && s->op == TREE_DETACH && lex_skip(p, "nothing"))
		s->prog = TREE_NONE;
	else if (!ret)
		ret = tree_parse_prog(q, &s->prog);
	if (!ret && s->prog != TREE_NONE)
		s->hook = q->t->prog[s->prog].hook;
	if (!ret && s->op == TREE_ATTACH) {
		ret = lex_want(p, ",");
		if (!ret)
			ret = options(q, s);
	} else if (!ret && lex_skip(p, ",")) {
		ret = options(q, s);
	}
	return ret ? ret : lex_want(p, ")");
}

static int query(struct tree_parser *q, struct tree_step *s)
{
	struct parser *p = &q->p;
	uint32_t room = TREE_MAX_ROOM;
	int ret;

	lex_next(p);
	ret = lex_want(p, "(");
	if (!ret)
		ret = tree_parse_path(q, &s->cg, false, false);
	if (!ret)
		ret = lex_want(p, ",");
	if (!ret)
		ret = tree_parse_hook(q, &s->hook);
	if (!ret && lex_skip(p, ",")) {
		s->effective = lex_skip(p, "effective");
		s->array = lex_skip(p, "array");
		if (lex_skip(p, "room"))
			ret = parse_u32(p, "a count", 0, TREE_MAX_ROOM, &room);
	}
	s->room = (uint8_t)room;
	return ret ? ret : lex_want(p, ")");
}

static int update(struct tree_parser *q, struct tree_step *s)
{
	struct parser *p = &q->p;
	int ret;

	lex_next(p);
	ret = lex_want(p, "(");
	if (!ret)
		ret = tree_parse_link(q, &s->link);
	if (!ret)
		ret = lex_want(p, ",");
	if (!ret)
		ret = tree_parse_prog(q, &s->prog);
	if (!ret && lex_skip(p, ",")) {
		ret = lex_want(p, "old");
		if (!ret)
			ret = tree_parse_prog(q, &s->other);
	}
	return ret ? ret : lex_want(p, ")");
}

/* close(l1), close(s), link_detach(l1) */
static int close_one(struct tree_parser *q, struct tree_step *s)
{
	struct parser *p = &q->p;
	unsigned sock;
	int ret;

	lex_next(p);
	ret = lex_want(p, "(");
	if (ret)
		return ret;
	sock = lex_at_one(p, case_sock_words, q->t->n_socks);
	if (s->op == TREE_CLOSE_LINK && sock < q->t->n_socks) {
		*s = tree_step(TREE_CLOSE_SOCK);
		s->sock = (uint8_t)sock;
		lex_next(p);
	} else {
		ret = tree_parse_link(q, &s->link);
	}
	return ret ? ret : lex_want(p, ")");
}

static int on_path(struct tree_parser *q, struct tree_step *s)
{
	int ret;

	lex_next(&q->p);
	ret = lex_want(&q->p, "(");
	if (!ret && s->op == TREE_MKDIR)
		ret = tree_parse_path(q, &s->cg, true, true);
	else if (!ret && s->op == TREE_RMDIR)
		ret = tree_parse_path(q, &s->cg, false, false);
	else if (!ret)
		ret = tree_parse_place(q, &s->cg);
	return ret ? ret : lex_want(&q->p, ")");
}

/* l1 = link(...) */
static int link_line(struct tree_parser *q, struct tree_step *s)
{
	char what[48];
	int ret;

	snprintf(what, sizeof(what), "l%u as the next link", q->t->n_links + 1u);
	s->link = tree_numbered(&q->p, 'l', TREE_MAX_LINKS);
	if (s->link != q->t->n_links)
		return lex_expected(&q->p, what);
	lex_next(&q->p);
	ret = lex_want(&q->p, "=");
	if (!ret && !lex_at(&q->p, "link"))
		return lex_expected(&q->p, "link");
	if (!ret)
		ret = on_cgroup(q, s);
	q->t->n_links++;
	return ret;
}

int tree_parse_operation(struct tree_parser *q, struct tree_step *s)
{
	switch ((enum tree_op)s->op) {
	case TREE_ATTACH:
	case TREE_DETACH:
		return on_cgroup(q, s);
	case TREE_LINK:
		return link_line(q, s);
	case TREE_UPDATE:
		return update(q, s);
	case TREE_LINK_DETACH:
	case TREE_CLOSE_LINK:
	case TREE_CLOSE_SOCK:
		return close_one(q, s);
	case TREE_QUERY:
		return query(q, s);
	case TREE_MKDIR:
	case TREE_RMDIR:
	case TREE_MOVE:
		return on_path(q, s);
	case TREE_SOCKET:
	case TREE_CALL:
	case TREE_OP_COUNT:
		break;
	}
	return -EINVAL;
}

/* "word N", which may be missing. */
static int number_after(struct parser *p, const char *word, const char *what, bool *has, uint32_t *to)
{
	*has = lex_skip(p, word);
	return *has ? parse_u32(p, what, 0, UINT32_MAX, to) : 0;
}

static int answer(struct tree_parser *q, struct tree_answer *a)
{
	struct parser *p = &q->p;
	int ret = 0;

	if (lex_skip(p, "[")) {
		a->has_ids = true;
		while (!ret && !lex_at(p, "]")) {
			if (a->n_ids == TREE_MAX_IDS)
				return lex_expected(p, "at most 16 programs");
			ret = tree_parse_prog(q, &a->ids[a->n_ids++]);
		}
		lex_next(p);
	}
	if (!ret)
		ret = number_after(p, "flags", "flags", &a->has_flags, &a->flags);
	if (!ret)
		ret = number_after(p, "count", "a count", &a->has_count, &a->count);
	return ret ? ret : number_after(p, "revision", "a revision", &a->has_revision, &a->revision);
}

int tree_parse_expected(struct tree_parser *q, struct tree_step *s)
{
	struct tc_expect e = {0};
	struct tok t;
	int ret;

	lex_next(&q->p); /* = */
	t = q->p.tok;
	ret = parse_expected_ret(&q->p, &e);
	if (ret)
		return ret;
	if (e.ret > 0 || e.ret < -4095)
		return lex_fail(&q->p, &t, "0, '-1 ENAME' or '?'", "another result");
	s->has_ret = e.has_ret;
	s->ret = (int32_t)e.ret;
	return s->op == TREE_QUERY ? answer(q, &s->answer) : 0;
}
