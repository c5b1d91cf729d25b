/* SPDX-License-Identifier: MIT */
/* Functions whose lines tests/test_lines.c knows by the comments at their ends. Compiled with -O2 -g and
 * KCOV's calls. */
#include "subject.h"

static inline __attribute__((always_inline)) int subject_inlined(int a)
{
	if (a > 100)
		return subject_sink(a); /* inlined, large */
	return a + 1;			/* inlined, small */
}

/* Nobody asks for this one: its code is the line of its call. */
static inline __attribute__((always_inline)) int subject_unasked(int a)
{
	return subject_sink(a) + subject_sink(-a); /* unasked, body */
}

__attribute__((noinline)) int subject_both(int a)
{
	int r = subject_inlined(a); /* both, first */

	if (a < 0)
		r += subject_unasked(a); /* both, unasked */
	return r + subject_header(a);	 /* both, last */
}

__attribute__((noinline)) int subject_small(int a)
{
#include "part.h"
	if (a == 123456789)
		subject_cold(a);			 /* gcc puts it away from the rest of the function */
	return subject_sink(subject_inlined(a) - 7) + 1; /* small, only */
}
