/* SPDX-License-Identifier: MIT */
/*
 * The body of the compiler's return thunk, for builds in which every function returns through it
 * (CMakeLists.txt, HD_FAR_RETURN). On AMD Zen 3 and 4 with Linux's "Safe RET" (SRSO) mitigation the return
 * stack predictor is useless after a system call, and a `ret` that it predicts wrongly makes the next system
 * call up to 200 ns slower (measured on Zen 4: a hooked setsockopt 390 -> 585 ns). An indirect jump is
 * predicted by other means. Machines without that mitigation lose nothing that can be measured.
 *
 * It must change no register and no flag: gcc's -fipa-ra keeps values of the caller in registers that it has
 * seen a local function leave alone, and knows nothing of this code.
 */
#ifdef HD_FAR_RETURN
__asm__(".text\n"
	".globl __x86_return_thunk\n"
	".hidden __x86_return_thunk\n"
	".type __x86_return_thunk, @function\n"
	"__x86_return_thunk:\n"
	"	lea 8(%rsp), %rsp\n"
	"	jmp *-8(%rsp)\n" /* in the red zone, which signal frames leave alone */
	".size __x86_return_thunk, . - __x86_return_thunk\n");
#else
typedef int far_return_is_empty; /* C has no empty translation units */
#endif
