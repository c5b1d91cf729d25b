/* SPDX-License-Identifier: MIT */
/*
 * The formats of `hookdiff report`. Each appends one whole document about all kernels of a grid, with the
 * rows of rows.h, and returns 0 or -ENOMEM. Text of cases, paths and kernels cannot leave its place in any of
 * them.
 */
#ifndef FORMATS_H
#define FORMATS_H

#include "../base/buf.h"
#include "grid.h"

struct format_opts {
	const char *version; /* hookdiff's own: HD_VERSION */
	const char *origin;  /* kcidb: name of the CI system, [a-z0-9_]+ */
};

/* JUnit XML as Jenkins reads it: a testsuite for each kernel. */
int format_junit(struct buf *out, const struct grid *g, const struct format_opts *o);

/* KTAP version 1 (Documentation/dev-tools/ktap.rst): a subtest for each kernel, at the end the line of
 * totals. */
int format_ktap(struct buf *out, const struct grid *g, const struct format_opts *o);

/* SARIF 2.1.0: a run for each kernel; rules are clauses, results are findings. */
int format_sarif(struct buf *out, const struct grid *g, const struct format_opts *o);

/* KCIDB 5.3: a build for each kernel; waivers are issues. */
int format_kcidb(struct buf *out, const struct grid *g, const struct format_opts *o);

/* Markdown for a mail: at most 72 columns, but for what is to be copied. */
int format_markdown(struct buf *out, const struct grid *g, const struct format_opts *o);

#endif
