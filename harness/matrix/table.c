/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <string.h>

#include "../report/story.h"
#include "../report/text.h"

#define WIDTH	   110
#define NAME_WIDTH 21
#define NAMED	   12 /* clauses that nothing reached, by name */
#define LIKE	   6  /* profiles that a finding behaves like, by name */
#define SHOWN	   12 /* findings of one kernel that are shown with their case */

static const char *clause_name(unsigned c)
{
	return c ? clause_info(c)->name : "(a case's =)";
}

/* "1,234" up to 99,999, then 123k, 12M: a cell is small. */
static void put_short(struct buf *out, uint64_t n)
{
	if (n < 100000)
		text_count(out, n);
	else if (n < 10000000)
		buf_printf(out, "%lluk", (unsigned long long)(n / 1000));
	else
		buf_printf(out, "%lluM", (unsigned long long)(n / 1000000));
}

static void put_cell(struct buf *out, const struct column *c, unsigned clause, bool all)
{
	const struct column_clause *k = &c->clause[clause];
	enum cell cell = grid_cell(c, clause);

	buf_puts(out, cell_word(cell));
	if (!all || (cell != CELL_OK && cell != CELL_FAIL && cell != CELL_XFAIL))
		return;
	buf_puts(out, " ");
	put_short(out, cell == CELL_OK	   ? k->calls
		       : cell == CELL_FAIL ? (k->fail > k->waived ? k->fail - k->waived : k->failed_cases)
					   : (k->waived ? k->waived : k->waived_cases));
}

static const char *short_verdict(const struct column *c)
{
	const char *v = column_verdict(c, NULL);

	return strcmp(v, "INCONCLUSIVE") ? v : "UNSURE";
}

static const char *profile_name(const struct column *c)
{
	return c->profile ? c->profile->name : "?";
}

static size_t column_width(const struct column *c, bool all)
{
	size_t w = strlen(c->label), n = strlen(profile_name(c));
	struct buf cell = {0};

	if (n > w)
		w = n;
	if (strlen(short_verdict(c)) > w)
		w = strlen(short_verdict(c));
	for (unsigned k = 0; k < C_COUNT; k++) {
		buf_reset(&cell);
		put_cell(&cell, c, k, all);
		if (cell.n > w)
			w = cell.n;
	}
	buf_fini(&cell);
	return w;
}

static void trim(struct buf *out)
{
	while (out->n && out->p[out->n - 1] == ' ')
		out->n--;
	buf_puts(out, "\n");
}

/* Does the clause hold in some column, or did it fail in one? */
static bool worth_a_row(const struct grid *g, unsigned clause)
{
	for (unsigned i = 0; i < g->n; i++) {
		enum cell cell = grid_cell(g->column[i], clause);

		if (clause == C_NONE ? cell == CELL_FAIL : cell != CELL_ABSENT && g->column[i]->profile)
			return true;
	}
	return false;
}

static char mark(const struct grid *g, unsigned i, unsigned clause)
{
	if (grid_unexpected(g, i, clause))
		return '!';
	return grid_change(g, i, clause) != CHANGE_NONE ? '>' : ' ';
}

/* The columns [from, to) of the grid. */
static void put_block(struct buf *out, const struct grid *g, unsigned from, unsigned to, const size_t *width,
		      bool all)
{
	struct buf cell = {0};

	for (unsigned head = 0; head < 3; head++) {
		static const char *const names[] = {"clause", "  profile", "  verdict"};

		buf_printf(out, "%-*s", NAME_WIDTH, names[head]);
		for (unsigned i = from; i < to; i++)
			buf_printf(out, "%-*s  ", (int)width[i],
				   head == 0   ? g->column[i]->label
				   : head == 1 ? profile_name(g->column[i])
					       : short_verdict(g->column[i]));
		trim(out);
	}
	for (unsigned k = 1; k <= C_COUNT; k++) {
		unsigned clause = k % C_COUNT; /* C_NONE last */

		if (!worth_a_row(g, clause) && (!all || clause == C_NONE))
			continue;
		buf_printf(out, "%-*s", NAME_WIDTH, clause_name(clause));
		for (unsigned i = from; i < to; i++) {
			buf_reset(&cell);
			put_cell(&cell, g->column[i], clause, all);
			buf_printf(out, "%-*s%c ", (int)width[i], buf_str(&cell),
				   i + 1 < g->n ? mark(g, i, clause) : ' ');
		}
		trim(out);
	}
	buf_fini(&cell);
}

void table_rows(struct buf *out, const struct grid *g, bool all)
{
	size_t width[64] = {0};
	unsigned n = g->n < 64 ? g->n : 64, to;

	for (unsigned i = 0; i < n; i++)
		width[i] = column_width(g->column[i], all);
	for (unsigned from = 0; from < n; from = to) {
		size_t used = NAME_WIDTH;

		for (to = from; to < n && (to == from || used + width[to] <= WIDTH); to++)
			used += width[to] + 2;
		if (from)
			buf_puts(out, "\n");
		put_block(out, g, from, to, width, all);
	}
	buf_puts(out, "ok agrees   FAIL differs   xfail differs, waived   - not in this profile   skip   ? "
		      "not reached"
		      "   err\n> a change between the two profiles   ! a change of outcome that no profile "
		      "promises\n");
}

/* Appends words to a line that began at column `at`, and begins a new one there when it is full. */
struct wrap {
	struct buf *out;
	size_t at, used;
	bool first;
};

static void put_word(struct wrap *w, const char *word)
{
	size_t n = strlen(word);

	if (!w->first && w->used + 2 + n > WIDTH) {
		buf_printf(w->out, ",\n%*s", (int)w->at, "");
		w->used = w->at;
	} else if (!w->first) {
		buf_puts(w->out, ", ");
		w->used += 2;
	}
	buf_puts(w->out, word);
	w->used += n;
	w->first = false;
}

/* "  begins  A, B (not reached on host), C"; nothing if no clause changes in this way. */
static void put_change(struct buf *out, const struct grid *g, unsigned i, enum change change)
{
	struct wrap w = {.out = out, .at = 10, .used = 10, .first = true};
	const struct column *from = g->column[i], *to = g->column[i + 1];
	struct buf word = {0};

	for (unsigned c = 1; c < C_COUNT; c++) {
		if (grid_change(g, i, c) != change)
			continue;
		if (w.first)
			buf_printf(out, "  %-8s", change_word(change));
		buf_reset(&word);
		buf_puts(&word, clause_name(c));
		if (change != CHANGE_BEGINS && grid_cell(from, c) == CELL_UNSURE)
			buf_printf(&word, " (not reached on %s)", from->label);
		if (change != CHANGE_ENDS && grid_cell(to, c) == CELL_UNSURE)
			buf_printf(&word, " (not reached on %s)", to->label);
		put_word(&w, buf_str(&word));
	}
	if (!w.first)
		buf_puts(out, "\n");
	buf_fini(&word);
}

/* What began with each kernel profile after `from` up to `to`, in the table's order. */
static void put_reasons(struct buf *out, const struct profile *from, const struct profile *to)
{
	bool between = false;

	for (unsigned i = 0; i < profile_count() && profile_at(i) != from; i++)
		if (profile_at(i) == to) {
			buf_printf(out, "  the older kernel has by backports what began later: %s: %s\n",
				   from->name, from->what);
			return;
		}

	for (unsigned i = 0; i < profile_count(); i++) {
		const struct profile *p = profile_at(i);

		if (between && p->in & IN_KERNEL)
			buf_printf(out, "  %s: %s\n", p->name, p->what);
		if (p == from)
			between = true;
		if (p == to)
			return;
	}
}

void table_changes(struct buf *out, const struct grid *g)
{
	for (unsigned i = 0; i + 1 < g->n; i++) {
		const struct column *a = g->column[i], *b = g->column[i + 1];
		unsigned changes = 0;

		for (unsigned c = 1; c < C_COUNT; c++)
			changes += grid_change(g, i, c) != CHANGE_NONE;
		if (changes) {
			buf_printf(out, "expected change %s -> %s (%s -> %s)\n", a->label, b->label,
				   a->own->name, b->own->name);
			put_reasons(out, a->own, b->own);
			for (unsigned k = CHANGE_BEGINS; k < CHANGE_COUNT; k++)
				put_change(out, g, i, (enum change)k);
		}
		for (unsigned c = 0; c < C_COUNT; c++)
			if (grid_unexpected(g, i, c))
				buf_printf(
					out,
					"UNEXPECTED %s -> %s: %s is %s, then %s, and no change is expected\n",
					a->label, b->label, clause_name(c), cell_word(grid_cell(a, c)),
					cell_word(grid_cell(b, c)));
	}
}

static void put_behaves(struct buf *out, const struct column *c, const struct column_finding *f)
{
	if (!f->behaves_known)
		return;
	buf_puts(out, "  behaves like ");
	if (!f->n_behaves)
		buf_puts(out, "no other kernel's profile");
	for (unsigned i = 0; i < f->n_behaves && i < LIKE; i++)
		if (i)
			buf_printf(out, "%s%s", i == 1 ? ", and like " : ", ", f->behaves[i].profile->name);
		else
			buf_printf(out, "profile %s on clause %s", f->behaves[0].profile->name,
				   clause_name(f->behaves[0].clause));
	if (f->n_behaves > LIKE)
		buf_printf(out, " and %u more", f->n_behaves - LIKE);
	buf_printf(out, "\n  compared with %s", profile_name(c));
	if (f->rule)
		buf_printf(out, "; the rule that changes is %s", clause_name(f->rule));
	buf_puts(out, "\n");
}

static void put_text(struct buf *out, const char *text, const char *indent)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		buf_puts(out, indent);
		buf_add(out, text, n);
		buf_puts(out, "\n");
		text += n + (text[n] == '\n');
	}
}

static void put_findings(struct buf *out, const struct column *c)
{
	unsigned shown = 0;

	for (unsigned i = 0; i < c->n_findings; i++) {
		const struct column_finding *f = &c->finding[i];

		if (!strcmp(f->verdict, "XFAIL"))
			continue;
		buf_printf(out, "FAIL %s: %s, %s %s: %s\n", c->label, clause_name(f->clause), story_hook(f),
			   f->field, f->where ? f->where : "");
		put_behaves(out, c, f);
		if (f->text && shown++ < SHOWN)
			put_text(out, f->text, "    ");
		if (f->reproduce)
			buf_printf(out, "  there: %s\n", f->reproduce);
	}
	if (c->more_findings)
		buf_printf(out, "FAIL %s: and %u cases of other findings, in its JSON lines\n", c->label,
			   c->more_findings);
	for (unsigned i = 0; i < c->n_splats; i++) {
		buf_printf(out, "FAIL %s: the kernel complained\n", c->label);
		put_text(out, c->splat[i], "    ");
	}
}

/* Why a kernel is neither PASS nor FAIL, or what else happened to it. */
static void put_trouble(struct buf *out, const struct column *c)
{
	struct buf why = {0};
	const char *v = column_verdict(c, &why);

	if (strcmp(v, "PASS") && strcmp(v, "FAIL"))
		buf_printf(out, "%s %s: %s\n", v, c->label, buf_str(&why));
	else if (c->end == COLUMN_ERROR)
		buf_printf(out, "ERROR %s: %s\n", c->label, c->why);
	if (c->running[0])
		buf_printf(out, "  while it ran %s\n", c->running);
	if (c->running_file)
		buf_printf(out, "  there: hookdiff matrix --kernels %s --cases %s\n", c->spec,
			   c->running_file);
	if (c->end == COLUMN_ERROR && c->console) {
		buf_puts(out, "  the console's last lines\n");
		put_text(out, c->console, "    ");
	}
	buf_fini(&why);
}

/* Clauses of its profile that nothing reached, and those whose cases were skipped. */
static void put_unreached(struct buf *out, const struct column *c, bool all)
{
	for (enum cell kind = CELL_SKIP; kind <= CELL_UNSURE; kind++) {
		struct wrap w = {.out = out, .at = 4, .used = 4, .first = true};
		unsigned n = 0;

		for (unsigned k = 1; k < C_COUNT; k++)
			n += grid_cell(c, k) == kind;
		if (!n || c->end != COLUMN_DONE)
			continue;
		if (kind == CELL_SKIP)
			buf_printf(out, "%s: cases were skipped (%s), and with them %u clause%s\n    ",
				   c->label, c->skip_why, n, n == 1 ? "" : "s");
		else
			buf_printf(out, "%s: nothing shows %u clause%s of its profile", c->label, n,
				   n == 1 ? "" : "s");
		if (n > NAMED && !all) {
			buf_puts(out, " (--verbose names them)\n");
			continue;
		}
		buf_puts(out, "\n    ");
		for (unsigned k = 1; k < C_COUNT; k++)
			if (grid_cell(c, k) == kind)
				put_word(&w, clause_name(k));
		buf_puts(out, "\n");
	}
}

void table_waivers(struct buf *out, const struct grid *g)
{
	for (size_t i = 0; g->waivers && i < g->waivers->n; i++) {
		const struct waiver *w = &g->waivers->row[i];
		bool judged;
		uint64_t used = grid_waiver_used(g, w, &judged);

		if (waiver_expired(w, g->now))
			buf_printf(
				out,
				"warning: %s:%d: the waiver of %s has expired on %u-%02u-%02u (owner %s)\n",
				g->waivers_path, w->line, clause_name(w->clause), w->expiry / 10000,
				w->expiry / 100 % 100, w->expiry % 100, w->owner);
		if (!used && judged)
			buf_printf(out,
				   "warning: %s:%d: no kernel needed the waiver of %s on %s (owner %s)\n",
				   g->waivers_path, w->line, clause_name(w->clause), w->kernel, w->owner);
	}
}

static void put_seconds(struct buf *out, double s, int width)
{
	if (s > 0)
		buf_printf(out, " %*.1f", width, s);
	else
		buf_printf(out, " %*s", width, "-");
}

static double command_seconds(const struct column *c, const char *name)
{
	for (unsigned i = 0; i < c->n_commands; i++)
		if (!strcmp(c->command[i].name, name))
			return c->command[i].seconds;
	return 0;
}

static void put_times(struct buf *out, const struct grid *g)
{
	buf_printf(out, "%-10s %-32s %6s %6s %6s %6s %6s %8s  %s\n", "seconds", "kernel", "boot", "run",
		   "sweep", "fuzz", "all", "peak MiB", "evidence for the profile");
	for (unsigned i = 0; i < g->n; i++) {
		const struct column *c = g->column[i];

		if (c->end == COLUMN_SKIP)
			continue;
		buf_printf(out, "%-10s %-32.32s", c->label, c->release[0] ? c->release : c->spec);
		put_seconds(out, c->boot, 6);
		put_seconds(out, command_seconds(c, "run"), 6);
		put_seconds(out, command_seconds(c, "sweep"), 6);
		put_seconds(out, command_seconds(c, "fuzz"), 6);
		put_seconds(out, c->seconds, 6);
		if (c->peak_rss)
			buf_printf(out, " %8llu", (unsigned long long)(c->peak_rss >> 20));
		else
			buf_printf(out, " %8s", "-");
		buf_printf(out, "  %s\n", c->profile ? evidence_name(c->profile->evidence) : "no profile");
	}
}

static void put_verdict(struct buf *out, const struct grid *g)
{
	static const char *const order[] = {"PASS", "FAIL", "ERROR", "INCONCLUSIVE", "SKIP"};
	static const char *const said[] = {"agree%s", "differ%s", "ended in ERROR", "inconclusive",
					   "skipped"};
	uint64_t cases = 0, calls = 0;
	unsigned unexpected = 0;
	bool first = true;

	buf_printf(out, "%s: ", grid_verdict(g, NULL));
	for (unsigned v = 0; v < sizeof(order) / sizeof(order[0]); v++) {
		unsigned n = 0;

		for (unsigned i = 0; i < g->n; i++)
			n += !strcmp(column_verdict(g->column[i], NULL), order[v]);
		if (!n)
			continue;
		buf_printf(out, "%s%u %s ", first ? "" : ", ", n,
			   first ? (n == 1 ? "kernel" : "kernels") : "");
		if (!first) /* "2 kernels agree, 1 skipped" */
			out->n--;
		buf_printf(out, said[v], n == 1 ? "s" : "");
		first = false;
	}
	for (unsigned i = 0; i < g->n; i++) {
		for (unsigned k = 0; k < g->column[i]->n_commands; k++) {
			cases += g->column[i]->command[k].cases;
			calls += g->column[i]->command[k].calls;
		}
		for (unsigned c = 0; c < C_COUNT; c++)
			unexpected += grid_unexpected(g, i, c);
	}
	if (unexpected)
		buf_printf(out, ", %u unexpected change%s", unexpected, unexpected == 1 ? "" : "s");
	buf_puts(out, "; ");
	text_count(out, cases);
	buf_puts(out, " cases, ");
	text_count(out, calls);
	buf_puts(out, " calls");
	if (g->seed_given)
		buf_printf(out, ", seed %llu", (unsigned long long)g->seed);
	buf_puts(out, "\n");
}

/* A paragraph has an empty line before it, and is left out if it is empty. */
static void put_paragraph(struct buf *out, const struct buf *text)
{
	if (!text->n)
		return;
	buf_puts(out, "\n");
	buf_puts(out, buf_str(text));
}

void table_format(struct buf *out, const struct grid *g, bool all)
{
	struct buf part = {0};

	table_rows(out, g, all);
	table_changes(&part, g);
	put_paragraph(out, &part);
	buf_reset(&part);
	for (unsigned i = 0; i < g->n; i++)
		put_unreached(&part, g->column[i], all);
	put_paragraph(out, &part);
	buf_reset(&part);
	for (unsigned i = 0; i < g->n; i++) {
		put_findings(&part, g->column[i]);
		put_trouble(&part, g->column[i]);
	}
	table_waivers(&part, g);
	put_paragraph(out, &part);
	buf_reset(&part);
	put_times(&part, g);
	put_verdict(&part, g);
	put_paragraph(out, &part);
	buf_fini(&part);
}
