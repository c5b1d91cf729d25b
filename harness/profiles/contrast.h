/* SPDX-License-Identifier: MIT */
/*
 * Where two profiles differ: the same case, planned and predicted by both, with the same stand-in for the
 * handler. A difference is named by the two clauses that decide it, one of each profile; where one profile
 * says nothing it is silent there, which is no difference. contrast_search finds each such pair once, with
 * the smallest case that shows it.
 */
#ifndef CONTRAST_H
#define CONTRAST_H

#include "../base/buf.h"
#include "../../oracle/profiles.h"
#include "standin.h"

/* The parts of a call, in the order in which the first difference is looked for. */
enum contrast_part {
	PART_ORDER,	/* which program is the k-th to run */
	PART_SEEN_ARGS, /* level and optname that it sees */
	PART_SEEN_OPTLEN,
	PART_SEEN_SIZE,
	PART_SEEN_RETVAL,
	PART_SEEN_BYTES,
	PART_RUNS,    /* how many programs run */
	PART_HANDLER, /* whether the handler runs, and with what */
	PART_RET,
	PART_OPTLEN,
	PART_MEM,
	PART_COUNT,
};

enum contrast_silent { SILENT_NONE, SILENT_A, SILENT_B };

struct contrast_key {
	uint8_t a, b;	/* clauses; 0 on a side that is silent */
	uint8_t silent; /* enum contrast_silent */
};

/* One part of a call on which the profiles do not agree, for a report. */
struct contrast_row {
	enum contrast_part part;
	struct contrast_key key;
	char a[160], b[160]; /* what each allows, in words; empty if it is silent */
};
#define CONTRAST_ROWS 24

struct contrast_find {
	struct contrast_key key;
	struct tcase tc;	   /* the smallest case found */
	unsigned call;		   /* its call that differs */
	enum standin_kind handler; /* the answers of the handler with which it does */
	char answer[120];	   /* getsockopt: what the handler alone answers, in words */
	unsigned n_rows;
	struct contrast_row row[CONTRAST_ROWS];
};

/*
 * The differences of one case. What programs see and what comes of the call are two things: the first would
 * hide the second, so each has its own first difference; a silent one only where there is no other.
 */
struct contrast_set {
	unsigned n;
	struct {
		struct contrast_key key;
		unsigned call;
	} at[2];
};

struct contrast;

/* NULL if out of memory. */
struct contrast *contrast_new(const struct profile *a, const struct profile *b);
void contrast_free(struct contrast *x);

/* The differences of a case under handlers of this kind. */
void contrast_case(struct contrast *x, const struct tcase *tc, enum standin_kind kind,
		   struct contrast_set *set);

struct contrast_opts {
	uint64_t seed, cases; /* of the generator, after the boundary sweep */
	unsigned stride;      /* every so many-th case of the sweep; 0: all of them */
	uint64_t seconds;     /* go on generating for as long; 0: cases decides */
	bool silent;	      /* also keep and shrink what only one side speaks of */
	unsigned shrink;      /* predicate calls for each find; 0: the shrinker's default */
};

/*
 * Sweeps, generates, shrinks. *found: an array of *n, sorted by key, for the caller to free; *looked: cases.
 * The same options without seconds give the same result. 0 or -ENOMEM.
 */
int contrast_search(struct contrast *x, const struct contrast_opts *opts, struct contrast_find **found,
		    unsigned *n, uint64_t *looked);

#endif
