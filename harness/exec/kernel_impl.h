/* SPDX-License-Identifier: MIT */
/* Inside of the kernel backend only: kernel.c (its functions), ways.c (calls that are no plain system call).
 */
#ifndef KERNEL_IMPL_H
#define KERNEL_IMPL_H

#include "arena.h"
#include "helper.h"
#include "kcov_set.h"
#include "kernel.h"
#include "meanwhile.h"
#include "straight.h"
#include "surroundings.h"
#include "topo.h"

/* What option_find() said of an option. */
struct volatile_hint {
	int32_t level, optname;
	bool known, is_volatile;
};

struct kernel {
	struct backend b; /* first: the two are cast into each other */
	struct topo_set set;
	struct hd_shared *shared;
	struct topo *topo; /* of the current case */
	unsigned n_socks;
	bool lane; /* the case is a lane's: kernel_lend() */
	struct topo_pair *pair[TC_MAX_SOCKS];
	struct arena hooked, twin;
	struct surroundings around;
	struct uring *uring;	      /* NULL until a case needs it */
	enum { ASK, YES, NO } compat; /* are there 32-bit calls */
	struct helper helper;
	struct meanwhile meanwhile;
	struct straight *straight; /* as uring */
	const struct kernel_others *others;
	struct kcov_set *blocks;       /* NULL: nobody asked */
	struct volatile_hint hint[64]; /* by hash of level and option */
	struct tcase lent;	       /* of kernel_takes_prog: large, so behind all that is hot */
};

/*
 * Which ways into the kernel the calls take: bits by enum call_via, but for the system call; above them what
 * other threads do meanwhile (or-ed).
 */
unsigned ways_of(const struct tcase *tc);
/* Is this machine's kernel open to all of them? 0, or -EOPNOTSUPP with the reason in the backend's error. */
int ways_begin(struct kernel *k, const struct tcase *tc, unsigned ways);

/* The twin's part of a getsockopt that is held. */
void ways_handler_held(struct kernel *k, int fd, const struct tc_call *c, struct handler_result *hr);
/* A call through io_uring, of a 32-bit task or by a helper; and one while another thread does its part. */
void ways_call(struct kernel *k, int fd, const struct tc_call *c, const struct arena_buf *buf,
	       struct outcome *got);
void ways_call_meanwhile(struct kernel *k, int fd, const struct tc_call *c, const struct arena_buf *buf,
			 struct outcome *got);

#endif
