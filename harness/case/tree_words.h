/* SPDX-License-Identifier: MIT */
/* Inside of the text form of tree cases only: words in the order of the enums that they stand for. */
#ifndef TREE_WORDS_H
#define TREE_WORDS_H

#include "tree.h"

extern const char *const tree_op_words[TREE_OP_COUNT];
extern const char *const tree_route_words[TREE_ROUTE_COUNT]; /* of `via`; NULL: said in another way */

#endif
