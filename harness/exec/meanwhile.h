/* SPDX-License-Identifier: MIT */
/*
 * What another thread does during a call (tcase.h call_meanwhile). The page of optval is not there when the
 * call begins; userfaultfd(2) tells the thread when the kernel wants it, the thread does its part, and then
 * the page comes. Without a page held back the thread waits for a while that differs from call to call.
 */
#ifndef MEANWHILE_H
#define MEANWHILE_H

#include "../base/rng.h"
#include "../case/tcase.h"

enum { MEANWHILE_PAGES = 2 }; /* the hooked socket's, and the twin's, which must outlive the former's call */

struct meanwhile {
	int uffd; /* -1: not open */
	uint32_t page_size;
	uint8_t *page[MEANWHILE_PAGES];
	uint8_t *image; /* a page of what comes */
	struct rng rng;
};

/* 0, or -errno with a sentence that says what this machine lacks. */
int meanwhile_open(struct meanwhile *m, char *err, size_t size);
void meanwhile_close(struct meanwhile *m);

/* A call, and what the other thread does; both get arg. */
struct meanwhile_part {
	int64_t (*call)(void *optval, void *arg);
	void (*act)(void *arg); /* NULL: nothing */
	void *arg;
};

/*
 * Makes the call with page `which` as optval, filled from b. act runs when the kernel first reaches for it,
 * or not at all. *touched: did it; *mem: the page. The call's result; *err: 0, or the errno of what we could
 * not do, and the result means nothing.
 */
int64_t meanwhile_held(struct meanwhile *m, unsigned which, const struct tc_buf *b,
		       const struct meanwhile_part *p, bool *touched, const uint8_t **mem, int *err);

/* Makes the call while act runs, once, sooner or later. optval is the call's own affair. */
int64_t meanwhile_raced(struct meanwhile *m, const struct meanwhile_part *p, int *err);

#endif
