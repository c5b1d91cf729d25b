/* SPDX-License-Identifier: MIT */
/*
 * What the kernel runs for this thread, from its KCOV (Documentation/dev-tools/kcov.rst): the addresses of
 * the blocks that it went through, in order. Only a kernel built for it has that (docs/kernels.md, --kcov),
 * and it records only the files that were instrumented. Calls that other threads make are not seen.
 */
#ifndef KCOV_H
#define KCOV_H

#include <stddef.h>
#include <stdint.h>

#define KCOV_WORDS 65536 /* blocks between two looks; what comes later is lost, kcov_take says so */

struct kcov {
	int fd;
	uint64_t *area; /* count, then addresses: the kernel writes here */
};

/*
 * Begins to record, until kcov_close, for the calling thread. 0, or -errno with one sentence in why: -ENOENT
 * for a kernel without KCOV, -EBUSY for a thread that records already.
 */
int kcov_open(struct kcov *k, char *why, size_t size);

/* Forgets what was recorded. */
static inline void kcov_reset(struct kcov *k)
{
	__atomic_store_n(&k->area[0], 0, __ATOMIC_RELAXED);
}

/*
 * The blocks since kcov_reset: *pcs points at their addresses, borrowed until the next reset. Returns how
 * many, at most KCOV_WORDS - 1: then there may have been more.
 */
static inline unsigned kcov_take(const struct kcov *k, const uint64_t **pcs)
{
	uint64_t n = __atomic_load_n(&k->area[0], __ATOMIC_RELAXED);

	*pcs = k->area + 1;
	return n < KCOV_WORDS ? (unsigned)n : KCOV_WORDS - 1;
}

void kcov_close(struct kcov *k);

#endif
