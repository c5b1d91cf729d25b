/* SPDX-License-Identifier: MIT */
#include "tree_parse.h"

#include "case_words.h"

uint8_t tree_numbered(const struct parser *p, char kind, unsigned n)
{
	const struct tok *t = &p->tok;
	unsigned v = 0;

	if (t->kind != TOK_WORD || t->n < 2 || t->n > 3 || t->s[0] != kind || t->s[1] == '0')
		return TREE_NONE;
	for (size_t i = 1; i < t->n; i++) {
		if (t->s[i] < '0' || t->s[i] > '9')
			return TREE_NONE;
		v = v * 10 + (unsigned)(t->s[i] - '0');
	}
	return v <= n ? (uint8_t)(v - 1) : TREE_NONE;
}

int tree_parse_prog(struct tree_parser *q, uint8_t *out)
{
	*out = tree_numbered(&q->p, 'p', q->t->n_progs);
	if (*out == TREE_NONE)
		return lex_expected(&q->p, "a program from above (p1, p2 ...)");
	lex_next(&q->p);
	return 0;
}

int tree_parse_link(struct tree_parser *q, uint8_t *out)
{
	*out = tree_numbered(&q->p, 'l', q->t->n_links);
	if (*out == TREE_NONE)
		return lex_expected(&q->p, "a link from above (l1, l2 ...)");
	lex_next(&q->p);
	return 0;
}

/* One element of a path; *cg is where it is, made with `later` if there is room and it may be made. */
static int element(struct tree_parser *q, uint8_t *cg, bool make, bool later)
{
	struct tree *t = q->t;
	const struct tok *k = &q->p.tok;
	uint8_t at;

	if (k->kind != TOK_WORD || k->n != 1 || k->s[0] < 'a' || k->s[0] > 'z')
		return lex_expected(&q->p, "a path of single letters (a/b)");
	at = tree_find(t, *cg, k->s[0]);
	if (at == TREE_NONE && !make)
		return lex_expected(&q->p, "one of the cgroups above");
	if (at == TREE_NONE && (t->n_cgroups == TREE_MAX_CGROUPS || tree_depth(t, *cg) == TREE_MAX_DEPTH))
		return lex_expected(&q->p, "at most 16 cgroups, at most 8 deep");
	if (at == TREE_NONE) {
		at = t->n_cgroups++;
		t->cgroup[at] = (struct tree_cgroup){.parent = *cg, .name = k->s[0], .later = later};
	}
	*cg = at;
	lex_next(&q->p);
	return 0;
}

/* Only the last element may be new. */
int tree_parse_path(struct tree_parser *q, uint8_t *cg, bool make, bool later)
{
	int ret;

	*cg = TREE_NONE;
	do {
		const char *s = q->p.tok.s + q->p.tok.n;
		bool last = s == q->p.end || *s != '/';

		ret = element(q, cg, make && last, later);
	} while (!ret && lex_skip(&q->p, "/"));
	return ret;
}

int tree_parse_place(struct tree_parser *q, uint8_t *cg)
{
	*cg = TREE_NONE;
	return lex_skip(&q->p, "outside") ? 0 : tree_parse_path(q, cg, false, false);
}

int tree_parse_hook(struct tree_parser *q, uint8_t *out)
{
	unsigned h = lex_at_one(&q->p, case_hook_words, HOOK_COUNT);

	if (h == HOOK_COUNT)
		return lex_expected(&q->p, "getsockopt or setsockopt");
	*out = (uint8_t)h;
	lex_next(&q->p);
	return 0;
}
