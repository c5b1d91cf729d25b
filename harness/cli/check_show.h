/* SPDX-License-Identifier: MIT */
/* What `hookdiff check` found, on standard output. */
#ifndef CHECK_SHOW_H
#define CHECK_SHOW_H

#include "../check/live.h"
#include "opts.h"

/* all: also every call on which profiles differ, not only the first ones. */
void check_show(const struct check *k, bool all);
/* The same as one JSON document (docs/testing-your-program.md). */
void check_show_json(const struct check *k);
/* One program: "my.bpf.o: get (getsockopt, cgroup a)", without what is to be said of it. */
void check_show_program(const struct check *k, const struct check_place *p, struct buf *b);
/* The keys object, program, hook and cgroup. */
struct json_object *check_json_program(const struct check *k, const struct check_place *p);

/* The given cases that were not run: a line each, an array of objects with the keys case and why. */
void check_show_skipped(const struct check *k, struct buf *b);
struct json_object *check_json_skipped(const struct check *k);

/* ", below it a program that returns 0" and the like; may be empty. */
const char *check_show_below(enum check_below below);

/* What --kernel found on the kernel `release` (check_prove.c). */
void check_prove_show(const struct check *k, const struct check_live *l, const char *release);
void check_prove_json(const struct check *k, const struct check_live *l, const char *release);
int check_prove_exit(const struct check *k, const struct check_live *l);

#endif
