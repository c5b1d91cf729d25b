/* SPDX-License-Identifier: MIT */
/* --calls: a few calls in few words, as a case without programs. */
#ifndef CHECK_CALLS_H
#define CHECK_CALLS_H

#include "../case/tcase.h"

/*
 * The calls of `what` as one case with a TCP socket in the cgroup `level`, 1..TC_MAX_LEVELS. what is a file,
 * "-" for standard input, or the text itself, which begins with getsockopt or setsockopt. A call is
 *
 *	getsockopt LEVEL OPTION [LENGTH]             4 if none is given
 *	setsockopt LEVEL OPTION VALUE [optlen N]     VALUE: a number (32 bit), or items of the case format
 *	getsockopt(s, ...)  setsockopt(s, ...)       as in a case
 *
 * each perhaps with `= EXPECTATION`; between calls stands a semicolon, a comma or the end of a line, and `#`
 * begins a comment. EXIT_AGREE, or EXIT_USAGE after the complaint on stderr.
 */
int check_calls(const char *what, unsigned level, struct tcase *tc);

/* Is it a file that a guest needs a copy of? */
bool check_calls_is_file(const char *what);

#endif
