/* SPDX-License-Identifier: MIT */
/*
 * The backend that runs cases on the kernel of this machine: real cgroups, real programs, real sockets. Needs
 * root (or the capabilities that exec/probe.h lists). Everything happens in cgroups named hookdiff.* and in a
 * network namespace of our own; closing it leaves nothing behind, and what a killed run left is removed by
 * the next kernel_open.
 *
 * Not thread-safe, and the process moves between cgroups while sockets are made: one backend per worker
 * process, and no other thread that makes sockets.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include "backend.h"

struct kernel_opts {
	unsigned reuse; /* cases that may share a socket pair; 1: a new pair for each; 0: the default, 64 */
	bool own_netns; /* move the process to a new network namespace (back again at close) */
};

/*
 * Programs that somebody else has loaded (userobj.h), by hook and id (level * TC_MAX_SLOTS + slot); 0 or
 * less: the case's action list runs there. They write down nothing of what they see.
 */
struct kernel_others {
	int fd[HOOK_COUNT][TC_MAX_PROGS];
};

/*
 * From the next load of a case on these stand at their places, borrowed until the case after the next
 * kernel_others(b, NULL) has begun. The caller sets b->straight.
 */
void kernel_others(struct backend *b, const struct kernel_others *others);

/* NULL with one sentence in err. The caller ends it with b->ops->close(b, NULL). */
struct backend *kernel_open(const struct kernel_opts *opts, char *err, size_t size);

/* With HOOKDIFF_BLOCKS (kcov_set.h): what runs from now on belongs to the case of that name. */
void kernel_section(struct backend *b, const char *name);

/* For the slow lane (lane.h), which runs beside the fast path on what that has opened. */
struct topo_set;
struct topo_pair;
struct topo;

/* Cgroups, programs' map, reaper and controls; the backend's. */
struct topo_set *kernel_set(struct backend *b);
/* The topology of the case that has begun last. */
struct topo *kernel_topo(struct backend *b);
/* Can this kernel load a program that does this? 0, or -EOPNOTSUPP with the reason in b->error. */
int kernel_takes_prog(struct backend *b, const struct prog *p, enum hook hook);
/*
 * The backend's next calls go to this pair (NULL: to no socket), as those of tc (may be NULL), which has one
 * socket. Until its next begin. 0 or -EOPNOTSUPP with the reason in b->error.
 */
int kernel_lend(struct backend *b, struct topo_pair *pair, const struct tcase *tc);
/* Does this errno of socket(2) mean that the machine does not know such sockets? */
bool kernel_lacks_socket(int err);

#endif
