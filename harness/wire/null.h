/* SPDX-License-Identifier: MIT */
/* A backend that makes no call: every answer is the same. For tests and fuzzing of the protocol itself. */
#ifndef WIRE_NULL_H
#define WIRE_NULL_H

#include "server.h"

/* For struct wire_host; arg is not used. */
struct backend *null_open(void *arg, unsigned reuse, char *err, size_t size);

#endif
