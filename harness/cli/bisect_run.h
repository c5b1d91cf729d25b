/* SPDX-License-Identifier: MIT */
/* A bisect under way: what cmd_bisect.c, which searches, and bisect_answer.c, which says what was found,
 * share. */
#ifndef BISECT_RUN_H
#define BISECT_RUN_H

#include <limits.h>
#include <stdio.h>

#include "../base/buf.h"
#include "../bisect/search.h"
#include "bisect.h"

struct bisect {
	struct cli *cli;
	struct judge judge;
	struct bisect_state s;
	char dir[PATH_MAX / 2], state[PATH_MAX / 2 + 32], findings[PATH_MAX / 2 + 32];
	const char *way; /* template of the backend or of the kernel */
	bool packages, newer_is_good;
	int lock;
	FILE *log;	      /* stdout, or stderr if that is for JSON */
	unsigned first_tests; /* of an earlier process */
};

/* One line of the log. */
void bisect_say(const struct bisect *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends b->way with the name in place of each %; %% is a %. As one word of a shell if the way is a command.
 */
void bisect_way(struct buf *out, const struct bisect *b, const char *name);

/* Says why there is nothing to look for; EXIT_UNSURE. */
int bisect_refused(const struct bisect *b, const struct search_step *step);

/* Says what was found and writes DIR/report.txt. EXIT_AGREE, EXIT_DIVERGENCE for a range, or EXIT_UNSURE. */
int bisect_report(const struct bisect *b, const struct search_step *step);

#endif
