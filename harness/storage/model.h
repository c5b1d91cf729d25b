/* SPDX-License-Identifier: MIT */
/*
 * What counters in cgroup and socket storage must be: a model of progs/storage.bpf.c that counts by itself.
 * Pure; its rules are the clauses of oracle/storage.def. A sequence of operations is generated from a seed,
 * and the model taken along.
 */
#ifndef STORAGE_MODEL_H
#define STORAGE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "../../oracle/clauses.h"
#include "../base/rng.h"
#include "../case/tcase.h"

#define STORAGE_CGROUPS 2 /* a, and b below it */
#define STORAGE_SOCKS	8 /* 0 listens in a, 1 in b; they stay open */
#define STORAGE_CHAIN	4
#define STORAGE_TASKS	3 /* where the calling task can be: outside, in a, in b */
#define STORAGE_CLAUSES (C_COUNT - C_OPERATIONS)

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
	ST_ENTER, /* the task goes to another cgroup */
	ST_RMDIR, /* b is removed */
	ST_OP_COUNT
};

struct storage_step {
	uint8_t op;
	uint8_t cg, prog;   /* ATTACH, LINK, DETACH; MAKE: cg */
	uint8_t sock, from; /* from: the listener of ACCEPT */
	uint8_t hook;	    /* CALL */
	bool cloned;	    /* DELETE: which of the two maps */
	uint8_t task;	    /* ENTER: 0 outside, else 1 + the cgroup */
	/* Of a call: what comes, and by byte the clauses behind it (bit c - C_OPERATIONS). */
	uint8_t n, bytes[2 * STORAGE_CHAIN];
	uint32_t clauses[2 * STORAGE_CHAIN];
};

/* Rules that are wrong on purpose, for tests: each must be noticed. */
enum storage_wrong {
	STORAGE_RIGHT,
	STORAGE_WRONG_PLACE,   /* a program has the storage of the socket's cgroup */
	STORAGE_WRONG_DETACH,  /* detaching ends the storage */
	STORAGE_WRONG_APART,   /* a key with the attach type makes no difference */
	STORAGE_WRONG_SHARED,  /* a key without it does */
	STORAGE_WRONG_CLONE,   /* an accepted socket begins at 0 */
	STORAGE_WRONG_OWN,     /* storage without BPF_F_CLONE is copied too */
	STORAGE_WRONG_DELETE,  /* a deleted storage keeps its value */
	STORAGE_WRONG_PROGS,   /* programs of one hook and cgroup have a storage each */
	STORAGE_WRONG_SOCK,    /* each hook has a socket storage of its own */
	STORAGE_WRONG_REMOVED, /* with its cgroup a storage begins again */
	STORAGE_WRONG_TASK,    /* cgroup storage by pointer is the socket's cgroup's */
	STORAGE_WRONG_SUM,     /* one count in a hundred is not made */
	STORAGE_WRONG_COUNT,
};

struct storage_sock {
	bool open;
	uint8_t cg;
	bool accepted, deleted[2];
	bool has[2]; /* there is a storage; [1]: in the map with BPF_F_CLONE */
	uint64_t n[2];
	uint64_t set[2]; /* of setsockopt, where that is wrongly apart */
};

struct storage_model {
	uint8_t wrong;
	bool with_tasks;		/* the kernel has storage by cgroup pointer */
	bool removed;			/* b */
	uint8_t task;			/* 0: outside, else 1 + the cgroup */
	uint64_t runs;			/* of programs, of the round */
	uint64_t said[STORAGE_CLAUSES]; /* how often each clause was behind what came */
	uint64_t of_task[STORAGE_TASKS];
	bool has_task[STORAGE_TASKS];
	bool detached[STORAGE_CGROUPS][HOOK_COUNT + 1]; /* from a storage: by hook, and the shared one */
	uint8_t had[STORAGE_CGROUPS];  /* programs that were attached there once, a bit each */
	uint64_t too[STORAGE_CGROUPS]; /* of get_apart_too, where that is wrongly apart */
	/* By cgroup: the storages of the map whose key has the attach type, by hook, and of the other one. */
	bool has_apart[STORAGE_CGROUPS][HOOK_COUNT], has_shared[STORAGE_CGROUPS];
	uint64_t apart[STORAGE_CGROUPS][HOOK_COUNT], shared[STORAGE_CGROUPS][HOOK_COUNT];
	uint8_t n[STORAGE_CGROUPS][HOOK_COUNT], prog[STORAGE_CGROUPS][HOOK_COUNT][STORAGE_CHAIN];
	struct storage_sock sock[STORAGE_SOCKS];
};

/* New cgroups, nothing attached, the two listeners, the task outside. said[] stays. */
void storage_model_begin(struct storage_model *m, uint8_t wrong, bool with_tasks);

/* The next operation, one that succeeds; the model is taken through it. */
void storage_next(struct storage_model *m, struct rng *r, struct storage_step *s);

/* What the map of that kind holds for a cgroup and hook. */
uint64_t storage_of_cgroup(const struct storage_model *m, bool shared, unsigned cg, unsigned hook);

#endif
