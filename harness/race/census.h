/* SPDX-License-Identifier: MIT */
/* Counts what a run may leave behind. Others use the machine too: only what is ours counts, known by a name.
 */
#ifndef CENSUS_H
#define CENSUS_H

#include <stdbool.h>
#include <stddef.h>

struct census {
	unsigned progs;	  /* BPF programs of that name that the kernel has */
	unsigned links;	  /* links of such programs; 0 before Linux 5.8 */
	unsigned cgroups; /* directories below ours, and removed ones that the kernel still holds */
	unsigned fds;	  /* open in this process */
	bool has_links;	  /* the kernel lists links */
};

/* name: of programs, at most 15 bytes. dir: our cgroup, or -1. 0 or -errno (-EPERM: not root). */
int census_take(struct census *c, const char *name, int dir);

/* Is nothing more than before? */
bool census_same(const struct census *before, const struct census *after);

#endif
