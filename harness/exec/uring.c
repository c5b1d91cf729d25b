/* SPDX-License-Identifier: MIT */
#include "uring.h"

#include <errno.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* include/uapi/linux/io_uring.h of Linux 6.7; the installed headers may be older. */
#define OP_URING_CMD  46
#define OP_GETSOCKOPT 2
#define OP_SETSOCKOPT 3
#define SQE_CMD_OP    8	 /* u32 cmd_op */
#define SQE_LEVEL     16 /* u32 level, u32 optname */
#define SQE_OPTLEN    44 /* u32 optlen */
#define SQE_OPTVAL    48 /* u64 optval */
#define ENTRIES	      4
#define EIOCBQUEUED   529 /* include/linux/errno.h */

_Static_assert(sizeof(struct io_uring_sqe) == 64, "the offsets are those of a short entry");

struct uring {
	struct io_uring ring;
	uint64_t calls; /* so many were made: what comes late of an earlier one is not taken for this one's */
};

struct uring *uring_open(char *err, size_t size)
{
	struct uring *u = calloc(1, sizeof(*u));
	int ret = u ? io_uring_queue_init(ENTRIES, &u->ring, 0) : -ENOMEM;

	if (!ret)
		return u;
	snprintf(err, size,
		 "no io_uring here: %s (needs CONFIG_IO_URING and sysctl kernel.io_uring_disabled 0)",
		 strerror(-ret));
	free(u);
	return NULL;
}

void uring_close(struct uring *u)
{
	if (u)
		io_uring_queue_exit(&u->ring);
	free(u);
}

/* Does a program of the case leave one of the two values that io_uring takes for its own? */
static bool sets_reserved(const struct prog *p)
{
	for (const struct act *a = p->act; a < p->act + p->n; a++)
		if ((a->op == ACT_SET_RETVAL || a->op == ACT_RETVAL) &&
		    (a->val == -EAGAIN || a->val == -EIOCBQUEUED))
			return true;
	return false;
}

bool uring_can_carry(const struct tcase *tc)
{
	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned h = 0; h < HOOK_COUNT; h++)
			for (unsigned s = 0; s < tc->level[l].n[h]; s++)
				if (sets_reserved(&tc->level[l].slot[h][s].prog))
					return false;
	return true;
}

static void put(struct io_uring_sqe *sqe, size_t at, uint64_t v, size_t n)
{
	memcpy((char *)sqe + at, &v, n); /* little endian, as every kernel that hookdiff runs on */
}

int64_t uring_sockopt(struct uring *u, int fd, const struct tc_call *c, void *val)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);
	struct io_uring_cqe *cqe;
	int64_t res;
	int ret;

	if (!sqe)
		return -EIO;
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = OP_URING_CMD;
	sqe->fd = fd;
	sqe->user_data = ++u->calls;
	put(sqe, SQE_CMD_OP, c->hook == HOOK_GET ? OP_GETSOCKOPT : OP_SETSOCKOPT, 4);
	put(sqe, SQE_LEVEL, (uint32_t)c->level, 4);
	put(sqe, SQE_LEVEL + 4, (uint32_t)c->optname, 4);
	put(sqe, SQE_OPTLEN, (uint32_t)c->optlen, 4);
	put(sqe, SQE_OPTVAL, (uintptr_t)val, 8);
	ret = io_uring_submit(&u->ring); /* these commands end before it returns */
	if (ret >= 0)
		ret = io_uring_peek_cqe(&u->ring, &cqe);
	while (ret >= 0 && cqe->user_data != u->calls) {
		io_uring_cqe_seen(&u->ring, cqe);
		ret = io_uring_peek_cqe(&u->ring, &cqe);
	}
	if (ret < 0)
		return -EIO;
	res = cqe->res;
	io_uring_cqe_seen(&u->ring, cqe);
	return res;
}
