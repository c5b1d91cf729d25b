/* SPDX-License-Identifier: MIT */
/* lines_subject_large both|small NUMBER: makes the call and prints where KCOV's calls return to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "subject.c"

#ifdef __clang__
#define PLAIN __attribute__((noinline, no_sanitize("coverage")))
#else
#define PLAIN __attribute__((noinline, no_sanitize_coverage))
#endif

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

PLAIN void subject_cold(int a)
{
	subject_sink(a);
}

/* None: what another function has loaded is not known here, whichever of the two debug information has first.
 */
__attribute__((used)) PLAIN void large_none(void)
{
	__asm__ volatile("call *%%rbx\n call *%%r12\n call *%%rax\n" ::: "memory");
}

/* Only looked at: four calls of KCOV's function. A call leaves what rbx and r12 hold, and not what rax holds.
 */
__attribute__((used)) PLAIN void large_four(void)
{
	__asm__ volatile("movabs $__sanitizer_cov_trace_pc, %%rax\n call *%%rax\n call *%%rax\n"
			 "movabs $__sanitizer_cov_trace_pc, %%rbx\n call *%%rbx\n call *%%rbx\n"
			 "movabs $__sanitizer_cov_trace_pc, %%r12\n call *%%r12\n call *%%rsp\n" ::
				 : "rax", "rbx", "r12", "memory");
}

__attribute__((used)) PLAIN void large_none_either(void)
{
	__asm__ volatile("call *%%rbx\n call *%%r12\n call *%%rax\n" ::: "memory");
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
