/* SPDX-License-Identifier: MIT */
/*
 * The two system calls under test, with the raw value of the result register: libc turns -4095..-1 into -1
 * and errno and lets everything below through as if it were a success, and a program may answer -5000.
 *
 * On machines without an assembler line here the value goes through syscall(2): a result in -4095..-1 and one
 * below can still be told apart, because errno is only set for the former.
 */
#ifndef RAWCALL_H
#define RAWCALL_H

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int64_t raw_call5(long nr, long a, long b, long c, long d, long e)
{
#if defined(__x86_64__) && !defined(__ILP32__)
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return ret;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory", "cc");
	return x0;
#else
	long ret;

	errno = 0;
	ret = syscall(nr, a, b, c, d, e);
	return ret == -1 && errno ? -errno : ret;
#endif
}

/*
 * The same five arguments by the entry of 32-bit tasks; everything is cut to 32 bits, so pointers must lie
 * below 4 GiB. nr is an i386 number. -ENOSYS where this build knows no such entry; where the kernel has none,
 * the process gets SIGSEGV (compat.h asks).
 */
static inline int64_t raw_compat5(long nr, long a, long b, long c, long d, long e)
{
#if defined(__x86_64__) && !defined(__ILP32__)
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "r8", "r9", "r10", "r11", "memory", "cc");
	return (int32_t)ret;
#else
	(void)nr, (void)a, (void)b, (void)c, (void)d, (void)e;
	return -ENOSYS;
#endif
}

static inline int64_t raw_setsockopt(int fd, int level, int optname, const void *val, int32_t len)
{
	return raw_call5(__NR_setsockopt, fd, level, optname, (long)(uintptr_t)val, len);
}

static inline int64_t raw_getsockopt(int fd, int level, int optname, void *val, int32_t *len)
{
	return raw_call5(__NR_getsockopt, fd, level, optname, (long)(uintptr_t)val, (long)(uintptr_t)len);
}

#endif
