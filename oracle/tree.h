/* SPDX-License-Identifier: MIT */
/*
 * The attach model: what each operation of a tree case must do, and which programs run for a socket. Pure
 * code, written from kernel/bpf/cgroup.c; its rules are the clauses of tree.def. It goes through a case step
 *by step and never learns what the kernel did.
 *
 *	tree_begin(m, epoch, t);
 *	for each step i: tree_next(m, i, &want); ...ask the kernel...; compare
 *	                 for a call: tree_flat(m, &want, call, &flat) -> a struct tcase for oracle.h
 */
#ifndef ORACLE_TREE_H
#define ORACLE_TREE_H

#include "../harness/case/tree.h"
#include "attach.h"
#include "clauses.h"

#define TREE_CGROUP_PROGS 64 /* BPF_CGROUP_MAX_PROGS */
#define TREE_NODES	  (TREE_MAX_CGROUPS + TREE_MAX_MKDIRS)
#define TREE_CHAIN	  (TREE_CGROUP_PROGS * TREE_MAX_DEPTH)
#define TREE_CLAUSES	  8

/* Rules that are wrong on purpose, for tests: each must be noticed. */
enum tree_wrong {
	TREE_RIGHT,
	TREE_WRONG_ABOVE,    /* the ancestors' modes are ignored when something is attached */
	TREE_WRONG_PREORDER, /* PREORDER programs run bottom-up between cgroups */
	TREE_WRONG_REPLACE,  /* replace keeps the old program's flags */
	TREE_WRONG_SIBLING,  /* programs of a sibling run too */
	TREE_WRONG_MOVED,    /* sockets go where their task goes */
	TREE_WRONG_ACCEPTOR, /* accept takes the acceptor's cgroup */
	TREE_WRONG_LIMIT,    /* 64 programs are counted over the chain */
	TREE_WRONG_LINK,     /* detaching a link leaves its program */
	TREE_WRONG_LAST,     /* the mode stays when the last program goes */
	TREE_WRONG_YIELD,    /* the program of an override cgroup runs for cgroups with programs too */
	TREE_WRONG_UPDATE,   /* an updated link goes to the end of the list */
	TREE_WRONG_FULL,     /* replace is possible in a full cgroup */
	TREE_WRONG_TWICE,    /* a program cannot be linked twice */
	TREE_WRONG_BEFORE,   /* before is the same as after */
	TREE_WRONG_DEAD,     /* programs of a removed cgroup stop */
	TREE_WRONG_REVISION, /* an update leaves the revision */
	TREE_WRONG_FALLBACK, /* programs run once on MPTCP that fell back */
	TREE_WRONG_COUNT,
};

/* One program in the list of a cgroup. */
struct tree_entry {
	uint8_t prog, link; /* link: TREE_NONE if BPF_PROG_ATTACH attached it */
	uint32_t flags;
};

/* A cgroup as it once was made: removed and made again it is another one. */
struct tree_node {
	uint8_t parent, cg; /* node, or TREE_NONE; index in the case */
	bool dead;
	uint8_t n[HOOK_COUNT];
	uint32_t flags[HOOK_COUNT], revision[HOOK_COUNT];
	struct tree_entry entry[HOOK_COUNT][TREE_CGROUP_PROGS];
};

struct tree_model {
	const struct attach_epoch *epoch;
	const struct tree *t;
	uint8_t wrong; /* enum tree_wrong; tests set it after tree_begin */
	unsigned n_nodes;
	uint8_t task;		      /* node, or TREE_NONE */
	uint8_t at[TREE_MAX_CGROUPS]; /* the node that is there now, dead or alive */
	uint8_t sock[TREE_MAX_SOCKS]; /* its node, TREE_NONE: outside */
	bool open[TREE_MAX_SOCKS];    /* the socket exists */
	struct {
		bool open;
		uint8_t node, prog; /* node TREE_NONE: attached nowhere */
	} link[TREE_MAX_LINKS];
	struct tree_node node[TREE_NODES];
};

/* What a step must do. */
struct tree_want {
	int32_t ret; /* 0 or -errno; calls: not looked at */
	bool either; /* or other: the kernel does it at a time of its own choosing */
	int32_t other;
	bool refused; /* never to be asked of this kernel: see why */
	const char *why;
	uint8_t clause; /* behind ret, and what a query gives */
	uint8_t n_hits, hits[TREE_CLAUSES];
	/* Of a query that succeeds or is ENOSPC. */
	bool answers, has_revision;
	uint32_t flags, count, revision, entry_flags;
	/* Programs: of a query those that it must list, of a call those that must run. */
	unsigned n;
	uint8_t progs[TREE_CHAIN];
	/* Of a call. */
	bool bad_socket; /* the socket was never made, or is closed */
	uint8_t c_order, c_runs;
};

/* Binds a case that passes tree_check and stays unchanged. */
void tree_begin(struct tree_model *m, const struct attach_epoch *epoch, const struct tree *t);

/* Says what step i, the next one, must do, and takes it to be done. */
void tree_next(struct tree_model *m, unsigned i, struct tree_want *w);

/* The programs that run now for sockets of a node, in order; returns how many. */
unsigned tree_effective(const struct tree_model *m, uint8_t node, enum hook hook, uint8_t progs[TREE_CHAIN]);

/*
 * The call of that want as a case of its own, of one socket and one call, for the oracle of the value
 * contract: the k-th program to run has the id tree_flat_id(k). False if the chain is longer than
 * TC_MAX_PROGS.
 */
bool tree_flat(const struct tree *t, const struct tree_want *w, const struct tc_call *c, struct tcase *flat);
static inline uint8_t tree_flat_id(unsigned k)
{
	return (uint8_t)(k ^ (TC_MAX_PROGS - TC_MAX_SLOTS));
}

/* Does the clause hold in the epoch? */
bool tree_clause_holds(const struct attach_epoch *e, unsigned clause);

#endif
