/* SPDX-License-Identifier: MIT */
#include "line.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

void line_init(struct line_io *io, int in, int out)
{
	*io = (struct line_io){.in = in, .out = out};
}

void line_fini(struct line_io *io)
{
	buf_fini(&io->rx);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Until fd is ready or the time `end` is there (-1: no end). 0 or -errno. */
static int wait_for(const struct line_io *io, int fd, short events, int64_t end)
{
	struct pollfd p = {.fd = fd, .events = events};

	for (;;) {
		int64_t left = end < 0 ? -1 : end - now_ms();
		int n = poll(&p, 1, end < 0 ? -1 : left < 0 ? 0 : (int)left);

		if (n > 0)
			return 0;
		if (!n)
			return -ETIMEDOUT;
		if (errno != EINTR || io->interruptible)
			return -errno;
	}
}

int line_read(struct line_io *io, int timeout_ms, const char **line, size_t *n)
{
	int64_t end = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
	size_t seen = 0;

	if (io->used) {
		memmove(io->rx.p, io->rx.p + io->used, io->rx.n - io->used);
		io->rx.n -= io->used;
		io->used = 0;
	}
	for (;;) {
		const char *nl = io->rx.n > seen ? memchr(io->rx.p + seen, '\n', io->rx.n - seen) : NULL;
		char bytes[65536];
		ssize_t got;
		int err;

		if (nl) {
			*line = io->rx.p;
			*n = (size_t)(nl - io->rx.p);
			io->used = *n + 1;
			return 1;
		}
		seen = io->rx.n;
		if (seen >= LINE_LONGEST)
			return -EMSGSIZE;
		err = wait_for(io, io->in, POLLIN, end);
		if (err)
			return err;
		got = read(io->in, bytes, sizeof(bytes));
		if (!got)
			return 0;
		if (got < 0 && (errno == EAGAIN || (errno == EINTR && !io->interruptible)))
			continue;
		if (got < 0)
			return -errno;
		buf_add(&io->rx, bytes, (size_t)got);
		if (io->rx.failed)
			return -ENOMEM;
	}
}

int line_write(struct line_io *io, int timeout_ms, const struct buf *b)
{
	int64_t end = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
	struct sigaction ignore = {.sa_handler = SIG_IGN}, old;
	size_t done = 0;
	int err = b->failed ? -ENOMEM : 0;

	sigaction(SIGPIPE, &ignore, &old); /* a reader that is gone is an error, not our end */
	while (!err && done < b->n) {
		ssize_t n = write(io->out, b->p + done, b->n - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno == EAGAIN)
			err = wait_for(io, io->out, POLLOUT, end);
		else if (errno != EINTR || io->interruptible)
			err = -errno;
	}
	sigaction(SIGPIPE, &old, NULL);
	return err;
}
