/* SPDX-License-Identifier: MIT */
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/clock.h"

#define WAIT_FIRST 1.0 /* seconds before the first restart; twice as long after each death in vain */

static void add(char **list, unsigned *n, unsigned cap, bool *failed, const char *format, va_list ap)
{
	if (*n == cap || vasprintf(&list[*n], format, ap) < 0)
		*failed = true;
	else
		list[++*n] = NULL;
}

void command_arg(struct command *c, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(c->argv, &c->n_args, WORKER_ARGS, &c->failed, format, ap);
	va_end(ap);
}

void command_env(struct command *c, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(c->env, &c->n_env, WORKER_ENV, &c->failed, format, ap);
	va_end(ap);
}

void command_fini(struct command *c)
{
	for (unsigned i = 0; i < c->n_args; i++)
		free(c->argv[i]);
	for (unsigned i = 0; i < c->n_env; i++)
		free(c->env[i]);
	memset(c, 0, sizeof(*c));
}

int worker_init(struct worker *w, const char *name, const char *folder)
{
	char path[512];

	memset(w, 0, sizeof(*w));
	snprintf(w->name, sizeof(w->name), "%s", name);
	if (snprintf(w->log, sizeof(w->log), "%s/logs/%s.log", folder, name) >= (int)sizeof(w->log) ||
	    snprintf(path, sizeof(path), "%s/pulses/%s", folder, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	w->pulse = pulse_make(path);
	if (!w->pulse)
		return -errno;
	command_env(&w->own, PULSE_ENV "=%s", path);
	return w->own.failed ? -ENOMEM : 0;
}

void worker_fini(struct worker *w)
{
	pulse_free(w->pulse);
	command_fini(&w->own);
	w->pulse = NULL;
}

/* In the child: whoever reads the log must see why nothing came of it. */
static void become(const struct worker *w, const struct command *c, int log, pid_t parent)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	if (null < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
		_exit(126);
	for (unsigned i = 0; i < w->own.n_env; i++)
		putenv(w->own.env[i]);
	for (unsigned i = 0; i < c->n_env; i++)
		putenv(c->env[i]);
	execvp(c->argv[0], c->argv);
	dprintf(2, "cannot start %s: %s\n", c->argv[0], strerror(errno));
	_exit(127);
}

static uint64_t moves(const struct worker *w)
{
	return atomic_load_explicit(&w->pulse->cases, memory_order_relaxed) +
	       atomic_load_explicit(&w->pulse->execs, memory_order_relaxed);
}

/* Two logs of a worker at most: it may run for weeks, and libFuzzer has a line for each input that it keeps.
 */
static void turn_log(const struct worker *w)
{
	char old[sizeof(w->log) + 8];
	struct stat st;

	snprintf(old, sizeof(old), "%s.old", w->log);
	if (!stat(w->log, &st) && st.st_size > WORKER_LOG)
		rename(w->log, old);
}

int worker_start(struct worker *w, const struct command *c)
{
	pid_t parent = getpid();
	int log;

	if (c->failed)
		return -E2BIG;
	turn_log(w);
	log = open(w->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (log < 0)
		return -errno;
	fflush(NULL);
	w->pid = fork();
	if (w->pid == 0)
		become(w, c, log, parent);
	close(log);
	if (w->pid < 0)
		return -errno;
	setpgid(w->pid, w->pid); /* both do it: whoever comes first */
	w->state = WORKER_RUNS;
	w->starts++;
	w->told = false;
	w->moved = w->at_start = moves(w);
	w->since = clock_now();
	return 0;
}

/* The last line of the log that says something: what a person would look at first. */
static void last_words(const struct worker *w, char *out, size_t n)
{
	char tail[2048];
	FILE *f = fopen(w->log, "re");
	size_t got;

	out[0] = 0;
	if (!f)
		return;
	if (!fseek(f, -(long)sizeof(tail) + 1, SEEK_END) || !fseek(f, 0, SEEK_SET)) {
		got = fread(tail, 1, sizeof(tail) - 1, f);
		tail[got] = 0;
		for (char *line = strtok(tail, "\n"); line; line = strtok(NULL, "\n"))
			if (strspn(line, " \t\r") != strlen(line))
				snprintf(out, n, "%s", line);
		for (char *p = out; *p; p++)
			if ((unsigned char)*p < ' ' || *p == 0x7f)
				*p = '?';
	}
	fclose(f);
}

static void died(struct worker *w, const char *how)
{
	char words[160];
	double wait = WAIT_FIRST;

	last_words(w, words, sizeof(words));
	snprintf(w->why, sizeof(w->why), "%s%s%s", how, *words ? ": " : "", words);
	w->deaths++;
	w->in_vain = moves(w) == w->at_start ? w->in_vain + 1 : 0;
	w->state = w->in_vain >= WORKER_TRIES ? WORKER_GIVEN_UP : WORKER_WAITS;
	for (unsigned i = 1; i < w->in_vain; i++)
		wait *= 2;
	w->again = clock_now() + wait;
}

static unsigned patience(const struct worker *w, uint64_t now)
{
	return w->stall ? w->stall : now == w->at_start ? WORKER_START : WORKER_STALL;
}

enum worker_event worker_look(struct worker *w)
{
	uint64_t now = moves(w);
	char how[64];
	int status;
	pid_t ended;

	if (w->state != WORKER_RUNS)
		return WORKER_NOTHING;
	ended = waitpid(w->pid, &status, WNOHANG);
	if (ended == w->pid) {
		kill(-w->pid, SIGKILL); /* what it left behind */
		w->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		if (w->told ||
		    (WIFEXITED(status) && (!WEXITSTATUS(status) || WEXITSTATUS(status) == w->fine))) {
			w->state = WORKER_IDLE;
			w->in_vain = 0;
			return WORKER_ENDED;
		}
		if (WIFSIGNALED(status))
			snprintf(how, sizeof(how), "ended by signal %d", WTERMSIG(status));
		else
			snprintf(how, sizeof(how), "ended with status %d", WEXITSTATUS(status));
		died(w, how);
		return WORKER_DIED;
	}
	if (now != w->moved) {
		w->moved = now;
		w->since = clock_now();
	} else if (clock_now() - w->since > patience(w, now)) {
		kill(-w->pid, SIGKILL);
		waitpid(w->pid, &status, 0);
		w->code = -1;
		died(w, "made no case for too long and was killed");
		return WORKER_DIED;
	}
	return WORKER_NOTHING;
}

bool worker_ready(const struct worker *w)
{
	return w->state == WORKER_IDLE || (w->state == WORKER_WAITS && clock_now() >= w->again);
}

void worker_stop(struct worker *w, bool at_once)
{
	w->told = true;
	if (w->state == WORKER_RUNS)
		kill(-w->pid, at_once ? SIGKILL : SIGTERM);
}
