/* SPDX-License-Identifier: MIT */
/*
 * Small changes of a case, for fuzzers: one table of edits (edit.c), each of which makes another valid case
 * of a valid one. Numbers go to where the contract bends (boundary.h) and only now and then elsewhere. Read
 * next: batch.h, which does it to the bytes that an engine holds; edit_impl.h, to add a row.
 */
#ifndef EDIT_H
#define EDIT_H

#include "../base/rng.h"
#include "../case/tcase.h"

/* Rows of the table: 0..edit_count()-1. The name is static; i must be in range. */
unsigned edit_count(void);
const char *edit_name(unsigned i);

/*
 * Makes edit i on a case that passes tcase_check; `other`, another such case or NULL, is what splices take
 * from. True: *tc is another case, which passes tcase_check and expects nothing. False: the edit has nothing
 * to work on here, or what it drew is what stood there; *tc is as it was.
 * It may name options that can hurt the machine: see edit_tame().
 */
bool edit_apply(unsigned i, struct tcase *tc, const struct tcase *other, struct rng *r);

/* Where mutated cases will run. */
enum edit_for {
	EDIT_ORACLE, /* programs may return 2, sockets may be of any kind */
	EDIT_KERNEL, /* only what every kernel with the hooks can be asked */
};

/*
 * Makes a case worth an execution, with as little change as that takes: there is a call, it is on a socket,
 * mostly programs run for it, nothing is expected, no option can hurt the machine (safe.h) and, for a
 * kernel, programs return 0 or 1 and sockets are of usual kinds. *tc passes tcase_check before and after.
 */
void edit_tame(struct tcase *tc, enum edit_for where, struct rng *r);

/*
 * One to EDIT_STACK edits on top of each other, drawn by weight, then edit_tame(). The same case, other and
 * state of *r give the same result. Almost always *tc is another case after it.
 */
#define EDIT_STACK 6
void edit_case(struct tcase *tc, const struct tcase *other, enum edit_for where, struct rng *r);

/* Only edits that join *tc with `other`, one of them: a crossover; then edit_tame(). */
void edit_cross(struct tcase *tc, const struct tcase *other, enum edit_for where, struct rng *r);

#endif
