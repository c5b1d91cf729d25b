/* SPDX-License-Identifier: MIT */
/*
 * How both reports show what was wanted: the user's memory as the clauses want it, put together from the
 * parts of struct want, and programs under the names that a case gives them.
 */
#ifndef VIEW_H
#define VIEW_H

#include "../base/buf.h"
#include "report.h"

/* The call whose want and got a report holds, or NULL if they can not be shown. */
const struct tc_call *view_call(const struct report_case *rc);

/* Bytes of the user's memory that are compared: the buffer, and the canaries where there are any. 0: no
 * buffer. */
uint32_t view_mem_size(const struct tc_call *c);

/* The wanted byte at off < view_mem_size(c), or -1 if any will do. */
int view_want_mem(const struct tc_call *c, const struct want *w, uint32_t off);

/* The byte that program s must see at off < s->size, or -1 if any will do. */
int view_want_seen(const struct want_seen *s, uint32_t off);

/* "getsockopt", "setsockopt". */
const char *view_hook(unsigned hook);

/* Appends "a/b program 2": the level's path, and the program's place in it from 1. */
void view_program(struct buf *b, unsigned id);

#endif
