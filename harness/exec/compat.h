/* SPDX-License-Identifier: MIT */
/*
 * getsockopt and setsockopt as a 32-bit task makes them: int 0x80 from this 64-bit process, which for the
 * kernel is such a task for the length of the call (in_compat_syscall).
 */
#ifndef COMPAT_H
#define COMPAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../case/tcase.h"

/*
 * Does this machine take such calls? Tries one in a child, because a kernel without them answers with
 * SIGSEGV. If not, false with a sentence in err.
 */
bool compat_works(char *err, size_t size);

/* Can a 32-bit task name that address? */
static inline bool compat_reaches(const void *p)
{
	return (uintptr_t)p >> 32 == 0;
}

/* Makes the call; val and len (NULL for setsockopt, which takes optlen) must be in its reach. */
int64_t compat_sockopt(enum hook hook, int fd, int32_t level, int32_t optname, const void *val,
		       int32_t optlen, int32_t *len);

#endif
