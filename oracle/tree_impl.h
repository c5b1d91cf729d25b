/* SPDX-License-Identifier: MIT */
/* Inside of the attach model only (tree*.c). */
#ifndef TREE_IMPL_H
#define TREE_IMPL_H

#include "tree.h"

/* The clause had a say in the step; tree_result: and decided its result. */
void tree_hit(struct tree_want *w, unsigned clause);
void tree_result(struct tree_want *w, int ret, unsigned clause);

/* A new cgroup at that index of the case. */
uint8_t tree_new_node(struct tree_model *m, uint8_t cg);
/* Does a socket that lives belong to the node or to one below it? Then the node's programs stay too. */
bool tree_is_held(const struct tree_model *m, uint8_t node);

/* tree_attach.c: one operation each */
void tree_attach(struct tree_model *m, const struct tree_step *s, struct tree_want *w);
void tree_link(struct tree_model *m, const struct tree_step *s, struct tree_want *w);
void tree_update(struct tree_model *m, const struct tree_step *s, struct tree_want *w);
void tree_detach(struct tree_model *m, const struct tree_step *s, struct tree_want *w);
void tree_link_detach(struct tree_model *m, const struct tree_step *s, struct tree_want *w);
void tree_close_link(struct tree_model *m, const struct tree_step *s, struct tree_want *w);

#endif
