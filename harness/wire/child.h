/* SPDX-License-Identifier: MIT */
/*
 * A shell command with pipes to its standard input and output. It and what it starts are a process group,
 * which ends with us, however we end: a watchdog, the group's leader, kills it when our end of a pipe is
 * gone.
 */
#ifndef CHILD_H
#define CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct child {
	pid_t pid, watchdog;
	int to, from; /* pipes; both non-blocking */
	int life;     /* closing it ends the group */
	bool reaped;
	int status; /* of waitpid(2), once reaped */
};

/* Starts `sh -c command`. 0 or -errno, and then *c needs no closing. */
int child_start(struct child *c, const char *command);

/* Waits at most so long for the end of the command. True if it has ended. */
bool child_wait(struct child *c, int timeout_ms);

/* Closes the pipes, gives the command grace_ms to end, then kills what is left of the group. */
void child_close(struct child *c, int grace_ms);

/* "exit 3", "signal 9", "still running". */
void child_describe(const struct child *c, char *text, size_t size);

#endif
