/* SPDX-License-Identifier: MIT */
/*
 * One test of one version: boots it (or starts its backend) through harness/matrix, runs the case so many
 * times or asks for the feature, and reads the answer from the lines that were written meanwhile. What comes
 * of a version is good, bad, or no answer; what concerns the machine under the bisect, and would be the same
 * for every version, is told apart (fatal).
 */
#ifndef TRIAL_H
#define TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/buf.h"
#include "search.h"

struct trial {
	const char *spec;	  /* the kernel, or the name of the version if there is a backend */
	const char *backend;	  /* shell command; NULL: boot spec */
	uint64_t patience;	  /* seconds for an answer of it */
	const char *cases;	  /* file or folder; NULL if a feature is asked for */
	const char *feature;	  /* name */
	const char *good_feature; /* present or absent: what is good; NULL: whatever is found is */
	const char *profile;	  /* NULL: that of its release */
	unsigned runs;
	const char *file;     /* where the lines go: the evidence */
	const char *folder;   /* for findings of a backend */
	const char *hookdiff; /* version of this program, for the first record */
	int argc;
	char **argv;
};

struct trial_result {
	enum bisect_verdict verdict;
	unsigned runs, failed;	       /* failed: of the case that failed most often */
	bool interrupted;	       /* by a signal: no verdict */
	bool fatal;		       /* no version can be tested here: why */
	char why[256];		       /* the first divergence, or why there is no answer */
	char path[256];		       /* the case that diverged first */
	unsigned clause;	       /* of it; C_NONE: the case's own expectation */
	char feature[16];	       /* present, absent */
	char release[65], version[80]; /* uname -r, and -v if a kernel was booted */
	char profile[32];	       /* in use; "" if it never came to that */
	double seconds;
};

void trial_run(const struct trial *t, struct trial_result *r);

/*
 * Reads the lines of a test again and appends its first divergence, for people: the rule, the smallest case,
 * want and got. Nothing if there is none. Returns its clause, or C_NONE.
 */
unsigned trial_evidence(const char *file, struct buf *out);

#endif
