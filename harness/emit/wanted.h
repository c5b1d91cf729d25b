/* SPDX-License-Identifier: MIT */
/*
 * What must come of a call, kept: a struct want points into the oracle and is gone with its next plan, this
 * one owns its bytes and may lack parts. For files about a case that somebody else will run.
 */
#ifndef WANTED_H
#define WANTED_H

#include "../case/outcome.h"

#define WANTED_SEEN 64 /* bytes of optval that are kept of what a program must see */

struct wanted_seen {
	uint8_t id;  /* level * TC_MAX_SLOTS + slot */
	uint8_t any; /* enum seen_any */
	int32_t level, optname, optlen, retval;
	uint32_t size, n;			       /* n bytes are kept */
	uint8_t bytes[WANTED_SEEN], mask[WANTED_SEEN]; /* mask: nonzero byte = not compared */
};

struct wanted {
	bool has_ret, has_optlen, has_seen;
	int64_t ret;
	int32_t optlen;
	uint32_t n;    /* bytes of the user's memory: buffer, and the canaries past it */
	uint8_t *mem;  /* n bytes, owned; NULL: nothing is known of the memory */
	uint8_t *mask; /* n bytes, owned: nonzero = not known */
	bool more;     /* programs: n_seen, and others may run after them */
	unsigned n_seen;
	struct wanted_seen seen[TC_MAX_PROGS];
};

/* Everything that w says of call c. What was in *to is freed: start from zeros. 0 or -ENOMEM. */
int wanted_copy(struct wanted *to, const struct tc_call *c, const struct want *w);

/* What the case itself says after `=` takes the place of what was known, or adds to it. 0 or -ENOMEM. */
int wanted_expect(struct wanted *to, const struct tc_call *c);

void wanted_fini(struct wanted *w);

#endif
