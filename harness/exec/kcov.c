/* SPDX-License-Identifier: MIT */
#include "kcov.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcov.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define DEVICE "/sys/kernel/debug/kcov"

static int fail(struct kcov *k, const char *what, char *why, size_t size)
{
	int err = errno;

	if (err == ENOENT)
		snprintf(why, size,
			 "this kernel has no " DEVICE ": hookdiff kernel build --kcov makes one that has "
			 "(and debugfs must be mounted)");
	else
		snprintf(why, size, DEVICE ": %s: %s", what, strerror(err));
	kcov_close(k);
	return -err;
}

int kcov_open(struct kcov *k, char *why, size_t size)
{
	*k = (struct kcov){.fd = open(DEVICE, O_RDWR | O_CLOEXEC)};
	if (k->fd < 0)
		return fail(k, "open", why, size);
	if (ioctl(k->fd, KCOV_INIT_TRACE, KCOV_WORDS))
		return fail(k, "KCOV_INIT_TRACE", why, size);
	k->area = mmap(NULL, KCOV_WORDS * sizeof(*k->area), PROT_READ | PROT_WRITE, MAP_SHARED, k->fd, 0);
	if (k->area == MAP_FAILED) {
		k->area = NULL;
		return fail(k, "mmap", why, size);
	}
	if (ioctl(k->fd, KCOV_ENABLE, KCOV_TRACE_PC))
		return fail(k, "KCOV_ENABLE", why, size);
	return 0;
}

void kcov_close(struct kcov *k)
{
	if (k->fd >= 0)
		ioctl(k->fd, KCOV_DISABLE, 0); /* fails if it was never on */
	if (k->area)
		munmap(k->area, KCOV_WORDS * sizeof(*k->area));
	if (k->fd >= 0)
		close(k->fd);
	*k = (struct kcov){.fd = -1};
}
