/* SPDX-License-Identifier: MIT */
/* The clause table itself; the rows stand in clauses.def. */
#include "clauses.h"

#include <stddef.h>
#include <string.h>

#include "attach.h"
#include "profiles.h"

#define ALWAYS                                                                                               \
	{                                                                                                    \
		0, 0                                                                                         \
	}
#define WHEN(trait, value)                                                                                   \
	{                                                                                                    \
		offsetof(struct traits, trait), 1 << (value)                                                 \
	}
#define WHEN2(trait, v, w)                                                                                   \
	{                                                                                                    \
		offsetof(struct traits, trait), 1 << (v) | 1 << (w)                                          \
	}

#define WHENS(trait, mask)                                                                                   \
	{                                                                                                    \
		offsetof(struct traits, trait), mask                                                         \
	}
#define PAST_HOOK (1 << BYPASS_PIDFD | 1 << BYPASS_SOME | 1 << BYPASS_SCTP)
#define NEEDS(bits)                                                                                          \
	{                                                                                                    \
		0, bits                                                                                      \
	}

static const struct clause_info table[C_COUNT] = {
#define CLAUSE(id, name, in, when, sentence, source) [C_##id] = {name, in, when, sentence, source},
#include "clauses.def"
#include "tree.def"
#include "storage.def"
#undef CLAUSE
};

_Static_assert(C_CALLS <= 128, "struct clause_set holds 128 clauses");
_Static_assert(C_COUNT <= 256, "a clause is a byte in wants and differences");

const struct clause_info *clause_info(unsigned c)
{
	return &table[c];
}

int clause_find(const char *name)
{
	for (int c = 1; c < C_COUNT; c++)
		if (!strcmp(table[c].name, name))
			return c;
	return -1;
}
