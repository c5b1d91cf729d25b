/* SPDX-License-Identifier: MIT */
/*
 * Text as man(7) source, and the part of Markdown that docs/ uses: headings, paragraphs, code (fenced or
 * indented by four), lists of "* ", tables, `code`, *words*, links. Our own files only, so nothing is
 * refused: what is not known is text.
 */
#ifndef MANUAL_ROFF_H
#define MANUAL_ROFF_H

#include "harness/base/buf.h"

/* Appends s[0..n) so that it shows as it stands, whatever it holds. No line ends in it. */
void roff_plain(struct buf *b, const char *s, size_t n);
/* The same with `code` in bold, *words* in italics and [text](link) as text. */
void roff_inline(struct buf *b, const char *s, size_t n);
/* ".MACRO TEXT" as a line, TEXT in quotes and in capitals if it is a section (SH). */
void roff_heading(struct buf *b, const char *macro, const char *s, size_t n);

/*
 * Appends md[0..n). "# " is left out, "## " becomes the macro `heading` (SH or SS). A line "@name@" is handed
 * to insert, which appends what belongs there; insert may be NULL if there is none.
 */
void roff_markdown(struct buf *b, const char *md, size_t n, const char *heading,
		   void (*insert)(struct buf *b, const char *name, size_t n));

#endif
