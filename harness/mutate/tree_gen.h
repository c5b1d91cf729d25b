/* SPDX-License-Identifier: MIT */
/*
 * A tree case from a seed and a number: the same pair gives the same case everywhere. Most of its operations
 * are such that a kernel does them; the others are off by one thing.
 */
#ifndef TREE_GEN_H
#define TREE_GEN_H

#include "../base/rng.h"
#include "../case/tree.h"

/* Kinds of cases, by what they cost: most keep the cgroups, and their sockets are made in the plain way. */
enum tree_kind { TREE_PLAIN, TREE_MOVES, TREE_REMOVES, TREE_ROUTES, TREE_FULL, TREE_KIND_COUNT };

/* Kinds of sockets that not every machine has. */
enum tree_socks { SOCKS_NETLINK, SOCKS_MPTCP, SOCKS_SMC, TREE_SOCKS };

struct tree_gen {
	uint64_t seed;
	bool helpers;	 /* setsockopt programs may call bpf_set_retval, with 0 and errnos */
	bool swap_safe;	 /* links may be updated in a case with PREORDER programs */
	bool full_route; /* every way to make a socket: also by tasks in namespaces and threaded cgroups */
	bool socks[TREE_SOCKS]; /* such sockets can be made */
	struct rng r;
	uint64_t kinds[TREE_KIND_COUNT], ops[TREE_OP_COUNT], edits;

	/* Of the case that is made: a guess of its state, so that most operations make sense. */
	struct tree *t;
	uint8_t hook; /* of most operations */
	uint32_t mode[TREE_MAX_CGROUPS][HOOK_COUNT];
	uint8_t n_in[TREE_MAX_CGROUPS][HOOK_COUNT];
	uint8_t in[TREE_MAX_CGROUPS][HOOK_COUNT][8]; /* programs that were attached */
	uint32_t revision[TREE_MAX_CGROUPS][HOOK_COUNT];
	bool made[TREE_MAX_CGROUPS];
	uint8_t link_prog[TREE_MAX_LINKS];
};

/* All of it is on. */
void tree_gen_init(struct tree_gen *g, uint64_t seed);

/* What such a socket is made of. */
struct tree_sock tree_gen_sock(enum tree_socks kind);

/* Makes case number `index`. The result passes tree_check. */
void tree_gen_case(struct tree_gen *g, uint64_t index, struct tree *t);

const char *tree_kind_name(enum tree_kind k);

#endif
