/* SPDX-License-Identifier: MIT */
#include "grid.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "view.h"

static const char *const cell_words[CELL_COUNT] = {
	[CELL_OK] = "ok",     [CELL_FAIL] = "FAIL", [CELL_XFAIL] = "xfail", [CELL_ABSENT] = "-",
	[CELL_SKIP] = "skip", [CELL_UNSURE] = "?",  [CELL_ERROR] = "err",
};

const char *cell_word(enum cell c)
{
	return c < CELL_COUNT ? cell_words[c] : "";
}

static int by_version(const void *a, const void *b)
{
	return column_order(*(struct column *const *)a, *(struct column *const *)b);
}

void grid_sort(struct grid *g)
{
	qsort(g->column, g->n, sizeof(struct column *), by_version);
}

/* Do the controls show that the hooks of this clause ran? */
static bool proven(const struct column *c, unsigned clause)
{
	const char *name = clause_info(clause)->name;

	if (c->control_bad)
		return false;
	if (!strncmp(name, "GET.", 4))
		return c->ran_ok[HOOK_GET];
	if (!strncmp(name, "SET.", 4))
		return c->ran_ok[HOOK_SET];
	/* A command says INCONCLUSIVE if it called a hook without a control; else one hook is enough. */
	for (unsigned i = 0; i < c->n_commands; i++)
		if (!strcmp(c->command[i].verdict, "INCONCLUSIVE"))
			return c->ran_ok[HOOK_GET] && c->ran_ok[HOOK_SET];
	return c->ran_ok[HOOK_GET] || c->ran_ok[HOOK_SET];
}

enum cell grid_cell(const struct column *c, unsigned clause)
{
	const struct column_clause *k = &c->clause[clause];

	if (k->fail > k->waived || k->failed_cases)
		return CELL_FAIL;
	if (clause == C_NONE)
		return c->end == COLUMN_DONE ? CELL_OK : c->end == COLUMN_SKIP ? CELL_SKIP : CELL_ERROR;
	if (c->profile && !profile_has(c->profile, clause))
		return CELL_ABSENT;
	if (k->waived || k->waived_cases)
		return CELL_XFAIL;
	if (c->end == COLUMN_SKIP)
		return CELL_SKIP;
	if (c->end != COLUMN_DONE)
		return CELL_ERROR;
	for (unsigned i = 0; i < c->n_commands; i++)
		if (!c->command[i].summed)
			return CELL_ERROR;
	if (!k->calls)
		return k->skipped ? CELL_SKIP : CELL_UNSURE;
	return proven(c, clause) ? CELL_OK : CELL_UNSURE;
}

enum change grid_change(const struct grid *g, unsigned i, unsigned clause)
{
	return i + 1 < g->n ? profile_change(g->column[i]->own, g->column[i + 1]->own, clause) : CHANGE_NONE;
}

/*
 * Debian keeps a release (uname -r) over several versions (in uname -v), and two builds of one's own may have
 * both in common: in a matrix each spec is a kernel.
 */
static bool same_kernel(const struct column *a, const struct column *b)
{
	if (a->in_matrix && b->in_matrix && strcmp(a->spec, b->spec))
		return false;
	return a->release[0] && !strcmp(a->release, b->release) && !strcmp(a->version, b->version);
}

bool grid_unexpected(const struct grid *g, unsigned i, unsigned clause)
{
	enum cell a, b;

	if (i + 1 >= g->n || clause == C_NONE || grid_change(g, i, clause) != CHANGE_NONE)
		return false; /* the profiles say nothing of a case's own expectation */
	if (same_kernel(g->column[i], g->column[i + 1]))
		return false; /* two runs of it differ in their cases */
	a = grid_cell(g->column[i], clause);
	b = grid_cell(g->column[i + 1], clause);
	return (a == CELL_OK && b == CELL_FAIL) || (a == CELL_FAIL && b == CELL_OK);
}

static bool failed(const struct column *c)
{
	for (unsigned k = 0; k < C_COUNT; k++)
		if (c->clause[k].fail > c->clause[k].waived || c->clause[k].failed_cases)
			return true;
	for (unsigned i = 0; i < c->n_commands; i++)
		if (c->command[i].fail || !strcmp(c->command[i].verdict, "FAIL"))
			return true;
	return c->end == COLUMN_DONE && (c->n_splats || c->more_splats);
}

/* The first command that is not whole; its words to why. */
static bool broken(const struct column *c, struct buf *why)
{
	if (c->end == COLUMN_ERROR || c->end == COLUMN_RUNNING) {
		buf_puts(why, c->why[0] ? c->why : "it has no end");
		return true;
	}
	if (c->release[0] && !c->profile) {
		buf_printf(why, "no profile covers Linux %s; name one with --profile", c->release);
		return true;
	}
	for (unsigned i = 0; i < c->n_commands; i++) {
		const struct column_command *cmd = &c->command[i];

		if (!cmd->summed) {
			buf_printf(why, "%s ended with exit code %d and no summary%s%s", cmd->name, cmd->exit,
				   c->said[0] ? ": " : "", c->said);
			return true;
		}
		if (!strcmp(cmd->verdict, "ERROR") || (cmd->exit && !strcmp(cmd->verdict, "PASS"))) {
			buf_printf(why, "%s: %s, exit code %d", cmd->name, cmd->verdict, cmd->exit);
			return true;
		}
	}
	return false;
}

const char *column_verdict(const struct column *c, struct buf *why)
{
	struct buf text = {0};
	const char *verdict = "PASS";
	uint64_t pass = 0;

	if (failed(c)) {
		verdict = "FAIL";
	} else if (c->end == COLUMN_SKIP) {
		buf_puts(&text, c->why);
		verdict = "SKIP";
	} else if (broken(c, &text)) {
		verdict = "ERROR";
	} else {
		for (unsigned i = 0; i < c->n_commands; i++) {
			pass += c->command[i].pass + c->command[i].waived;
			if (strcmp(c->command[i].verdict, "PASS")) {
				buf_printf(&text, "%s: %s", c->command[i].name, c->command[i].verdict);
				verdict = "INCONCLUSIVE";
				break;
			}
		}
		if (!strcmp(verdict, "PASS") && !pass) {
			buf_puts(&text, "nothing was compared");
			verdict = "INCONCLUSIVE";
		}
	}
	if (why)
		buf_puts(why, buf_str(&text));
	buf_fini(&text);
	return verdict;
}

const char *grid_verdict(const struct grid *g, int *code)
{
	/* The worst decides; a skipped kernel counts only if there is no other. */
	static const struct {
		const char *verdict;
		int code;
	} ranks[] = {{"FAIL", 1}, {"ERROR", 2}, {"INCONCLUSIVE", 2}, {"PASS", 0}, {"SKIP", 2}};
	size_t worst = sizeof(ranks) / sizeof(ranks[0]) - 1;

	for (unsigned i = 0; i < g->n; i++) {
		const char *v = column_verdict(g->column[i], NULL);

		for (size_t r = 0; r < worst; r++)
			if (!strcmp(v, ranks[r].verdict))
				worst = r;
		for (unsigned c = 1; c < C_COUNT; c++)
			if (grid_unexpected(g, i, c))
				worst = 0;
	}
	if (code)
		*code = ranks[worst].code;
	return ranks[worst].verdict;
}

uint64_t grid_waiver_used(const struct grid *g, const struct waiver *w, bool *judged)
{
	uint64_t used = 0;

	*judged = false;
	for (unsigned i = 0; i < g->n; i++) {
		const struct column *c = g->column[i];

		for (size_t k = 0; k < c->waivers.n; k++)
			if (waiver_same(&c->waivers.row[k], w))
				used += c->waivers.row[k].used;
		*judged |= c->end == COLUMN_DONE && c->release[0] && !fnmatch(w->kernel, c->release, 0);
	}
	return used;
}

const struct waiver *grid_waiver(const struct grid *g, const struct column *c, const struct column_finding *f)
{
	if (strcmp(f->verdict, "XFAIL"))
		return NULL;
	for (size_t i = 0; g->waivers && i < g->waivers->n; i++) {
		const struct waiver *w = &g->waivers->row[i];

		if (w->clause == f->clause && !fnmatch(w->kernel, c->release, 0) &&
		    (w->hook == HOOK_COUNT || !strcmp(f->hook, view_hook((unsigned)w->hook))))
			return w;
	}
	return NULL;
}
