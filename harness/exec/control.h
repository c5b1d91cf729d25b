/* SPDX-License-Identifier: MIT */
/*
 * Controls: calls that prove that a hook ran for a socket, or that it did not. Without them a run in which
 * the programs were never called would look like a run in which everything agrees. They use a level that no
 * protocol has, which the kernel refuses and the first program answers, so they change no socket.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include "../../progs/shared.h"
#include "backend.h"

#define CONTROL_LEVEL 0x484b

struct control {
	struct hd_shared *shared; /* borrowed */
	bool may_return_2;	  /* the first proposal: only a 2 keeps the handler away */
	struct control_counts counts;
};

/* Programs of one topology on one hook. */
struct control_ids {
	unsigned n;
	uint8_t id[HD_PROGS];
};

/*
 * Positive: makes every program in ids answer the magic call, and checks result, count and trace. Overwrites
 * their action lists. Counts and returns whether the hook ran.
 */
bool control_ran(struct control *c, int fd, enum hook hook, const struct control_ids *ids);

/* Negative: the same call must get the kernel's own refusal, and no program may run. */
bool control_silent(struct control *c, int fd, enum hook hook);

#endif
