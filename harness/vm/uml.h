/* SPDX-License-Identifier: MIT */
/*
 * A machine (machine.h) that is a kernel built with ARCH=um: a program of this host, whose memory is a file
 * of its own that it unlinks at once. It keeps a folder for its name, which is ours to remove.
 */
#ifndef UML_H
#define UML_H

#include <sys/types.h>

struct machine_opts;

/* In the child: becomes the kernel. Returns only if that fails, with errno. */
void uml_exec(const struct machine_opts *o);

/* A descriptor of the memory of a running one, or -1. */
int uml_ram(pid_t pid);

/* Removes the folder of one that has ended; uml_sweep those of all whose process is gone. */
void uml_forget(pid_t pid);
void uml_sweep(void);

#endif
