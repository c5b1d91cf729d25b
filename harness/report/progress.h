/* SPDX-License-Identifier: MIT */
/*
 * One line that says how far a run is: on a terminal rewritten in place at most ten times a second, otherwise
 * a plain line every five seconds (a log stays readable). Meant for stderr, so that stdout holds results
 *only.
 *
 *	progress_init(&p, stderr, "sweep", total, 0);
 *	for (...) { ...; if (!(i & 255)) progress_update(&p, i, findings); }
 *	progress_end(&p);
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
	FILE *to;
	const char *what;
	uint64_t total;		     /* cases in all; 0: not known */
	uint64_t limit_ns;	     /* the run's own time limit; 0: none */
	uint64_t start_ns, next_ns;  /* monotonic */
	uint64_t last_ns, last_done; /* when the line was drawn last: the rate is that of the time since */
	double rate;
	bool tty, drawn;
};

/* what is borrowed. total 0: unknown; seconds 0: no time limit. to NULL: says nothing at all. */
void progress_init(struct progress *p, FILE *to, const char *what, uint64_t total, uint64_t seconds);

/* One look at the clock; draws if it is time. Call it every few hundred cases, or after each slow one. */
void progress_update(struct progress *p, uint64_t done, uint64_t findings);

/* Takes the line off the terminal, before something else is printed there. The next update draws it anew. */
void progress_clear(struct progress *p);

/* Clears the line. Call it once, also after a failure. */
void progress_end(struct progress *p);

/* Seconds since progress_init. */
double progress_seconds(const struct progress *p);

#endif
