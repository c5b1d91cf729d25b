/* SPDX-License-Identifier: MIT */
/*
 * What do BPF programs do to calls, under every kernel's profile, without root and without a kernel: the
 * calls are given, or derived from the numbers in the programs' instructions (derive.c), run through the
 * oracle's pipeline with the programs in the interpreter (oracle/byte), compared between profiles, and looked
 * at for classic mistakes (lints.def). live.h makes the same calls on a kernel.
 */
#ifndef CHECK_H
#define CHECK_H

#include "../../oracle/byte/byte.h"
#include "../../oracle/profiles.h"
#include "../case/case_text.h"
#include "../profiles/standin.h"

#define CHECK_OBJECTS  8
#define CHECK_PROFILES 24
#define CHECK_SPLITS   64

enum check_lint {
#define LINT(id, name, sentence, remedy) LINT_##id,
#include "lints.def"
	LINT_COUNT,
};

struct check_lint_row {
	const char *name, *sentence, *remedy;
};
extern const struct check_lint_row check_lints[LINT_COUNT];

/* One object of the command line. */
struct check_input {
	const char *path;
	char prog[64];	/* only this program; "": all */
	unsigned level; /* 1: cgroup a, 2: a/b ... */
	uint8_t *bytes; /* owned */
	size_t n;
};

/* One program at its place in the chain. */
struct check_place {
	unsigned input;
	uint32_t prog;
	uint8_t hook, level; /* level: 1 is cgroup a */
	uint8_t id;	     /* in the case that runs */
	unsigned since;	     /* ISA_KERNEL() of the first kernel that can load it; ISA_NEVER */
	size_t since_at;     /* the instruction that asks for it */
	const char *refused; /* NULL, or why it cannot be run; of the newest profile's object */
};

/* A child's programs below those of the objects. */
enum check_below {
	BELOW_NOBODY,
	BELOW_DENIES,  /* return 0 */
	BELOW_ANSWERS, /* a setsockopt without the handler: optlen = -1 */
};

/* A mistake: how often, and the first call that shows it. */
struct check_find {
	uint64_t count;
	struct tc_call call;
	const struct profile *profile;
	unsigned place; /* index in check.place */
	int64_t ret;	/* of the call */
	enum check_below below;
	bool assumed;	   /* the handler's answer is not the model's */
	const char *name;  /* EXPECT: the case's; borrowed */
	struct buf detail; /* FAULT: sentence, instruction, source line, registers; owned */
};

/* A case of the command line, with the programs at their places. */
struct check_given {
	const char *name;	      /* its path; borrowed, as is meta */
	const struct case_meta *meta; /* where its expectations hold; NULL: everywhere */
	char skipped[160];	      /* "", or why it is not run */
	struct tcase tc;
	uint8_t id[TC_MAX_PROGS]; /* by place */
};

/* A kernel, and the profile that it is looked at by. */
struct check_kernel {
	const struct profile *profile;
	unsigned kernel; /* ISA_KERNEL() */
};

/* What one profile makes of a call, as far as profiles are compared. */
struct check_outcome {
	bool said; /* false: a program cannot be loaded there, or nothing is promised */
	bool called;
	bool assumed; /* the handler's answer is not modelled: STANDIN_MODEL's or an error */
	int64_t ret;
	int32_t optlen;
	uint8_t c_ret;
};

/* Calls on which profiles differ in the same way. */
struct check_split {
	uint64_t count;
	struct tc_call call; /* the first of them */
	struct check_outcome by[CHECK_PROFILES];
};

/* derive.c: numbers of the programs, and what they may be. */
struct derived {
	int32_t level[8], optname[24], optlen[40];
	unsigned n_levels, n_optnames, n_optlens;
	unsigned dropped; /* numbers that did not fit */
};

struct check {
	struct check_input input[CHECK_OBJECTS];
	unsigned n_inputs;
	struct check_place place[TC_MAX_PROGS];
	unsigned n_places, n_levels;
	unsigned n_profiles;
	const struct profile *profile[CHECK_PROFILES];
	unsigned kernel[CHECK_PROFILES];			  /* ISA_KERNEL() that objects are read for */
	struct byte_object object[CHECK_PROFILES][CHECK_OBJECTS]; /* read for each profile's kernel */
	struct oracle *oracle[CHECK_PROFILES];
	struct standin standin[CHECK_PROFILES];
	struct byte_chain chain;
	struct check_given **given; /* owned; n_given == 0: calls are derived */
	size_t n_given, n_skipped;
	/* results */
	struct derived derived;
	uint64_t calls; /* under each profile */
	unsigned n_splits;
	bool more_splits; /* than fit */
	struct check_split split[CHECK_SPLITS];
	struct check_find find[LINT_COUNT];
	/* inside: the call that runs */
	void (*run)(struct check *k, void *arg); /* what is done with a case; NULL: every profile's answer */
	void *run_arg;
	const struct check_given *at_given; /* NULL: a derived case */
	struct tcase tc;
	unsigned at_profile;
	bool quiet, special;
	enum check_below below;
	bool assumed;	    /* the handler of the call was called, and its answer is not the model's */
	int64_t handler;    /* what the handler of the call returned; 0 if it was not called */
	bool open, fails;   /* a getsockopt's handler was not modelled; it is to fail */
	unsigned last_seen; /* lints that the current call showed, as bits */
	unsigned last_place[LINT_COUNT];
};

/* Every profile of a kernel, each with its last release. How many. */
unsigned check_kernels(struct check_kernel out[CHECK_PROFILES]);

/* Reads the objects for n kernels, 1 to CHECK_PROFILES, oldest first. 0, or -1 with a sentence in err. Then
 * check_fini. */
int check_open(struct check *k, const struct check_kernel *kernels, unsigned n, char *err, size_t size);
void check_fini(struct check *k);

/*
 * A case to run instead of derived ones: the programs of the objects are added behind its own at their
 * cgroups, which are made if it has none. Where they find no place the case is skipped (check_given.skipped).
 * name and meta (NULL: its expectations hold everywhere) are borrowed. 0, -ENOMEM.
 */
int check_give(struct check *k, const char *name, const struct tcase *tc, const struct case_meta *meta);
/* A given case that is not run; name is borrowed. 0, -ENOMEM. */
int check_skip(struct check *k, const char *name, const char *why);

/* Runs and compares what was given; else derives calls. */
void check_run(struct check *k);

/* For run (above): k->tc from its beginning under a profile, with maps as a loader leaves them. */
void check_begin(struct check *k, unsigned profile);
/* Can every program of this hook be loaded by the profile's kernel? */
bool check_loads(const struct check *k, unsigned profile, unsigned hook);
/* Is there anything that the author should look at? And is there something that nothing can be said of? */
bool check_found(const struct check *k);
bool check_unsure(const struct check *k);

/* derive.c */
void check_derive(const struct check *k, struct derived *d);

/* Where a program's instruction comes from; false: not known. */
bool check_source(const struct check *k, const struct check_place *p, size_t insn, struct isa_source *s);

#endif
