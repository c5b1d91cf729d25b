/* SPDX-License-Identifier: MIT */
#include "reasons.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES  (16u << 20)
#define MOST_ROWS   10000
#define LINES_ABOVE 4 /* that a row's text may begin in */

static char *read_all(const char *path, size_t *n, int *ret)
{
	FILE *f = fopen(path, "re");
	char *p = f ? malloc(MOST_BYTES + 1) : NULL, *fit;

	*ret = !f ? -errno : !p ? -ENOMEM : 0;
	*n = p ? fread(p, 1, MOST_BYTES + 1, f) : 0;
	if (p && (ferror(f) || *n > MOST_BYTES))
		*ret = ferror(f) ? -EIO : -EFBIG;
	if (f)
		fclose(f);
	if (!p || *ret) {
		free(p);
		return NULL;
	}
	p[*n] = 0;
	fit = realloc(p, *n + 1);
	return fit ? fit : p;
}

static char *trim(char *s)
{
	size_t n;

	s += strspn(s, " \t\r");
	n = strlen(s);
	while (n && strchr(" \t\r", s[n - 1]))
		s[--n] = 0;
	return s;
}

/* A row of "FUNCTION: TEXT => REASON"; it is cut apart. */
static bool take_row(struct reasons *r, char *line, unsigned number)
{
	char *text = strstr(line, ": "), *why = NULL, *p = text;
	struct reason row = {.line = number};

	for (; p && *p; p++)
		if (!strncmp(p, " => ", 4) || !strncmp(p, " ~> ", 4))
			why = p;
	if (!text || !why || why <= text)
		return false;
	row.sometimes = why[1] == '~';
	*text = 0;
	*why = 0;
	row.function = strdup(trim(line));
	row.text = strdup(trim(text + 2));
	row.why = strdup(trim(why + 4));
	if (row.function && row.text && row.why && *row.function && *row.text && *row.why) {
		r->row[r->n++] = row;
		return true;
	}
	free(row.function);
	free(row.text);
	free(row.why);
	return false;
}

int reasons_read(struct reasons *r, const char *path, char *why, size_t size)
{
	unsigned number = 0;
	size_t n;
	int ret;
	char *bytes = read_all(path, &n, &ret), *rest = bytes, *line;

	*r = (struct reasons){0};
	if (bytes)
		r->row = calloc(MOST_ROWS, sizeof(*r->row));
	if (!bytes || !r->row) {
		ret = ret ? ret : -ENOMEM;
		snprintf(why, size, "%s: %s", path, strerror(-ret));
	}
	while (!ret && r->row && (line = strsep(&rest, "\n"))) {
		number++;
		line = trim(line);
		if (!*line || *line == '#')
			continue;
		if (r->n == MOST_ROWS || !take_row(r, line, number)) {
			ret = -EINVAL;
			snprintf(why, size, "%s:%u: expected FUNCTION: TEXT => REASON, found '%.80s'", path,
				 number, line);
		}
	}
	free(bytes);
	if (ret)
		reasons_fini(r);
	return ret;
}

void reasons_fini(struct reasons *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->row[i].function);
		free(r->row[i].text);
		free(r->row[i].why);
	}
	free(r->row);
	*r = (struct reasons){0};
}

int source_read(struct source_text *t, const char *path)
{
	size_t n, lines = 1;
	int ret;
	char *rest;

	*t = (struct source_text){0};
	t->bytes = read_all(path, &n, &ret);
	if (!t->bytes)
		return ret;
	for (size_t i = 0; i < n; i++)
		lines += t->bytes[i] == '\n';
	t->line = calloc(lines, sizeof(*t->line));
	if (!t->line) {
		source_fini(t);
		return -ENOMEM;
	}
	rest = t->bytes;
	while (rest && t->n < lines)
		t->line[t->n++] = strsep(&rest, "\n");
	return 0;
}

void source_fini(struct source_text *t)
{
	free(t->bytes);
	free(t->line);
	*t = (struct source_text){0};
}

const char *source_line(const struct source_text *t, unsigned line, char *out, size_t size)
{
	const char *s = line && line <= t->n ? t->line[line - 1] : "";

	snprintf(out, size, "%s", s + strspn(s, " \t"));
	for (size_t n = strlen(out); n && strchr(" \t\r", out[n - 1]);)
		out[--n] = 0;
	return out;
}

/* Adds a line with each run of blanks as one, and one before it. Returns the new length. */
static size_t squeeze(const char *s, char *out, size_t n, size_t size)
{
	bool blank = true;

	for (; *s; s++) {
		bool b = *s == ' ' || *s == '\t' || *s == '\r';

		if (!b && blank && n && n + 1 < size)
			out[n++] = ' ';
		blank = b;
		if (!b && n + 1 < size)
			out[n++] = *s;
	}
	out[n] = 0;
	return n;
}

bool reason_matches(const struct reason *r, const char *function, const struct source_text *t, unsigned line)
{
	char window[2048] = "";
	size_t n = 0, own, length = strlen(r->text);

	if (strcmp(r->function, function) != 0 || !line || line > t->n)
		return false;
	for (unsigned i = line > LINES_ABOVE ? line - LINES_ABOVE : 1; i < line; i++)
		n = squeeze(t->line[i - 1], window, n, sizeof(window));
	own = n;
	squeeze(t->line[line - 1], window, n, sizeof(window));
	for (const char *p = window; (p = strstr(p, r->text)); p++)
		if ((size_t)(p - window) + length > own)
			return true;
	return false;
}
