/* SPDX-License-Identifier: MIT */
/*
 * Why lines are not reached: a table that people write (kernels/unreached) and the text of the source that it
 * speaks about. A row is
 *
 *	FUNCTION: TEXT => REASON
 *	FUNCTION: TEXT ~> REASON     something that is not always run reaches it
 *
 * TEXT is a piece of the source, with blanks and line ends as single blanks; the row is about the line in
 * which it ends, so that a condition before it can tell two equal lines apart. # begins a comment line.
 */
#ifndef REASONS_H
#define REASONS_H

#include <stdbool.h>
#include <stddef.h>

struct reason {
	char *function, *text, *why; /* owned */
	unsigned line;		     /* of the table */
	bool sometimes;		     /* ~> */
	bool used, reached; /* set by callers: for a line that is not reached; it matches one that is */
};

struct reasons {
	struct reason *row; /* owned */
	size_t n;
};

/* Reads a table. 0, or -errno with why: -EINVAL with the file's line for a row that is none. */
int reasons_read(struct reasons *r, const char *path, char *why, size_t size);
void reasons_fini(struct reasons *r);

/* A file of source, by lines. */
struct source_text {
	char *bytes; /* owned */
	char **line; /* from 0; each ends with a NUL */
	size_t n;
};

/* Reads a file of at most 16 MiB. 0 or -errno. */
int source_read(struct source_text *t, const char *path);
void source_fini(struct source_text *t);

/* A line by its number from 1, without the blanks at its ends; "" if there is none. Cut to fit out. */
const char *source_line(const struct source_text *t, unsigned line, char *out, size_t size);

/* Whether a row is about this line of this function. */
bool reason_matches(const struct reason *r, const char *function, const struct source_text *t, unsigned line);

#endif
