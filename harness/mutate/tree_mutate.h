/* SPDX-License-Identifier: MIT */
/* Edits of a tree case that keep it valid: what one step does, and in which order the steps come. */
#ifndef TREE_MUTATE_H
#define TREE_MUTATE_H

#include <stddef.h>

#include "../base/rng.h"
#include "../case/tree.h"

/* One edit. False if it could not be made: the case is as it was. t passes tree_check before and after. */
bool tree_mutate(struct rng *r, struct tree *t);

/*
 * An engine's input, which is one encoded case (tree_bin.h), gets some edits; now and then, and if it is
 * none, it becomes a generated case. Returns its length, at most max_size; what does not fit stays as it was.
 */
size_t tree_mutate_bytes(uint8_t *data, size_t size, size_t max_size, struct rng *r);

#endif
