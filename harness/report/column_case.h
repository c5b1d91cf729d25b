/* SPDX-License-Identifier: MIT */
/* What a column keeps of records "case" (column.c reads the rest). */
#ifndef COLUMN_CASE_H
#define COLUMN_CASE_H

#include <json-c/json.h>

#include "column.h"

/* Adds a case, or counts it if there is no room. */
void case_keep(struct column *c, struct json_object *o, unsigned clause, int finding, unsigned command);
void cases_fini(struct column *c);

/* Both sides of the call, and what else a record says of a difference. */
void finding_details(struct column_finding *f, struct json_object *o);
void finding_details_fini(struct column_finding *f);

#endif
