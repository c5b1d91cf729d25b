/* SPDX-License-Identifier: MIT */
#include "compat.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rawcall.h"

/* arch/x86/entry/syscalls/syscall_32.tbl; the direct calls are there since Linux 4.3. */
enum { I386_GETPID = 20, I386_GETSOCKOPT = 365, I386_SETSOCKOPT = 366 };

bool compat_works(char *err, size_t size)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) /* the call must be answered, and by whom it should be */
		_exit(raw_compat5(I386_GETPID, 0, 0, 0, 0, 0) == getpid() ? 0 : 1);
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		snprintf(err, size, "cannot try a 32-bit call: %s", strerror(errno));
		return false;
	}
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return true;
	snprintf(err, size,
		 "no 32-bit calls here (needs x86-64, CONFIG_IA32_EMULATION and no ia32_emulation=off)");
	return false;
}

int64_t compat_sockopt(enum hook hook, int fd, int32_t level, int32_t optname, const void *val,
		       int32_t optlen, int32_t *len)
{
	long last = hook == HOOK_SET ? optlen : (long)(uintptr_t)len;

	return raw_compat5(hook == HOOK_SET ? I386_SETSOCKOPT : I386_GETSOCKOPT, fd, level, optname,
			   (long)(uintptr_t)val, last);
}
