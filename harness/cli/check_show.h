/* SPDX-License-Identifier: MIT */
/* What `hookdiff check` found, on standard output. */
#ifndef CHECK_SHOW_H
#define CHECK_SHOW_H

#include "../check/check.h"
#include "opts.h"

/* all: also every call on which profiles differ, not only the first ones. */
void check_show(const struct check *k, bool all);
/* The same as one JSON document (docs/testing-your-program.md). */
void check_show_json(const struct check *k);

#endif
