
/* ---- the socket command of io_uring (Linux 6.7) ---- */

#include <linux/io_uring.h>

#ifndef __NR_io_uring_setup
#define __NR_io_uring_setup 425
#define __NR_io_uring_enter 426
#endif
enum { OP_URING_CMD = 46, CMD_GETSOCKOPT = 2, CMD_SETSOCKOPT = 3 };
enum { SQE_CMD_OP = 8, SQE_LEVEL = 16, SQE_OPTNAME = 20, SQE_OPTLEN = 44, SQE_OPTVAL = 48, SQE_SIZE = 64 };

static void sqe_put(unsigned char *sqe, unsigned off, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++, v >>= 8) /* little endian */
		sqe[off + i] = (unsigned char)v;
}

static void *ring_map(int fd, size_t size, off_t at)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, at);

	if (p == MAP_FAILED)
		cannot("mapping io_uring");
	return p;
}

/* A ring for one entry, made for the call and closed after it. */
static void call_uring(int is_get, int sock, int level, int optname, void *val, int len)
{
	struct io_uring_params p;
	unsigned char *sq, *cq, *sqe;
	unsigned tail, head;
	int fd;

	memset(&p, 0, sizeof(p));
	fd = (int)syscall(__NR_io_uring_setup, 1, &p);
	if (fd < 0)
		cannot("io_uring");
	sq = ring_map(fd, p.sq_off.array + p.sq_entries * 4, IORING_OFF_SQ_RING);
	cq = ring_map(fd, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
	sqe = ring_map(fd, p.sq_entries * SQE_SIZE, IORING_OFF_SQES);
	memset(sqe, 0, SQE_SIZE);
	sqe[0] = OP_URING_CMD;
	sqe_put(sqe, 4, (uint32_t)sock, 4);
	sqe_put(sqe, SQE_CMD_OP, is_get ? CMD_GETSOCKOPT : CMD_SETSOCKOPT, 4);
	sqe_put(sqe, SQE_LEVEL, (uint32_t)level, 4);
	sqe_put(sqe, SQE_OPTNAME, (uint32_t)optname, 4);
	sqe_put(sqe, SQE_OPTLEN, (uint32_t)len, 4);
	sqe_put(sqe, SQE_OPTVAL, (uintptr_t)val, 8);
	tail = *(unsigned *)(void *)(sq + p.sq_off.tail);
	*(unsigned *)(void *)(sq + p.sq_off.array) = 0;
	record_reset();
	__atomic_store_n((unsigned *)(void *)(sq + p.sq_off.tail), tail + 1, __ATOMIC_RELEASE);
	if (syscall(__NR_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		cannot("io_uring_enter");
	head = *(unsigned *)(void *)(cq + p.cq_off.head);
	if (head == __atomic_load_n((unsigned *)(void *)(cq + p.cq_off.tail), __ATOMIC_ACQUIRE))
		cannot("io_uring gave no result");
	got_ret = ((struct io_uring_cqe *)(void *)(cq + p.cq_off.cqes))->res;
	record_take();
	close(fd);
}
