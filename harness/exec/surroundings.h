/* SPDX-License-Identifier: MIT */
/*
 * What the process needs around it while cases run: many descriptors, many groups, a network namespace, and
 * keepers: a program of each hook that stays attached in a cgroup of its own, so that the kernel's static
 * keys do not flip with every topology.
 */
#ifndef SURROUNDINGS_H
#define SURROUNDINGS_H

#include <sys/types.h>

#include "cgroup.h"

struct keeper {
	int prog[HOOK_COUNT];
	struct attachment att[HOOK_COUNT];
	bool attached[HOOK_COUNT];
	struct cgroup cgroup;
};

struct surroundings {
	struct keeper keeper;
	int old_netns;	  /* -1: we did not move */
	int n_old_groups; /* -1: they are as they were */
	gid_t *old_groups;
};

void surroundings_init(struct surroundings *s);
/* 0, or -errno with a sentence in err; then surroundings_close in any case. */
int surroundings_open(struct surroundings *s, const struct cgroup_base *base, bool own_netns, char *err,
		      size_t size);
/* Before cgroup_base_close. */
void surroundings_close(struct surroundings *s);

#endif
