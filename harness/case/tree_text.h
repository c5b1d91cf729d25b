/* SPDX-License-Identifier: MIT */
/*
 * A tree case as people read and write it: docs/case-format.md, "Cases with operations". Its first statement
 * begins with the word `tree`; programs and calls are written as in any other case. What is printed parses
 * back to an equal case.
 */
#ifndef TREE_TEXT_H
#define TREE_TEXT_H

#include "case_text.h"
#include "tree.h"

/* Is the first word of the text, comments aside, `tree`? Any bytes will do. */
bool tree_text_is(const char *text, size_t len);

/*
 * Reads a case from text[0..len), which may hold any bytes. 0: *out passes tree_check. -EINVAL: *d says where
 * and why, *out is undefined. meta and d may be NULL.
 */
int tree_parse(const char *text, size_t len, const char *filename, struct tree *out, struct case_meta *meta,
	       struct diag *d);

/* Appends the text of a case that passes tree_check. meta may be NULL. */
void tree_print(const struct tree *t, const struct case_meta *meta, struct buf *b);

/* Pieces of it, for reports: "a/b" or "outside", one step without its expectation, "p1 p2". */
void tree_print_path(const struct tree *t, uint8_t cg, struct buf *b);
void tree_print_step(const struct tree *t, const struct tree_step *s, struct buf *b);
void tree_print_progs(const uint8_t *ids, unsigned n, struct buf *b);

#endif
