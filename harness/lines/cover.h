/* SPDX-License-Identifier: MIT */
/*
 * The fewest cases that go through all blocks that any of them goes through: blocks are addresses, as
 * `run --each` writes them (exec/kcov_set.h), which is input from outside.
 */
#ifndef COVER_H
#define COVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cover_set {
	char *name;   /* of the section, owned */
	uint64_t *pc; /* ascending, each once; owned */
	size_t n;
};

struct cover {
	struct cover_set base; /* what stands before the first section; without a name */
	struct cover_set *set; /* in the order of their first section; owned */
	size_t n;
};

/*
 * Reads sections; equal names are one set, and lines that are no address are passed over. 0, or -ENOMEM with
 * nothing to free.
 */
int cover_read(const char *text, struct cover *out);
void cover_fini(struct cover *c);

/* Only what both have stays in a, by name: what goes another way each time is nothing to go by. */
void cover_both(struct cover *a, const struct cover *b);

/* Has other all that s has? */
bool cover_set_within(const struct cover_set *s, const struct cover_set *other);

/* Takes what other has out of s; out of all sets of c. */
void cover_set_without(struct cover_set *s, const struct cover_set *other);
void cover_without(struct cover *c, const struct cover_set *other);

/*
 * chosen[i], of c->n: set i is needed. Always takes the set with most blocks that no chosen one has, of two
 * the one that weighs less (weight[i]), and drops at the end what the others have together. Returns how many
 * are chosen; 0 also if out of memory.
 */
size_t cover_choose(const struct cover *c, const size_t *weight, bool *chosen);

#endif
