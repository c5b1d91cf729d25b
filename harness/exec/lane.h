/* SPDX-License-Identifier: MIT */
/*
 * The slow lane: runs the steps of tree cases on this kernel, beside the fast path (kernel.c) of the same
 * process, whose surroundings, sockets' memory and entry paths it uses. Cgroups, loaded programs and sockets
 * are kept from case to case; what a case attached is taken off when it ends, and the lane looks that nothing
 * stayed.
 *
 * The programs are copies of progs/interp.bpf.c of its own, which leave their trace by the number of the run
 * and not by their place: a case may have one program twice in a chain.
 */
#ifndef LANE_H
#define LANE_H

#include "../case/tree.h"
#include "backend.h"

struct lane;

/* What a step did, but for calls: those are the fast path's, on the socket that lane_lend() gives it. */
struct lane_got {
	int32_t ret; /* 0 or -errno */
	/* Of a query: */
	uint32_t flags, count;
	uint64_t revision;	      /* of the case: a new cgroup has 1 */
	unsigned n;		      /* ids that were written: min(count, room) */
	uint8_t progs[TREE_MAX_ROOM]; /* programs of the case; TREE_NONE: of nobody */
	uint32_t entry_flags;	      /* of the array: what all entries hold */
	bool entries_differ;
};

/* kernel: an open backend of kernel.h, which must live longer. NULL with a sentence in err. */
struct lane *lane_open(struct backend *kernel, char *err, size_t size);
/* Takes everything off and gives back what it made. */
void lane_close(struct lane *l);

/*
 * Prepares cgroups and programs for a case that passes tree_check and lives until lane_end(). 0; -EOPNOTSUPP:
 * this machine cannot express it; other -errno: it failed. Why: lane_error().
 */
int lane_begin(struct lane *l, const struct tree *t);

/* Does step i, which is no call. 0; -EOPNOTSUPP or another -errno as above: the lane, not the kernel, failed.
 */
int lane_step(struct lane *l, unsigned i, struct lane_got *got);

/*
 * Before calls on socket `sock` (or TC_SOCK_BAD): from here on the fast path's backend makes the calls of
 * `flat`, whose only socket is this one. 0 or -errno as above.
 */
int lane_lend(struct lane *l, uint8_t sock, const struct tcase *flat);
/* The program of the case that wrote this entry of hd_shared.order[]; TREE_NONE: nobody's. */
uint8_t lane_ran(const struct lane *l, uint8_t order);

/*
 * Takes everything off. irregular: something differed, so no socket is used again. 0, or -errno if something
 * of the case is still attached or cannot be taken off.
 */
int lane_end(struct lane *l, bool irregular);

/* Before lane_end: may later cases use this one's sockets? lane_begin says yes. */
void lane_keep(struct lane *l, bool keep);
/* The program's actions have changed since lane_begin: hands them to the kernel. */
void lane_reload(struct lane *l, uint8_t prog);

const char *lane_error(const struct lane *l);
/* The backend under it, whose counters of controls the lane adds to. */
struct backend *lane_kernel(const struct lane *l);

#endif
