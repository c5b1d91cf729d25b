/* SPDX-License-Identifier: MIT */
/*
 * A page of counters that a worker shares with whoever started it: how far it is, and that it still moves. It
 * is a file, because the workers of a campaign are other programs (libFuzzer and AFL++ drivers), which fork
 * and are started again: all of them add to the same page. Nothing in it is trusted: it is for people to
 * read.
 */
#ifndef PULSE_H
#define PULSE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define PULSE_ENV   "HOOKDIFF_PULSE" /* the file, in a worker's environment */
#define PULSE_WORDS 4

struct pulse {
	uint32_t magic;
	int32_t owner;		   /* the process that made it */
	_Atomic uint64_t execs;	   /* inputs */
	_Atomic uint64_t cases;	   /* cases that were run */
	_Atomic uint64_t refused;  /* cases that could not be: malformed, or not for this machine */
	_Atomic uint64_t findings; /* divergences that were written down */
	_Atomic uint64_t clauses[PULSE_WORDS]; /* bit n: clause n had a say in some call */
};

/* The same at one moment. */
struct pulse_counts {
	uint64_t execs, cases, refused, findings, clauses[PULSE_WORDS];
};

/* Makes the file, all zeros, and maps it. NULL with errno. */
struct pulse *pulse_make(const char *path);
void pulse_free(struct pulse *p);

/* Maps the file of PULSE_ENV. NULL if there is none or it is not a pulse: then nobody looks. */
struct pulse *pulse_join(void);

/* Has the process that made it gone? Then a worker has nobody to work for. A system call. */
bool pulse_orphaned(const struct pulse *p);

struct pulse_counts pulse_look(const struct pulse *p);

/* Adds what came between two looks at another page: a guest's, whose counters began at 0. */
void pulse_follow(struct pulse *p, const struct pulse_counts *before, const struct pulse_counts *now);

/* As text of at most PULSE_TEXT bytes, and back; false: it is none. */
#define PULSE_TEXT 256
void pulse_print(const struct pulse_counts *c, char text[PULSE_TEXT]);
bool pulse_scan(const char *text, struct pulse_counts *c);

static inline void pulse_add(_Atomic uint64_t *n, uint64_t more)
{
	atomic_fetch_add_explicit(n, more, memory_order_relaxed);
}

/* Sets bits in word i of the clauses; a write only if one is new. */
static inline void pulse_clauses(struct pulse *p, unsigned i, uint64_t bits)
{
	if (bits & ~atomic_load_explicit(&p->clauses[i], memory_order_relaxed))
		atomic_fetch_or_explicit(&p->clauses[i], bits, memory_order_relaxed);
}

#endif
