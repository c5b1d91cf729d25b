/* SPDX-License-Identifier: MIT */
/* Writes a confirmed divergence to the findings folder: the case that replays it, the card, the JSON record.
 */
#ifndef RECORD_H
#define RECORD_H

#include "../report/report.h"
#include "triage.h"

struct waiver;

struct record_opts {
	const char *folder;    /* made by the caller */
	const char *reproduce; /* the command of the run it came from; for what fresh sockets do not show */
};

/*
 * folder/STEM.case, STEM.txt, STEM.jsonl; STEM (NUL-terminated, in stem) comes from the key. path: of the
 * case's file, or NULL for a generated one with that index. 0 or -errno.
 */
int record_finding(const struct record_opts *opts, const struct loop *lp, const struct finding *f,
		   const char *path, uint64_t index, const struct waiver *waiver, char *stem, size_t size);

/* What a report says of a finding: verdict FAIL, its smallest case as `text`; all borrowed from lp, f and
 * text. */
struct report_case record_case(const struct loop *lp, const struct finding *f, const char *text);

#endif
