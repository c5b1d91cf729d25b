/* SPDX-License-Identifier: MIT */
/* Every block of the kernel that this thread went through (kcov.h), once each, for a file at the end. */
#ifndef KCOV_SET_H
#define KCOV_SET_H

#include <stddef.h>

/* The file's name in the environment; a file; run, sweep and fuzz set it for --blocks. */
#define KCOV_SET_ENV "HOOKDIFF_BLOCKS"

struct kcov_set;

/* Begins. NULL with one sentence in why: no KCOV here, or no memory. path is borrowed. */
struct kcov_set *kcov_set_open(const char *path, char *why, size_t size);

/* Takes what was recorded since the last time; between two KCOV_WORDS blocks are kept. */
void kcov_set_take(struct kcov_set *s);

/*
 * What comes from now on belongs to name: the file has sections then, "= NAME" and the addresses that came in
 * it. One that KCOV_SET_TIMES sections have is left out of those behind them. name is copied.
 */
#define KCOV_SET_TIMES 64
void kcov_set_section(struct kcov_set *s, const char *name);

/*
 * Takes the rest and appends the addresses to the file, a line of hexadecimal digits each: those that KCOV
 * gave, which are of the instruction behind the call that a block begins with. Several processes may append
 * to one file. 0 or -errno; frees s, which may be NULL.
 */
int kcov_set_close(struct kcov_set *s);

#endif
