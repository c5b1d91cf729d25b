/* SPDX-License-Identifier: MIT */
#include "console.h"

#include <stdio.h>
#include <string.h>

#include "../report/text.h"

enum console_sign console_line_sign(const char *line)
{
	static const struct {
		const char *words;
		enum console_sign sign;
	} signs[] = {
		{"Kernel panic - not syncing", CONSOLE_PANIC},
		{"Oops:", CONSOLE_OOPS},
		{"BUG: unable to handle", CONSOLE_OOPS},
		{"general protection fault", CONSOLE_OOPS},
		{"kernel BUG at", CONSOLE_OOPS},
		{"BUG: failure at", CONSOLE_OOPS}, /* where a processor has no instruction for it */
		{"BUG: KASAN:", CONSOLE_OOPS},
		{"detected stall", CONSOLE_STALL},
		{"self-detected stall", CONSOLE_STALL},
		{"BUG: soft lockup", CONSOLE_STALL},
		{"blocked for more than", CONSOLE_STALL},
		{"Out of memory", CONSOLE_OOM},
	};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (strstr(line, signs[i].words))
			return signs[i].sign;
	return CONSOLE_FINE;
}

static bool is_complaint(const char *line)
{
	static const char *const words[] = {
		"WARNING: ", "BUG: ", "UBSAN: ", "refcount_t: ", "detected stall"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(line, words[i]))
			return true;
	return false;
}

static void keep(struct console *c, const char *line, enum console_sign sign)
{
	size_t n = strlen(line); /* no NUL is in it */

	if (sign >= CONSOLE_OOPS && c->sign < CONSOLE_OOPS)
		c->n_said = 0;
	if (!c->n_said && sign < CONSOLE_STALL && !is_complaint(line))
		return;
	if (c->n_said + n + 1 > sizeof(c->said))
		return;
	memcpy(c->said + c->n_said, line, n);
	c->said[c->n_said + n] = '\n';
	c->n_said += n + 1;
}

void console_end(struct console *c)
{
	char *line = c->line[c->n % CONSOLE_LINES];
	enum console_sign sign;

	if (!c->at)
		return;
	line[c->at] = 0;
	sign = console_line_sign(line);
	keep(c, line, sign);
	if (sign > c->sign) {
		c->sign = sign;
		memcpy(c->signed_line, line, c->at + 1);
	}
	c->n++;
	c->at = 0;
	c->line[c->n % CONSOLE_LINES][0] = 0;
}

void console_feed(struct console *c, const void *bytes, size_t n)
{
	const char *p = bytes;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n' || p[i] == '\r')
			console_end(c);
		else if (p[i] && c->at < CONSOLE_WIDTH) /* the rest of a long line is dropped */
			c->line[c->n % CONSOLE_LINES][c->at++] = p[i];
	}
}

void console_tail(const struct console *c, struct buf *out)
{
	unsigned n = c->n < CONSOLE_LINES - 1 ? c->n : CONSOLE_LINES - 1;

	for (unsigned i = c->n - n; i != c->n; i++) {
		const char *line = c->line[i % CONSOLE_LINES];

		text_safe(out, line, strlen(line));
		buf_puts(out, "\n");
	}
}

void console_said(const struct console *c, struct buf *out)
{
	text_safe(out, c->said, c->n_said);
}
