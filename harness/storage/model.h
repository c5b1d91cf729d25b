/* SPDX-License-Identifier: MIT */
/*
 * What counters in cgroup and socket storage must be: a model of progs/storage.bpf.c that counts by itself.
 * Pure; its rules are storage_rules[]. A sequence of operations is generated from a seed, and the model taken
 * along.
 */
#ifndef STORAGE_MODEL_H
#define STORAGE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/rng.h"
#include "../case/tcase.h"

#define STORAGE_CGROUPS 2 /* a, and b below it */
#define STORAGE_SOCKS	8 /* 0 listens in a, 1 in b; they stay open */
#define STORAGE_CHAIN	4

/* Programs, as progs/storage.bpf.c has them. */
enum storage_prog { GET_APART, GET_APART_TOO, GET_SHARED, SET_APART, SET_SHARED, STORAGE_PROGS };

struct storage_prog_info {
	const char *name;
	uint8_t hook;
	bool shared; /* its cgroup storage is one for both hooks */
	bool cloned; /* its socket storage is copied to accepted sockets */
};
extern const struct storage_prog_info storage_progs[STORAGE_PROGS];

enum storage_op {
	ST_ATTACH,
	ST_LINK,
	ST_DETACH,
	ST_CALL,
	ST_MAKE,
	ST_ACCEPT,
	ST_CLOSE,
	ST_DELETE,
	ST_OP_COUNT
};

struct storage_step {
	uint8_t op;
	uint8_t cg, prog;   /* ATTACH, LINK, DETACH; MAKE: cg */
	uint8_t sock, from; /* from: the listener of ACCEPT */
	uint8_t hook;	    /* CALL */
	bool cloned;	    /* DELETE: which of the two maps */
	/* Of a call: what comes. */
	uint8_t n, bytes[2 * STORAGE_CHAIN];
};

/* Rules that are wrong on purpose, for tests: each must be noticed. */
enum storage_wrong {
	STORAGE_RIGHT,
	STORAGE_WRONG_PLACE,  /* a program has the storage of the socket's cgroup */
	STORAGE_WRONG_DETACH, /* detaching ends the storage */
	STORAGE_WRONG_APART,  /* a key with the attach type makes no difference */
	STORAGE_WRONG_SHARED, /* a key without it does */
	STORAGE_WRONG_CLONE,  /* an accepted socket begins at 0 */
	STORAGE_WRONG_OWN,    /* storage without BPF_F_CLONE is copied too */
	STORAGE_WRONG_DELETE, /* a deleted storage keeps its value */
	STORAGE_WRONG_COUNT,
};

struct storage_sock {
	bool open;
	uint8_t cg;
	bool has[2]; /* there is a storage; [1]: in the map with BPF_F_CLONE */
	uint64_t n[2];
};

struct storage_model {
	uint8_t wrong;
	uint64_t runs; /* of programs, of the round */
	/* By cgroup: the storages of the map whose key has the attach type, by hook, and of the other one. */
	bool has_apart[STORAGE_CGROUPS][HOOK_COUNT], has_shared[STORAGE_CGROUPS];
	uint64_t apart[STORAGE_CGROUPS][HOOK_COUNT], shared[STORAGE_CGROUPS][HOOK_COUNT];
	uint8_t n[STORAGE_CGROUPS][HOOK_COUNT], prog[STORAGE_CGROUPS][HOOK_COUNT][STORAGE_CHAIN];
	struct storage_sock sock[STORAGE_SOCKS];
};

struct storage_rule {
	const char *id, *sentence, *source;
};
extern const struct storage_rule storage_rules[];
extern const unsigned storage_rule_count;

/* New cgroups, nothing attached, the two listeners. */
void storage_model_begin(struct storage_model *m, uint8_t wrong);

/* The next operation, one that succeeds; the model is taken through it. */
void storage_next(struct storage_model *m, struct rng *r, struct storage_step *s);

/* What the map of that kind holds for a cgroup and hook. */
uint64_t storage_of_cgroup(const struct storage_model *m, bool shared, unsigned cg, unsigned hook);

#endif
