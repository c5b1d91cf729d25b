/* SPDX-License-Identifier: MIT */
/* Edits of a tree case that keep it valid: what one step does, and in which order the steps come. */
#ifndef TREE_MUTATE_H
#define TREE_MUTATE_H

#include "../base/rng.h"
#include "../case/tree.h"

/* One edit. False if it could not be made: the case is as it was. t passes tree_check before and after. */
bool tree_mutate(struct rng *r, struct tree *t);

#endif
