/* SPDX-License-Identifier: MIT */
/*
 * One place of a campaign's crew: a program that is started, watched, and started again when it ends too
 * early or stands still. Its output goes to a log, its counters come through a pulse (base/pulse.h), and it
 * is the head of a process group, so that whatever it starts goes with it.
 */
#ifndef CREW_WORKER_H
#define CREW_WORKER_H

#include <sys/types.h>

#include "../base/pulse.h"

#define WORKER_ARGS  64
#define WORKER_ENV   16
#define WORKER_STALL 60	 /* seconds without a case after which it counts as dead */
#define WORKER_START 120 /* the same before its first one */
#define WORKER_GUEST                                                                                         \
	900 /* the same of a guest: it has clocks of its own, and a crash of it is looked into               \
	     */
#define WORKER_LOG   (16 << 20) /* bytes of a log, after which the next start puts it aside as NAME.log.old */
#define WORKER_TRIES 5		/* deaths in a row, each without a case, after which it is given up */

/* A command line and what it adds to our environment ("NAME=VALUE"); both owned. */
struct command {
	char *argv[WORKER_ARGS + 1];
	char *env[WORKER_ENV + 1];
	unsigned n_args, n_env;
	bool failed; /* something did not fit, or no memory */
};

void command_arg(struct command *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void command_env(struct command *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void command_fini(struct command *c);

enum worker_state { WORKER_IDLE, WORKER_RUNS, WORKER_WAITS, WORKER_GIVEN_UP };

struct worker {
	char name[64]; /* "libfuzzer-1": of its log, its pulse and its place in the sync folder */
	char log[512];
	struct pulse *pulse;
	struct command own; /* its part of the environment */
	enum worker_state state;
	int fine;	/* an exit code beside 0 that is no death */
	unsigned stall; /* seconds without a case, whatever came before; 0: WORKER_STALL, at first
			   WORKER_START */
	int code;	/* the exit code of its last end; -1: a signal */
	pid_t pid;
	bool told;			  /* to end: however it ends is no death */
	unsigned starts, deaths, in_vain; /* in_vain: deaths in a row without a case */
	uint64_t moved;			  /* the pulse's cases and inputs when it was looked at last */
	uint64_t at_start;		  /* ... when it was started */
	double since;			  /* clock_now() of the start, or of the last move */
	double again;			  /* when it may be started again */
	char why[256];			  /* of the last death, one line */
};

/* folder/logs and folder/pulses exist. 0 or -errno. */
int worker_init(struct worker *w, const char *name, const char *folder);
void worker_fini(struct worker *w);

/* Starts the command; stdout and stderr are added to the log. 0 or -errno. */
int worker_start(struct worker *w, const struct command *c);

enum worker_event {
	WORKER_NOTHING,
	WORKER_ENDED, /* by itself, with exit code 0 or `fine`: a round is over */
	WORKER_DIED,  /* else: why says how; it waits, or is given up */
};

/* Looks once: has it ended, does it stand still? Never blocks. */
enum worker_event worker_look(struct worker *w);

/* May it be started now? */
bool worker_ready(const struct worker *w);

/* Asks it to end: SIGTERM to its group; kill: SIGKILL. Does not wait. */
void worker_stop(struct worker *w, bool kill);

#endif
