/* SPDX-License-Identifier: MIT */
/* modules.dep, which Debian's packages leave to depmod: each module and those it needs, loaded last to first.
 */
#ifndef MODDEP_H
#define MODDEP_H

#include <stddef.h>

/*
 * Reads the modules below a folder lib/modules/RELEASE (.ko, also with .xz, .zst or .gz) and writes its
 * modules.dep, in the form of modules.dep(5). Returns 0, or -errno with why.
 */
int moddep_write(const char *dir, char *why, size_t n);

#endif
