/* SPDX-License-Identifier: MIT */
/* Lines over two file descriptors, bounded in length and in time. Both ends of the protocol use it. */
#ifndef LINE_H
#define LINE_H

#include "../base/buf.h"

#define LINE_LONGEST (1u << 25) /* bytes of a line with its newline; docs/backend.md promises it */

struct line_io {
	int in, out;
	bool interruptible; /* a signal ends waiting with -EINTR */
	struct buf rx;	    /* received: [0, used) is the line that was handed out last */
	size_t used;
};

void line_init(struct line_io *io, int in, int out);
void line_fini(struct line_io *io); /* the descriptors stay open */

/*
 * The next line, without its newline; valid until the next call. 1; 0 at the end of input (what follows the
 * last newline is dropped); -ETIMEDOUT after timeout_ms (-1: never), -EMSGSIZE, or another -errno.
 */
int line_read(struct line_io *io, int timeout_ms, const char **line, size_t *n);

/* Writes b, all of it. io->out may be non-blocking; only then does timeout_ms count. 0 or -errno. */
int line_write(struct line_io *io, int timeout_ms, const struct buf *b);

#endif
