/* SPDX-License-Identifier: MIT */
/*
 * What a bisect asked and what it knows so far, as a file: DIR/bisect.json, replaced as a whole after each
 * test. It is read back as strictly as anything from outside: half a file, or one of another bisect, is
 * refused with a sentence and never taken for answers.
 */
#ifndef STATE_H
#define STATE_H

#include <stddef.h>
#include <stdint.h>

#include "search.h"

#define BISECT_VERSIONS 1024
#define BISECT_WORD	512

struct bisect_point {
	char name[128]; /* debian:6.12.94-1, or the number or name in a list */
	struct bisect_answer answer;
	unsigned tests;		       /* times that it was booted, or that this was tried */
	char why[256];		       /* of the last test: the divergence, or why there is no answer */
	char release[65], version[80]; /* uname -r and -v, as far as known */
	char evidence[64];	       /* file of the last test, in DIR */
	double seconds;		       /* of all tests */
};

/* Two bisects are the same if all of it is. Words that do not apply are "". */
struct bisect_question {
	char mode[16]; /* packages, list */
	char good[128], bad[128];
	char judge[16];		/* case, clause, feature */
	char what[BISECT_WORD]; /* path, id, name */
	char content[20];	/* hash of the cases */
	char profile[32];	/* as asked for */
	char way[BISECT_WORD];	/* the backend or kernel with its % */
	unsigned runs;
};

struct bisect_state {
	struct bisect_question question;
	char profile[32];      /* in use, once the good end is known */
	char good_feature[16]; /* present or absent: the good end's */
	unsigned tests, skips; /* in all, and those of them without an answer */
	double seconds;
	unsigned n;
	struct bisect_point *point; /* good end first; owned */
};

/* Reads the file. 0; -ENOENT: there is none; another -errno with a sentence in why. state_fini in any case.
 */
int state_read(struct bisect_state *s, const char *path, char *why, size_t n);

/* Replaces the file. 0 or -errno. */
int state_write(const struct bisect_state *s, const char *path);

/* NULL, or the name of the first member that differs, with both values as text. */
const char *state_differs(const struct bisect_question *want, const struct bisect_question *found,
			  char want_text[80], char found_text[80]);

/* Forgets versions without an answer, so that a new attempt is made. Returns how many there were. */
unsigned state_retry(struct bisect_state *s);

void state_fini(struct bisect_state *s);

extern const char *const bisect_verdict_names[BISECT_VERDICTS]; /* untested, good, bad, skip */

#endif
