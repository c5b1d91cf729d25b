/* SPDX-License-Identifier: MIT */
/* A finding in words, from its record alone: what report/card.h says of one that has just happened. */
#ifndef STORY_H
#define STORY_H

#include "../base/buf.h"
#include "column.h"

/* Appends "SET.ARGS.setsockopt.int.ret": equal for findings with one key. Letters, digits, dots, '-', '_'. */
void story_key(struct buf *out, const struct column_finding *f);

/* What differed: a call of this hook, or an operation. */
const char *story_hook(const struct column_finding *f);

/* Appends "setsockopt ret: want 0, got -14 EFAULT", one line. */
void story_line(struct buf *out, const struct column_finding *f);

/* Appends "FAIL SET.ARGS: setsockopt ret, Linux 6.1.90". */
void story_title(struct buf *out, const struct column *c, const struct column_finding *f);

/*
 * Appends the rule, its source, the place, want and got side by side, what each program saw, re-runs and the
 * profiles that it behaves like; without the title, the case and the command that repeats it. Lines of text,
 * `width` columns wide where they are sentences.
 */
void story_body(struct buf *out, const struct column *c, const struct column_finding *f, unsigned width);

/* All of it as one text: title, body, case, command. */
void story_format(struct buf *out, const struct column *c, const struct column_finding *f);

/* Appends text with its words in lines of `width` columns, each line but the first behind `indent` blanks;
 * at: columns that the first one has used. Ends without a newline. */
void story_wrap(struct buf *out, const char *text, unsigned at, unsigned indent, unsigned width);

#endif
