/* SPDX-License-Identifier: MIT */
/*
 * The calls of a check, made on the running kernel with the objects' programs attached, and held against what
 * the interpreter says for that kernel's profile: result, optlen, memory, and by reading back after each
 * setsockopt whether the handler was called. What the handler does is asked of it: on a twin socket outside.
 */
#ifndef CHECK_LIVE_H
#define CHECK_LIVE_H

#include "../campaign/loop.h"
#include "../exec/kernel.h"
#include "../exec/userobj.h"
#include "check.h"

#define LIVE_DIFFS 16

/* A difference, and how many cases show one in the same hook and part. */
struct live_diff {
	uint64_t count;
	struct tc_call call;   /* that shows it */
	struct tc_call after;  /* the setsockopt before it in the case; optname is valid if has_after */
	bool has_after, state; /* state: it showed when the option was read back */
	enum check_below below;
	const char *name; /* of a given case; NULL */
	struct diff diff;
	int64_t want_ret, got_ret;
	int32_t want_optlen, got_optlen;
};

struct check_live {
	/* options */
	bool unsafe; /* also options that can hurt the machine */
	/* results */
	struct userobj object[CHECK_OBJECTS];
	const struct userobj_prog *prog[TC_MAX_PROGS]; /* by place; NULL: not asked, it cannot be read */
	bool unexpected[TC_MAX_PROGS]; /* refused or taken against what check_place.since says */
	uint64_t cases, calls;	       /* compared */
	uint64_t failed;
	uint64_t kept_off;  /* cases that can hurt the machine */
	uint64_t skipped;   /* that the machine cannot express */
	uint64_t undecided; /* the interpreter has no answer: not modelled, or nothing is promised */
	uint64_t faults;    /* the interpreter says that the verifier would not take what this kernel runs */
	char why[256];	    /* of the first one skipped */
	struct live_diff diff[LIVE_DIFFS];
	unsigned n_diffs;
	struct control_counts controls;
	/* inside */
	struct loop loop;
	struct kernel_others others;
	char error[512];
};

/*
 * k is open for one kernel: the running one. 0, or -1 with a sentence in l->error: the run is not whole.
 * Then check_live_fini.
 */
int check_live(struct check *k, struct check_live *l);
void check_live_fini(struct check_live *l);

#endif
