/* SPDX-License-Identifier: MIT */
/* Case files of the command line: single ones, and every *.case below a directory, in a stable order. */
#ifndef CASEFILE_H
#define CASEFILE_H

#include "../case/case_text.h"

struct casefile {
	char *path; /* owned */
	struct tcase tc;
	struct case_meta meta;
	bool elsewhere; /* its expectations are for other profiles than the one it runs in: casefile_scope */
};

struct profile;

/* Reads and parses one file. EXIT_AGREE, or EXIT_USAGE after the complaint on stderr. *text (may be NULL): to
 * free. */
int casefile_load(const char *path, struct casefile *out);

/*
 * Loads all operands. *files is an array of *n pointers to free with casefile_free. EXIT_AGREE, or EXIT_USAGE
 * after every file that does not parse was complained about; a directory without a case is an error too.
 */
int casefile_load_all(char **args, int n_args, struct casefile ***files, size_t *n);

/* Drops the expectations of the files whose header says that they hold in other profiles (oracle/scope.h). */
void casefile_scope(struct casefile **files, size_t n, const struct profile *p);

void casefile_free(struct casefile **files, size_t n);

#endif
