/* SPDX-License-Identifier: MIT */
/*
 * Mutations of cases as text: parse, edit (edit.h), print. What does not parse has its bytes changed; so does
 * every second input that does, because a parser is to see malformed text too.
 */
#ifndef TEXT_EDIT_H
#define TEXT_EDIT_H

#include "batch.h"

/*
 * Changes a text in place; data has room for max bytes, of which n <= max are used. Returns the new size, at
 * most max. bytes may be NULL, as in batch.h.
 */
size_t text_mutate(uint8_t *data, size_t n, size_t max, batch_bytes *bytes, struct rng *r);

/* Two texts into out[0..max): a case of both; or, if one does not parse, the head of a and the tail of b. */
size_t text_cross(const uint8_t *a, size_t na, const uint8_t *b, size_t nb, uint8_t *out, size_t max,
		  struct rng *r);

#endif
