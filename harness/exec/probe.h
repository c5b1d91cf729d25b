/* SPDX-License-Identifier: MIT */
/*
 * What this machine can do: one row a feature, each with the sentence that says how to get it. A command
 * prints the rows; whoever is about to run cases asks probe_can_run. To add a feature: one row in probe.c.
 */
#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>
#include <stddef.h>

enum probe_state { PROBE_OK, PROBE_MISSING, PROBE_INFO };

struct probe_result {
	const char *name;
	enum probe_state state;
	bool needed;	    /* nothing runs here while this is missing */
	char text[200];	    /* what was found, or why it is missing */
	const char *remedy; /* how to get it: static; NULL for PROBE_INFO */
};

#define PROBE_MAX 32

/* Fills out[] and returns how many. Needs nothing; leaves nothing behind; takes some 50 ms as root. */
unsigned probe_run(struct probe_result out[PROBE_MAX]);

/* The first row that keeps cases from running, or NULL. Points into out. */
const struct probe_result *probe_blocker(const struct probe_result *out, unsigned n);

/* Can cases run here? If not, false and one sentence with the remedy. */
bool probe_can_run(char *err, size_t size);

#endif
