/* SPDX-License-Identifier: MIT */
/*
 * What the writers of this folder are given: a run, a case that matters, the totals. All of it is borrowed
 * for the call. jsonl.h writes records for programs, summary.h and finding.h text for people, progress.h the
 * line while it works.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "../diff/compare.h"
#include "../exec/backend.h"
#include "stat.h"

struct report_run {
	const char *command;	   /* run, sweep, fuzz ... */
	const char *version;	   /* hookdiff's own: HD_VERSION */
	const char *kernel;	   /* release under test */
	const char *uname_version; /* of uname -v; NULL: not known */
	const char *arch;	   /* machine of uname(2) */
	const char *profile;
	uint32_t page_size;
	bool seed_given; /* false: the run has no seed */
	uint64_t seed;
	int64_t start; /* seconds since 1970, UTC */
	int argc;      /* the whole command line */
	char **argv;
};

/* A profile under which the case would have passed, and the rule of it that this kernel followed. */
struct report_behaves {
	const char *profile;
	unsigned clause; /* one that changes between the two if the case meets one, else the broken one */
};
#define REPORT_BEHAVES 32

/* The step of a case with operations that differed. */
struct report_step {
	unsigned number;   /* from 1 */
	const char *text;  /* as the case writes it */
	unsigned clause;   /* C_NONE: the case's own expectation */
	const char *field; /* what differed: "ret", "ids" ...; of a call: its part */
	const char *want, *got;
};

struct report_case {
	const char *verdict; /* PASS, FAIL, XFAIL, SKIP, INCONCLUSIVE or ERROR */
	const char *kernel;  /* release */
	const char *path;    /* of its file; NULL: generated */
	uint64_t index;	     /* of a generated case in its run, from 0 */
	const char *text;    /* the case in text form; NULL: left out */
	const char *why;     /* one sentence, or NULL: the waiver's reason, what is missing, what broke */
	const char *clauses; /* that the case's header names, apart by blanks; NULL: not known */
	/* The call that differed, and both sides of it. diff == NULL: no call is at issue and the rest is not
	 * read. */
	const struct tcase *tc;
	unsigned call;
	bool state; /* the difference is in the socket's state read back after the call, not in the call
		       itself */
	const struct tc_call
		*at; /* state: the call that read it back, whose want and got these are; NULL: not known */
	const struct diff *diff;
	const struct want *want;
	const struct outcome *got;
	const struct report_step
		*step;		 /* of a case with operations, which has no diff; NULL: an ordinary one */
	unsigned reruns, failed; /* it was run `reruns` times more, `failed` of them differed again */
	const char *reproduce;	 /* shell command; NULL: unknown */
	bool behaves_known;	 /* the smallest case was held against every other kernel's profile ... */
	unsigned n_behaves;	 /* ... and passes under these, the nearest to the run's profile first */
	const struct report_behaves *behaves;
	unsigned rule; /* the rule behind it that is otherwise there: change.h; C_NONE: not known */
};

struct waivers;

struct report_totals {
	const struct waivers *waivers; /* with the uses that this run made of each; NULL: none */
	const char *incomplete;	       /* why the run ended early, a few words; NULL: it did not */
	uint64_t cases, calls;
	uint64_t operations; /* steps of cases with operations, calls among them */
	uint64_t pass, fail, waived, skipped, inconclusive, error; /* cases by verdict */
	uint64_t findings;	       /* failures that differ in (clause, hook, option class, field) */
	uint64_t splats;	       /* complaints in the kernel's log */
	uint64_t silent;	       /* calls on which the profile left something free */
	uint64_t calls_on[HOOK_COUNT]; /* calls of each hook; a hook without calls needs no control */
	double seconds;
};

#endif
