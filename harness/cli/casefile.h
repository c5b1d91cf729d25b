/* SPDX-License-Identifier: MIT */
/* Case files of the command line: single ones, and every *.case below a directory, in a stable order. */
#ifndef CASEFILE_H
#define CASEFILE_H

#include "../case/tree_text.h"

struct casefile {
	char *path; /* owned */
	struct tcase tc;
	struct tree *tree; /* owned; a case with operations: tc is empty then. NULL: an ordinary one */
	struct case_meta meta;
	bool elsewhere; /* its expectations are for other profiles than the one it runs in: casefile_scope */
};

struct profile;

/* Reads and parses one file of either kind. EXIT_AGREE, or EXIT_USAGE after the complaint on stderr. */
int casefile_load(const char *path, struct casefile *out);

/*
 * Loads all operands. *files is an array of *n pointers to free with casefile_free. EXIT_AGREE, or EXIT_USAGE
 * after every file that does not parse was complained about; a directory without a case is an error too.
 */
int casefile_load_all(char **args, int n_args, struct casefile ***files, size_t *n);
/*
 * For commands that take no cases with operations: those that were found below a directory are left out, and
 * one that an operand names is EXIT_USAGE after one line on stderr.
 */
int casefile_load_calls(char **args, int n_args, struct casefile ***files, size_t *n);

/* Drops the expectations of the files whose header says that they hold in other profiles (oracle/scope.h). */
void casefile_scope(struct casefile **files, size_t n, const struct profile *p);

/* The same for cases with operations, which are dropped by the epoch of attaching (oracle/attach.h) too. */
struct attach_epoch;
void casefile_scope_trees(struct casefile **files, size_t n, const struct profile *p,
			  const struct attach_epoch *e);

void casefile_free_one(struct casefile *f);
void casefile_free(struct casefile **files, size_t n);

#endif
