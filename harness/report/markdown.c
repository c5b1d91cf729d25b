/* SPDX-License-Identifier: MIT */
#include "formats.h"

#include <string.h>

#include "rows.h"
#include "story.h"
#include "text.h"

#define WIDTH 72

/*
 * Text of others as Markdown that shows it and does nothing else. Only characters that mean something where
 * they stand are escaped, so that the mail reads well as it is.
 */
static void put_plain(struct buf *out, const char *s)
{
	bool word = true; /* at the beginning of one, which may come to stand at the beginning of a line */

	for (; *s; s++) {
		bool digits = word && *s >= '0' && *s <= '9';

		if (digits) {
			size_t n = strspn(s, "0123456789");

			buf_add(out, s, n);
			s += n;
			if ((*s == '.' || *s == ')') && strchr(" \t\n", s[1])) /* "1. " begins a list */
				buf_puts(out, "\\");
			if (!*s)
				return;
		}
		if (strchr("\\`*<[]|&~#", *s) || (word && strchr("-+=>_", *s)) ||
		    (*s == '_' && s[1] && strchr(" \t\n", s[1])))
			buf_puts(out, "\\");
		buf_add(out, s, 1);
		word = strchr(" \t\n", *s);
	}
}

/* "- text", its further lines behind two blanks. */
static void put_item(struct buf *out, struct buf *text)
{
	buf_puts(out, "- ");
	story_wrap(out, buf_str(text), 2, 2, WIDTH);
	buf_puts(out, "\n");
	buf_reset(text);
}

static void put_heading(struct buf *out, const char *text)
{
	buf_printf(out, "\n## %s\n\n", text);
}

/* A block that is shown as it is: no line of it can end it, for each is behind four blanks. */
static void put_block(struct buf *out, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		if (n)
			buf_printf(out, "    %.*s", (int)n, text);
		buf_puts(out, "\n");
		text += n + (text[n] == '\n');
	}
}

static void put_kernel(struct buf *out, const struct column *c, const struct rows *rows)
{
	struct buf b = {0}, why = {0};
	uint64_t calls = 0, cases = 0;

	for (unsigned i = 0; i < c->n_commands; i++) {
		cases += c->command[i].cases;
		calls += c->command[i].calls;
	}
	buf_puts(&b, "**");
	put_plain(&b, c->label);
	buf_printf(&b, "** %s", column_verdict(c, &why));
	if (c->release[0] && strcmp(c->release, c->label)) {
		buf_puts(&b, " (Linux ");
		put_plain(&b, c->release);
		buf_puts(&b, ")");
	}
	buf_printf(&b, ", profile %s: ", c->profile ? c->profile->name : "unknown");
	text_count(&b, cases);
	buf_puts(&b, " cases, ");
	text_count(&b, calls);
	buf_printf(&b, " calls; %zu tests: %zu pass, %zu fail, %zu waived, %zu skipped, %zu without verdict",
		   rows->n - rows->count[ROW_ABSENT], rows->count[ROW_PASS], rows->count[ROW_FAIL],
		   rows->count[ROW_XFAIL], rows->count[ROW_SKIP],
		   rows->count[ROW_ERROR] + rows->count[ROW_UNSURE]);
	if (why.n) {
		buf_puts(&b, ". ");
		put_plain(&b, buf_str(&why));
	}
	put_item(out, &b);
	buf_fini(&b);
	buf_fini(&why);
}

/* The clauses that change between two neighbours as their profiles say, and those that do without. */
static void put_changes(struct buf *out, const struct grid *g)
{
	struct buf expected = {0}, surprise = {0}, b = {0};

	for (unsigned i = 0; i + 1 < g->n; i++)
		for (unsigned k = 1; k < C_COUNT; k++) {
			const char *a = g->column[i]->label, *z = g->column[i + 1]->label;
			enum change change = grid_change(g, i, k);
			bool unexpected = grid_unexpected(g, i, k);

			if (change == CHANGE_NONE && !unexpected)
				continue;
			put_plain(&b, a);
			buf_puts(&b, " to ");
			put_plain(&b, z);
			buf_printf(&b, ": %s", clause_info(k)->name);
			if (unexpected) {
				buf_printf(&b, " was %s and is %s", cell_word(grid_cell(g->column[i], k)),
					   cell_word(grid_cell(g->column[i + 1], k)));
				put_item(&surprise, &b);
			} else {
				buf_printf(&b, " %s: ", change_word(change));
				put_plain(&b, clause_info(k)->sentence);
				put_item(&expected, &b);
			}
		}
	if (surprise.n) {
		put_heading(out, "Changes that no profile expects");
		buf_puts(out, buf_str(&surprise));
	}
	if (expected.n) {
		put_heading(out, "Expected changes");
		buf_puts(out, buf_str(&expected));
	}
	buf_fini(&expected);
	buf_fini(&surprise);
	buf_fini(&b);
}

static void put_finding(struct buf *out, const struct column *c, const struct column_finding *f)
{
	struct buf b = {0}, heading = {0};

	story_title(&b, c, f);
	put_plain(&heading, buf_str(&b));
	buf_printf(out, "\n### %s\n\n", buf_str(&heading));
	buf_reset(&b);
	story_body(&b, c, f, WIDTH - 4);
	put_block(out, buf_str(&b));
	if (f->text) {
		buf_puts(out, "\nThe smallest case:\n\n");
		put_block(out, f->text);
	}
	if (f->reproduce) {
		buf_puts(out, "\nTo repeat it:\n\n");
		put_block(out, f->reproduce);
	}
	buf_fini(&b);
	buf_fini(&heading);
}

static void put_findings(struct buf *out, const struct grid *g, const char *verdict, const char *heading)
{
	bool any = false;

	for (unsigned i = 0; i < g->n; i++) {
		const struct column *c = g->column[i];

		for (unsigned k = 0; k < c->n_findings; k++) {
			if (strcmp(c->finding[k].verdict, verdict))
				continue;
			if (!any)
				buf_printf(out, "\n## %s\n", heading);
			any = true;
			put_finding(out, c, &c->finding[k]);
		}
	}
}

static void put_logs(struct buf *out, const struct grid *g)
{
	for (unsigned i = 0; i < g->n; i++)
		for (unsigned k = 0; k < g->column[i]->n_splats; k++) {
			buf_puts(out, "\n### The log of ");
			put_plain(out, g->column[i]->label);
			buf_puts(out, "\n\n");
			put_block(out, g->column[i]->splat[k]);
		}
}

int format_markdown(struct buf *out, const struct grid *g, const struct format_opts *o)
{
	struct buf b = {0};

	buf_printf(out, "# hookdiff: %s, %u kernel%s\n\n", grid_verdict(g, NULL), g->n, g->n == 1 ? "" : "s");
	for (unsigned i = 0; i < g->n; i++) {
		struct rows rows;
		int err = rows_make(&rows, g->column[i]);

		if (err)
			return err;
		put_kernel(out, g->column[i], &rows);
		rows_fini(&rows);
	}
	put_changes(out, g);
	put_findings(out, g, "FAIL", "Findings");
	put_findings(out, g, "XFAIL", "Known divergences (waived)");
	put_logs(out, g);
	buf_puts(out, "\n-- \n");
	buf_puts(&b, "hookdiff ");
	put_plain(&b, g->n && g->column[0]->tool[0] ? g->column[0]->tool : o->version);
	if (g->n && g->column[0]->argv) {
		buf_puts(&b, "; ");
		put_plain(&b, g->column[0]->argv);
	} else if (g->n && g->column[0]->n_commands && g->column[0]->command[0].argv) {
		buf_puts(&b, "; ");
		put_plain(&b, g->column[0]->command[0].argv);
	}
	story_wrap(out, buf_str(&b), 0, 0, WIDTH);
	buf_puts(out, "\n");
	buf_fini(&b);
	return 0;
}
