/* SPDX-License-Identifier: MIT */
/*
 * A tree case: cgroups, programs, links and sockets, and a sequence of operations on them (attach, detach,
 * update, rmdir, ...) mixed with getsockopt and setsockopt calls. What runs for a call is not part of the
 * case, as in struct tcase, but follows from the operations before it. Flat, owns no memory, copied with `=`.
 * Read next: tree_text.h (what people write), oracle/tree.h (what each operation must do).
 */
#ifndef TREE_H
#define TREE_H

#include "tcase.h"

#define TREE_MAX_CGROUPS 16
#define TREE_MAX_DEPTH	 TC_MAX_LEVELS
#define TREE_MAX_PROGS	 TC_MAX_PROGS
#define TREE_MAX_LINKS	 80 /* more than one cgroup takes */
#define TREE_MAX_SOCKS	 TC_MAX_SOCKS
#define TREE_MAX_STEPS	 192
#define TREE_MAX_CALLS	 32
#define TREE_MAX_MKDIRS	 32
#define TREE_MAX_IDS	 16 /* programs that the expectation of a query may list */
#define TREE_MAX_ROOM	 128
#define TREE_NONE	 0xff /* no cgroup (outside), no program, no link */

/* Attach flags as the kernel numbers them; mode none is 0. */
enum tree_flag {
	TREE_F_OVERRIDE = 1 << 0,
	TREE_F_MULTI = 1 << 1,
	TREE_F_REPLACE = 1 << 2,
	TREE_F_BEFORE = 1 << 3,
	TREE_F_AFTER = 1 << 4,
	TREE_F_ID = 1 << 5,
	TREE_F_PREORDER = 1 << 6,
	TREE_F_LINK = 1 << 13,
};

enum tree_op {
	TREE_ATTACH, /* BPF_PROG_ATTACH of prog to cg: hook, flags, other (REPLACE), anchor, revision */
	TREE_LINK,   /* BPF_LINK_CREATE of prog on cg: the link gets a number; flags, anchor, revision */
	TREE_UPDATE, /* BPF_LINK_UPDATE of link to prog; other: the old program that it must have, or none */
	TREE_DETACH, /* BPF_PROG_DETACH of prog (or none) from cg; hook, flags, revision */
	TREE_LINK_DETACH, /* BPF_LINK_DETACH of link: it stays open and is attached nowhere */
	TREE_CLOSE_LINK,  /* close(2) of link */
	TREE_QUERY,	  /* BPF_PROG_QUERY of cg and hook */
	TREE_MKDIR,
	TREE_RMDIR,
	TREE_MOVE,   /* the task that makes all calls goes to cg, or outside */
	TREE_SOCKET, /* socket `sock` is made, as sock[] says */
	TREE_CLOSE_SOCK,
	TREE_CALL, /* call[call] */
	TREE_OP_COUNT,
};

/* What BEFORE and AFTER count from. */
enum tree_anchor { ANCHOR_NONE, ANCHOR_PROG, ANCHOR_LINK };

/* How a socket comes to be. */
enum tree_route {
	ROUTE_DIRECT,	/* the task goes to cg, makes it, goes back */
	ROUTE_PAIR,	/* the same with socketpair(2): the first end */
	ROUTE_FORK,	/* made in cg; a child that lives outside inherits it and hands it on */
	ROUTE_EXEC,	/* made in cg; its task leaves cg and executes another program, which keeps it */
	ROUTE_SCM,	/* made in cg by another process, passed by SCM_RIGHTS */
	ROUTE_PIDFD,	/* made in cg by another process, taken by pidfd_getfd(2) (5.6) */
	ROUTE_THREAD,	/* made by a thread in the threaded cgroup cg of a process in its parent */
	ROUTE_FALLBACK, /* MPTCP, connected from cg to a listener outside that speaks TCP alone: it falls back
			 */
	ROUTE_CGNS,	/* made in cg by a process that then has cg as the root of its cgroup namespace */
	ROUTE_ACCEPT,	/* accepted in `acceptor` from a listener of cg, to which `connector` connected */
	TREE_ROUTE_COUNT,
};

struct tree_cgroup {
	uint8_t parent; /* index, or TREE_NONE: the root of the case */
	char name;	/* a..z: its part of the path; no two of one parent */
	bool later;	/* does not exist at the start: a step makes it */
};

struct tree_prog {
	uint8_t hook; /* enum hook */
	struct prog prog;
};

struct tree_sock {
	uint8_t route;		     /* enum tree_route */
	uint8_t cg;		     /* TREE_NONE: outside */
	uint8_t connector, acceptor; /* ROUTE_ACCEPT */
	uint16_t family, type, protocol;
};

/* What the author says that a query must give; parts that are absent are whatever the oracle says. */
struct tree_answer {
	bool has_ids, has_flags, has_revision, has_count;
	uint8_t n_ids, ids[TREE_MAX_IDS]; /* programs, in order */
	uint32_t flags, count, revision;
};

struct tree_step {
	uint8_t op;	   /* enum tree_op */
	uint8_t hook;	   /* ATTACH, DETACH, QUERY: of the attach type */
	uint8_t cg;	   /* index, or TREE_NONE (MOVE: outside) */
	uint8_t prog;	   /* index, or TREE_NONE (DETACH) */
	uint8_t other;	   /* ATTACH with REPLACE, UPDATE: another program, or TREE_NONE */
	uint8_t link;	   /* the link that is made, or meant */
	uint8_t sock;	   /* SOCKET, CLOSE_SOCK */
	uint8_t call;	   /* CALL */
	uint8_t anchor;	   /* enum tree_anchor */
	uint8_t at;	   /* ANCHOR_PROG: program; ANCHOR_LINK: link */
	bool effective;	   /* QUERY */
	bool array;	   /* QUERY with an array for each program's flags (6.1) */
	uint8_t room;	   /* QUERY: ids that there is room for */
	uint32_t flags;	   /* ATTACH, LINK, DETACH: enum tree_flag and any other bit */
	uint32_t revision; /* expected; 0: not looked at. A new cgroup has 1 */
	bool has_ret;
	int32_t ret;		   /* expected: 0 or -errno */
	struct tree_answer answer; /* QUERY */
};

struct tree {
	uint8_t n_cgroups, n_progs, n_links, n_socks, n_steps, n_calls;
	struct tree_cgroup cgroup[TREE_MAX_CGROUPS]; /* parents first */
	struct tree_prog prog[TREE_MAX_PROGS];
	struct tree_sock sock[TREE_MAX_SOCKS];
	struct tree_step step[TREE_MAX_STEPS];
	struct tc_call call[TREE_MAX_CALLS];
};

/*
 * Checks what no parser can: references, limits, what was not made yet, and what must never be done: an
 * UPDATE with a program of the other hook (kernels take it and may crash later). NULL if the case is valid,
 * else a static sentence. A valid case may be refused by a kernel in every step; it is never undefined.
 */
const char *tree_check(const struct tree *t);
/* The same for a case that is not complete yet: nothing need have been used. For parsers, after each step. */
const char *tree_check_part(const struct tree *t);

/* A step of that kind that names nothing. Parts that an operation does not use must stay as they are here. */
struct tree_step tree_step(enum tree_op op);

/* True if the two cases mean the same: equal in every part that is in use. */
bool tree_equal(const struct tree *a, const struct tree *b);

/* The index of the cgroup with that parent and name, or TREE_NONE. */
uint8_t tree_find(const struct tree *t, uint8_t parent, char name);
/* How many elements the path of the cgroup has: 1 for one directly below the root, 0 for TREE_NONE. */
unsigned tree_depth(const struct tree *t, uint8_t cg);
/* Is b the cgroup a, or below it? */
bool tree_below(const struct tree *t, uint8_t a, uint8_t b);

/*
 * Removes step i and renumbers links, sockets and calls, dropping steps that meant what it made. False (and
 * the case is as it was) if nothing was removed. For shrinkers.
 */
bool tree_drop_step(struct tree *t, unsigned i);
/* The same for n steps from that one on. */
bool tree_drop_steps(struct tree *t, unsigned from, unsigned n);
/* Removes program i and every step that names it. */
bool tree_drop_prog(struct tree *t, unsigned i);
/* Removes cgroup i and every step and socket that names it; its children become its parent's. */
bool tree_drop_cgroup(struct tree *t, unsigned i);
/* What names the one names the other instead, and the one is removed. False as above. */
bool tree_join_progs(struct tree *t, unsigned gone, unsigned instead);
bool tree_join_cgroups(struct tree *t, unsigned gone, unsigned instead);

/* Can sockets be made in it by a thread: has it a parent, and neither children nor siblings? */
bool tree_may_thread(const struct tree *t, uint8_t cg);

/* Does a call of the case name an option that can hurt this machine (safe.h)? */
bool tree_host_safe(const struct tree *t, int32_t *level, int32_t *optname);

#endif
