/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_OUTPUT = 1 << 20 };

static void child(const char *const *argv, int out, int failed, pid_t parent)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), error;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
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
		child(argv, output[1], failed[1], parent);
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
			waitpid(c->pid, NULL, 0);
	}
	return -error;
}

int run_end(struct run_child *c)
{
	int status = 0;

	close(c->output);
	while (waitpid(c->pid, &status, 0) < 0)
		if (errno != EINTR)
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
