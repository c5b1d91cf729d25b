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

_Static_assert(sizeof(struct io_uring_sqe) == 64, "the offsets are those of a short entry");

struct uring {
	struct io_uring ring;
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
	put(sqe, SQE_CMD_OP, c->hook == HOOK_GET ? OP_GETSOCKOPT : OP_SETSOCKOPT, 4);
	put(sqe, SQE_LEVEL, (uint32_t)c->level, 4);
	put(sqe, SQE_LEVEL + 4, (uint32_t)c->optname, 4);
	put(sqe, SQE_OPTLEN, (uint32_t)c->optlen, 4);
	put(sqe, SQE_OPTVAL, (uintptr_t)val, 8);
	ret = io_uring_submit_and_wait(&u->ring, 1);
	if (ret >= 0)
		ret = io_uring_peek_cqe(&u->ring, &cqe);
	if (ret < 0)
		return -EIO;
	res = cqe->res;
	io_uring_cqe_seen(&u->ring, cqe);
	return res;
}
