/* SPDX-License-Identifier: MIT */
/* How a delta is told: for people, and as JSON. */
#include <string.h>

#include "delta.h"
#include "json_out.h"

static const char *const parts[2] = {"clauses", "cases"};
static const char *const words[DELTA_CHANGES] = {
	[DELTA_ADDED] = "added",
	[DELTA_DELETED] = "deleted",
	[DELTA_CHANGED] = "changed",
	[DELTA_UNCHANGED] = "unchanged",
};

/* What belongs under one heading. */
enum section { UNEXPECTED, EXPECTED, IMPROVED, OTHER, SAME, SECTIONS };

static const char *const headings[SECTIONS] = {
	[UNEXPECTED] = "regressed, and nothing explains it",
	[EXPECTED] = "expected, with what explains it",
	[IMPROVED] = "improved",
	[OTHER] = "other changes",
	[SAME] = "unchanged",
};

static enum section section_of(const struct delta_row *row)
{
	if (row->change == DELTA_UNCHANGED)
		return SAME;
	if (row->regressed && !row->expected[0])
		return UNEXPECTED;
	if (row->expected[0])
		return EXPECTED;
	return row->improved ? IMPROVED : OTHER;
}

static const char *result(const struct row *r)
{
	return r ? row_word(r->result) : "-";
}

static void put_row(struct buf *out, const struct delta_row *row)
{
	const struct row *r = row->new ? row->new : row->old;

	buf_printf(out, "  %c %s: %s -> %s", "ADCU"[row->change], r -> id, result(row->old),
		   result(row->new));
	if (row->expected[0])
		buf_printf(out, " (%s)", row->expected);
	buf_puts(out, "\n");
	if (r->why && r->result != ROW_PASS && row->change != DELTA_UNCHANGED)
		buf_printf(out, "      %s\n", r->why);
}

static void put_side(struct buf *out, const char *side, const struct column *c)
{
	buf_printf(out, "%s  %s, Linux %s, profile %s, hookdiff %s\n", side, c->label,
		   c->release[0] ? c->release : "unknown", c->profile ? c->profile->name : "unknown",
		   c->tool[0] ? c->tool : "unknown");
}

static void put_pair(struct buf *out, const struct delta_pair *p, bool all)
{
	put_side(out, "old", p->old);
	put_side(out, "new", p->new);
	buf_printf(out, "\n%-10s %8s %8s %8s %10s %9s %10s %9s\n", "", "added", "deleted", "changed",
		   "unchanged", "improved", "regressed", "expected");
	for (unsigned k = 0; k < 2; k++)
		buf_printf(out, "%-10s %8zu %8zu %8zu %10zu %9zu %10zu %9zu\n", parts[k],
			   p->count[k][DELTA_ADDED], p->count[k][DELTA_DELETED], p->count[k][DELTA_CHANGED],
			   p->count[k][DELTA_UNCHANGED], p->improved[k], p->regressed[k], p->expected[k]);
	if (p->old_partial || p->new_partial)
		buf_printf(out, "%s has no record of each case: cases that only the other has are left out\n",
			   p->old_partial && p->new_partial ? "neither side"
			   : p->old_partial		    ? "old"
							    : "new");
	for (enum section s = UNEXPECTED; s < (all ? SECTIONS : SAME); s++) {
		bool any = false;

		for (size_t i = 0; i < p->n; i++) {
			if (section_of(&p->row[i]) != s)
				continue;
			if (!any)
				buf_printf(out, "\n%s\n", headings[s]);
			any = true;
			put_row(out, &p->row[i]);
		}
	}
	buf_puts(out, "\n");
}

static size_t unexpected(const struct delta *d)
{
	size_t n = 0;

	for (unsigned i = 0; i < d->n; i++)
		n += d->pair[i].unexpected;
	return n;
}

void delta_text(struct buf *out, const struct delta *d, bool all)
{
	size_t n = unexpected(d);

	for (unsigned i = 0; i < d->n; i++)
		put_pair(out, &d->pair[i], all);
	for (unsigned i = 0; i < d->n_old; i++)
		buf_printf(out, "D %s: a kernel of old only\n", d->only_old[i]->label);
	for (unsigned i = 0; i < d->n_new; i++)
		buf_printf(out, "A %s: a kernel of new only\n", d->only_new[i]->label);
	switch (delta_exit(d)) {
	case 0:
		buf_puts(out, "PASS: no unexpected regression\n");
		break;
	case 1:
		buf_printf(out, "FAIL: %zu unexpected regression%s\n", n, n == 1 ? "" : "s");
		break;
	default:
		buf_puts(out, "INCONCLUSIVE: the two have no result in common\n");
	}
}

static struct json_object *side(const struct column *c)
{
	struct json_object *o = json_object_new_object();

	out_text(o, "label", c->label);
	out_text(o, "spec", c->spec);
	out_some(o, "release", c->release);
	out_some(o, "uname_version", c->version);
	out_some(o, "profile", c->profile ? c->profile->name : NULL);
	out_some(o, "own_profile", c->own ? c->own->name : NULL);
	out_some(o, "version", c->tool);
	return o;
}

static struct json_object *row_object(const struct delta_row *row)
{
	struct json_object *o = json_object_new_object();
	const struct row *r = row->new ? row->new : row->old;

	out_text(o, "id", r->id);
	out_text(o, "change", words[row->change]);
	if (row->old)
		out_text(o, "old", result(row->old));
	if (row->new)
		out_text(o, "new", result(row->new));
	json_object_object_add(o, "improved", json_object_new_boolean(row->improved));
	json_object_object_add(o, "regressed", json_object_new_boolean(row->regressed));
	out_some(o, "expected", row->expected);
	out_some(o, "why", r->why);
	return o;
}

static struct json_object *pair_object(const struct delta_pair *p)
{
	struct json_object *o = json_object_new_object(), *changes = json_object_new_array();

	json_object_object_add(o, "old", side(p->old));
	json_object_object_add(o, "new", side(p->new));
	for (unsigned k = 0; k < 2; k++) {
		struct json_object *counts = json_object_new_object();

		for (unsigned c = 0; c < DELTA_CHANGES; c++)
			out_count(counts, words[c], p->count[k][c]);
		out_count(counts, "improved", p->improved[k]);
		out_count(counts, "regressed", p->regressed[k]);
		out_count(counts, "expected", p->expected[k]);
		json_object_object_add(o, parts[k], counts);
	}
	out_count(o, "unexpected", p->unexpected);
	json_object_object_add(o, "old_partial", json_object_new_boolean(p->old_partial));
	json_object_object_add(o, "new_partial", json_object_new_boolean(p->new_partial));
	for (size_t i = 0; i < p->n; i++)
		if (p->row[i].change != DELTA_UNCHANGED)
			json_object_array_add(changes, row_object(&p->row[i]));
	json_object_object_add(o, "changes", changes);
	return o;
}

void delta_json(struct buf *out, const struct delta *d)
{
	static const char *const verdicts[] = {"PASS", "FAIL", "INCONCLUSIVE"};
	struct json_object *o = json_object_new_object(), *pairs = json_object_new_array();
	struct json_object *only_old = json_object_new_array(), *only_new = json_object_new_array();

	out_text(o, "type", "report-diff");
	out_text(o, "verdict", verdicts[delta_exit(d)]);
	out_count(o, "exit", (uint64_t)delta_exit(d));
	out_count(o, "unexpected", unexpected(d));
	for (unsigned i = 0; i < d->n; i++)
		json_object_array_add(pairs, pair_object(&d->pair[i]));
	for (unsigned i = 0; i < d->n_old; i++)
		json_object_array_add(only_old, side(d->only_old[i]));
	for (unsigned i = 0; i < d->n_new; i++)
		json_object_array_add(only_new, side(d->only_new[i]));
	json_object_object_add(o, "pairs", pairs);
	json_object_object_add(o, "only_old", only_old);
	json_object_object_add(o, "only_new", only_new);
	out_document(out, o);
}
