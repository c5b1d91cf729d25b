/* SPDX-License-Identifier: MIT */
/*
 * The statements of a tree case, and their order. Operations are tree_operation.c's; programs and calls are
 * parsed by the functions of any other case.
 */
#include "tree_text.h"

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
	return lex_expected(p, "fork, exec, scm, pidfd, thread, cgns or fallback");
}

static int sock(struct tree_parser *q, struct tree_step *s)
{
	static const char *const words[] = {"socket", "socketpair", "accept"};
	static const uint8_t routes[] = {ROUTE_DIRECT, ROUTE_PAIR, ROUTE_ACCEPT};
	struct parser *p = &q->p;
	struct tree_sock *k = &q->t->sock[q->t->n_socks];
	unsigned kind;
	int ret = parse_next_sock(p, q->t->n_socks);

	if (ret)
		return ret;
	kind = lex_at_one(p, words, 3);
	if (kind == 3)
		return lex_expected(p, "socket, socketpair or accept");
	*k = (struct tree_sock){
		.route = routes[kind], .cg = TREE_NONE, .connector = TREE_NONE, .acceptor = TREE_NONE};
	lex_next(p);
	ret = parse_sock_kind(p, &k->family, &k->type, &k->protocol);
	if (!ret)
		ret = route(q, k);
	s->sock = q->t->n_socks++;
	p->tc->n_socks = q->t->n_socks;
	return ret;
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
	int ret;

	if (op == TREE_OP_COUNT)
		return lex_expected(&q->p, "an operation, a socket or a call");
	if (t->n_steps == TREE_MAX_STEPS)
		return lex_expected(&q->p, "at most 192 operations and calls");
	s = tree_step(op);
	if (op == TREE_SOCKET)
		ret = sock(q, &s);
	else if (op == TREE_CALL)
		ret = call(q, &s);
	else
		ret = tree_parse_operation(q, &s);
	if (!ret && s.op != TREE_CALL && lex_at(&q->p, "="))
		ret = tree_parse_expected(q, &s);
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
	int ret = parse_begin(p, text, len);

	if (ret)
		return ret;
	memset(out, 0, sizeof(*out));
	stand_in.n_socks = stand_in.n_calls = 0;
	while (parse_at_statement(p)) {
		struct tok first = p->tok;

		ret = statement(&q);
		if (!ret)
			ret = parse_line_end(p);
		if (ret)
			return ret;
		why = tree_check_part(out);
		if (why)
			return lex_fail(p, &first, "a step that can be made", why);
	}
	if (!out->n_cgroups)
		return lex_expected(p, "tree");
	why = tree_check(out);
	return why ? lex_fail(p, &p->tok, "a valid case", why) : 0;
}
