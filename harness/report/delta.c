/* SPDX-License-Identifier: MIT */
#include "delta.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void delta_init(struct delta *d)
{
	memset(d, 0, sizeof(*d));
}

void delta_fini(struct delta *d)
{
	for (unsigned i = 0; i < d->n; i++) {
		rows_fini(&d->pair[i].old_rows);
		rows_fini(&d->pair[i].new_rows);
		free(d->pair[i].row);
	}
	free(d->pair);
	free(d->only_old);
	free(d->only_new);
	memset(d, 0, sizeof(*d));
}

static int severity(const struct row *r)
{
	static const int s[ROW_RESULTS] = {
		[ROW_PASS] = 0,	  [ROW_SKIP] = 0,  [ROW_ABSENT] = 0, [ROW_XFAIL] = 1,
		[ROW_UNSURE] = 2, [ROW_ERROR] = 2, [ROW_FAIL] = 3,
	};

	return s[r->result];
}

/* Does the finding's kernel do there what its own profile says? */
static bool as_own(const struct column *c, const struct column_finding *f)
{
	for (unsigned i = 0; f && i < f->n_behaves; i++)
		if (c->own && f->behaves[i].profile == c->own)
			return true;
	return false;
}

/* Why a divergence on one side only is no surprise. */
static void explain(struct delta_row *row, const struct delta_pair *p, const struct row *bad,
		    const struct column *c)
{
	enum change change = profile_change(p->old->own, p->new->own, bad->clause);

	if (!c->profile || c->profile == c->own)
		return; /* held to its own contract */
	if (change != CHANGE_NONE)
		snprintf(row->expected, sizeof(row->expected), "%s between %s and %s: %s",
			 clause_info(bad->clause)->name, p->old->own->name, p->new->own->name,
			 change_word(change));
	else if (as_own(c, bad->finding))
		snprintf(row->expected, sizeof(row->expected), "what %s, the kernel's own profile, says",
			 c->own->name);
}

static void judge(struct delta_row *row, const struct delta_pair *p)
{
	const struct row *a = row->old, *b = row->new;

	if (!a || !b)
		return;
	row->regressed = severity(b) > severity(a);
	row->improved = b->result == ROW_PASS && severity(a) > 0;
	if ((a->result == ROW_ABSENT || b->result == ROW_ABSENT) && !row->regressed) {
		snprintf(row->expected, sizeof(row->expected), "%s with profile %s",
			 a->result == ROW_ABSENT ? "begins" : "ends",
			 p->new->profile ? p->new->profile->name : "unknown");
	} else if (b->result == ROW_UNSURE && b->kind == ROW_CASE && p->old->profile != p->new->profile &&
		   p->new->profile && p->new->profile != p->new->own) {
		snprintf(row->expected, sizeof(row->expected), "profile %s has no say there",
			 p->new->profile->name);
	} else if (row->regressed && b->result == ROW_XFAIL) {
		snprintf(row->expected, sizeof(row->expected), "waived");
	} else if (row->regressed && b->result == ROW_FAIL) {
		explain(row, p, b, p->new);
	} else if (row->improved && a->result == ROW_FAIL) {
		explain(row, p, a, p->old);
	}
}

/*
 * The command of a finding ran the same cases on the other side: a finding that is not there did not happen.
 * The seeds and numbers of cases say so; of generated cases nothing else is recorded.
 */
static bool ran_there(const struct column *here, const struct column_finding *f, const struct column *there)
{
	const struct column_command *a = f->command < here->n_commands ? &here->command[f->command] : NULL;

	for (unsigned i = 0; a && i < there->n_commands; i++) {
		const struct column_command *b = &there->command[i];

		if (!strcmp(a->name, b->name) && !strcmp(a->seed, b->seed) && a->summed && b->summed &&
		    a->cases == b->cases)
			return true;
	}
	return false;
}

static bool is_compared(const struct row *r)
{
	return r->kind != ROW_COMMAND; /* its counts are those of clauses and cases */
}

/* A row that one side alone has. False: it says nothing. */
static bool judge_single(struct delta_row *row, const struct delta_pair *p)
{
	const struct row *r = row->old ? row->old : row->new;
	bool partial = row->old ? p->new_partial : p->old_partial;

	if (r->kind == ROW_CASE)
		return !partial;
	if (r->kind != ROW_FINDING)
		return r->kind != ROW_KERNEL; /* the log is not always looked at */
	if (row->new &&ran_there(p->new, r->finding, p->old)) {
		row->regressed = true;
		if (r->result == ROW_XFAIL)
			snprintf(row->expected, sizeof(row->expected), "waived");
		else
			explain(row, p, r, p->new);
	} else if (row->old && ran_there(p->old, r->finding, p->new)) {
		row->improved = true;
		explain(row, p, r, p->old);
	}
	return true;
}

static void add_row(struct delta_pair *p, const struct row *a, const struct row *b)
{
	struct delta_row row = {.old = a, .new = b};
	const struct row *r = a ? a : b;
	unsigned part = !r || r->kind != ROW_CLAUSE;

	if (!r || !is_compared(r))
		return;
	if (a && b) {
		if (a->result == ROW_ABSENT && b->result == ROW_ABSENT)
			return;
		p->common++;
		row.change = a->result == b->result    ? DELTA_UNCHANGED
			     : a->result == ROW_ABSENT ? DELTA_ADDED
			     : b->result == ROW_ABSENT ? DELTA_DELETED
						       : DELTA_CHANGED;
		judge(&row, p);
	} else {
		row.change = a ? DELTA_DELETED : DELTA_ADDED;
		if (r->result == ROW_ABSENT || !judge_single(&row, p))
			return;
	}
	p->count[part][row.change]++;
	p->improved[part] += row.improved;
	p->regressed[part] += row.regressed;
	p->expected[part] += row.expected[0] && row.change != DELTA_UNCHANGED;
	p->unexpected += row.regressed && !row.expected[0];
	p->row[p->n++] = row;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct row *)a)->id, ((const struct row *)b)->id);
}

/* Are there fewer records than cases? A hookdiff before this one wrote none for a case that passed. */
static bool is_partial(const struct column *c)
{
	uint64_t cases = 0, records = 0;

	for (unsigned i = 0; i < c->n_commands; i++)
		if (!strcmp(c->command[i].name, "run"))
			cases += c->command[i].cases;
	for (size_t i = 0; i < c->n_cases; i++)
		records += c->cases[i].path != NULL;
	return c->more_cases || records < cases || !cases;
}

int delta_pair(struct delta *d, const struct column *old, const struct column *new)
{
	struct delta_pair *p = realloc(d->pair, (d->n + 1) * sizeof(*p));
	size_t i = 0, k = 0;

	if (!p)
		return -ENOMEM;
	d->pair = p;
	p += d->n;
	*p = (struct delta_pair){.old = old, .new = new};
	p->old_partial = is_partial(old);
	p->new_partial = is_partial(new);
	if (rows_make(&p->old_rows, old))
		return -ENOMEM;
	if (rows_make(&p->new_rows, new)) {
		rows_fini(&p->old_rows);
		return -ENOMEM;
	}
	d->n++;
	p->row = calloc(p->old_rows.n + p->new_rows.n + 1, sizeof(*p->row));
	if (!p->row)
		return -ENOMEM;
	qsort(p->old_rows.row, p->old_rows.n, sizeof(struct row), by_id);
	qsort(p->new_rows.row, p->new_rows.n, sizeof(struct row), by_id);
	while (i < p->old_rows.n || k < p->new_rows.n) {
		const struct row *a = i < p->old_rows.n ? &p->old_rows.row[i] : NULL;
		const struct row *b = k < p->new_rows.n ? &p->new_rows.row[k] : NULL;
		int order = !a ? 1 : !b ? -1 : strcmp(a->id, b->id);

		add_row(p, order <= 0 ? a : NULL, order >= 0 ? b : NULL);
		i += order <= 0;
		k += order >= 0;
	}
	return 0;
}

/* The column of the other grid that is the same kernel and not taken yet; n if there is none. */
static unsigned partner(const struct column *c, const struct grid *g, const bool *taken)
{
	for (int by_release = 0; by_release < 2; by_release++)
		for (unsigned i = 0; i < g->n; i++) {
			const struct column *o = g->column[i];

			if (!taken[i] &&
			    (by_release ? c->release[0] && !strcmp(c->release, o->release)
					: c->in_matrix && o->in_matrix && !strcmp(c->spec, o->spec)))
				return i;
		}
	return g->n;
}

int delta_grids(struct delta *d, const struct grid *old, const struct grid *new)
{
	bool *taken = calloc(new->n + 1, sizeof(*taken));
	int err = 0;

	d->only_old = calloc(old->n + 1, sizeof(*d->only_old));
	d->only_new = calloc(new->n + 1, sizeof(*d->only_new));
	if (!taken || !d->only_old || !d->only_new) {
		free(taken);
		return -ENOMEM;
	}
	if (old->n == 1 && new->n == 1) {
		free(taken);
		return delta_pair(d, old->column[0], new->column[0]);
	}
	for (unsigned i = 0; i < old->n && !err; i++) {
		unsigned k = partner(old->column[i], new, taken);

		if (k == new->n) {
			d->only_old[d->n_old++] = old->column[i];
			continue;
		}
		taken[k] = true;
		err = delta_pair(d, old->column[i], new->column[k]);
	}
	for (unsigned k = 0; k < new->n; k++)
		if (!taken[k])
			d->only_new[d->n_new++] = new->column[k];
	free(taken);
	return err;
}

int delta_exit(const struct delta *d)
{
	size_t common = 0;

	for (unsigned i = 0; i < d->n; i++) {
		if (d->pair[i].unexpected)
			return 1;
		for (size_t k = 0; k < d->pair[i].n; k++) {
			const struct delta_row *row = &d->pair[i].row[k];

			/* Two kernels that could not run have clauses in common, and nothing was compared. */
			common += row->old && row->new && row->old->result <= ROW_XFAIL &&
				  row->new->result <= ROW_XFAIL;
		}
	}
	return common ? 0 : 2;
}
