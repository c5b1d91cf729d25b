/* SPDX-License-Identifier: MIT */
/*
 * FAR_RETURN marks a function that returns after a system call, on the hot path. On AMD Zen 3 and 4 with
 * Linux's "Safe RET" (SRSO) mitigation, the return stack predictor is useless after a system call, and a
 * `ret` that it predicts wrongly makes the next system call up to 200 ns slower (Zen 4, measured: a hooked
 * setsockopt 390 → 585). Such functions therefore return by an indirect jump, through the compiler's own
 * return thunk, whose body is in kernel.c. Other machines lose nothing that can be measured. Off where a
 * shadow stack may be in use, and where the compiler has no such attribute.
 */
#ifndef FAR_RETURN_H
#define FAR_RETURN_H

#if defined(__x86_64__) && !defined(__CET__) && defined(__has_attribute)
#if __has_attribute(function_return)
#define FAR_RETURN     __attribute__((function_return("thunk-extern")))
#define HAS_FAR_RETURN 1
#endif
#endif

#ifndef FAR_RETURN
#define FAR_RETURN
#endif

#endif
