/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_OUTPUT = 1 << 20, FEW_FDS = 1024 };

#define PATIENCE 2 /* seconds from SIGTERM to SIGKILL */

static volatile pid_t group; /* the keeper of the last one, while it runs */

/* ---- programs that start others ---- */

/* Ends as the program did. */
static void __attribute__((noreturn)) end_as(int status)
{
	const struct rlimit no_core = {0, 0};
	sigset_t one;

	if (!WIFSIGNALED(status))
		_exit(WEXITSTATUS(status));
	setrlimit(RLIMIT_CORE, &no_core);
	signal(WTERMSIG(status), SIG_DFL);
	sigemptyset(&one);
	sigaddset(&one, WTERMSIG(status));
	kill(getpid(), WTERMSIG(status));
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	_exit(128 + WTERMSIG(status));
}

/* SIGTERM and SIGCHLD are blocked. */
static void __attribute__((noreturn)) keep_group(pid_t program, const sigset_t *signals)
{
	const struct timespec patience = {.tv_sec = PATIENCE};
	bool asked = false;
	int status, sig;
	pid_t ended;

	for (;;) {
		ended = waitpid(program, &status, WNOHANG);
		if (ended == program)
			end_as(status);
		if (ended < 0 && errno != EINTR)
			_exit(126);
		sig = sigtimedwait(signals, NULL, asked ? &patience : NULL);
		if (sig == SIGTERM && !asked)
			kill(0, SIGTERM);
		else if (sig < 0 && errno == EAGAIN)
			kill(0, SIGKILL);
		asked |= sig == SIGTERM;
	}
}

bool run_in_group(pid_t parent)
{
	sigset_t signals, before;
	pid_t keeper = getpid(), program;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, &before);
	signal(SIGCHLD, SIG_DFL); /* ignored ones would not come */
	if (setpgid(0, 0) || prctl(PR_SET_PDEATHSIG, SIGTERM) || getppid() != parent)
		return false;
	program = fork();
	if (program < 0)
		return false;
	if (program) {
		/* pipes end when the program ends them */
		if (syscall(__NR_close_range, 3, ~0u, 0))
			for (int fd = 3; fd < FEW_FDS; fd++)
				close(fd);
		keep_group(program, &signals);
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM); /* somebody may kill the keeper */
	sigprocmask(SIG_SETMASK, &before, NULL);
	return getppid() == keeper;
}

void run_stop(void)
{
	if (group > 0)
		kill(group, SIGTERM);
}

/* ---- one program ---- */

static void child(const char *const *argv, bool in_group, int out, int failed, pid_t parent)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), error;

	if (in_group ? !run_in_group(parent) : prctl(PR_SET_PDEATHSIG, SIGTERM) || getppid() != parent)
		_exit(1);
	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0 || setenv("LC_ALL", "C", 1))
		goto fail;
	unsetenv("LANGUAGE");
	execvp(argv[0], (char *const *)argv);
fail:
	error = errno;
	if (write(failed, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

/* Returns 0, or -1 with errno. */
static int run_wait(const struct run_child *c, int *status)
{
	pid_t pid;

	do
		pid = waitpid(c->pid, status, 0);
	while (pid < 0 && errno == EINTR);
	if (group == c->pid)
		group = 0;
	return pid < 0 ? -1 : 0;
}

int run_start(struct run_child *c, const char *const *argv)
{
	int output[2], failed[2], error = 0, failure;
	pid_t parent = getpid();
	ssize_t n;

	if (pipe2(output, O_CLOEXEC))
		return -errno;
	if (pipe2(failed, O_CLOEXEC)) {
		error = errno;
		close(output[0]);
		close(output[1]);
		return -error;
	}
	c->pid = fork();
	if (!c->pid)
		child(argv, c->group, output[1], failed[1], parent);
	if (c->group && c->pid > 0)
		group = c->pid;
	error = c->pid < 0 ? errno : 0;
	close(output[1]);
	close(failed[1]);
	/* Nothing arrives once the program has begun: its end of the pipe closes then. */
	do
		n = error ? 0 : read(failed[0], &failure, sizeof(failure));
	while (n < 0 && errno == EINTR);
	if (n == sizeof(failure))
		error = failure;
	close(failed[0]);
	c->output = output[0];
	if (error) {
		close(output[0]);
		if (c->pid > 0)
			run_wait(c, NULL);
	}
	return -error;
}

int run_end(struct run_child *c)
{
	int status = 0;

	close(c->output);
	if (run_wait(c, &status))
		return -errno;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int run_program(const char *const *argv, struct buf *out)
{
	struct run_child c = {.output = -1};
	char piece[4096];
	ssize_t n;
	int ret = run_start(&c, argv);

	if (ret)
		return ret;
	while ((n = read(c.output, piece, sizeof(piece))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0 && out->n < MOST_OUTPUT)
			buf_add(out, piece, (size_t)n);
	return run_end(&c);
}
