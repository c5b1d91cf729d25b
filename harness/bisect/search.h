/* SPDX-License-Identifier: MIT */
/*
 * Which version of a series is tested next, from nothing but the answers so far. So a bisect that was killed
 * goes on from its file as if nothing had been, and the rules can be tested without a kernel.
 *
 * The first version is the good end, the last one the bad end. One divergence makes a version bad: a case
 *that holds cannot diverge by chance. That it is good is never proved: a bug that shows in a share p of the
 *runs is missed by n runs with the chance (1 - p)^n. Therefore
 *
 *	- a version runs n times, and twice as often once some version was seen to differ only now and then;
 *	- at the end the last good version, on which the answer rests, must have twice that many runs behind
 *	  it. If one of them diverges, the search goes on below it.
 *
 * So the answer is wrong with the chance (1 - p)^2n, or (1 - p)^4n if it was seen: for p = 1/4 and n = 10
 * 0.3 % and 0.001 %.
 */
#ifndef SEARCH_H
#define SEARCH_H

#include <stdbool.h>

enum bisect_verdict { BISECT_UNTESTED, BISECT_GOOD, BISECT_BAD, BISECT_SKIP, BISECT_VERDICTS };

/* What is known of one version; the search looks at no more. */
struct bisect_answer {
	enum bisect_verdict verdict;
	unsigned runs, failed; /* in all tests of it */
	unsigned silent;       /* second tests that gave no answer: after two it is asked no more */
};

enum search_what {
	SEARCH_TEST,   /* version `at`, `runs` times */
	SEARCH_RETEST, /* the same, for one that seemed good */
	SEARCH_FOUND,  /* `good` and `bad` are neighbours */
	SEARCH_RANGE,  /* between the two are only versions that cannot be tested */
	SEARCH_REFUSED,
};

enum search_refusal {
	REFUSED_NOT,
	REFUSED_GOOD_UNKNOWN, /* the good end gives no answer */
	REFUSED_GOOD_IS_BAD,
	REFUSED_BAD_UNKNOWN,
	REFUSED_BAD_IS_GOOD, /* the ends agree */
};

struct search_step {
	enum search_what what;
	unsigned at, runs;
	unsigned good, bad; /* the neighbours so far: the last good version below the first bad one */
	enum search_refusal refusal;
	bool flaky;	/* some version differed in some of its runs only */
	unsigned tests; /* that are still to come, about: without skips and second tests */
};

/* n is 2 or more; runs: what a version is tested with, 1 or more. With 1 nothing is tested twice. */
void search_next(const struct bisect_answer *a, unsigned n, unsigned runs, struct search_step *out);

/* Adds one test's runs to what is known. A version once bad stays bad. */
void search_add(struct bisect_answer *a, enum bisect_verdict verdict, unsigned runs, unsigned failed);

/* The chance, in [0, 1], that `runs` runs all miss a bug that shows in a share `p` of them. */
double search_miss(unsigned runs, double p);

#endif
