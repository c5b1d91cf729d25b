/* SPDX-License-Identifier: MIT */
/* What is tested: the kernel of this machine, or what a command speaks for (docs/backend.md). */
#ifndef TARGET_H
#define TARGET_H

#include "../exec/backend.h"

struct target {
	const char *command; /* NULL: this machine's kernel */
	unsigned timeout;    /* seconds that the command may take for an answer */
};

/* reuse: as in struct kernel_opts. NULL with one sentence in err. */
struct backend *target_open(const struct target *t, unsigned reuse, char *err, size_t size);

#endif
