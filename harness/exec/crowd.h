/* SPDX-License-Identifier: MIT */
/*
 * The calls of one case by several threads at once, each on sockets of its own in the same cgroups. What
 * programs see is one worker's record (progs/shared.h) and means nothing here; results and memory do.
 */
#ifndef CROWD_H
#define CROWD_H

#include "backend.h"

#define CROWD_MAX 64 /* threads */

/*
 * Makes the calls of tc, which the kernel backend b has run last, `turns` times, each with new sockets. Every
 * call must be a system call without another thread's doing. check is called by the threads, each with its
 * number, and is false if a call is not as it should be: its thread makes no more calls. 0, or -errno with
 * the reason in b->error.
 */
int crowd_run(struct backend *b, const struct tcase *tc, unsigned threads, unsigned turns,
	      bool (*check)(void *arg, unsigned thread, unsigned call, const struct outcome *got), void *arg);

#endif
