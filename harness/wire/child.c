/* SPDX-License-Identifier: MIT */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Never returns. */
static void watchdog_main(int life)
{
	char byte;

	setpgid(0, 0);
	while (read(life, &byte, 1) < 0 && errno == EINTR)
		;
	kill(0, SIGKILL);
	_exit(0);
}

/* Never returns. Descriptors of ours are all close-on-exec. */
static void command_main(const char *command, pid_t group, int in, int out)
{
	static const int reset[] = {SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGQUIT};

	setpgid(0, group);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; i < sizeof(reset) / sizeof(reset[0]); i++)
		signal(reset[i], SIG_DFL);
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0)
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static void close_pair(int fd[2])
{
	for (int i = 0; i < 2; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

static pid_t start_watchdog(int life[2])
{
	pid_t pid = fork();

	if (!pid) {
		close(life[1]);
		watchdog_main(life[0]);
	}
	if (pid > 0)
		setpgid(pid, pid); /* both do it: whoever comes first */
	return pid;
}

int child_start(struct child *c, const char *command)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1}, life[2] = {-1, -1}, err;

	*c = (struct child){.pid = -1, .watchdog = -1};
	if (pipe2(life, O_CLOEXEC) || (c->watchdog = start_watchdog(life)) < 0)
		goto fail;
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		goto fail;
	c->pid = fork();
	if (!c->pid)
		command_main(command, c->watchdog, in[0], out[1]);
	if (c->pid < 0)
		goto fail;
	setpgid(c->pid, c->watchdog);
	close(in[0]);
	close(out[1]);
	close(life[0]);
	c->to = in[1];
	c->from = out[0];
	c->life = life[1];
	fcntl(c->to, F_SETFL, O_NONBLOCK);
	fcntl(c->from, F_SETFL, O_NONBLOCK);
	return 0;
fail:
	err = -errno;
	close_pair(in);
	close_pair(out);
	close_pair(life);
	if (c->watchdog > 0)
		waitpid(c->watchdog, NULL, 0);
	return err;
}

bool child_wait(struct child *c, int timeout_ms)
{
	for (; !c->reaped; timeout_ms -= 5) {
		pid_t pid = waitpid(c->pid, &c->status, WNOHANG);

		c->reaped = pid == c->pid || (pid < 0 && errno == ECHILD);
		if (c->reaped || timeout_ms <= 0)
			break;
		usleep(5000);
	}
	return c->reaped;
}

void child_close(struct child *c, int grace_ms)
{
	close(c->to);
	close(c->from);
	child_wait(c, grace_ms);
	close(c->life);
	if (!c->reaped)
		waitpid(c->pid, &c->status, 0);
	waitpid(c->watchdog, NULL, 0);
	c->reaped = true;
}

void child_describe(const struct child *c, char *text, size_t size)
{
	if (!c->reaped)
		snprintf(text, size, "still running");
	else if (WIFSIGNALED(c->status))
		snprintf(text, size, "signal %d", WTERMSIG(c->status));
	else
		snprintf(text, size, "exit %d", WEXITSTATUS(c->status));
}
