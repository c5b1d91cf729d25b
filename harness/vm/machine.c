/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qemu.h"
#include "uml.h"

static void __attribute__((noreturn)) child(const char *program, const struct machine_opts *o, pid_t parent,
					    const int fd[MACHINE_FDS], int console, int errors)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	setpgid(0, 0); /* the terminal's ^C is for us: the guest's command is told by a message */
	for (int i = MACHINE_INITRAMFS; i < MACHINE_FDS; i++)
		if (fd[i] >= 0)
			dup2(fd[i], i);
	dup2(open("/dev/null", O_RDONLY), 0);
	dup2(console, 1);
	dup2(errors, 2);
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	if (o->uml)
		uml_exec(o);
	else
		qemu_exec(program, o);
	dprintf(2, "%s: %s\n", o->uml ? o->kernel : program, strerror(errno));
	_exit(127);
}

static void close_all(const int *fd, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

/* Descriptors that are passed on must not be among the numbers that they get there. */
static int above(int fd)
{
	int high = fd < 0 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 64);

	if (fd >= 0)
		close(fd);
	return high;
}

int machine_start(struct machine *m, const struct machine_opts *opts, char *why, size_t size)
{
	enum {
		CONSOLE_IN,
		CONSOLE_OUT,
		ERRORS_IN,
		ERRORS_OUT,
		OURS,
		THEIRS,
		PORT_IN,
		PORT_OUT,
		INITRAMFS,
		RAM,
		PLUGIN,
		TRACE,
		N
	};
	char program[PATH_MAX] = "";
	int fd[N], pass[MACHINE_FDS], ret;
	pid_t parent = getpid();

	memset(fd, -1, sizeof(fd));
	memset(pass, -1, sizeof(pass));
	*m = (struct machine){-1, -1, -1, -1, -1, -1};
	if (!opts->uml && !qemu_find(program, sizeof(program))) {
		snprintf(why, size, "QEMU is not installed: " QEMU_REMEDY);
		return -ENOENT;
	}
	if (opts->uml)
		uml_sweep();
	else
		fd[RAM] = above(memfd_create("hookdiff guest", MFD_CLOEXEC));
	fd[INITRAMFS] = above(fcntl(opts->initramfs, F_DUPFD_CLOEXEC, 64));
	for (unsigned i = 0; opts->plugin && i < 2; i++)
		fd[PLUGIN + i] = fcntl(opts->plugin[i], F_DUPFD_CLOEXEC, 64);
	if ((!opts->uml && (fd[RAM] < 0 || ftruncate(fd[RAM], (off_t)opts->memory << 20))) ||
	    fd[INITRAMFS] < 0 || (opts->plugin && (fd[PLUGIN] < 0 || fd[TRACE] < 0)) ||
	    pipe2(fd + CONSOLE_IN, O_CLOEXEC) || pipe2(fd + ERRORS_IN, O_CLOEXEC) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd + OURS) || pipe2(fd + PORT_IN, O_CLOEXEC))
		goto fail;
	for (unsigned i = 0; i < RAM; i++) {
		fd[i] = above(fd[i]);
		if (fd[i] < 0)
			goto fail;
	}
	pass[MACHINE_INITRAMFS] = fd[INITRAMFS];
	pass[MACHINE_RAM] = fd[RAM];
	pass[MACHINE_CHANNEL] = fd[THEIRS];
	pass[MACHINE_PORT] = opts->uml ? -1 : fd[PORT_OUT];
	pass[MACHINE_PLUGIN] = fd[PLUGIN];
	pass[MACHINE_TRACE] = fd[TRACE];
	m->pid = fork();
	if (m->pid < 0)
		goto fail;
	if (!m->pid)
		child(program, opts, parent, pass, fd[CONSOLE_OUT], fd[ERRORS_OUT]);
	m->console = fd[CONSOLE_IN];
	m->errors = fd[ERRORS_IN];
	m->channel = fd[OURS];
	m->port = fd[PORT_IN];
	m->ram = fd[RAM];
	close_all((const int[]){fd[CONSOLE_OUT], fd[ERRORS_OUT], fd[THEIRS], fd[PORT_OUT], fd[INITRAMFS],
				fd[PLUGIN], fd[TRACE]},
		  7);
	fcntl(m->console, F_SETFL, O_NONBLOCK);
	fcntl(m->errors, F_SETFL, O_NONBLOCK);
	fcntl(m->channel, F_SETFL, O_NONBLOCK);
	fcntl(m->port, F_SETFL, O_NONBLOCK);
	return 0;
fail:
	ret = -errno;
	snprintf(why, size, "cannot start %s: %s", opts->uml ? opts->kernel : program, strerror(-ret));
	close_all(fd, N);
	return ret;
}

void machine_ram(struct machine *m)
{
	if (m->ram < 0)
		m->ram = uml_ram(m->pid);
}

bool machine_ended(const struct machine *m)
{
	siginfo_t info = {0};

	return m->pid < 0 ||
	       (!waitid(P_PID, (id_t)m->pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid == m->pid);
}

void machine_end(struct machine *m, int *status, uint64_t *peak)
{
	struct rusage usage = {0};

	*status = 0;
	if (m->pid > 0) {
		/* The processes of a guest with it: uml.c. There is no group yet if the child has not begun.
		 */
		if (!machine_ended(m) && kill(-m->pid, SIGKILL))
			kill(m->pid, SIGKILL);
		while (wait4(m->pid, status, 0, &usage) < 0 && errno == EINTR)
			;
		uml_forget(m->pid);
	}
	*peak = (uint64_t)usage.ru_maxrss * 1024;
	close_all((const int[]){m->console, m->channel, m->port, m->errors, m->ram}, 5);
	*m = (struct machine){-1, -1, -1, -1, -1, -1};
}
