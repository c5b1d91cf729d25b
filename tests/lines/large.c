/* SPDX-License-Identifier: MIT */
/* lines_subject_large both|small NUMBER: makes the call and prints where KCOV's calls return to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "subject.c"

#define PLAIN __attribute__((noinline, no_sanitize_coverage))

static unsigned long pc[1000];
static unsigned n;

PLAIN void __sanitizer_cov_trace_pc(void)
{
	if (n < sizeof(pc) / sizeof(pc[0]))
		pc[n++] = (unsigned long)__builtin_return_address(0);
}

PLAIN int subject_sink(int a)
{
	__asm__ volatile("" : "+r"(a));
	return a;
}

PLAIN int main(int argc, char **argv)
{
	if (argc != 3)
		return 64;
	n = 0;
	(strcmp(argv[1], "both") ? subject_small : subject_both)(atoi(argv[2]));
	for (unsigned i = 0; i < n; i++)
		printf("%lx\n", pc[i]);
	return 0;
}
