/* SPDX-License-Identifier: MIT */
/*
 * The user memory of one side (hooked or twin), in every situation that a case can ask for. One page set has
 * two views, so that a buffer which the kernel may not write can still be filled by us:
 *
 *     rw, ro   | size bytes of the case's buffer | canary … canary, up to ARENA_SIZE | not mapped |
 *     edge     |      … size bytes, ending exactly here ->| not mapped |
 *
 * Canaries always stand from the buffer's end to the arena's: what a call may have dirtied is noted and
 * repaired by the next arena_put, so that the usual call writes no more than size + TC_PAST bytes. On x86-64
 * all of it lies below 4 GiB, for calls of 32-bit tasks.
 *
 * Pages for an optlen across a page's end (tcase.h len_across), two bytes on each side of a boundary:
 *
 *     span     | writable || writable | writable || not mapped | writable || read-only | not mapped |
 */
#ifndef ARENA_H
#define ARENA_H

#include <stdbool.h>
#include <stdint.h>

#include "../case/tcase.h"

#define ARENA_SIZE (TC_MAX_BUF + 2 * 65536)

/* The user's optlen with canaries on both sides. */
struct arena_len {
	uint32_t before[2];
	int32_t len;
	uint32_t after[2];
};

struct arena {
	uint8_t *rw, *ro;
	uint8_t *edge_map, *edge_end;
	uint8_t *kbuf;	       /* a kernel-made buffer for the twin: a page and zeros behind it */
	const uint8_t *canary; /* ARENA_SIZE bytes of tc_canary() */
	uint32_t dirty;	       /* from this offset on, rw holds canaries */
	uint8_t *span;
	uint32_t page;
	bool spanned;	       /* the last optlen lay there, and what lies beside it is to be looked at */
	struct arena_len *len; /* in a page of its own, as kbuf: a 32-bit task must reach all of this */
};

/* 0 or -errno. */
int arena_init(struct arena *a);
void arena_fini(struct arena *a);

/* Is all of it below 4 GiB? */
bool arena_is_low(const struct arena *a);

/* What a hooked or bare call gets as optval, and where the bytes can be read afterwards. */
struct arena_buf {
	void *user;
	const uint8_t *mem; /* NULL for BUF_NULL */
};

/* Lays out the call's buffer. The canaries past it are complete. */
struct arena_buf arena_put(struct arena *a, const struct tc_call *c);
/* Places n bytes (at most 65536) as the kernel would hand them to a handler. */
void *arena_put_kernel(struct arena *a, const uint8_t *bytes, uint32_t n);
/* Lays out the user's optlen, after the buffer; NULL if the case says so. */
int32_t *arena_put_len(struct arena *a, const struct tc_call *c, const struct arena_buf *buf);
/* The user's optlen after the call; what it was before if the kernel cannot read or write it. */
int32_t arena_len(const struct arena *a, const struct tc_call *c, const struct arena_buf *buf);
/* Did anything beside the user's optlen change? Repairs it. */
bool arena_len_stray(struct arena *a, const struct tc_call *c);
/* Forgets what is known about the canaries: after a call that did something unexpected. */
static inline void arena_distrust(struct arena *a)
{
	a->dirty = ARENA_SIZE;
}

#endif
