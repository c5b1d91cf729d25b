/* SPDX-License-Identifier: MIT */
/*
 * An input of the fuzz drivers: one to BATCH_MAX cases in binary form (case_bin.h), one behind the other.
 * A mutation decodes one of them, edits it (edit.h) and encodes it again; the others stay the bytes that they
 * are. What comes out is valid and canonical: decoding and encoding it gives the same bytes.
 *
 * Not for several threads at a time: there are scratch cases, which are large.
 */
#ifndef BATCH_H
#define BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "edit.h"

#define BATCH_MAX 16

/*
 * Where the cases of an input end: end[i] is the offset behind case i. Returns how many there are; what
 * stands behind the last one is not looked at.
 */
unsigned batch_split(const uint8_t *data, size_t n, size_t end[BATCH_MAX]);

/*
 * From now on mutations make inputs of exactly n cases (at most BATCH_MAX), where the bytes suffice: to
 * measure what a case costs, and for engines that need long for an execution. 0, and at first: 1 to
 * BATCH_MAX.
 */
void batch_cases(unsigned n);

/* Changes bytes: LLVMFuzzerMutate's type. NULL: a few simple changes drawn from *r. */
typedef size_t batch_bytes(uint8_t *data, size_t n, size_t max);
size_t batch_few_bytes(uint8_t *data, size_t n, size_t max, struct rng *r);

/*
 * Changes an input in place: edits, adds, drops or swaps cases, a few times in a hundred bytes, whatever they
 * mean. data has room for max bytes, of which n <= max are used. Returns the new size: never above max, and 0
 * only if max is below CASE_BIN_MIN. The same bytes and state of *r give the same result (if `bytes` does).
 */
size_t batch_mutate(uint8_t *data, size_t n, size_t max, enum edit_for where, batch_bytes *bytes,
		    struct rng *r);

/* The same for two inputs into out[0..max): cases of b join those of a. */
size_t batch_cross(const uint8_t *a, size_t na, const uint8_t *b, size_t nb, uint8_t *out, size_t max,
		   enum edit_for where, struct rng *r);

/* Makes any bytes an input: every case decoded, tamed (edit.h), encoded. Cases that do not fit are left out.
 */
size_t batch_repair(uint8_t *data, size_t n, size_t max, enum edit_for where, struct rng *r);

#endif
