/* SPDX-License-Identifier: MIT */
#include "case_lex.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Appends s[0..n) to a fixed field, a blank before it if the field holds something; trims, masks, cuts. */
static void meta_add(char *field, size_t size, const char *s, size_t n)
{
	size_t used = strlen(field);

	while (n && (*s == ' ' || *s == '\t'))
		s++, n--;
	if (!n || used + 2 >= size)
		return;
	if (used)
		field[used++] = ' ';
	for (; n && used + 1 < size; s++, n--)
		field[used++] = (unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s;
	while (used && field[used - 1] == ' ')
		used--;
	field[used] = '\0';
}

static bool starts(const char *s, size_t n, const char *with)
{
	size_t w = strlen(with);

	return n >= w && !memcmp(s, with, w);
}

/* Is the comment s[0..n) a line of the word `with`? */
static bool is_line_of(const char *s, size_t n, const char *with)
{
	size_t w = strlen(with);

	return starts(s, n, with) && (n == w || s[w] == ' ' || s[w] == '\t');
}

static void comment(struct parser *p, const char *s, size_t n)
{
	if (p->begun || !p->meta)
		return;
	while (n && (*s == ' ' || *s == '\t' || *s == '#'))
		s++, n--;
	while (n && (s[n - 1] == ' ' || s[n - 1] == '\t' || s[n - 1] == '\r'))
		n--;
	if (is_line_of(s, n, "clauses"))
		meta_add(p->meta->clauses, sizeof(p->meta->clauses), s + 7, n - 7);
	else if (is_line_of(s, n, "profiles"))
		meta_add(p->meta->profiles, sizeof(p->meta->profiles), s + 8, n - 8);
	else if (is_line_of(s, n, "needs"))
		meta_add(p->meta->needs, sizeof(p->meta->needs), s + 5, n - 5);
	else if (!p->meta->title[0] && !starts(s, n, "SPDX-"))
		meta_add(p->meta->title, sizeof(p->meta->title), s, n);
}

static void skip_blanks(struct parser *p)
{
	while (p->pos < p->end) {
		char c = *p->pos;

		if (c == '#') {
			const char *nl = memchr(p->pos, '\n', (size_t)(p->end - p->pos));

			if (!nl)
				nl = p->end;
			comment(p, p->pos, (size_t)(nl - p->pos));
			p->pos = nl;
		} else if (c == ' ' || c == '\t' || c == '\r') {
			p->pos++;
		} else if (c == '\n' && p->braces) {
			p->line_start = ++p->pos;
			p->line++;
		} else {
			break;
		}
	}
}

static void lex(struct parser *p)
{
	struct tok *t = &p->tok;
	const char *s;

	skip_blanks(p);
	s = p->pos;
	*t = (struct tok){.kind = TOK_EOF, .s = s, .line = p->line, .col = (int)(s - p->line_start) + 1};
	if (s == p->end)
		return;
	t->n = 1;
	if (*s == '\n') {
		t->kind = TOK_EOL;
		p->line++;
		p->line_start = s + 1;
	} else if (is_word_char(*s) || (*s == '-' && s + 1 < p->end && is_word_char(s[1]))) {
		t->kind = TOK_WORD;
		while (s + t->n < p->end && is_word_char(s[t->n]))
			t->n++;
	} else if (*s == '"') {
		t->kind = TOK_BAD;
		while (s + t->n < p->end && s[t->n] != '\n' && t->kind == TOK_BAD) {
			if (s[t->n] == '"')
				t->kind = TOK_STRING;
			else if (s[t->n] == '\\' && s + t->n + 1 < p->end && s[t->n + 1] != '\n')
				t->n++;
			t->n++;
		}
	} else if (s + 1 < p->end && (!memcmp(s, "==", 2) || !memcmp(s, "!=", 2) || !memcmp(s, "&&", 2))) {
		t->kind = TOK_PUNCT;
		t->n = 2;
	} else {
		t->kind = *s && strchr("(){}[],;:/?=<>", *s) ? TOK_PUNCT : TOK_BAD;
	}
	p->pos = s + t->n;
}

bool tok_is(const struct tok *t, const char *text)
{
	return (t->kind == TOK_WORD || t->kind == TOK_PUNCT) && t->n == strlen(text) &&
	       !memcmp(t->s, text, t->n);
}

bool lex_at(const struct parser *p, const char *text)
{
	return tok_is(&p->tok, text);
}

unsigned lex_at_one(const struct parser *p, const char *const *words, unsigned n)
{
	unsigned i = 0;

	while (i < n && !lex_at(p, words[i]))
		i++;
	return i;
}

void lex_begin(struct parser *p, const char *text, size_t len)
{
	p->pos = p->line_start = text;
	p->end = text + len;
	p->line = 1;
	p->braces = 0;
	lex(p);
}

void lex_next(struct parser *p)
{
	if (lex_at(p, "{") || lex_at(p, "("))
		p->braces++;
	else if ((lex_at(p, "}") || lex_at(p, ")")) && p->braces)
		p->braces--;
	lex(p);
}

/* ---- complaints ---- */

int lex_fail(struct parser *p, const struct tok *t, const char *what, const char *found)
{
	diag_set(p->d, p->file, t->line, t->col, "expected %s, found %s", what, found);
	return -EINVAL;
}

int lex_expected_at(struct parser *p, const struct tok *t, const char *what)
{
	char found[64];

	switch (t->kind) {
	case TOK_WORD:
	case TOK_PUNCT:
		snprintf(found, sizeof(found), "'%.*s'%s", t->n > 40 ? 40 : (int)t->n, t->s,
			 t->n > 40 ? "..." : "");
		break;
	case TOK_STRING:
		snprintf(found, sizeof(found), "a string");
		break;
	case TOK_EOL:
		snprintf(found, sizeof(found), "end of line");
		break;
	case TOK_EOF:
		snprintf(found, sizeof(found), "end of file");
		break;
	case TOK_BAD:
		if (*t->s == '"')
			snprintf(found, sizeof(found), "a string without its end");
		else if (*t->s > 0x20 && *t->s < 0x7f)
			snprintf(found, sizeof(found), "'%c'", *t->s);
		else
			snprintf(found, sizeof(found), "byte 0x%02x", (unsigned char)*t->s);
		break;
	}
	return lex_fail(p, t, what, found);
}

int lex_expected(struct parser *p, const char *what)
{
	return lex_expected_at(p, &p->tok, what);
}

bool lex_skip(struct parser *p, const char *text)
{
	if (!lex_at(p, text))
		return false;
	lex_next(p);
	return true;
}

int lex_want(struct parser *p, const char *text)
{
	char what[16];

	if (lex_skip(p, text))
		return 0;
	snprintf(what, sizeof(what), "'%s'", text);
	return lex_expected(p, what);
}
