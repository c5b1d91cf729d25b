/* SPDX-License-Identifier: MIT */
/* What the forms of `hookdiff bisect` share (cmd_bisect.c, bisect_step.c): what tells good from bad. */
#ifndef CLI_BISECT_H
#define CLI_BISECT_H

#include "../base/buf.h"
#include "../bisect/state.h"
#include "opts.h"

struct judge {
	const char *kind;    /* case, clause, feature */
	const char *what;    /* path, id, name */
	const char *cases;   /* file or folder that is run; NULL: a feature */
	const char *feature; /* its name without the '!' of a step */
	bool absent_is_good;
	char content[20]; /* hash of the cases */
	unsigned n_cases;
	struct buf text; /* of the case, if it is a single one */
	struct casefile **files;
	size_t n_files;
};

/* Reads the options. EXIT_AGREE, or EXIT_USAGE after one line on stderr. judge_fini in any case. */
int judge_open(struct judge *j, const struct cli *cli);
void judge_fini(struct judge *j);

/*
 * With --clause the cases that are run are copies, below dir, of those that name it. EXIT_AGREE, or another
 * code after one line on stderr. Sets j->cases.
 */
int judge_place(struct judge *j, const char *dir);

/*
 * Fills s->point, the good end first, as the mode of s->question says. EXIT_AGREE, or another code after one
 * line on stderr.
 */
int series_make(struct bisect_state *s, const struct cli *cli);

/* Does the series run back in time? Then what is found was mended, not broken. */
bool series_runs_back(const struct bisect_state *s, const struct cli *cli);

/* One line on stderr; EXIT_UNSURE. */
int bisect_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One test for `git bisect run`: 0, 1, 125 or 128. */
int bisect_step(struct cli *cli);

/* Does this command line ask for a step? Then every way to end is one of its four codes. */
bool bisect_is_step(int argc, char **argv);

/* Runs `fn` in a child and turns whatever becomes of it into one of the four codes. */
int bisect_guard(int (*fn)(int argc, char **argv), int argc, char **argv);

enum { STEP_GOOD = 0, STEP_BAD = 1, STEP_SKIP = 125, STEP_ABORT = 128 };

#endif
