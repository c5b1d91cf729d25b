/* SPDX-License-Identifier: MIT */
/*
 * One complaint about a text: where it is and what was expected there. Parsers fill it and return -errno;
 * only the edge of the program (cli/, tests) prints it.
 */
#ifndef DIAG_H
#define DIAG_H

#include <stddef.h>

#include "buf.h"

struct diag {
	const char *file;  /* borrowed from the caller of the parser */
	int line;	   /* from 1; 0: no place is known, only the file */
	int col;	   /* from 1, in bytes */
	char message[256]; /* one sentence: "expected X, found Y" */
};

/* Fills *d (d may be NULL: nothing happens). The message is cut at 255 bytes. */
void diag_set(struct diag *d, const char *file, int line, int col, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* Appends "file:line:col: message\n"; without a place "file: message\n". */
void diag_head(const struct diag *d, struct buf *out);

/*
 * Appends the head, then the source line and a line with a caret below the column. text is what was parsed
 * (NULL: only the head). Long lines are cut around the column, unprintable bytes are shown as '?'.
 */
void diag_print(const struct diag *d, const char *text, size_t len, struct buf *out);

#endif
