/* SPDX-License-Identifier: MIT */
/*
 * Sockets that another process makes, or that are accepted. A helper is a child for one socket: it goes to
 * the cgroup, makes the socket and gives it back in the way that the route says; it dies with us.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lane_impl.h"

#ifndef __NR_pidfd_open
#define __NR_pidfd_open 434
#endif
#ifndef __NR_pidfd_getfd
#define __NR_pidfd_getfd 438
#endif

/* What a helper says of itself: 0 and a descriptor (its number, or with the message), or -errno. */
struct news {
	int32_t ret, fd;
};

union fd_space {
	struct cmsghdr head;
	char space[CMSG_SPACE(sizeof(int))];
};

static void tell(int chan, int ret, int fd, bool pass)
{
	struct news news = {ret, fd};
	union fd_space ctl = {.space = {0}};
	struct iovec iov = {&news, sizeof(news)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (pass && !ret) {
		msg.msg_control = &ctl;
		msg.msg_controllen = sizeof(ctl);
		ctl.head.cmsg_level = SOL_SOCKET;
		ctl.head.cmsg_type = SCM_RIGHTS;
		ctl.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&ctl.head), &fd, sizeof(fd));
	}
	if (sendmsg(chan, &msg, MSG_NOSIGNAL) < 0)
		_exit(1);
}

/* *fd: the passed descriptor, or the number that the helper named. 0 or -errno. */
static int hear(int chan, int *fd)
{
	struct news news = {-EPIPE, -1};
	union fd_space ctl;
	struct iovec iov = {&news, sizeof(news)};
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &ctl, .msg_controllen = sizeof(ctl)};
	struct cmsghdr *c;

	if (recvmsg(chan, &msg, MSG_CMSG_CLOEXEC) != sizeof(news))
		return -EPIPE;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(&news.fd, CMSG_DATA(c), sizeof(news.fd));
	*fd = news.fd;
	return news.ret;
}

static int make(const struct tree_sock *k)
{
	int fd = socket(k->family, k->type, k->protocol);

	return fd < 0 ? -errno : fd;
}

/* ---- what the helper does ---- */

struct helper {
	const struct tree_sock *k;
	const struct cgroup *in, *home, *above; /* above: of the thread route */
	int threads;				/* cgroup.threads of `in` */
	int chan;
};

static void by_fork(const struct helper *h, int fd)
{
	pid_t pid = fork();

	if (pid)
		waitpid(pid, NULL, 0);
	else
		tell(h->chan, cgroup_enter(h->home), fd, true);
	_exit(0);
}

/* An ELF file that does nothing but pause: only its process matters, which keeps descriptor 0 to 1023 open.
 */
static int idle_program(void)
{
#if defined(__x86_64__)
	/* mov eax, 34 (pause); syscall; jmp back */
	static const uint8_t code[] = {0xb8, 0x22, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7};
	const uint16_t machine = 62;
#elif defined(__aarch64__)
	/* mov x0-x4, 0; mov x8, 73 (ppoll); svc 0; b back */
	static const uint32_t code[] = {0xd2800000, 0xd2800001, 0xd2800002, 0xd2800003,
					0xd2800004, 0xd2800928, 0xd4000001, 0x17fffff9};
	const uint16_t machine = 183;
#else
	static const uint8_t code[] = {0};
	const uint16_t machine = 0;
#endif
	struct {
		uint8_t ident[16];
		uint16_t type, machine;
		uint32_t version;
		uint64_t entry, phoff, shoff;
		uint32_t flags;
		uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
		uint32_t p_type, p_flags;
		uint64_t p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
		uint8_t code[sizeof(code)];
	} elf = {.ident = {0x7f, 'E', 'L', 'F', 2, 1, 1},
		 .type = 2,
		 .machine = machine,
		 .version = 1,
		 .entry = 0x400000 + 120,
		 .phoff = 64,
		 .ehsize = 64,
		 .phentsize = 56,
		 .phnum = 1,
		 .p_type = 1,
		 .p_flags = 5,
		 .p_vaddr = 0x400000,
		 .p_filesz = sizeof(elf),
		 .p_memsz = sizeof(elf),
		 .p_align = 4096};
	int fd = memfd_create("hookdiff-idle", MFD_CLOEXEC);

	_Static_assert(offsetof(__typeof__(elf), code) == 120, "the code begins behind both headers");
	memcpy(elf.code, code, sizeof(code));
	if (!machine || fd < 0 || write(fd, &elf, sizeof(elf)) != sizeof(elf))
		return -1;
	return fd;
}

/* The channel closes with the exec: that is how the parent sees it. */
static void by_exec(const struct helper *h, int fd)
{
	int program = idle_program(), ret = program < 0 ? -EOPNOTSUPP : cgroup_enter(h->home);
	char *none[] = {NULL};

	tell(h->chan, ret, fd, false);
	if (!ret)
		fexecve(program, none, none);
	_exit(1);
}

static void *in_thread(void *arg)
{
	const struct helper *h = arg;
	int fd = -1, ret = write(h->threads, "0", 1) == 1 ? 0 : -errno;

	if (!ret) {
		fd = make(h->k);
		ret = fd < 0 ? fd : 0;
	}
	tell(h->chan, ret, fd, true);
	return NULL;
}

static void by_thread(struct helper *h)
{
	pthread_t thread;
	int ret = cgroup_enter(h->above);

	if (!ret)
		ret = -pthread_create(&thread, NULL, in_thread, h);
	if (ret)
		tell(h->chan, ret, -1, false);
	else
		pthread_join(thread, NULL);
	_exit(0);
}

static void helper_main(struct helper *h)
{
	int ret, fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (h->threads >= 0)
		by_thread(h);
	ret = cgroup_enter(h->in);
	if (!ret && h->k->route == ROUTE_CGNS && unshare(CLONE_NEWCGROUP))
		ret = -errno;
	fd = ret ? ret : make(h->k);
	if (fd < 0) {
		tell(h->chan, fd, -1, false);
		_exit(1);
	}
	switch ((enum tree_route)h->k->route) {
	case ROUTE_FORK:
		by_fork(h, fd);
		break;
	case ROUTE_EXEC:
		by_exec(h, fd);
		break;
	case ROUTE_PIDFD:
		tell(h->chan, 0, fd, false);
		pause();
		break;
	default:
		tell(h->chan, 0, fd, true);
		break;
	}
	_exit(0);
}

/* ---- the parent's side ---- */

/* The descriptor `number` of that process, which still lives. */
static int take(pid_t pid, int number)
{
	int fd, pidfd = (int)syscall(__NR_pidfd_open, pid, 0);

	if (pidfd < 0)
		return errno == ENOSYS ? -EOPNOTSUPP : -errno;
	fd = (int)syscall(__NR_pidfd_getfd, pidfd, number, 0);
	if (fd < 0)
		fd = errno == ENOSYS ? -EOPNOTSUPP : -errno;
	close(pidfd);
	return fd;
}

static int receive(const struct tree_sock *k, int chan, pid_t pid, int *fd)
{
	struct news end;
	int ret = hear(chan, fd);

	if (ret || (k->route != ROUTE_EXEC && k->route != ROUTE_PIDFD))
		return ret;
	if (k->route == ROUTE_EXEC && recv(chan, &end, sizeof(end), 0) != 0)
		return -EIO;
	*fd = take(pid, *fd);
	return *fd < 0 ? *fd : 0;
}

static int from_helper(struct lane *l, struct helper *h, struct sock_fds *out)
{
	int sv[2], ret, fd = -1;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv))
		return -errno;
	pid = fork();
	if (pid < 0) {
		close(sv[0]);
		close(sv[1]);
		return -errno;
	}
	if (!pid) {
		close(sv[0]);
		h->chan = sv[1];
		helper_main(h);
	}
	close(sv[1]);
	ret = receive(h->k, sv[0], pid, &fd);
	close(sv[0]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	out->fd = ret ? -1 : fd;
	out->peer = -1;
	return ret;
}

static int make_threaded(struct lane_dir *d)
{
	int fd = openat(d->cg.dir, "cgroup.type", O_WRONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = d->threaded || write(fd, "threaded", 8) == 8 ? 0 : -errno;
	close(fd);
	d->threaded = !ret;
	return ret;
}

static int by_helper(struct lane *l, const struct tree_sock *k, bool twin, struct sock_fds *out)
{
	const struct cgroup *home = &l->set->base.home;
	struct lane_dir *d = k->cg == TREE_NONE ? NULL : lane_dir_of(l, k->cg);
	struct helper h = {.k = k, .in = twin || !d ? home : &d->cg, .home = home, .threads = -1};
	int ret = 0;

	if (d && !twin && k->route == ROUTE_THREAD && d->exists) {
		ret = make_threaded(d);
		h.threads = openat(d->cg.dir, "cgroup.threads", O_WRONLY | O_CLOEXEC);
		h.above = &l->dir[d->parent].cg;
		if (!ret && h.threads < 0)
			ret = -errno;
	}
	if (!ret)
		ret = from_helper(l, &h, out);
	if (h.threads >= 0)
		close(h.threads);
	return ret;
}

/* An address that the kernel chooses. */
static socklen_t any_address(uint16_t family, struct sockaddr_storage *a)
{
	memset(a, 0, sizeof(*a));
	a->ss_family = family;
	if (family == AF_INET) {
		((struct sockaddr_in *)a)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(struct sockaddr_in);
	}
	if (family == AF_INET6) {
		((struct sockaddr_in6 *)a)->sin6_addr = in6addr_loopback;
		return sizeof(struct sockaddr_in6);
	}
	return sizeof(sa_family_t);
}

static int listener(const struct tree_sock *k, struct sockaddr_storage *a, socklen_t *n)
{
	int fd = make(k), err;

	if (fd < 0)
		return fd;
	*n = any_address(k->family, a);
	if (!bind(fd, (struct sockaddr *)a, *n) && !listen(fd, 4)) {
		*n = sizeof(*a);
		if (!getsockname(fd, (struct sockaddr *)a, n))
			return fd;
	}
	err = errno;
	close(fd);
	return -err;
}

static int go(struct lane *l, uint8_t cg, bool twin)
{
	return lane_enter(l, twin ? TREE_NONE : cg);
}

static int accept_from(int from, int *fd)
{
	*fd = accept4(from, NULL, NULL, SOCK_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

/* The task goes back; sockets of a failure are closed. */
static int end_route(struct lane *l, int from, int ret, struct sock_fds *out)
{
	int back = lane_enter(l, l->task);

	if (from >= 0)
		close(from);
	ret = ret < 0 ? ret : back;
	if (!ret)
		return 0;
	if (out->fd >= 0)
		close(out->fd);
	if (out->peer >= 0)
		close(out->peer);
	*out = (struct sock_fds){-1, -1};
	return ret;
}

/* The peer stays open, or the accepted socket would be one whose peer has closed. */
static int by_accept(struct lane *l, const struct tree_sock *k, bool twin, struct sock_fds *out)
{
	struct sockaddr_storage a;
	int ret = go(l, k->cg, twin), from = -1;
	socklen_t n = 0;

	*out = (struct sock_fds){-1, -1};
	if (!ret)
		ret = from = listener(k, &a, &n);
	if (ret >= 0)
		ret = go(l, k->connector, twin);
	if (!ret)
		ret = out->peer = make(k);
	if (ret >= 0)
		ret = connect(out->peer, (struct sockaddr *)&a, n) ? -errno : go(l, k->acceptor, twin);
	if (!ret)
		ret = accept_from(from, &out->fd);
	return end_route(l, from, ret, out);
}

/* The other end speaks TCP alone, and is outside; it stays open. */
static int by_fallback(struct lane *l, const struct tree_sock *k, bool twin, struct sock_fds *out)
{
	const struct tree_sock tcp = {.family = k->family, .type = k->type};
	struct sockaddr_storage a;
	int ret = go(l, k->cg, twin), from = -1;
	socklen_t n = 0;

	*out = (struct sock_fds){-1, -1};
	if (!ret)
		ret = out->fd = make(k);
	if (ret >= 0)
		ret = go(l, TREE_NONE, twin);
	if (!ret)
		ret = from = listener(&tcp, &a, &n);
	if (ret >= 0)
		ret = connect(out->fd, (struct sockaddr *)&a, n) ? -errno : accept_from(from, &out->peer);
	return end_route(l, from, ret, out);
}

int lane_route(struct lane *l, const struct tree_sock *k, bool twin, struct sock_fds *out)
{
	if (k->route == ROUTE_FALLBACK)
		return by_fallback(l, k, twin, out);
	return k->route == ROUTE_ACCEPT ? by_accept(l, k, twin, out) : by_helper(l, k, twin, out);
}
