/* SPDX-License-Identifier: MIT */
/*
 * getsockopt and setsockopt as socket commands of io_uring (Linux 6.7). The ring is made when the first case
 * asks for it.
 */
#ifndef URING_H
#define URING_H

#include "../case/tcase.h"

struct uring;

/* NULL with a sentence in err if this machine has no io_uring for us. */
struct uring *uring_open(char *err, size_t size);
void uring_close(struct uring *u);

/*
 * Can the case's results be told through io_uring? It takes -EAGAIN for "try again", which runs the programs
 * a second time, and -EIOCBQUEUED (-529) for "later", after which no result ever comes (io_uring_cmd).
 */
bool uring_can_carry(const struct tcase *tc);

/*
 * Makes the call on fd with the user's buffer at val and waits for it. Returns the completion's result:
 * -errno, 0, or for getsockopt the new optlen (io_uring_cmd_getsockopt); -EIO if the ring itself failed.
 */
int64_t uring_sockopt(struct uring *u, int fd, const struct tc_call *c, void *val);

#endif
