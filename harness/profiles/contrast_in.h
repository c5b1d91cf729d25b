/* SPDX-License-Identifier: MIT */
/* What the files of contrast.h share: comparing (contrast.c), putting it in words, searching. */
#ifndef CONTRAST_IN_H
#define CONTRAST_IN_H

#include "../mutate/gen.h"
#include "contrast.h"
#include "oracle/oracle.h"

struct side {
	const struct profile *profile;
	struct oracle *o;
	struct standin standin;
	struct plan plan;
	struct handler_result hr;
	const struct want *w;
};

struct contrast {
	struct side s[2];
	const struct tc_call *c; /* the call that is compared */
	struct gen gen;
	/* While a find is shrunk. */
	struct contrast_key keep;
	enum standin_kind first;
	/* While a call is walked. */
	void (*visit)(struct contrast *x, enum contrast_part part, int which, struct contrast_key key,
		      void *arg);
	void *arg;
};

/* Begins a case on both sides; plans and predicts its call i there. False: what follows on these sockets
 * means nothing. */
void contrast_begin(struct contrast *x, const struct tcase *tc, enum standin_kind kind);
bool contrast_both(struct contrast *x, const struct tcase *tc, unsigned i);

/*
 * The comparison of that call: visits every part that differs, in the order of enum contrast_part. The search
 * only looks at the first visit, a report at all of them.
 */
void contrast_walk(struct contrast *x);

/* The byte that the user must find at off of the buffer under a want of the compared call, or -1. */
int contrast_user_byte(const struct contrast *x, const struct want *w, uint32_t off);

/* Fills the rows of a find whose case, call and handler are settled. */
void contrast_describe(struct contrast *x, struct contrast_find *f);

#endif
