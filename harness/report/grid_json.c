/* SPDX-License-Identifier: MIT */
#include "grid_json.h"

#include "json_out.h"

static const char *name_of(unsigned clause)
{
	return clause ? clause_info(clause)->name : "";
}

static struct json_object *change_row(const struct grid *g, unsigned i, unsigned c, enum grid_names names)
{
	struct json_object *row = json_object_new_object();

	if (names == GRID_NUMBERS) {
		out_count(row, "at", i);
		out_count(row, "c", c);
	} else {
		out_text(row, "from", g->column[i]->label);
		out_text(row, "to", g->column[i + 1]->label);
		out_text(row, "clause", name_of(c));
	}
	return row;
}

void grid_put_changes(struct json_object *o, const struct grid *g, enum grid_names names)
{
	struct json_object *expected = json_object_new_array(), *unexpected = json_object_new_array();

	for (unsigned i = 0; i + 1 < g->n; i++)
		for (unsigned c = 0; c < C_COUNT; c++) {
			enum change change = grid_change(g, i, c);
			struct json_object *row;

			if (grid_unexpected(g, i, c)) {
				row = change_row(g, i, c, names);
				out_text(row, "was", cell_word(grid_cell(g->column[i], c)));
				out_text(row, "is", cell_word(grid_cell(g->column[i + 1], c)));
				json_object_array_add(unexpected, row);
			} else if (change != CHANGE_NONE) {
				row = change_row(g, i, c, names);
				out_text(row, "change", change_word(change));
				json_object_array_add(expected, row);
			}
		}
	json_object_object_add(o, "expected", expected);
	json_object_object_add(o, "unexpected", unexpected);
}

struct json_object *grid_waivers(const struct grid *g)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; g->waivers && i < g->waivers->n; i++) {
		const struct waiver *w = &g->waivers->row[i];
		struct json_object *o = json_object_new_object();
		bool judged;

		out_count(o, "line", (uint64_t)w->line);
		out_text(o, "clause", name_of(w->clause));
		out_text(o, "kernels", w->kernel);
		out_text(o, "reason", w->reason);
		out_text(o, "link", w->link);
		out_text(o, "owner", w->owner);
		out_count(o, "used", grid_waiver_used(g, w, &judged));
		json_object_object_add(o, "judged", json_object_new_boolean(judged));
		json_object_object_add(o, "expired", json_object_new_boolean(waiver_expired(w, g->now)));
		json_object_array_add(all, o);
	}
	return all;
}
