/* SPDX-License-Identifier: MIT */
/*
 * In which profiles the expectations of a case hold, by the two header lines of its text (case_text.h):
 *
 *	# profiles NAME...      a row of profiles.c, or a range v5.4..v5.18 over the kernels' rows, both ends
 *	                        included, an end that is left out (v5.18..) being the oldest or newest kernel;
 *	                        the expectations hold in these profiles and no other
 *	# clauses ID...         without a line `# profiles`: they hold in every profile in which all of these
 *	                        clauses hold (with neither line: in every profile)
 *
 * In any other profile the case still runs, without its expectations: the oracle alone says what is allowed.
 */
#ifndef SCOPE_H
#define SCOPE_H

#include <stdbool.h>
#include <stddef.h>

struct profile;

/*
 * NULL if every word of both lines is known, else what is wrong with the one at *word, n bytes long: "no such
 * profile".
 */
const char *scope_check(const char *profiles, const char *clauses, const char **word, size_t *n);

struct attach_epoch;

/*
 * The same for a case with operations: the epoch of attaching must have what its line `# needs` says, and
 * what the clauses of operations need that it names. Only kernels' profiles will do.
 */
bool scope_tree_holds(const char *profiles, const char *clauses, const char *needs, const struct profile *p,
		      const struct attach_epoch *e);

/* Do the expectations hold in p? Words that scope_check would complain about hold nowhere. */
bool scope_holds(const char *profiles, const char *clauses, const struct profile *p);

#endif
