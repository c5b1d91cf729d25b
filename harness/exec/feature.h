/* SPDX-License-Identifier: MIT */
/*
 * What a kernel's interface to the hooks accepts, one name a thing: attach flags, links, what the verifier
 * lets a program do. Each is tried, never concluded from a version. Unlike the rows of probe.h none of them
 * is needed to run cases; they are there to be asked for by name (hookdiff probe --feature, hookdiff bisect
 * --feature). To add one: a row in feature.c.
 */
#ifndef FEATURE_H
#define FEATURE_H

enum feature_state { FEATURE_PRESENT, FEATURE_ABSENT, FEATURE_UNKNOWN, FEATURE_STATES };

struct feature_result {
	const char *name, *what; /* "attach.before", "BPF_F_BEFORE is accepted by ..." */
	enum feature_state state;
	char text[120]; /* how the kernel answered, or why it could not be asked */
};

#define FEATURE_MAX 32

unsigned feature_count(void);
/* Both NULL beyond the last one. */
const char *feature_name(unsigned i);
const char *feature_what(unsigned i);
/* Its number, or -1. */
int feature_find(const char *name);

/* Tries all of them. Returns how many. Needs nothing; leaves nothing behind. */
unsigned feature_run(struct feature_result out[FEATURE_MAX]);

const char *feature_state_name(enum feature_state s); /* present, absent, unknown */

#endif
