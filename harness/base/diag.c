/* SPDX-License-Identifier: MIT */
#include "diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SHOW 100 /* bytes of a source line that are shown */

void diag_set(struct diag *d, const char *file, int line, int col, const char *fmt, ...)
{
	va_list ap;

	if (!d)
		return;
	d->file = file;
	d->line = line;
	d->col = col;
	va_start(ap, fmt);
	vsnprintf(d->message, sizeof(d->message), fmt, ap);
	va_end(ap);
}

void diag_head(const struct diag *d, struct buf *out)
{
	const char *file = d->file ? d->file : "-";

	if (d->line > 0)
		buf_printf(out, "%s:%d:%d: %s\n", file, d->line, d->col, d->message);
	else
		buf_printf(out, "%s: %s\n", file, d->message);
}

void diag_print(const struct diag *d, const char *text, size_t len, struct buf *out)
{
	size_t start = 0, end, from, to, i, col;
	const char *nl;
	int line;

	diag_head(d, out);
	if (!text || d->line < 1 || d->col < 1)
		return;
	for (line = 1; line < d->line; line++) {
		nl = start < len ? memchr(text + start, '\n', len - start) : NULL;
		if (!nl)
			return;
		start = (size_t)(nl - text) + 1;
	}
	nl = start < len ? memchr(text + start, '\n', len - start) : NULL;
	end = nl ? (size_t)(nl - text) : len;
	if (end > start && text[end - 1] == '\r')
		end--;
	col = (size_t)d->col - 1;
	from = col > SHOW * 3 / 4 && end - start > SHOW ? start + col - SHOW * 3 / 4 : start;
	if (from > end)
		from = end;
	to = end - from > SHOW ? from + SHOW : end;
	for (i = from; i < to; i++) {
		unsigned char c = (unsigned char)text[i];
		char shown = c == '\t' || (c >= 0x20 && c != 0x7f) ? (char)c : '?';

		buf_add(out, &shown, 1);
	}
	buf_puts(out, "\n");
	for (i = from; i < start + col; i++)
		buf_puts(out, i < to && text[i] == '\t' ? "\t" : " ");
	buf_puts(out, "^\n");
}
