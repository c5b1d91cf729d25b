/* SPDX-License-Identifier: MIT */
/*
 * BPF objects of users on the running kernel, by libbpf: some of an object's sockopt programs loaded
 * together, so that they share its maps, and each refusal with the verifier's last words. Attaching is
 * kernel.h's part.
 */
#ifndef USEROBJ_H
#define USEROBJ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../case/tcase.h"

#define USEROBJ_ARRAY 65536 /* bytes of an array that userobj_reset puts back */

struct userobj_prog {
	const char *name; /* borrowed */
	enum hook hook;
	int fd;	       /* the userobj's; -1: refused */
	char why[600]; /* refused: one line */
};

struct userobj_array; /* userobj.c */

struct userobj {
	const void *bytes; /* borrowed */
	size_t n;
	struct userobj_prog prog[TC_MAX_PROGS];
	unsigned n_progs;
	void *object;		     /* struct bpf_object */
	struct userobj_array *array; /* as the loader left them, a list */
	bool stays;		     /* a map cannot be put back: each reset loads anew */
};

/* The n bytes of an object file. */
void userobj_init(struct userobj *u, const void *bytes, size_t n);
/* One more program to load, before userobj_load; at most TC_MAX_PROGS of them. */
void userobj_want(struct userobj *u, const char *name, enum hook hook);

/*
 * Loads what is wanted; those that the kernel refuses have fd -1 and a reason, the others are there. 0, or
 * -errno with a sentence in err: not even an object without programs can be loaded.
 */
int userobj_load(struct userobj *u, char *err, size_t size);
void userobj_fini(struct userobj *u);

/*
 * All maps as they were after userobj_load, but storage of sockets, which goes with them. May load anew, so
 * that each fd is another one. 0 or -errno with a sentence.
 */
int userobj_reset(struct userobj *u, char *err, size_t size);

#endif
