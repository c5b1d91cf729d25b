/* SPDX-License-Identifier: MIT */
/* The modules of a kernel that a guest loads: those of socket families and protocols that packages keep
 * apart. */
#ifndef MODULES_H
#define MODULES_H

#include <stddef.h>

#include "../base/buf.h"

/*
 * Calls put(arg, name, bytes) for each wanted module and what it needs, in the order in which they must be
 * loaded, unpacked. name sorts in that order. dir: lib/modules/RELEASE with its modules.dep. What a kernel
 * does not have is left out. 0, or what put returned.
 */
int modules_each(const char *dir, int (*put)(void *arg, const char *name, const struct buf *bytes),
		 void *arg);

#endif
