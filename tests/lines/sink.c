/* SPDX-License-Identifier: MIT */
/* What the subject calls, compiled without KCOV's calls; and a main() for the program that is damaged. */
#include "subject.h"

__attribute__((noinline)) int subject_sink(int a)
{
	__asm__ volatile("" : "+r"(a));
	return a;
}

void subject_cold(int a)
{
	subject_sink(a);
}

/* Calls, but not KCOV's function. */
int subject_sink_twice(int a)
{
	return subject_sink(subject_sink(a)) + 1;
}

#ifdef SUBJECT_MAIN
void __sanitizer_cov_trace_pc(void)
{
}

int main(void)
{
	return subject_both(1) + subject_small(2) == 0;
}
#endif
