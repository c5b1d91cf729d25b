/* SPDX-License-Identifier: MIT */
#include "qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "qemu-system-x86_64"

/*
 * Quick to boot, and nothing hidden: warnings reach the console, and an oops ends the guest there and then,
 * with the case that caused it still in the recorder.
 */
#define APPEND                                                                                               \
	"console=ttyS0 loglevel=5 panic=-1 oops=panic rdinit=/init mitigations=off nokaslr "                 \
	"cryptomgr.notests "                                                                                 \
	"lsm=capability audit=0 no_timer_check random.trust_cpu=on 8250.nr_uarts=4 "                         \
	"rcupdate.rcu_expedited=1"
#define APPEND_TCG " tsc=reliable lpj=5000000" /* both are known there, and measuring them takes time */

enum { FD_INITRAMFS = 10, FD_RAM, FD_CHANNEL, FD_COUNT }; /* in QEMU */

bool qemu_find(char *out, size_t size)
{
	const char *path = getenv("PATH");

	for (const char *p = path ? path : "/usr/bin:/bin"; *p;) {
		size_t n = strcspn(p, ":");

		if (n && (size_t)snprintf(out, size, "%.*s/" PROGRAM, (int)n, p) < size && !access(out, X_OK))
			return true;
		p += n + (p[n] == ':');
	}
	return false;
}

static void __attribute__((noreturn)) run(const char *program, const struct qemu_opts *o, pid_t parent,
					  const int fd[FD_COUNT], int console, int errors)
{
	char ram[128], initrd[64], memory[32], channel[64], null[] = "/dev/null";
	const char *const argv[] = {
		program, "-accel", o->kvm ? "kvm" : "tcg,tb-size=48",
		/* TCG's largest model has what some kernels stumble over; the plain one is no slower. */
		"-cpu", o->kvm ? "host" : "Nehalem", "-machine", "pc,memory-backend=ram,vmport=off,usb=off",
		"-smp", "1", "-m", memory, "-object", ram, "-nodefaults", "-no-user-config", "-no-reboot",
		"-display", "none", "-serial", "stdio", "-chardev", channel, "-serial", "chardev:channel",
		"-device", "isa-debug-exit,iobase=0xf4,iosize=0x4", "-kernel", o->kernel, "-initrd", initrd,
		"-append", o->kvm ? APPEND : APPEND APPEND_TCG, NULL};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	setpgid(0, 0); /* the terminal's ^C is for us: the guest's command is told by a message */
	for (int i = FD_INITRAMFS; i < FD_COUNT; i++)
		dup2(fd[i], i);
	dup2(open(null, O_RDONLY), 0);
	dup2(console, 1);
	dup2(errors, 2);
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	snprintf(memory, sizeof(memory), "%uM", o->memory);
	snprintf(ram, sizeof(ram), "memory-backend-file,id=ram,share=on,size=%uM,mem-path=/proc/self/fd/%d",
		 o->memory, FD_RAM);
	snprintf(initrd, sizeof(initrd), "/proc/self/fd/%d", FD_INITRAMFS);
	snprintf(channel, sizeof(channel), "socket,id=channel,fd=%d", FD_CHANNEL);
	execv(program, (char *const *)argv);
	dprintf(2, "%s: %s\n", program, strerror(errno));
	_exit(127);
}

static void close_all(const int *fd, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

/* Descriptors that qemu_start passes on must not be among the numbers that it gives them. */
static int above(int fd)
{
	int high = fd < 0 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 64);

	if (fd >= 0)
		close(fd);
	return high;
}

int qemu_start(struct qemu *q, const struct qemu_opts *opts, char *why, size_t size)
{
	enum { CONSOLE_IN, CONSOLE_OUT, ERRORS_IN, ERRORS_OUT, OURS, THEIRS, RAM, INITRAMFS, N };
	char program[PATH_MAX];
	int fd[N], pass[FD_COUNT] = {0}, ret;
	pid_t parent = getpid();

	memset(fd, -1, sizeof(fd));
	*q = (struct qemu){-1, -1, -1, -1, -1};
	if (!qemu_find(program, sizeof(program))) {
		snprintf(why, size, PROGRAM " is not installed: " QEMU_REMEDY);
		return -ENOENT;
	}
	fd[RAM] = above(memfd_create("hookdiff guest", MFD_CLOEXEC));
	fd[INITRAMFS] = above(fcntl(opts->initramfs, F_DUPFD_CLOEXEC, 64));
	if (fd[RAM] < 0 || fd[INITRAMFS] < 0 || ftruncate(fd[RAM], (off_t)opts->memory << 20) ||
	    pipe2(fd + CONSOLE_IN, O_CLOEXEC) || pipe2(fd + ERRORS_IN, O_CLOEXEC) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd + OURS))
		goto fail;
	for (unsigned i = 0; i < N; i++) {
		fd[i] = above(fd[i]);
		if (fd[i] < 0)
			goto fail;
	}
	pass[FD_INITRAMFS] = fd[INITRAMFS];
	pass[FD_RAM] = fd[RAM];
	pass[FD_CHANNEL] = fd[THEIRS];
	q->pid = fork();
	if (q->pid < 0)
		goto fail;
	if (!q->pid)
		run(program, opts, parent, pass, fd[CONSOLE_OUT], fd[ERRORS_OUT]);
	q->console = fd[CONSOLE_IN];
	q->errors = fd[ERRORS_IN];
	q->channel = fd[OURS];
	q->ram = fd[RAM];
	close(fd[CONSOLE_OUT]);
	close(fd[ERRORS_OUT]);
	close(fd[THEIRS]);
	close(fd[INITRAMFS]);
	fcntl(q->console, F_SETFL, O_NONBLOCK);
	fcntl(q->errors, F_SETFL, O_NONBLOCK);
	fcntl(q->channel, F_SETFL, O_NONBLOCK);
	return 0;
fail:
	ret = -errno;
	snprintf(why, size, "cannot start " PROGRAM ": %s", strerror(-ret));
	close_all(fd, N);
	return ret;
}

bool qemu_ended(const struct qemu *q)
{
	siginfo_t info = {0};

	return q->pid < 0 ||
	       (!waitid(P_PID, (id_t)q->pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid == q->pid);
}

void qemu_end(struct qemu *q, int *status, uint64_t *peak)
{
	struct rusage usage = {0};

	*status = 0;
	if (q->pid > 0) {
		if (!qemu_ended(q))
			kill(q->pid, SIGKILL);
		while (wait4(q->pid, status, 0, &usage) < 0 && errno == EINTR)
			;
	}
	*peak = (uint64_t)usage.ru_maxrss * 1024;
	close_all((const int[]){q->console, q->channel, q->errors, q->ram}, 4);
	*q = (struct qemu){-1, -1, -1, -1, -1};
}
