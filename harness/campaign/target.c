/* SPDX-License-Identifier: MIT */
#include "target.h"

#include "../exec/kernel.h"
#include "../wire/client.h"

struct backend *target_open(const struct target *t, unsigned reuse, char *err, size_t size)
{
	struct kernel_opts kernel = {.reuse = reuse, .own_netns = true};
	struct wire_opts wire = {.command = t->command, .timeout = t->timeout, .reuse = reuse};

	return t->command ? wire_open(&wire, err, size) : kernel_open(&kernel, err, size);
}
