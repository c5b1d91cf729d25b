/* SPDX-License-Identifier: MIT */
/*
 * Text of unknown origin (a case's comments, a path, a kernel's release) made safe to print. A terminal obeys
 * control characters and a JSON reader refuses bytes that are not UTF-8, so both are spelled out as \xNN.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"

/*
 * Appends s[0..n). Well-formed UTF-8 stays as it is; each byte that is not becomes \xNN, and so do control
 * characters (C0 but newline and tab, DEL, C1) and the characters that reorder text on a terminal.
 */
void text_safe(struct buf *out, const char *s, size_t n);

/* Appends a count with its thousands apart: 1,234,567. */
void text_count(struct buf *out, uint64_t n);

/* Appends 5.2 s, 3 min 20 s, 1 h 5 min. */
void text_seconds(struct buf *out, double seconds);

/* Appends s as one word of a shell command: as it is if that is harmless, else in single quotes. */
void text_shell(struct buf *out, const char *s);

#endif
