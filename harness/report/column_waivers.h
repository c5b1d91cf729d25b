/* SPDX-License-Identifier: MIT */
/* What a column keeps of a summary's waivers (column.c reads the rest). */
#ifndef COLUMN_WAIVERS_H
#define COLUMN_WAIVERS_H

#include <json-c/json.h>

#include "column.h"

/* Adds the rows, and the uses of those that it has already. Rows beyond its limits are passed over. */
void waivers_keep(struct column *c, struct json_object *rows);

#endif
