/* SPDX-License-Identifier: MIT */
/*
 * What is done with a divergence: a key that equal ones share, a number of re-runs on fresh sockets, the
 * smallest case that still shows it, and files that replay it.
 */
#ifndef TRIAGE_H
#define TRIAGE_H

#include "../report/report.h"
#include "loop.h"

#define TRIAGE_RERUNS 10

struct triage_key {
	uint8_t clause;
	uint8_t hook;	/* enum hook of the call that differed */
	uint8_t option; /* enum opt_kind of that call's option; OPT_NONE: unknown option */
	uint8_t field;	/* enum diff_field */
	bool straight;	/* shown by straight-line programs, where the interpreter's agreed: backend.h */
};

struct finding {
	struct triage_key key;
	struct tcase tc;	 /* the smallest case found */
	struct case_result res;	 /* of its last run that failed */
	unsigned failed, reruns; /* failed of so many runs of tc on fresh sockets */
	unsigned tries;		 /* cases that the shrinker ran */
	/* Other kernels' profiles under which tc passes: report.h. Known only if tc failed every time. */
	struct report_behaves behaves[REPORT_BEHAVES];
	unsigned n_behaves;
	bool behaves_known;
	unsigned rule;	 /* report.h */
	bool reproduced; /* false: only the first run showed it, tc is that run's case */
};

struct triage_key triage_key(const struct tcase *tc, const struct case_result *res);
bool triage_equal(const struct triage_key *a, const struct triage_key *b);
/* "get.optlen.range-get-int-ret", with "-straight" behind it: a file name and a stable id. */
void triage_stem(const struct triage_key *key, char *buf, size_t n);

/*
 * Confirms and shrinks the divergence that *tc just showed, and holds the smallest case against the other
 * kernels' profiles. lp's counters are left as they were. f->res
 * points into lp's oracle and backend until the next case.
 */
void triage_investigate(struct loop *lp, const struct tcase *tc, const struct case_result *first,
			struct finding *f);

#endif
