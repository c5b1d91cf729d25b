/* SPDX-License-Identifier: MIT */
/*
 * Cases on programs of their own: each action list is translated (emit/insn.h), loaded, and put in the place
 * of the interpreter's copy. The programs record into the same shared value, so that everything after the
 * load is as usual. Slower by two orders of magnitude, and independent of progs/interp.bpf.c: its check.
 */
#ifndef STRAIGHT_H
#define STRAIGHT_H

#include "kernel.h"
#include "topo.h"

#define STRAIGHT_CACHE 128

struct straight;

/* NULL if out of memory. Owned by the caller. */
struct straight *straight_new(void);
void straight_free(struct straight *s);

/*
 * Gives each slot of the topology, which nobody else may use, a program that does what tc's list for it says,
 * or the one that others (NULL: none) have for it. 0, or -errno with a sentence in err: -EOPNOTSUPP if the
 * verifier refuses one.
 */
int straight_load(struct straight *s, struct topo_set *set, struct topo *t, const struct tcase *tc,
		  const struct kernel_others *others, char *err, size_t size);

/* Gives the slots the interpreter's copies again, which controls and detaching need, when a case ends. 0 or
 * -errno with a sentence in err. */
int straight_leave(struct topo_set *set, struct topo *t, char *err, size_t size);

/* Programs that were loaded, and those that an equal one was there for. */
void straight_counts(const struct straight *s, uint64_t *loads, uint64_t *hits);

#endif
