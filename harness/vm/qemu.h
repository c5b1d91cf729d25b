/* SPDX-License-Identifier: MIT */
/* A machine (machine.h) that QEMU emulates. */
#ifndef QEMU_H
#define QEMU_H

#include <stdbool.h>
#include <stddef.h>

struct machine_opts;

#define QEMU_REMEDY "apt-get install --no-install-recommends qemu-system-x86"

/* The path of QEMU for this machine's architecture. False: none in PATH. */
bool qemu_find(char *out, size_t size);

/* In the child: becomes QEMU. Returns only if that fails, with errno. */
void qemu_exec(const char *program, const struct machine_opts *o);

#endif
