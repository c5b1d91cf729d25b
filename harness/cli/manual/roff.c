/* SPDX-License-Identifier: MIT */
#include "roff.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* The bytes of UTF-8 from s on that make up one character, and its code. An odd byte is one of its own. */
static size_t utf8(const char *s, size_t n, unsigned *code)
{
	unsigned char c = (unsigned char)*s;
	size_t len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

	if (len == 1 || len > n) {
		*code = c;
		return 1;
	}
	*code = c & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++)
		*code = *code << 6 | ((unsigned char)s[i] & 0x3f);
	return len;
}

/* Is the word at s a name rather than one of a language? */
static bool is_name(const char *s, size_t n)
{
	for (size_t i = 0; i < n && s[i] != ' '; i++)
		if (strchr("_-/", s[i]) && i + 1 < n && isalpha((unsigned char)s[i + 1]))
			return true;
	return false;
}

void roff_plain(struct buf *b, const char *s, size_t n)
{
	static const struct {
		char c;
		const char *text;
	} special[] = {{'\\', "\\(rs"}, {'-', "\\-"},	{'\'', "\\(aq"}, {'`', "\\(ga"},
		       {'~', "\\(ti"},	{'^', "\\(ha"}, {'"', "\\(dq"},	 {'\t', "        "}};
	size_t len;

	if (n && (*s == '.' || *s == '\''))
		buf_puts(b, "\\&"); /* it would be a macro at the beginning of a line */
	for (size_t i = 0; i < n; i += len) {
		const char *text = NULL;
		unsigned code;

		if ((!i || s[i - 1] == ' ') && is_name(s + i, n - i))
			buf_puts(b, "\\%"); /* not to be broken */
		len = utf8(s + i, n - i, &code);
		for (size_t k = 0; k < sizeof(special) / sizeof(special[0]); k++)
			if (special[k].c == s[i])
				text = special[k].text;
		if (text)
			buf_puts(b, text);
		else if (code > 0x7e)
			buf_printf(b, "\\[u%04X]", code);
		else
			buf_add(b, s + i, 1);
	}
}

/* "[text](link)" at s: text, and where it leads to if that is a file. Its length, 0 if there is none. */
static size_t link_at(struct buf *b, const char *s, size_t n)
{
	const char *text_end = *s == '[' ? memchr(s, ']', n) : NULL, *end;

	if (!text_end || text_end + 1 >= s + n || text_end[1] != '(')
		return 0;
	end = memchr(text_end, ')', (size_t)(s + n - text_end));
	if (!end)
		return 0;
	roff_plain(b, s + 1, (size_t)(text_end - s - 1));
	if (memchr(text_end, '.', (size_t)(end - text_end))) {
		buf_puts(b, " (docs/");
		roff_plain(b, text_end + 2, (size_t)(end - text_end - 2));
		buf_puts(b, ")");
	}
	return (size_t)(end - s) + 1;
}

void roff_inline(struct buf *b, const char *s, size_t n)
{
	size_t from = 0, len;

	for (size_t i = 0; i < n; i++) {
		bool mark = s[i] == '`' || (s[i] == '*' && i + 1 < n && isalpha((unsigned char)s[i + 1]));
		const char *end = mark ? memchr(s + i + 1, s[i], n - i - 1) : NULL;

		if (end) {
			roff_plain(b, s + from, i - from);
			buf_puts(b, s[i] == '`' ? "\\fB" : "\\fI");
			roff_plain(b, s + i + 1, (size_t)(end - s) - i - 1);
			buf_puts(b, "\\fR");
			i = (size_t)(end - s);
			from = i + 1;
		} else if (s[i] == '[') {
			struct buf text = {0};

			len = link_at(&text, s + i, n - i);
			if (len) {
				roff_plain(b, s + from, i - from);
				buf_add(b, text.p, text.n);
				from = i + len;
				i += len - 1;
			}
			buf_fini(&text);
		}
	}
	roff_plain(b, s + from, n - from);
}

void roff_heading(struct buf *b, const char *macro, const char *s, size_t n)
{
	buf_printf(b, ".%s \"", macro);
	for (size_t i = 0; i < n; i++) {
		char c = !strcmp(macro, "SH") ? (char)toupper((unsigned char)s[i]) : s[i];

		roff_plain(b, &c, 1);
	}
	buf_puts(b, "\"\n");
}

/* What the lines above the present one have begun. */
struct state {
	struct buf *b;
	const char *heading;
	void (*insert)(struct buf *b, const char *name, size_t n);
	bool fenced, code;  /* inside of code; code: .EX is written */
	bool headed;	    /* nothing stands below the heading yet */
	bool gap;	    /* the next text begins a paragraph */
	unsigned row;	    /* of a table, from 1; 0: in none */
	char header[4][24]; /* its columns */
};

static void code_end(struct state *s)
{
	if (s->code)
		buf_puts(s->b, ".EE\n.RE\n");
	s->code = false;
}

static void code_line(struct state *s, const char *line, size_t n)
{
	if (!s->code)
		buf_puts(s->b, s->headed ? ".RS 4\n.EX\n" : ".PP\n.RS 4\n.EX\n");
	s->code = true;
	s->headed = false;
	roff_plain(s->b, line, n);
	buf_puts(s->b, "\n");
}

/* The cell that begins at line[*at], without blanks around it; *at is moved behind it. A | in `code` is text.
 */
static const char *cell(const char *line, size_t n, size_t *at, size_t *len)
{
	size_t from = *at, i = from;
	bool code = false;

	for (; i < n && (code || line[i] != '|'); i++)
		code ^= line[i] == '`';
	*at = i + 1;
	while (from < i && line[from] == ' ')
		from++;
	while (i > from && line[i - 1] == ' ')
		i--;
	*len = i - from;
	return line + from;
}

/* A row: the first cell is the tag of what the others say; from the third on with the column's name. */
static void table_row(struct state *s, const char *line, size_t n)
{
	size_t at = 1, len;

	s->headed = false;
	if (++s->row == 2) /* the line of dashes */
		return;
	if (s->row > 2)
		buf_puts(s->b, ".TP\n");
	for (unsigned i = 0; i < 4 && at < n; i++) {
		const char *text = cell(line, n, &at, &len);

		if (s->row == 1) {
			snprintf(s->header[i], sizeof(s->header[i]), "%.*s", (int)len, text);
			continue;
		}
		if (i > 1)
			buf_printf(s->b, "; %s ", s->header[i]);
		roff_inline(s->b, text, len);
		if (!i || at >= n)
			buf_puts(s->b, "\n");
	}
}

static void text_line(struct state *s, const char *line, size_t n)
{
	size_t blanks = 0;

	while (blanks < n && line[blanks] == ' ')
		blanks++;
	if (n > 2 && !memcmp(line, "* ", 2)) {
		buf_puts(s->b, ".IP \\(bu 2\n");
		blanks = 2;
	} else if (s->gap) {
		buf_puts(s->b, ".PP\n");
	}
	s->gap = s->headed = false;
	roff_inline(s->b, line + blanks, n - blanks);
	buf_puts(s->b, "\n");
}

static void any_line(struct state *s, const char *line, size_t n)
{
	bool fence = n >= 3 && !memcmp(line, "```", 3);

	if (fence || s->fenced) {
		if (fence && s->fenced)
			code_end(s);
		else if (!fence)
			code_line(s, line, n);
		s->fenced ^= fence;
		s->gap = true;
		return;
	}
	if (n > 4 && !memcmp(line, "    ", 4)) {
		code_line(s, line + 4, n - 4);
		s->gap = true;
		return;
	}
	code_end(s);
	if (n && *line == '|') {
		table_row(s, line, n);
		s->gap = true;
		return;
	}
	s->row = 0;
	if (!n) {
		s->gap = !s->headed;
	} else if (n > 3 && !memcmp(line, "## ", 3)) {
		roff_heading(s->b, s->heading, line + 3, n - 3);
		s->gap = false;
		s->headed = true;
	} else if (n > 2 && *line == '@' && line[n - 1] == '@' && s->insert) {
		s->insert(s->b, line + 1, n - 2);
		s->headed = false;
	} else if (memcmp(line, "# ", 2)) {
		text_line(s, line, n);
	}
}

void roff_markdown(struct buf *b, const char *md, size_t n, const char *heading,
		   void (*insert)(struct buf *b, const char *name, size_t n))
{
	struct state s = {.b = b, .heading = heading, .insert = insert, .headed = true};

	while (n) {
		const char *end = memchr(md, '\n', n);
		size_t len = end ? (size_t)(end - md) : n;

		any_line(&s, md, len);
		len += end != NULL;
		md += len;
		n -= len;
	}
	code_end(&s);
}
