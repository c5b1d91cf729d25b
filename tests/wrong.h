/* SPDX-License-Identifier: MIT */
/*
 * Oracles that are wrong in one rare situation each: mistakes that a reader of the kernel's source could
 * make, which need three or four conditions at once. With them it is measured how long a fuzzer takes to such
 * a place (guidance_bench.sh) and how small the shrinker makes what it found. In tests only.
 */
#ifndef WRONG_H
#define WRONG_H

#include "harness/case/outcome.h"

/* What came before in the case, for mistakes about a sequence of calls. */
struct wrong_past {
	uint8_t c_ret[TC_MAX_CALLS]; /* the clause that decided each earlier call */
};

struct wrong {
	const char *name;
	const char *what; /* the mistake, in a sentence */
	/* True where it shows, and then *w is the wrong oracle's. hr: NULL if the handler did not run. */
	bool (*spoil)(const struct tcase *tc, unsigned call, const struct plan *p,
		      const struct handler_result *hr, const struct wrong_past *past, struct want *w);
};

extern const struct wrong wrongs[];
extern const unsigned n_wrongs;

/* The row of that name, or NULL. */
const struct wrong *wrong_find(const char *name);

/*
 * Cases are planned and predicted with the stand-in's modelled answers, by the rules of 6.7. NULL if out of
 * memory.
 */
struct wrong_run;
struct wrong_run *wrong_run_new(void);
void wrong_run_free(struct wrong_run *r);

/* Does this one disagree with the right oracle in some call? each (may be NULL) is called for every call. */
typedef void wrong_each(const struct tc_call *c, const struct want *w, uint32_t page_size);
bool wrong_shows(struct wrong_run *r, const struct wrong *x, const struct tcase *tc, wrong_each *each);

/* All that do: bit i for wrongs[i]. */
uint32_t wrong_which(struct wrong_run *r, const struct tcase *tc);

#endif
