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

int run_program(const char *const *argv, struct buf *out)
{
	int output[2], failed[2], error = 0, status = 0;
	pid_t parent = getpid(), pid;
	char piece[4096];
	ssize_t n;

	if (pipe2(output, O_CLOEXEC))
		return -errno;
	if (pipe2(failed, O_CLOEXEC)) {
		error = errno;
		close(output[0]);
		close(output[1]);
		return -error;
	}
	pid = fork();
	if (!pid)
		child(argv, output[1], failed[1], parent);
	error = pid < 0 ? errno : 0;
	close(output[1]);
	close(failed[1]);
	while (pid > 0 && ((n = read(output[0], piece, sizeof(piece))) > 0 || (n < 0 && errno == EINTR)))
		if (n > 0 && out->n < MOST_OUTPUT)
			buf_add(out, piece, (size_t)n);
	if (pid > 0 && read(failed[0], &error, sizeof(error)) != sizeof(error))
		error = 0;
	close(output[0]);
	close(failed[0]);
	if (pid > 0)
		while (waitpid(pid, &status, 0) < 0)
			if (errno != EINTR)
				return -errno;
	if (error)
		return -error;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
