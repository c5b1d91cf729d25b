/* SPDX-License-Identifier: MIT */
/*
 * The last lines that a kernel printed on its console, and what they say about its end. A console is hostile
 * input: a broken kernel prints anything, for ever.
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdbool.h>

#include "../base/buf.h"

#define CONSOLE_LINES 60
#define CONSOLE_WIDTH 240
#define CONSOLE_SAID  32768 /* bytes of complaints that are kept */

enum console_sign { CONSOLE_FINE, CONSOLE_OOM, CONSOLE_STALL, CONSOLE_OOPS, CONSOLE_PANIC };

struct console {
	char line[CONSOLE_LINES][CONSOLE_WIDTH + 1]; /* a ring */
	unsigned n;				     /* lines begun so far, modulo 2^32 */
	size_t at;				     /* bytes of the current one */
	enum console_sign sign;			     /* the worst so far */
	char signed_line[CONSOLE_WIDTH + 1];	     /* the line that said so, the first of the worst kind */
	/* From the first complaint on, and anew from the first that is an oops or worse: lines as they came.
	 */
	char said[CONSOLE_SAID];
	size_t n_said;
};

/* Takes bytes in any pieces. Start from {0}. */
void console_feed(struct console *c, const void *bytes, size_t n);

/* Ends the line that has begun; after the last byte. */
void console_end(struct console *c);

/* Appends the last lines, oldest first, safe to print. */
void console_tail(const struct console *c, struct buf *out);

/* Appends what the kernel complained of and all that followed, safe to print; nothing if it did not. */
void console_said(const struct console *c, struct buf *out);

/* What one line of a kernel says. */
enum console_sign console_line_sign(const char *line);

#endif
