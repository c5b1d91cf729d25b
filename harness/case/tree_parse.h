/* SPDX-License-Identifier: MIT */
/*
 * Inside of the parser of tree cases only (tree_text.c, tree_operation.c, tree_names.c): its state, and the
 * names of things in steps. Each function consumes one name; 0, or -EINVAL after a complaint.
 */
#ifndef TREE_PARSE_H
#define TREE_PARSE_H

#include "case_parse.h"
#include "tree.h"

struct tree_parser {
	struct parser
		p; /* p.tc: a stand-in with the sockets, to which a call is appended and moved from there */
	struct tree *t;
};

/* "p3", "l12": its index, below n; TREE_NONE if the token is no such word. Consumes nothing. */
uint8_t tree_numbered(const struct parser *p, char kind, unsigned n);
/* A program or link from above. */
int tree_parse_prog(struct tree_parser *q, uint8_t *out);
int tree_parse_link(struct tree_parser *q, uint8_t *out);
/* A path. make: its last element may be new, and is there later (a mkdir) or from the start. */
int tree_parse_path(struct tree_parser *q, uint8_t *cg, bool make, bool later);
/* A path, or `outside`. */
int tree_parse_place(struct tree_parser *q, uint8_t *cg);
int tree_parse_hook(struct tree_parser *q, uint8_t *out);

/* An operation, from its first word on: any step of *s's kind but a socket and a call. */
int tree_parse_operation(struct tree_parser *q, struct tree_step *s);
/* `=` of a step that is no call, and what stands behind it. */
int tree_parse_expected(struct tree_parser *q, struct tree_step *s);

#endif
