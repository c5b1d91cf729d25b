/* SPDX-License-Identifier: MIT */
/*
 * A grid as one HTML page that needs nothing beside it: page/ (page.html, page.css and scripts, which the
 *build puts into the binary) around one JSON document, the element #data. The page draws itself from it:
 *
 * {"version", "kind", "verdict", "argv", "seed", "trimmed",
 *  "profiles":[{"name", "family", "what", "releases", "evidence"}],
 *  "clauses":[{"id", "in":[], "rule", "source", "holds"}]
 *	by number; 0 is a case's own expectation. holds: a digit 1 for each profile that has it.
 *  "columns":[{"label", "spec", ..., "commands":[{}], "cells":[[cell, calls, fail, waived, failed cases]]}]
 *	cells: by number of the clause.
 *  "expected":[{"at", "c", "change"}], "unexpected":[{"at", "c", "was", "is"}]
 *	between column at and the next.
 *  "records":[{"k", "s", "path"|"index", "cmd", "f", "want", "got", "case", "repro", ...}]
 *	k: column. f: the record whose difference is of the same kind, and which alone has the evidence. s:
 *	what many have in common, {"v", "c", "hook", "field", "why", "about":[], "call", "offset", "wv", "gv",
 *	"reruns", "failed", "like", ...}; v: verdict, c: clause, wv and gv: wanted and got in the field. s,
 *	path, why, case, want, got and like are numbers of rows in pool.
 *  "pool":[], "names":{"levels":{}, "options":{}, "errnos":{}}, "waivers":[], "deviations":[],
 *  "sentences":[]}
 *
 * Equal input makes an equal page, byte by byte.
 */
#ifndef HTML_H
#define HTML_H

#include "../base/buf.h"
#include "grid.h"

/* Of a page: evidence is trimmed to it, bytes of memories first, and the page says what is left out. */
#define HTML_MAX_BYTES 5000000u

/* Appends the page. 0 or -ENOMEM. */
int report_html(struct buf *out, const struct grid *g, const char *version);

#endif
