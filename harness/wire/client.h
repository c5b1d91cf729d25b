/* SPDX-License-Identifier: MIT */
/*
 * A backend that is another process: it speaks the protocol of docs/backend.md on its standard input and
 * output. Any implementation of the hooks can be tested through it, here or, with ssh, elsewhere.
 */
#ifndef WIRE_CLIENT_H
#define WIRE_CLIENT_H

#include "../exec/backend.h"

struct wire_opts {
	const char *command; /* for sh -c; borrowed while the backend is open */
	unsigned timeout;    /* seconds that it may take for one answer */
	unsigned reuse;	     /* as in struct kernel_opts: passed on */
};

/* NULL with one sentence in err. The caller ends it with b->ops->close(b, NULL), which ends the process. */
struct backend *wire_open(const struct wire_opts *opts, char *err, size_t size);

#endif
