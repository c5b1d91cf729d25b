/* SPDX-License-Identifier: MIT */
/*
 * The other end of the protocol (docs/backend.md): lines of any origin come in, a backend of this process
 * answers. Runs over any two descriptors.
 */
#ifndef WIRE_SERVER_H
#define WIRE_SERVER_H

#include "../exec/backend.h"

#define WIRE_PROTOCOL 1

/* Makes the backend when the client says hello; the server closes it. NULL with one sentence in err. */
struct wire_host {
	const char *name; /* who answers: "hookdiff 0.1.0" */
	struct backend *(*open)(void *arg, unsigned reuse, char *err, size_t size);
	void *arg;
};

/*
 * Serves until the client says close, or its end of input, or a signal comes that does not restart system
 * calls. 0; -EBADMSG if some line was refused; another -errno if reading or writing failed.
 */
int wire_serve(int in, int out, const struct wire_host *host);

#endif
