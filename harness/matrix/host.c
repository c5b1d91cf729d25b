/* SPDX-License-Identifier: MIT */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../report/text.h"

#define LIMIT	   900	      /* seconds of the whole job, unless it says otherwise */
#define LINE_BYTES (8u << 20) /* a longer line is cut */
#define GRACE	   5	      /* seconds between asking a command to end and ending it */

struct host {
	const struct vm_job *job;
	const struct vm_events *ev;
	struct vm_result *r;
	const volatile int *stop;
	unsigned command;
	double start, limit;
};

struct stream { /* one output of the running command */
	int fd;
	struct buf line;
	void (*emit)(void *arg, unsigned command, const char *line, size_t n);
};

static void emit(const struct host *h, struct stream *s)
{
	if (s->emit)
		s->emit(h->ev->arg, h->command, buf_str(&s->line), s->line.n);
	buf_reset(&s->line);
}

/* Reads what is there; false at the end of the stream. */
static bool drain(const struct host *h, struct stream *s)
{
	char bytes[16384];
	ssize_t n = read(s->fd, bytes, sizeof(bytes));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	for (char *p = bytes, *end = bytes + n; p < end;) {
		char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t part = (size_t)((newline ? newline : end) - p);

		if (s->line.n + part <= LINE_BYTES)
			buf_add(&s->line, p, part);
		if (!newline)
			break;
		emit(h, s);
		p = newline + 1;
	}
	if (!n && s->line.n)
		emit(h, s);
	return n > 0;
}

static void __attribute__((noreturn))
child(const char *program, const struct host *h, const char *const *argv, int out, int err, pid_t parent)
{
	unsigned n = 0;
	const char **words;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127);
	while (argv[n])
		n++;
	words = calloc(n + 2, sizeof(*words));
	if (!words || dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0 ||
	    (h->job->cwd && chdir(h->job->cwd)))
		_exit(127);
	words[0] = "hookdiff";
	memcpy(words + 1, argv, n * sizeof(*words));
	execv(program, (char *const *)words);
	fprintf(stderr, "hookdiff: cannot start %s: %s\n", program, strerror(errno));
	_exit(127);
}

/* Is it time to end the command? The reason goes to the result. */
static bool over(struct host *h, double limit)
{
	if (h->r->why[0])
		return true;
	if (h->stop && *h->stop)
		snprintf(h->r->why, sizeof(h->r->why), "interrupted");
	else if (clock_now() > limit)
		snprintf(h->r->why, sizeof(h->r->why), "timeout: %s took longer than %.0f s",
			 h->job->command[h->command].argv[0], limit - h->start);
	return h->r->why[0];
}

/* Shows both streams until they end, and ends the command when its time is over. */
static void attend(struct host *h, pid_t pid, struct stream s[2], double limit)
{
	double asked = 0;
	bool open[2] = {true, true};

	while (open[0] || open[1]) {
		struct pollfd p[2] = {{.fd = open[0] ? s[0].fd : -1, .events = POLLIN},
				      {.fd = open[1] ? s[1].fd : -1, .events = POLLIN}};

		if (poll(p, 2, 100) > 0)
			for (unsigned i = 0; i < 2; i++)
				if (p[i].revents)
					open[i] = drain(h, &s[i]);
		if (!over(h, limit))
			continue;
		if (!asked) {
			kill(pid, SIGTERM);
			asked = clock_now();
		} else if (clock_now() > asked + GRACE) {
			kill(pid, SIGKILL); /* its workers die with it */
			if (clock_now() > asked + GRACE + 1)
				return; /* whoever still holds a stream is not ours */
		}
	}
}

static bool run_command(struct host *h, const char *program)
{
	const struct vm_command *c = &h->job->command[h->command];
	double limit =
		c->timeout && clock_now() + c->timeout < h->limit ? clock_now() + c->timeout : h->limit;
	struct stream s[2] = {{.emit = h->ev->line}, {.emit = h->ev->message}};
	int out[2] = {-1, -1}, err[2] = {-1, -1}, status = 0;
	struct rusage usage = {0};
	pid_t pid = -1, self = getpid();

	fflush(NULL);
	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC) || (pid = fork()) < 0) {
		snprintf(h->r->why, sizeof(h->r->why), "cannot start a command: %s", strerror(errno));
		goto out;
	}
	if (!pid)
		child(program, h, c->argv, out[1], err[1], self);
	close(out[1]);
	close(err[1]);
	out[1] = err[1] = -1;
	s[0].fd = out[0];
	s[1].fd = err[0];
	attend(h, pid, s, limit);
	while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR)
		;
	if ((uint64_t)usage.ru_maxrss << 10 > h->r->peak_rss)
		h->r->peak_rss = (uint64_t)usage.ru_maxrss << 10;
	if (h->ev->ended)
		h->ev->ended(h->ev->arg, h->command,
			     WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
out:
	for (unsigned i = 0; i < 2; i++) {
		buf_fini(&s[i].line);
		if (out[i] >= 0)
			close(out[i]);
		if (err[i] >= 0)
			close(err[i]);
	}
	return !h->r->why[0];
}

enum vm_end host_run(const char *program, const struct vm_job *job, const struct vm_events *events,
		     const volatile int *stop, struct vm_result *r)
{
	static const struct vm_events none;
	struct host h = {
		.job = job, .ev = events ? events : &none, .r = r, .stop = stop, .start = clock_now()};
	struct utsname u;

	memset(r, 0, sizeof(*r));
	h.limit = h.start + (job->timeout ? job->timeout : LIMIT);
	uname(&u);
	if (h.ev->booted)
		h.ev->booted(h.ev->arg, u.release, u.version);
	while (h.command < job->n_commands && run_command(&h, program))
		h.command++;
	r->total = clock_now() - h.start;
	return r->end = r->why[0] ? VM_FAILED : VM_DONE;
}
