/* SPDX-License-Identifier: MIT */
/*
 * A grid as one JSON document, for programs:
 *
 * {"type":"matrix-result", "version", "argv":[], "seed", "verdict", "exit",
 *  "kernels":[{"spec", "label", "package", "release", "uname_version", "profile", "own_profile", "evidence",
 *	"verdict", "why", "running", "running_file", "console", "splats":[], "jsonl",
 *	"seconds":{"boot", "total", "run", "sweep", "fuzz"}, "peak_rss", "kvm",
 *	"commands":[{"command", "verdict", "exit", "cases", "calls", "pass", "fail", ...}],
 *	"clauses":{CLAUSE:{"cell", "calls", "fail", "waived"}},
 *	"findings":[{"verdict", "clause", "hook", "field", "rule", "where", "case", "reproduce",
 *"behaves_like":[]}]}], "expected":[{"from", "to", "clause", "change"}], "unexpected":[{"from", "to",
 *"clause", "was", "is"}], "waivers":[{"line", "clause", "kernels", "owner", "used", "judged", "expired"}]}
 *
 * from and to are labels. cell: ok, FAIL, xfail, -, skip, ?, err (grid.h).
 */
#ifndef DOCUMENT_H
#define DOCUMENT_H

#include "../report/grid.h"

/* Appends it, with a newline. files[i] is where column i's lines are, by the grid's order; may be NULL. */
void document_format(struct buf *out, const struct grid *g, const char *version, int argc, char **argv,
		     const char *const *files);

#endif
