/* SPDX-License-Identifier: MIT */
#include "rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "story.h"

const char *row_word(enum row_result r)
{
	static const char *const words[ROW_RESULTS] = {
		[ROW_PASS] = "PASS", [ROW_FAIL] = "FAIL",	    [ROW_XFAIL] = "XFAIL",
		[ROW_SKIP] = "SKIP", [ROW_UNSURE] = "INCONCLUSIVE", [ROW_ERROR] = "ERROR",
		[ROW_ABSENT] = "-",
	};

	return r < ROW_RESULTS ? words[r] : "";
}

uint64_t rows_hash(uint64_t from, const void *data, size_t n)
{
	const uint8_t *p = data;

	while (n--)
		from = (from ^ *p++) * 0x100000001b3ull;
	return from;
}

uint64_t rows_hash_text(uint64_t from, const char *s)
{
	return rows_hash(from, s ? s : "", s ? strlen(s) + 1 : 1);
}

static bool is_plain(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
	       ch == '-' || ch == '_';
}

/* Appends one part of an id; false if a character had to be replaced. */
static bool put_part(struct buf *id, const char *s, size_t n)
{
	bool plain = n > 0;

	for (size_t i = 0; i < n; i++) {
		plain &= is_plain(s[i]);
		buf_add(id, is_plain(s[i]) ? &s[i] : "_", 1);
	}
	if (!n)
		buf_puts(id, "_");
	return plain;
}

/* The part of a path that is the same on every machine. */
static const char *stable_part(const char *path)
{
	const char *from = NULL, *slash;

	while (!strncmp(path, "./", 2))
		path += 2;
	for (const char *p = path; (p = strstr(p, "corpus/")); p++)
		if (p == path || p[-1] == '/')
			from = p + strlen("corpus/");
	if (from && *from)
		return from;
	slash = strrchr(path, '/');
	while (slash && slash > path && slash[-1] != '/')
		slash--;
	return slash ? slash + (*slash == '/') : path;
}

static void put_path(struct buf *id, const char *path)
{
	const char *s = stable_part(path);
	size_t len = strlen(s);
	bool plain = true;

	if (len > 5 && !strcmp(s + len - 5, ".case"))
		len -= 5;
	for (size_t n; len; s += n, len -= n) {
		n = 0;
		while (n < len && s[n] != '/')
			n++;
		buf_puts(id, ".");
		plain &= put_part(id, s, n);
		if (n < len)
			n++;
	}
	if (!plain)
		buf_printf(id, "-%08x", (unsigned)rows_hash_text(ROWS_HASH, stable_part(path)));
}

/* Appends a row; takes both texts. False without memory. */
static struct row *add(struct rows *rows, enum row_kind kind, enum row_result result, struct buf *id,
		       struct buf *why)
{
	struct row *grown = rows->row, *row = NULL;

	if (!(rows->n & (rows->n - 1)))
		grown = realloc(rows->row, (rows->n ? 2 * rows->n : 1) * sizeof(*grown));
	if (grown && !id->failed && !why->failed) {
		rows->row = grown;
		row = &grown[rows->n];
		*row = (struct row){.kind = kind, .result = result, .id = strdup(buf_str(id))};
		if (why->n)
			row->why = strdup(buf_str(why));
		for (char *p = row->why; p && *p; p++)
			if (*p == '\n' || *p == '\t')
				*p = ' ';
		rows->n++;
		rows->count[result]++;
		if (!row->id)
			row = NULL;
	} else if (grown) {
		rows->row = grown;
	}
	buf_fini(id);
	buf_fini(why);
	return row;
}

static bool add_kernel(struct rows *rows, const struct column *c)
{
	struct buf id = {0}, why = {0};

	buf_puts(&id, "hookdiff.kernel.end");
	if (c->end != COLUMN_DONE)
		buf_puts(&why, c->why[0] ? c->why : "it has no end");
	if (!add(rows, ROW_KERNEL,
		 c->end == COLUMN_DONE	 ? ROW_PASS
		 : c->end == COLUMN_SKIP ? ROW_SKIP
					 : ROW_ERROR,
		 &id, &why))
		return false;
	if (!c->n_splats && !c->more_splats && !(c->in_matrix && strcmp(c->spec, "host")))
		return true; /* nobody looked at the log */
	buf_puts(&id, "hookdiff.kernel.log");
	if (c->n_splats)
		buf_add(&why, c->splat[0], strcspn(c->splat[0], "\n"));
	return add(rows, ROW_KERNEL,
		   c->n_splats || c->more_splats ? ROW_FAIL
		   : c->end == COLUMN_DONE	 ? ROW_PASS
						 : ROW_ERROR,
		   &id, &why);
}

static enum row_result by_verdict(const char *v)
{
	for (enum row_result r = ROW_PASS; r < ROW_ABSENT; r++)
		if (!strcmp(v, row_word(r)))
			return r;
	return ROW_ERROR;
}

static bool add_command(struct rows *rows, const struct column *c, unsigned i)
{
	const struct column_command *cmd = &c->command[i];
	struct buf id = {0}, why = {0};
	struct row *row;

	buf_puts(&id, "hookdiff.command.");
	put_part(&id, cmd->name, strlen(cmd->name));
	if (cmd->summed)
		buf_printf(&why,
			   "%llu cases, %llu calls: %llu agree, %llu differ, %llu waived, %llu skipped, %llu "
			   "inconclusive, %llu errors",
			   (unsigned long long)cmd->cases, (unsigned long long)cmd->calls,
			   (unsigned long long)cmd->pass, (unsigned long long)cmd->fail,
			   (unsigned long long)cmd->waived, (unsigned long long)cmd->skipped,
			   (unsigned long long)cmd->inconclusive, (unsigned long long)cmd->error);
	else
		buf_printf(&why, "it ended without a summary%s%s", c->said[0] ? ": " : "", c->said);
	row = add(rows, ROW_COMMAND, cmd->summed ? by_verdict(cmd->verdict) : ROW_ERROR, &id, &why);
	if (!row)
		return false;
	row->command = cmd;
	row->seconds = cmd->seconds > 0 ? cmd->seconds : cmd->own_seconds;
	return true;
}

/* The finding that speaks for a clause: the first failure, else the first that is waived. */
static const struct column_finding *finding_of(const struct column *c, unsigned clause)
{
	const struct column_finding *best = NULL;

	for (unsigned i = 0; i < c->n_findings; i++)
		if (c->finding[i].clause == clause && (!best || !strcmp(c->finding[i].verdict, "FAIL"))) {
			if (!best || strcmp(best->verdict, "FAIL"))
				best = &c->finding[i];
		}
	return best;
}

static bool add_clause(struct rows *rows, const struct column *c, unsigned k)
{
	static const enum row_result results[CELL_COUNT] = {
		[CELL_OK] = ROW_PASS,	    [CELL_FAIL] = ROW_FAIL, [CELL_XFAIL] = ROW_XFAIL,
		[CELL_ABSENT] = ROW_ABSENT, [CELL_SKIP] = ROW_SKIP, [CELL_UNSURE] = ROW_UNSURE,
		[CELL_ERROR] = ROW_ERROR,
	};
	enum row_result result = results[grid_cell(c, k)];
	const struct column_clause *stat = &c->clause[k];
	const struct column_finding *f = NULL;
	uint64_t cases = stat->failed_cases + stat->waived_cases;
	struct buf id = {0}, why = {0};
	struct row *row;

	buf_printf(&id, "hookdiff.clause.%s", clause_info(k)->name);
	if (result == ROW_UNSURE && !stat->calls)
		result = ROW_SKIP;
	if (result == ROW_FAIL || result == ROW_XFAIL) {
		f = finding_of(c, k);
		if (stat->calls)
			buf_printf(&why, "%llu of %llu calls differ",
				   (unsigned long long)(result == ROW_FAIL ? stat->fail : stat->waived),
				   (unsigned long long)stat->calls);
		else
			buf_printf(&why, "%llu cases differ", (unsigned long long)cases);
		if (f) {
			buf_puts(&why, "; ");
			story_line(&why, f);
			buf_printf(&why, " (%s)", f->where ? f->where : "");
		}
	} else if (result == ROW_SKIP) {
		if (c->end == COLUMN_SKIP)
			buf_puts(&why, c->why);
		else
			buf_puts(&why, stat->skipped ? c->skip_why : "no call reached it");
	} else if (result == ROW_UNSURE) {
		buf_puts(&why, "no control shows that the hook ran");
	} else if (result == ROW_ERROR) {
		buf_puts(&why, c->why[0] ? c->why : "not known: a command ended without a summary");
	}
	row = add(rows, ROW_CLAUSE, result, &id, &why);
	if (!row)
		return false;
	row->clause = k;
	row->finding = f;
	return true;
}

static bool add_case(struct rows *rows, const struct column *c, const struct column_case *k)
{
	const struct column_finding *f = k->finding >= 0 ? &c->finding[k->finding] : NULL;
	struct buf id = {0}, why = {0};
	struct row *row;

	buf_puts(&id, "hookdiff.case");
	put_path(&id, k->path);
	if (f && f->path && !strcmp(f->path, k->path))
		story_line(&why, f);
	else if (f) /* its record names the key, and the first case with it has the rest */
		buf_printf(&why, "%s %s differs, as in %s", story_hook(f), f->field,
			   f->where ? f->where : "another");
	if (k->why)
		buf_printf(&why, "%s%s", why.n ? "; " : "", k->why);
	row = add(rows, ROW_CASE, by_verdict(k->verdict), &id, &why);
	if (!row)
		return false;
	row->clause = k->clause;
	row->finding = f;
	row->c = k;
	return true;
}

/* A case that a sweep or a fuzz made has no name of its own: its key has. */
static bool add_finding(struct rows *rows, const struct column_finding *f)
{
	struct buf id = {0}, why = {0};
	struct row *row;

	buf_puts(&id, "hookdiff.finding.");
	story_key(&id, f);
	story_line(&why, f);
	buf_printf(&why, " (%s)", f->where ? f->where : "");
	if (f->why)
		buf_printf(&why, "; %s", f->why);
	row = add(rows, ROW_FINDING, by_verdict(f->verdict), &id, &why);
	if (!row)
		return false;
	row->clause = f->clause;
	row->finding = f;
	return true;
}

struct place {
	char *id;
	size_t i;
};

static int by_id(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = strcmp(x->id, y->id);

	return order ? order : x->i < y->i ? -1 : 1;
}

/* The second and later rows of one name get a number behind it: ..2, ..3 */
static bool number_twins(struct rows *rows)
{
	struct place *p = malloc((rows->n + 1) * sizeof(*p));
	unsigned k = 1;

	if (!p)
		return false;
	for (size_t i = 0; i < rows->n; i++)
		p[i] = (struct place){rows->row[i].id, i};
	qsort(p, rows->n, sizeof(*p), by_id);
	for (size_t i = 1; i < rows->n; i++) {
		struct row *row = &rows->row[p[i].i];
		char *id;

		k = strcmp(p[i - 1].id, p[i].id) ? 1 : k + 1;
		if (k == 1)
			continue;
		/* No part of a path is empty, so that nothing else has two dots. */
		if (asprintf(&id, "%s..%u", row->id, k) < 0) {
			free(p);
			return false;
		}
		row->id = id; /* p keeps the old text until the end */
	}
	for (size_t i = 0; i < rows->n; i++)
		if (p[i].id != rows->row[p[i].i].id)
			free(p[i].id);
	free(p);
	return true;
}

int rows_make(struct rows *rows, const struct column *c)
{
	bool ok;

	memset(rows, 0, sizeof(*rows));
	ok = add_kernel(rows, c);
	for (unsigned i = 0; ok && i < c->n_commands; i++)
		ok = add_command(rows, c, i);
	for (unsigned k = 1; ok && k < C_COUNT; k++)
		ok = add_clause(rows, c, k);
	for (size_t i = 0; ok && i < c->n_cases; i++)
		if (c->cases[i].path)
			ok = add_case(rows, c, &c->cases[i]);
	for (unsigned i = 0; ok && i < c->n_findings; i++)
		if (!c->finding[i].path)
			ok = add_finding(rows, &c->finding[i]);
	if (ok)
		ok = number_twins(rows);
	if (ok)
		return 0;
	rows_fini(rows);
	return -ENOMEM;
}

void rows_fini(struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		free(rows->row[i].id);
		free(rows->row[i].why);
	}
	free(rows->row);
	memset(rows, 0, sizeof(*rows));
}
