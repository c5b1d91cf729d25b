/* SPDX-License-Identifier: MIT */
#include "formats.h"

#include <stdlib.h>
#include <string.h>

#include "rows.h"
#include "story.h"

/*
 * A diagnostic, line by line. "| " keeps what a case or a kernel says from being taken for a line of ours,
 * "# Totals:" first of all.
 */
static void diagnostic(struct buf *out, const char *indent, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		buf_printf(out, "%s# | %.*s\n", indent, (int)n, text);
		text += n;
		text += *text == '\n';
	}
}

/* The reason behind a directive ends with its line and holds no second '#'. */
static void directive(struct buf *out, const char *word, const char *why)
{
	buf_printf(out, " # %s", word);
	for (buf_puts(out, why && *why ? " " : ""); why && *why; why++)
		buf_add(out, *why == '#' ? "\\#" : why, *why == '#' ? 2 : 1);
}

static void test(struct buf *out, const struct column *c, const struct row *row, size_t n)
{
	bool ok = row->result == ROW_PASS || row->result == ROW_XFAIL || row->result == ROW_SKIP;
	struct buf b = {0};

	if (row->result == ROW_FAIL || row->result == ROW_XFAIL) {
		if (row->finding)
			story_format(&b, c, row->finding);
		else if (row->why)
			buf_puts(&b, row->why);
		diagnostic(out, "  ", buf_str(&b));
	}
	buf_printf(out, "  %s %zu %s", ok ? "ok" : "not ok", n, row->id);
	if (row->result == ROW_XFAIL || row->result == ROW_SKIP || row->result == ROW_ERROR)
		directive(out, row_word(row->result), row->why);
	else if (row->result == ROW_UNSURE)
		directive(out, "ERROR inconclusive:", row->why);
	buf_puts(out, "\n");
	buf_fini(&b);
}

static void subtest(struct buf *out, const struct column *c, const struct rows *rows, unsigned number)
{
	struct buf why = {0};
	bool ok = !rows->count[ROW_FAIL] && !rows->count[ROW_ERROR] && !rows->count[ROW_UNSURE];
	size_t n = 0;

	buf_printf(out, "  KTAP version 1\n  # Subtest: %s\n", c->label);
	diagnostic(out, "  ", c->release);
	buf_printf(&why, "profile %s, %s", c->profile ? c->profile->name : "unknown",
		   column_verdict(c, NULL));
	diagnostic(out, "  ", buf_str(&why));
	buf_printf(out, "  1..%zu\n", rows->n - rows->count[ROW_ABSENT]);
	for (size_t i = 0; i < rows->n; i++)
		if (rows->row[i].result != ROW_ABSENT)
			test(out, c, &rows->row[i], ++n);
	buf_printf(out, "%s %u ", ok ? "ok" : "not ok", number);
	for (const char *s = c->label; *s; s++)
		buf_add(out, *s == '#' ? "_" : s, 1);
	buf_reset(&why);
	if (c->end == COLUMN_SKIP)
		directive(out, "SKIP", c->why);
	buf_puts(out, "\n");
	buf_fini(&why);
}

int format_ktap(struct buf *out, const struct grid *g, const struct format_opts *o)
{
	size_t count[ROW_RESULTS] = {0};
	int err = 0;

	(void)o;
	buf_printf(out, "KTAP version 1\n1..%u\n", g->n);
	for (unsigned i = 0; i < g->n && !err; i++) {
		struct rows rows;

		err = rows_make(&rows, g->column[i]);
		if (err)
			break;
		subtest(out, g->column[i], &rows, i + 1);
		for (unsigned r = 0; r < ROW_RESULTS; r++)
			count[r] += rows.count[r];
		rows_fini(&rows);
	}
	buf_printf(out, "# Totals: pass:%zu fail:%zu xfail:%zu xpass:0 skip:%zu error:%zu\n", count[ROW_PASS],
		   count[ROW_FAIL], count[ROW_XFAIL], count[ROW_SKIP], count[ROW_ERROR] + count[ROW_UNSURE]);
	return err;
}
