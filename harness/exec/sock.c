/* SPDX-License-Identifier: MIT */
/*
 * socket(2), socketpair(2), connections over the loopback, and the reaper: a grandchild of ours, so that
 * nobody has to wait for it, which receives descriptors over a UNIX socket and closes them. It holds nothing
 * else of ours and ends with the channel.
 */
#include "sock.h"

#include <errno.h>
#include <signal.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A socket of the kind that others can connect to, at *at. Its descriptor, or -errno. */
static int listener(const struct tc_sock *s, struct sockaddr_storage *at, socklen_t *n)
{
	int fd = socket(s->family, s->type | SOCK_CLOEXEC, s->protocol), ret = 0;
	bool dgram = s->type == SOCK_DGRAM;

	if (fd < 0)
		return -errno;
	memset(at, 0, sizeof(*at));
	at->ss_family = s->family;
	*n = sizeof(sa_family_t); /* UNIX: a name is made */
	if (s->family == AF_INET) {
		((struct sockaddr_in *)at)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		*n = sizeof(struct sockaddr_in);
	} else if (s->family == AF_INET6) {
		((struct sockaddr_in6 *)at)->sin6_addr = in6addr_loopback;
		*n = sizeof(struct sockaddr_in6);
	} else if (s->family == AF_VSOCK) {
		((struct sockaddr_vm *)at)->svm_cid = VMADDR_CID_LOCAL;
		((struct sockaddr_vm *)at)->svm_port = VMADDR_PORT_ANY;
		*n = sizeof(struct sockaddr_vm);
	} else if (s->family != AF_UNIX) {
		ret = -EOPNOTSUPP;
	}
	if (!ret && bind(fd, (struct sockaddr *)at, *n))
		ret = -errno;
	*n = sizeof(*at);
	if (!ret && ((!dgram && listen(fd, 1)) || getsockname(fd, (struct sockaddr *)at, n)))
		ret = -errno;
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

static int connect_pair(const struct tc_sock *s, int fd[2])
{
	struct sockaddr_storage at;
	socklen_t n = 0;
	int far, ret = 0;

	if (s->route == ROUTE_CLOSED && s->type == SOCK_DGRAM)
		return -EOPNOTSUPP; /* nobody would hear of it */
	far = listener(s, &at, &n);
	if (far < 0)
		return far;
	fd[0] = socket(s->family, s->type | SOCK_CLOEXEC, s->protocol);
	if (fd[0] < 0 || connect(fd[0], (struct sockaddr *)&at, n))
		ret = -errno;
	fd[1] = far;
	if (!ret && s->type != SOCK_DGRAM) {
		fd[1] = accept4(far, NULL, NULL, SOCK_CLOEXEC);
		ret = fd[1] < 0 ? -errno : 0;
		close(far);
	}
	if (!ret && s->route == ROUTE_CLOSED) { /* on a busy machine the news takes its time */
		struct pollfd news = {.fd = fd[0], .events = POLLRDHUP};

		ret = shutdown(fd[1], SHUT_WR) || poll(&news, 1, 1000) < 0 ? -errno : 0;
	}
	if (ret) {
		close(fd[0]);
		close(fd[1]);
	}
	return ret;
}

int sock_make(const struct tc_sock *s, struct sock_fds *out)
{
	int fd[2] = {-1, -1}, ret;

	if (s->route == ROUTE_SOCKETPAIR) {
		if (socketpair(s->family, s->type | SOCK_CLOEXEC, s->protocol, fd))
			return -errno;
	} else if (s->route == ROUTE_SOCKET) {
		fd[0] = socket(s->family, s->type | SOCK_CLOEXEC, s->protocol);
		if (fd[0] < 0)
			return -errno;
	} else if (s->route == ROUTE_LISTENING) {
		struct sockaddr_storage at;
		socklen_t n;

		fd[0] = listener(s, &at, &n);
		if (fd[0] < 0)
			return fd[0];
	} else {
		ret = connect_pair(s, fd);
		if (ret)
			return ret;
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

/*
 * Ends a connection with a reset, so that nothing of it stays behind in the network namespace and nobody
 * waits: a case may have set SO_LINGER and options with which no packet of its socket arrives any more.
 * SO_LINGER with 0 would do the same, but programs of a case can see and change that.
 */
static void reset(int fd)
{
	static const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

	(void)connect(fd, &nowhere, sizeof(nowhere));
}

void sock_retire(struct sock_reaper *r, uint16_t family, struct sock_fds *s)
{
	if (s->peer >= 0 && (family == AF_INET || family == AF_INET6)) {
		reset(s->peer);
		reset(s->fd);
	}
	retire(r, family, s->peer);
	retire(r, family, s->fd);
	s->fd = s->peer = -1;
}
