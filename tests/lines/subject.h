/* SPDX-License-Identifier: MIT */
/* What tests/test_lines.c executes; in a header, because functions of headers are inlined too. */
#ifndef TESTS_LINES_SUBJECT_H
#define TESTS_LINES_SUBJECT_H

int subject_sink(int a);
int subject_both(int a);
int subject_small(int a);
__attribute__((cold)) void subject_cold(int a);

static inline __attribute__((always_inline)) int subject_header(int a)
{
	if (a > 1000)
		return subject_sink(a) + 1; /* header, large */
	return a ^ 21;			    /* header, small */
}

#endif
