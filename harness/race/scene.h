/* SPDX-License-Identifier: MIT */
/*
 * What is changed while calls run: scenes, each a small tree of cgroups with programs and a rule that
 * proposes the next operation. A scene is a tree case (case/tree.h) whose only step is written anew for each
 * operation, so that the attach model (oracle/tree.h) says what each one does. To add a scene: a row in
 * scene.c.
 */
#ifndef SCENE_H
#define SCENE_H

#include "../../oracle/tree.h"
#include "../base/rng.h"

#define SCENE_PLACES 2 /* sockets whose programs are watched: tree.sock[] */
#define SCENE_PROGS  8 /* of each hook; the last one rejects */
#define SCENE_LOG    4 /* programs that leave their mark in a call's value */

struct scene_run {
	const struct scene *scene;
	struct tree tree; /* step[0] is the next operation */
	struct tree_model model;
	struct rng rng;
	uint8_t node[SCENE_PLACES]; /* of the model: where each place's socket was made */
	unsigned rmdir_at;	    /* after so many operations */
	unsigned done;
};

struct scene {
	const char *name, *what;
	uint32_t needs;	   /* enum attach_need */
	uint8_t n_cgroups; /* a, and b below it */
	uint8_t n_places;  /* sockets: the first in the lowest cgroup */
	bool in_place;	   /* updates exchange programs of a chain one by one: scene.c */
	/* Writes the next operation to step[0]. */
	void (*propose)(struct scene_run *r, struct tree_step *s);
};

/* Row i of the table, or NULL. */
const struct scene *scene_at(unsigned i);
const struct scene *scene_find(const char *name);

/* Begins a round: cgroups, programs, sockets, nothing attached. */
void scene_begin(struct scene_run *r, const struct scene *scene, const struct attach_epoch *epoch,
		 uint64_t seed, uint64_t round);
/* Writes the next operation to r->tree.step[0] and takes the model through it. */
void scene_next(struct scene_run *r, struct tree_want *w);

/* The mark that program i of the tree leaves, 1..SCENE_PROGS, and the program of that mark. */
static inline uint8_t scene_mark(unsigned prog)
{
	return (uint8_t)(prog % SCENE_PROGS + 1);
}
static inline unsigned scene_prog(enum hook hook, uint8_t mark)
{
	return (unsigned)hook * SCENE_PROGS + mark - 1u;
}

/* The call that each hook's callers make on a socket. */
const struct tc_call *scene_call(enum hook hook);

#endif
