/* SPDX-License-Identifier: MIT */
/*
 * What the kernel complained about while cases ran: warnings, bugs, sanitizer reports and stalls in its log.
 *The log is everybody's, so it only says something about our cases where nobody else works: in a guest, or
 *where the user says so (--dmesg).
 *
 * Complaints that are known stand in a file, one a line, `#` starts a comment:
 *
 *	"words of the first line" KERNEL-GLOB "reason" LINK
 */
#ifndef SPLAT_H
#define SPLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"
#include "../base/diag.h"

#define SPLAT_TEXT  4000 /* bytes of one complaint that are kept */
#define SPLAT_ALLOW 64	 /* rows of a file */

struct splat_allowed {
	char *words, *kernel, *reason, *link; /* owned */
};

struct splats {
	int log;	    /* /dev/kmsg; -1: not looked at */
	uint64_t n;	    /* complaints so far that are not allowed */
	uint64_t allowed_n; /* and those that are */
	struct buf text;    /* of the last one, safe to print; its first line says what it is */
	bool open;	    /* lines that follow still belong to it */
	char release[65];
	const struct splat_allowed *allowed; /* borrowed */
	size_t n_allowed;
};

struct splat_list {
	struct splat_allowed *row; /* owned */
	size_t n;
};

/* 0, or -errno with *d filled: the place, what was expected and what was found. */
int splat_list_parse(struct splat_list *l, const char *file, const char *text, size_t n, struct diag *d);
int splat_list_load(struct splat_list *l, const char *path, struct diag *d);
void splat_list_fini(struct splat_list *l);

/* Looks at the log from here on. l may be NULL and must outlive it. 0, or -errno: the log cannot be read. */
int splats_open(struct splats *s, const struct splat_list *l);
void splats_close(struct splats *s);

/* Reads what has come. True if there is a new complaint that is not allowed: s->text. */
bool splats_poll(struct splats *s);

/* One line of the log, without its head. For splats_poll and for tests. True: s->text is a new complaint. */
bool splats_line(struct splats *s, const char *line, size_t n);

/* Does such a line begin a complaint? */
bool splat_begins(const char *line);

/* Where complaints are told at once, as RUNNING \0 TEXT: a socket that keeps messages apart; -1: nowhere. */
extern int splat_channel;
void splat_tell(const char *running, const struct splats *s);

#endif
