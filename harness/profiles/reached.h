/* SPDX-License-Identifier: MIT */
/*
 * Which clause situations (situation.h) cases reach, without a kernel: each case is planned and predicted
 * with every answer of the handler that the contract tells apart (standin.h). Most combinations can never
 * come up, and no table says which: what there is to reach is what the boundary sweep, many generated cases
 * and the corpus itself ever reached. It grows with the number of generated cases, slowly.
 */
#ifndef REACHED_H
#define REACHED_H

#include "../../oracle/profiles.h"
#include "situation.h"

/* Bits of a situation. */
enum { BY_CORPUS = 1, BY_ANYTHING = 2 };

struct reached {
	const struct profile *profile;
	uint64_t swept, generated; /* cases behind BY_ANYTHING, beside the corpus */
	/* By clause: where it decides the result, and where it has a say. */
	uint8_t decides[C_COUNT][SIT_FULL];
	uint8_t says[C_COUNT][SIT_COARSE];
	struct reacher *in; /* owned */
};

#define REACHED_SEED 1

/* On the heap, it is large. NULL if out of memory. */
struct reached *reached_new(const struct profile *p);
void reached_free(struct reached *r);

/* A case of the corpus. */
void reached_case(struct reached *r, const struct tcase *tc);

/* The boundary sweep and the generator's first so many cases of REACHED_SEED. */
void reached_search(struct reached *r, uint64_t cases);

struct reached_count {
	unsigned corpus, anything;
};
struct reached_count reached_decides(const struct reached *r, unsigned clause);
struct reached_count reached_says(const struct reached *r, unsigned clause);

#endif
