/* SPDX-License-Identifier: MIT */
/*
 * Writes a confirmed divergence to the findings folder, as a folder of its own (docs/findings.md): the case
 * that replays it as text and as fuzzers hold it, the card, and programs for those who have no hookdiff.
 */
#ifndef RECORD_H
#define RECORD_H

#include "../report/report.h"
#include "triage.h"

struct waiver;

struct record_opts {
	const char *folder;    /* made by the caller */
	const char *reproduce; /* the command of the run it came from; for what fresh sockets do not show */
	const char *spec;      /* --kernel of the run; NULL: it was on this machine */
};

/*
 * folder/STEM/ with case.case, case.bin, card.txt, card.json, repro.c, selftest.inc; STEM (NUL-terminated, in
 * stem) comes from the key. A folder that is there already stays as it is: another worker met the key first.
 * The new one appears when it is complete. path: of the case's file, or NULL for a generated one with that
 * index. Runs the case once more: f->res.want and f->res.got end here. 0 or -errno.
 */
int record_finding(const struct record_opts *opts, struct loop *lp, const struct finding *f, const char *path,
		   uint64_t index, const struct waiver *waiver, char *stem, size_t size);

struct record_operations {
	const char *folder, *kernel, *path; /* path: of the case's file, or NULL */
	uint64_t index;
	const char *waived; /* the reason; NULL: it is not */
	const char *spec;   /* as in struct record_opts */
};

/*
 * The same for a case with operations: case.case, card.txt, card.json, and repro.c unless a socket is made in
 * a way that no reproducer knows. Runs the case once more.
 */
struct op_finding;
struct operate;
int record_operations(const struct record_operations *opts, struct operate *o, const struct op_finding *f,
		      char *stem, size_t size);

/* What a report says of a finding: verdict FAIL, its smallest case as `text`; all borrowed from lp, f and
 * text. */
struct report_case record_case(const struct loop *lp, const struct finding *f, const char *text);

#endif
