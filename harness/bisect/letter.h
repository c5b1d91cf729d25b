/* SPDX-License-Identifier: MIT */
/* The answer of a bisect in words: what the profiles say of it, and a report of it that can be sent. */
#ifndef LETTER_H
#define LETTER_H

#include "../base/buf.h"
#include "state.h"

struct letter {
	const struct bisect_state *s;
	unsigned good, bad;   /* the neighbours: points of *s */
	bool newer_is_good;   /* the series runs back in time: something was mended, not broken */
	unsigned clause;      /* that the bad one diverges in; C_NONE: not known */
	const char *evidence; /* words of trial_evidence(); "" if a feature is asked for */
	const char *cases;    /* text of the case file, or NULL */
	const char *case_name;
	const char *reproduce; /* a command */
	const char *hookdiff;  /* version of this program */
};

/*
 * Appends which profiles the two neighbours have and what changes between them: whether a known change
 * explains the divergence.
 */
void letter_profiles(struct buf *out, const struct letter *l);

/* Appends the report: a mail with its head, and the line for regzbot where there is one. */
void letter_format(struct buf *out, const struct letter *l);

/* "v6.12.94" of debian:6.12.94-1~bpo12+1; false if the name is none of a package. */
bool letter_tag(const char *name, char *tag, size_t n);

#endif
