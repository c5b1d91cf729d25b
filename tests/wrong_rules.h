/* SPDX-License-Identifier: MIT */
/* For the tests of the attach model: does a rule that is wrong on purpose show in a case? */
#ifndef TESTS_WRONG_RULES_H
#define TESTS_WRONG_RULES_H

#include <string.h>

#include "oracle/tree.h"

static inline bool wants_differ(const struct tree_want *a, const struct tree_want *b)
{
	return a->ret != b->ret || a->n != b->n || memcmp(a->progs, b->progs, a->n) ||
	       a->bad_socket != b->bad_socket ||
	       (a->answers && (a->flags != b->flags || a->count != b->count || a->revision != b->revision));
}

/* rule: enum tree_wrong */
static inline bool wrong_rule_shows(const struct tree *t, unsigned rule)
{
	static struct tree_model right, wrong; /* large */
	struct tree_want a, b;

	tree_begin(&right, attach_epoch_find("attach-7.2"), t);
	tree_begin(&wrong, attach_epoch_find("attach-7.2"), t);
	wrong.wrong = (uint8_t)rule;
	for (unsigned i = 0; i < t->n_steps; i++) {
		tree_next(&right, i, &a);
		tree_next(&wrong, i, &b);
		if (wants_differ(&a, &b))
			return true;
	}
	return false;
}

#endif
