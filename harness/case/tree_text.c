/* SPDX-License-Identifier: MIT */
/* The statements of a tree case. Programs and calls are parsed by the functions of any other case. */
#include "tree_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "case_words.h"
#include "tree_parse.h"
#include "tree_words.h"

/* tree a a/b c */
static int tree_line(struct tree_parser *q)
{
	uint8_t cg;
	int ret = 0;

	lex_next(&q->p); /* tree */
	while (!ret && q->p.tok.kind == TOK_WORD)
		ret = tree_parse_path(q, &cg, true, false);
	if (!ret && !q->t->n_cgroups)
		return lex_expected(&q->p, "the path of a cgroup");
	return ret;
}

/* program p1 setsockopt { ... } */
static int program_line(struct tree_parser *q)
{
	struct tree *t = q->t;
	struct tree_prog *new = &t->prog[t->n_progs];
	char what[48];
	int ret;

	if (t->n_steps)
		return lex_expected(&q->p, "an operation (programs stand before the first one)");
	if (t->n_progs == TREE_MAX_PROGS)
		return lex_expected(&q->p, "at most 32 programs");
	lex_next(&q->p); /* program */
	snprintf(what, sizeof(what), "p%u as the next program", t->n_progs + 1u);
	if (tree_numbered(&q->p, 'p', t->n_progs + 1u) != t->n_progs)
		return lex_expected(&q->p, what);
	lex_next(&q->p);
	ret = tree_parse_hook(q, &new->hook);
	if (!ret)
		ret = lex_want(&q->p, "{");
	if (!ret)
		ret = parse_actions(&q->p, (enum hook) new->hook, &new->prog);
	if (!ret)
		ret = lex_want(&q->p, "}");
	t->n_progs++;
	return ret;
}

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

/* Where and how, behind socket(...) */
static int route(struct tree_parser *q, struct tree_sock *k)
{
	struct parser *p = &q->p;
	int ret = 0;

	if (k->route == ROUTE_ACCEPT) {
		ret = lex_want(p, "listener");
		if (!ret)
			ret = tree_parse_place(q, &k->cg);
		if (!ret)
			ret = lex_want(p, "connector");
		if (!ret)
			ret = tree_parse_place(q, &k->connector);
		if (!ret)
			ret = lex_want(p, "acceptor");
		return ret ? ret : tree_parse_place(q, &k->acceptor);
	}
	if (!lex_skip(p, "outside")) {
		if (!lex_skip(p, "in"))
			return lex_expected(p, "'in' or 'outside'");
		ret = tree_parse_path(q, &k->cg, false, false);
	}
	if (ret || k->route == ROUTE_PAIR || !lex_skip(p, "via"))
		return ret;
	for (unsigned r = 0; r < TREE_ROUTE_COUNT; r++)
		if (tree_route_words[r] && lex_skip(p, tree_route_words[r])) {
			k->route = (uint8_t)r;
			return 0;
		}
	return lex_expected(p, "fork, exec, scm, pidfd, thread or cgns");
}

static int sock(struct tree_parser *q, struct tree_step *s)
{
	static const char *const words[] = {"socket", "socketpair", "accept"};
	static const uint8_t routes[] = {ROUTE_DIRECT, ROUTE_PAIR, ROUTE_ACCEPT};
	struct parser *p = &q->p;
	struct tree_sock *k = &q->t->sock[q->t->n_socks];
	unsigned kind;
	int ret;

	*k = (struct tree_sock){.cg = TREE_NONE, .connector = TREE_NONE, .acceptor = TREE_NONE};
	lex_next(p);
	ret = lex_want(p, "=");
	if (ret)
		return ret;
	kind = lex_at_one(p, words, 3);
	if (kind == 3)
		return lex_expected(p, "socket, socketpair or accept");
	k->route = routes[kind];
	lex_next(p);
	ret = lex_want(p, "(");
	if (!ret)
		ret = parse_named(p, "an address family, AF_* or a number", names_family, NULL, &k->family);
	if (!ret)
		ret = lex_want(p, ",");
	if (!ret)
		ret = parse_named(p, "a socket type, SOCK_* or a number", names_socktype, NULL, &k->type);
	if (!ret && lex_skip(p, ","))
		ret = parse_named(p, "a protocol, IPPROTO_*, NETLINK_* or a number", names_protocol,
				  names_netlink, &k->protocol);
	if (!ret)
		ret = lex_want(p, ")");
	if (!ret)
		ret = route(q, k);
	s->sock = q->t->n_socks++;
	p->tc->n_socks = q->t->n_socks;
	return ret;
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
	if (!ret && lex_skip(p, "flags")) {
		a->has_flags = true;
		ret = parse_u32(p, "flags", 0, UINT32_MAX, &a->flags);
	}
	if (!ret && lex_skip(p, "count")) {
		a->has_count = true;
		ret = parse_u32(p, "a count", 0, UINT32_MAX, &a->count);
	}
	if (!ret && lex_skip(p, "revision")) {
		a->has_revision = true;
		ret = parse_u32(p, "a revision", 0, UINT32_MAX, &a->revision);
	}
	return ret;
}

/* What stands behind `=` of a step that is no call. */
static int expectation(struct tree_parser *q, struct tree_step *s)
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

/* What kind of step begins here; TREE_OP_COUNT: none does. */
static enum tree_op kind(struct tree_parser *q)
{
	const struct parser *p = &q->p;

	if (parse_at_hook(p))
		return TREE_CALL;
	if (lex_at_one(p, case_sock_words, TC_MAX_SOCKS) < TC_MAX_SOCKS)
		return TREE_SOCKET;
	if (tree_numbered(p, 'l', TREE_MAX_LINKS) != TREE_NONE)
		return TREE_LINK;
	for (unsigned op = 0; op < TREE_OP_COUNT; op++)
		if (op != TREE_LINK && op != TREE_SOCKET && op != TREE_CALL && lex_at(p, tree_op_words[op]))
			return (enum tree_op)op;
	return TREE_OP_COUNT;
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

static int sock_line(struct tree_parser *q, struct tree_step *s)
{
	char what[32];
	unsigned n = q->t->n_socks;

	snprintf(what, sizeof(what), "%s as the next socket",
		 n < TC_MAX_SOCKS ? case_sock_words[n] : "nothing");
	if (lex_at_one(&q->p, case_sock_words, TC_MAX_SOCKS) != n)
		return lex_expected(&q->p, what);
	return sock(q, s);
}

static int call(struct tree_parser *q, struct tree_step *s)
{
	struct tree *t = q->t;
	struct tcase *tc = q->p.tc;
	int ret;

	if (t->n_calls == TREE_MAX_CALLS)
		return lex_expected(&q->p, "at most 32 calls");
	tc->n_calls = 0;
	memset(&tc->call[0], 0, sizeof(tc->call[0]));
	ret = parse_call(&q->p);
	s->call = t->n_calls;
	t->call[t->n_calls++] = tc->call[0];
	return ret;
}

static int step(struct tree_parser *q)
{
	struct tree *t = q->t;
	enum tree_op op = kind(q);
	struct tree_step s;
	int ret = 0;

	if (op == TREE_OP_COUNT)
		return lex_expected(&q->p, "an operation, a socket or a call");
	if (t->n_steps == TREE_MAX_STEPS)
		return lex_expected(&q->p, "at most 192 operations and calls");
	s = tree_step(op);
	switch (op) {
	case TREE_ATTACH:
	case TREE_DETACH:
		ret = on_cgroup(q, &s);
		break;
	case TREE_LINK:
		ret = link_line(q, &s);
		break;
	case TREE_UPDATE:
		ret = update(q, &s);
		break;
	case TREE_LINK_DETACH:
	case TREE_CLOSE_LINK:
	case TREE_CLOSE_SOCK:
		ret = close_one(q, &s);
		break;
	case TREE_QUERY:
		ret = query(q, &s);
		break;
	case TREE_MKDIR:
	case TREE_RMDIR:
	case TREE_MOVE:
		ret = on_path(q, &s);
		break;
	case TREE_SOCKET:
		ret = sock_line(q, &s);
		break;
	case TREE_CALL:
		ret = call(q, &s);
		break;
	case TREE_OP_COUNT:
		break;
	}
	if (!ret && s.op != TREE_CALL && lex_at(&q->p, "="))
		ret = expectation(q, &s);
	t->step[t->n_steps++] = s;
	return ret;
}

bool tree_text_is(const char *text, size_t len)
{
	struct parser p = {.file = ""};

	if (len > CASE_TEXT_MAX)
		return false;
	lex_begin(&p, text, len);
	while (p.tok.kind == TOK_EOL)
		lex_next(&p);
	return lex_at(&p, "tree");
}

static int statement(struct tree_parser *q)
{
	if (!q->t->n_cgroups)
		return lex_at(&q->p, "tree") ? tree_line(q) : lex_expected(&q->p, "tree");
	return lex_at(&q->p, "program") ? program_line(q) : step(q);
}

int tree_parse(const char *text, size_t len, const char *filename, struct tree *out, struct case_meta *meta,
	       struct diag *d)
{
	static struct tcase stand_in; /* too large for a stack frame, and of use to the call parser only */
	struct tree_parser q = {.p = {.file = filename, .tc = &stand_in, .meta = meta, .d = d}, .t = out};
	struct parser *p = &q.p;
	const char *why;
	int ret;

	if (len > CASE_TEXT_MAX) {
		diag_set(d, filename, 0, 0, "expected at most %d bytes, found %zu", CASE_TEXT_MAX, len);
		return -EINVAL;
	}
	if (meta)
		*meta = (struct case_meta){0};
	memset(out, 0, sizeof(*out));
	stand_in.n_socks = stand_in.n_calls = 0;
	lex_begin(p, text, len);
	while (p->tok.kind != TOK_EOF) {
		struct tok first = p->tok;

		if (p->tok.kind == TOK_EOL) {
			lex_next(p);
			continue;
		}
		p->begun = true;
		ret = statement(&q);
		if (ret)
			return ret;
		if (p->tok.kind != TOK_EOL && p->tok.kind != TOK_EOF)
			return lex_expected(p, "end of line");
		why = tree_check_part(out);
		if (why)
			return lex_fail(p, &first, "a step that can be made", why);
	}
	if (!out->n_cgroups)
		return lex_expected(p, "tree");
	why = tree_check(out);
	return why ? lex_fail(p, &p->tok, "a valid case", why) : 0;
}
