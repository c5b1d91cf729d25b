/* SPDX-License-Identifier: MIT */
/*
 * What do BPF programs do to calls, under every kernel's profile, without root and without a kernel: the
 * calls are derived from the numbers in the programs' instructions (derive.c), run through the oracle's
 * pipeline with the programs in the interpreter (oracle/byte), compared between profiles, and looked at for
 * classic mistakes (lints.def).
 */
#ifndef CHECK_H
#define CHECK_H

#include "../../oracle/byte/byte.h"
#include "../../oracle/profiles.h"
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
	uint8_t hook, id;
	unsigned since;	     /* ISA_KERNEL() of the first kernel that can load it; ISA_NEVER */
	size_t since_at;     /* the instruction that asks for it */
	const char *refused; /* NULL, or why it cannot be run; of the newest profile's object */
};

/* A mistake: how often, and the first call that shows it. */
struct check_find {
	uint64_t count;
	struct tc_call call;
	const struct profile *profile;
	unsigned place;	   /* index in check.place */
	int64_t ret;	   /* of the call */
	bool below;	   /* with a child's program that returns 0 */
	struct buf detail; /* FAULT: sentence, instruction, source line, registers; owned */
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
	struct byte_object object[CHECK_PROFILES][CHECK_OBJECTS]; /* read for each profile's kernel */
	struct oracle *oracle[CHECK_PROFILES];
	struct standin standin[CHECK_PROFILES];
	struct byte_chain chain;
	/* results */
	struct derived derived;
	uint64_t calls; /* under each profile */
	unsigned n_splits;
	bool more_splits; /* than fit */
	struct check_split split[CHECK_SPLITS];
	struct check_find find[LINT_COUNT];
	/* inside: the call that runs */
	struct tcase tc;
	unsigned at_profile;
	bool quiet, special, below;
	bool open, fails;   /* a getsockopt's handler was not modelled; it is to fail */
	unsigned last_seen; /* lints that the current call showed, as bits */
	unsigned last_place[LINT_COUNT];
};

/* Reads the objects for every kernel's profile. 0, or -1 with a sentence in err. Then check_fini. */
int check_open(struct check *k, char *err, size_t size);
void check_fini(struct check *k);
/* Derives the calls, runs and compares them. */
void check_run(struct check *k);
/* Is there anything that the author should look at? And is there something that nothing can be said of? */
bool check_found(const struct check *k);
bool check_unsure(const struct check *k);

/* derive.c */
void check_derive(const struct check *k, struct derived *d);

/* Where a program's instruction comes from; false: not known. */
bool check_source(const struct check *k, const struct check_place *p, size_t insn, struct isa_source *s);

#endif
