/* SPDX-License-Identifier: MIT */
#include "column_waivers.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "column_json.h"
#include "view.h"

static int hook_of(struct json_object *row)
{
	for (int h = 0; h < HOOK_COUNT; h++)
		if (!strcmp(record_text(row, "hook"), view_hook((unsigned)h)))
			return h;
	return HOOK_COUNT;
}

/* Without a pattern of kernels the texts are of no use: a hookdiff before this one wrote only line and uses.
 */
static struct waiver read_row(struct json_object *row)
{
	uint64_t line = record_count(row, "line"), expiry = record_count(row, "expiry");
	int clause = clause_find(record_text(row, "clause"));
	struct waiver w = {.clause = clause > 0 ? (unsigned)clause : C_NONE,
			   .hook = hook_of(row),
			   .line = line < INT_MAX ? (int)line : INT_MAX,
			   .expiry = expiry < 100000000 ? (uint32_t)expiry : 0,
			   .used = record_count(row, "used")};

	if (!*record_text(row, "kernels"))
		return w;
	w.kernel = record_long(row, "kernels");
	w.reason = record_long(row, "reason");
	w.link = record_long(row, "link");
	w.owner = record_long(row, "owner");
	if (w.clause == C_NONE || !w.kernel || !w.reason || !w.link || !w.owner)
		waiver_fini(&w);
	return w;
}

static size_t size_of(const struct waiver *w)
{
	return sizeof(*w) +
	       (w->kernel ? strlen(w->kernel) + strlen(w->reason) + strlen(w->link) + strlen(w->owner) : 0);
}

static bool is_known(struct column *c, const struct waiver *w)
{
	for (size_t i = 0; i < c->waivers.n; i++)
		if (waiver_same(&c->waivers.row[i], w)) {
			c->waivers.row[i].used += w->used;
			return true;
		}
	return false;
}

void waivers_keep(struct column *c, struct json_object *rows)
{
	size_t n = json_object_is_type(rows, json_type_array) ? json_object_array_length(rows) : 0;

	for (size_t i = 0; i < n; i++) {
		struct waiver w = read_row(json_object_array_get_idx(rows, i)), *grown = NULL;
		size_t bytes = size_of(&w);
		bool known = is_known(c, &w);

		if (!known && c->waivers.n < COLUMN_WAIVERS && c->kept + bytes <= COLUMN_BYTES)
			grown = realloc(c->waivers.row, (c->waivers.n + 1) * sizeof(w));
		if (!grown) {
			waiver_fini(&w);
			continue;
		}
		c->kept += bytes;
		c->waivers.row = grown;
		c->waivers.row[c->waivers.n++] = w;
	}
}
