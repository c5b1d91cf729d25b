/* SPDX-License-Identifier: MIT */
/* Inside of the slow lane only: lane.c (steps), lane_dir.c (cgroups), lane_sock.c (sockets). */
#ifndef LANE_IMPL_H
#define LANE_IMPL_H

#include "lane.h"
#include "topo.h"

#define LANE_DIRS    96
#define LANE_BATCH   16
#define LANE_CONTROL 4096 /* cases between two rounds of controls */

/* Sockets that are kept: made directly in a directory of the lane, with twins. */
struct lane_pair {
	struct topo_pair pair;
	struct lane_pair *next;
	uint64_t kind;	/* family, type, protocol, route */
	bool used;	/* by the case that runs */
	unsigned birth; /* of the directory in which it was made; 0: outside */
};

/* A cgroup of the lane. It stays when a case ends, unless the case removed it or made it threaded. */
struct lane_dir {
	struct cgroup cg; /* dir -1: does not exist and never did; else open, perhaps of a removed one */
	bool exists, threaded;
	uint8_t parent; /* index, or TREE_NONE: the lane's top */
	char name;
	unsigned birth; /* no two cgroups have one number */
	struct lane_pair *pairs;
	uint64_t base[HOOK_COUNT]; /* its revisions when the case began, less 1 */
};

struct lane {
	struct backend *kernel;
	struct topo_set *set;
	struct bpfobj obj;
	uint32_t prog_id[HOOK_COUNT][HD_PROGS]; /* the kernel's id of each copy */
	struct cgroup top;
	unsigned n_dirs, births;
	struct lane_dir dir[LANE_DIRS];
	struct lane_pair *outside;
	bool failed; /* something stayed attached: no case can run any more */
	bool has_revisions;
	uint64_t begun; /* cases */
	char error[256];

	/* Of the case that runs. */
	const struct tree *t;
	uint8_t at[TREE_MAX_CGROUPS];		    /* its directory, or TREE_NONE */
	uint8_t copy[TREE_MAX_PROGS];		    /* which copy each program is */
	uint8_t prog[HOOK_COUNT][HD_PROGS];	    /* and back */
	bool keep;				    /* its sockets may be used again */
	uint8_t task;				    /* cgroup of the case, or TREE_NONE: home */
	bool touched[TREE_MAX_CGROUPS][HOOK_COUNT]; /* a program was attached */
	int link[TREE_MAX_LINKS];		    /* fd or -1 */
	uint32_t link_id[TREE_MAX_LINKS];	    /* 0: not known */
	struct lane_pair *sock[TREE_MAX_SOCKS];
	bool loose[TREE_MAX_SOCKS]; /* not kept when the case ends */
};

/* Fills l->error; returns err. */
int lane_fail(struct lane *l, int err, const char *what);

/* lane_dir.c */
int lane_dirs_begin(struct lane *l);
void lane_dirs_end(struct lane *l);
void lane_dirs_close(struct lane *l);
int lane_mkdir(struct lane *l, uint8_t cg);
int lane_rmdir(struct lane *l, uint8_t cg);
struct lane_dir *lane_dir_of(struct lane *l, uint8_t cg);
/* The calling process goes to a cgroup of the case, or home. 0 or -errno of the write. */
int lane_enter(struct lane *l, uint8_t cg);

/* lane_sock.c */
/* Makes socket i of the case. 0 or -errno of what failed, *own: it was not the move to a cgroup. */
int lane_socket(struct lane *l, unsigned i, bool *own);
void lane_close_socket(struct lane *l, unsigned i, bool keep);
void lane_drop_pairs(struct lane *l, struct lane_pair **list);

/* lane_control.c: proves that the lane's programs run where they must, and nowhere else. 0 or -errno. */
int lane_controls(struct lane *l);

/* lane_route.c: a socket by one of the routes that need another process or other sockets. 0 or -errno. */
int lane_route(struct lane *l, const struct tree_sock *k, bool twin, struct sock_fds *out);

#endif
