/* SPDX-License-Identifier: MIT */
/* The kernel's side of a scene: cgroups, loaded programs, links, and each operation as a bpf(2) call. */
#ifndef WORLD_H
#define WORLD_H

#include "../exec/cgroup.h"
#include "scene.h"

struct world {
	struct cgroup_base base;
	bool based;
	struct cgroup cg[SCENE_PLACES];
	int prog[HOOK_COUNT * SCENE_PROGS];
	int link[4 * SCENE_PLACES];
	char error[256];
};

/*
 * Makes the base and loads the programs of the tree under the name `name`. delay: turns of an empty loop that
 * each program makes first, so that calls take longer. 0 or -errno with a sentence in error.
 */
int world_open(struct world *w, const struct tree *t, const char *name, unsigned delay);
void world_close(struct world *w);

/* Makes the cgroups of a round. 0 or -errno with a sentence in error. */
int world_begin(struct world *w, const struct tree *t);
/* Detaches and removes everything of the round. */
int world_end(struct world *w, const struct tree *t);

/* A socket as the tree says. The task, with all its threads, goes there and back. An fd or -errno. */
int world_socket(struct world *w, const struct tree_sock *k);

/* 0 or -errno, as the kernel says. */
int world_step(struct world *w, const struct tree *t, const struct tree_step *s);

#endif
