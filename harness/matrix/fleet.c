/* SPDX-License-Identifier: MIT */
#include "fleet.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/buf.h"
#include "../report/text.h"
#include "../report/grid.h"

#define TICK_US 100000

struct lane {
	pid_t pid;	 /* 0: not begun; -1: ended */
	uint64_t offset; /* of its file: read so far */
	double start;
	bool told_boot;
	unsigned told; /* commands whose end was told */
};

struct fleet {
	const struct job *job;
	struct column *column;
	struct lane *lane;
	unsigned n, running, ended;
	FILE *progress;
	bool tty, drawn;
};

static volatile sig_atomic_t signals;

static void on_signal(int sig)
{
	(void)sig;
	signals++;
}

static void clear(struct fleet *f)
{
	if (f->drawn)
		fputs("\r\033[K", f->progress);
	f->drawn = false;
}

static void say(struct fleet *f, const struct buf *line)
{
	if (!f->progress)
		return;
	clear(f);
	fprintf(f->progress, "%s\n", buf_str(line));
	fflush(f->progress);
}

/* Says each step that a kernel has made since the last look. */
static void tell(struct fleet *f, unsigned i)
{
	const struct column *c = &f->column[i];
	struct lane *l = &f->lane[i];
	struct buf b = {0};

	if (!l->told_boot && c->release[0] && c->profile) {
		l->told_boot = true;
		buf_printf(&b, "%s: Linux %s", c->spec, c->release);
		if (c->package[0])
			buf_printf(&b, " (%s)", c->package);
		if (strcmp(c->spec, "host"))
			buf_printf(&b, " booted in %.1f s", c->boot);
		buf_printf(&b, ", profile %s", c->profile->name);
		say(f, &b);
	}
	for (; l->told < c->n_commands && c->command[l->told].ended; l->told++) {
		const struct column_command *cmd = &c->command[l->told];

		buf_reset(&b);
		buf_printf(&b, "%s: %s ", c->spec, cmd->name);
		if (cmd->summed) {
			buf_printf(&b, "%s, ", cmd->verdict);
			text_count(&b, cmd->cases);
			buf_puts(&b, " cases");
			if (cmd->fail) {
				buf_puts(&b, ", ");
				text_count(&b, cmd->fail);
				buf_puts(&b, cmd->fail == 1 ? " differs" : " differ");
			}
		} else {
			buf_printf(&b, "ended without a summary, exit code %d", cmd->exit);
		}
		buf_printf(&b, ", %.1f s", cmd->seconds);
		say(f, &b);
	}
	buf_fini(&b);
}

static const char *phase(const struct column *c)
{
	if (c->n_commands && !c->command[c->n_commands - 1].ended)
		return c->command[c->n_commands - 1].name;
	if (c->n_commands)
		return "between commands";
	return c->profile ? "starting" : c->package[0] || c->release[0] ? "boot" : "image";
}

/* "4 of 11 kernels done; debian:6.1 sweep 3 s; debian:6.12 boot 1 s": as much of it as a line holds. */
static void draw(struct fleet *f)
{
	struct buf b = {0};

	if (!f->tty)
		return;
	buf_printf(&b, "%u of %u kernels done", f->ended, f->n);
	for (unsigned i = 0; i < f->n; i++)
		if (f->lane[i].pid > 0 && b.n < 90)
			buf_printf(&b, "; %.30s %s %.0f s", f->column[i].spec, phase(&f->column[i]),
				   clock_now() - f->lane[i].start);
	fprintf(f->progress, "\r%.110s\033[K", buf_str(&b));
	fflush(f->progress);
	f->drawn = true;
	buf_fini(&b);
}

static void start(struct fleet *f, unsigned i)
{
	struct lane *l = &f->lane[i];
	pid_t parent = getpid();

	remove(f->job[i].file); /* of an earlier matrix */
	fflush(NULL);
	l->start = clock_now();
	l->pid = fork();
	if (!l->pid) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(JOB_NOT_WRITTEN);
		_exit(job_run(&f->job[i]));
	}
	if (l->pid < 0) {
		f->column[i].end = COLUMN_ERROR;
		snprintf(f->column[i].why, sizeof(f->column[i].why), "cannot start a process: %s",
			 strerror(errno));
		f->ended++;
		return;
	}
	f->running++;
}

static void look(struct fleet *f, unsigned i)
{
	column_read(&f->column[i], f->job[i].file, &f->lane[i].offset);
	tell(f, i);
}

/* A job's process has ended: what it did not write is said here. */
static void finish(struct fleet *f, unsigned i, int status)
{
	struct column *c = &f->column[i];
	char why[128];
	struct buf b = {0};

	f->lane[i].pid = -1;
	f->running--;
	f->ended++;
	look(f, i);
	if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "its process was ended by signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status) == JOB_NOT_WRITTEN)
		snprintf(why, sizeof(why),
			 "its JSON lines could not be written: the disk is full, or the folder is gone");
	else
		snprintf(why, sizeof(why), "its process ended with status %d and no last line",
			 WEXITSTATUS(status));
	column_close(c, why);
	if (c->end == COLUMN_SKIP || c->end == COLUMN_ERROR) {
		buf_printf(&b, "%s: %s: %s", c->spec, c->end == COLUMN_SKIP ? "SKIP" : "ERROR", c->why);
		say(f, &b);
	}
	buf_fini(&b);
}

static void attend(struct fleet *f, unsigned workers)
{
	sig_atomic_t passed = 0;
	unsigned next = 0;

	while (f->ended < f->n) {
		int status;
		pid_t pid;

		while (next < f->n && f->running < workers && !signals)
			start(f, next++);
		for (unsigned i = 0; i < f->n; i++)
			if (f->lane[i].pid > 0) {
				if (passed < signals)
					kill(f->lane[i].pid, SIGTERM);
				look(f, i);
			}
		if (passed < signals)
			passed = signals;
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			for (unsigned i = 0; i < f->n; i++)
				if (f->lane[i].pid == pid)
					finish(f, i, status);
		if (signals)
			for (; next < f->n; next++, f->ended++)
				column_close(&f->column[next], "interrupted before it began");
		draw(f);
		if (f->ended < f->n)
			usleep(TICK_US);
	}
	clear(f);
}

bool fleet_run(const struct job *job, struct column *column, unsigned n, unsigned workers, FILE *progress)
{
	struct fleet f = {.job = job, .column = column, .n = n, .progress = progress};
	struct sigaction act = {.sa_handler = on_signal}, old_int, old_term;

	f.tty = progress && isatty(fileno(progress));
	f.lane = calloc(n, sizeof(*f.lane));
	if (!f.lane) {
		for (unsigned i = 0; i < n; i++)
			column_close(&column[i], "out of memory");
		return false;
	}
	signals = 0;
	sigaction(SIGINT, &act, &old_int);
	sigaction(SIGTERM, &act, &old_term);
	attend(&f, workers ? workers : 1);
	sigaction(SIGINT, &old_int, NULL);
	sigaction(SIGTERM, &old_term, NULL);
	free(f.lane);
	return signals;
}
