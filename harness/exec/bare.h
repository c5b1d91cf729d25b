/* SPDX-License-Identifier: MIT */
/*
 * The floor that `hookdiff bench` measures the loop against: the same map writes and the same four system
 * calls, on the same sockets, and nothing else.
 */
#ifndef BARE_H
#define BARE_H

#include "backend.h"

struct bare_case {
	const struct tcase *tc; /* one setsockopt, one getsockopt, on one socket */
	struct plan set;	/* of its setsockopt; bytes must stay valid */
	const uint8_t *value;	/* the user's memory of its setsockopt */
	uint8_t *answer;	/* that of its getsockopt */
	int32_t get_optlen;
};

/* Runs the four calls on the sockets of the case that kernel_open's backend began last. */
void kernel_bare(struct backend *b, const struct bare_case *c);

#endif
