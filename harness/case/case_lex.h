/* SPDX-License-Identifier: MIT */
/*
 * Inside of the case parser only (case_lex.c, case_value.c, case_prog.c, case_text.c): the state of one run
 * of the parser, its tokens with their places, and the complaints about them. There is one token of
 * lookahead, p->tok. Functions that can complain return 0 or, once *p->d says where and why, -EINVAL.
 */
#ifndef CASE_LEX_H
#define CASE_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "case_text.h"

enum tok_kind {
	TOK_WORD,   /* letters, digits and _, perhaps after a '-' */
	TOK_PUNCT,  /* one of ( ) { } [ ] , ; : / ? = < > == != && */
	TOK_STRING, /* with its quotes, escapes not looked at */
	TOK_EOL,
	TOK_EOF,
	TOK_BAD, /* a byte, or a string without its end, that starts no token */
};

struct tok {
	enum tok_kind kind;
	const char *s; /* in the text */
	size_t n;
	int line, col;
};

struct parser {
	/* To be set before lex_begin. */
	const char *file;
	struct tcase *tc;
	struct case_meta *meta; /* may be NULL */
	struct diag *d;		/* may be NULL */
	bool begun;		/* a statement was seen: comments are no longer meta */

	struct tok tok; /* the current one, not yet consumed */

	/* The lexer's own. */
	const char *pos, *end;
	const char *line_start;
	int line;
	unsigned braces; /* open { and (: line ends are blanks there */
};

/* Reads the first token of text[0..len). */
void lex_begin(struct parser *p, const char *text, size_t len);
/* Consumes the current token. */
void lex_next(struct parser *p);

bool tok_is(const struct tok *t, const char *text);
bool lex_at(const struct parser *p, const char *text);
/* Which of n words the current token is; n if it is none of them. */
unsigned lex_at_one(const struct parser *p, const char *const *words, unsigned n);
/* Consumes the current token if it is this one. */
bool lex_skip(struct parser *p, const char *text);
/* The same, and a complaint if it is another one. */
int lex_want(struct parser *p, const char *text);

/* "expected WHAT, found ...", at the current token or at *t; lex_fail says in its own words what was found.
 */
int lex_expected(struct parser *p, const char *what);
int lex_expected_at(struct parser *p, const struct tok *t, const char *what);
int lex_fail(struct parser *p, const struct tok *t, const char *what, const char *found);

#endif
