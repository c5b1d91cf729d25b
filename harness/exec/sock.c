/* SPDX-License-Identifier: MIT */
/*
 * socket(2), socketpair(2), and the reaper: a grandchild of ours, so that nobody has to wait for it, which
 * receives descriptors over a UNIX socket and closes them. It holds nothing else of ours and ends with the
 * channel.
 */
#include "sock.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int sock_make(const struct tc_sock *s, struct sock_fds *out)
{
	int fd[2] = {-1, -1};

	if (s->route == ROUTE_SOCKETPAIR) {
		if (socketpair(s->family, s->type | SOCK_CLOEXEC, s->protocol, fd))
			return -errno;
	} else {
		fd[0] = socket(s->family, s->type | SOCK_CLOEXEC, s->protocol);
		if (fd[0] < 0)
			return -errno;
	}
	out->fd = fd[0];
	out->peer = fd[1];
	return 0;
}

void sock_reaper_init(struct sock_reaper *r, int home)
{
	r->chan = -1;
	r->home = home;
	r->n = 0;
}

static void close_all_but(int keep)
{
	long max = sysconf(_SC_OPEN_MAX);

#ifdef __NR_close_range
	if ((keep == 0 || !syscall(__NR_close_range, 0, keep - 1, 0)) &&
	    !syscall(__NR_close_range, keep + 1, ~0u, 0))
		return;
#endif
	for (int fd = 0; fd < max; fd++)
		if (fd != keep)
			close(fd);
}

union fd_msg {
	struct cmsghdr head;
	char space[CMSG_SPACE(sizeof(int) * 64)];
};

static void reaper_main(int chan)
{
	char byte;

	for (;;) {
		union fd_msg ctl;
		struct iovec iov = {&byte, 1};
		struct msghdr msg = {
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = &ctl,
			.msg_controllen = sizeof(ctl),
		};
		struct cmsghdr *c;

		if (recvmsg(chan, &msg, 0) <= 0)
			_exit(0);
		c = CMSG_FIRSTHDR(&msg);
		for (size_t i = 0; c && i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			close(fd);
		}
	}
}

static int reaper_start(struct sock_reaper *r)
{
	char ready = 0;
	int sv[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv))
		return -errno;
	pid = fork();
	if (pid < 0) {
		close(sv[0]);
		close(sv[1]);
		return -EAGAIN;
	}
	if (!pid) {
		if (r->home >= 0 && write(r->home, "0", 1) != 1)
			_exit(1); /* it would keep the owner's cgroups busy */
		if (fork())
			_exit(0);
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		close_all_but(sv[1]);
		if (send(sv[1], &ready, 1, MSG_NOSIGNAL) != 1)
			_exit(1);
		reaper_main(sv[1]);
	}
	waitpid(pid, NULL, 0);
	close(sv[1]);
	/* Until it has closed its copies of our links, closing ours detaches nothing. */
	while (recv(sv[0], &ready, 1, 0) < 0 && errno == EINTR)
		;
	r->chan = sv[0];
	return 0;
}

static void reaper_flush(struct sock_reaper *r)
{
	union fd_msg ctl;
	char byte = 0;
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &ctl,
		.msg_controllen = CMSG_SPACE(sizeof(int) * r->n),
	};

	if (!r->n)
		return;
	if (r->chan < 0)
		reaper_start(r);
	memset(&ctl, 0, sizeof(ctl));
	ctl.head.cmsg_level = SOL_SOCKET;
	ctl.head.cmsg_type = SCM_RIGHTS;
	ctl.head.cmsg_len = CMSG_LEN(sizeof(int) * r->n);
	memcpy(CMSG_DATA(&ctl.head), r->fd, sizeof(int) * r->n);
	/* If the child is gone or far behind, the close below pays the price itself. */
	if (r->chan >= 0)
		sendmsg(r->chan, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	for (unsigned i = 0; i < r->n; i++)
		close(r->fd[i]);
	r->n = 0;
}

void sock_reaper_fini(struct sock_reaper *r)
{
	reaper_flush(r);
	if (r->chan >= 0)
		close(r->chan);
	r->chan = -1;
}

static void retire(struct sock_reaper *r, uint16_t family, int fd)
{
	if (fd < 0)
		return;
	if (family != AF_PACKET) {
		close(fd);
		return;
	}
	r->fd[r->n++] = fd;
	if (r->n == sizeof(r->fd) / sizeof(r->fd[0]))
		reaper_flush(r);
}

void sock_retire(struct sock_reaper *r, uint16_t family, struct sock_fds *s)
{
	retire(r, family, s->fd);
	retire(r, family, s->peer);
	s->fd = s->peer = -1;
}
