/* SPDX-License-Identifier: MIT */
/* What the JSON document of a matrix and the HTML page both say of a grid. */
#ifndef GRID_JSON_H
#define GRID_JSON_H

#include <json-c/json.h>

#include "grid.h"

/* How a row of changes names the two kernels and the clause. */
enum grid_names {
	GRID_NUMBERS, /* "at": the older column, "c": the clause */
	GRID_WORDS,   /* "from", "to", "clause" */
};

/*
 * Adds "expected":[{..., "change"}] and "unexpected":[{..., "was", "is"}], from the oldest kernel on and by
 * clause: what changes between neighbours because their profiles say so, and what does although none does.
 */
void grid_put_changes(struct json_object *o, const struct grid *g, enum grid_names names);

/* [{"line", "clause", "kernels", "reason", "link", "owner", "used", "judged", "expired"}] */
struct json_object *grid_waivers(const struct grid *g);

#endif
