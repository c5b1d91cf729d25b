/* SPDX-License-Identifier: MIT */
/* A tarball of kernel sources, unpacked without its first folder. Its names and links are not trusted. */
#ifndef BUILD_UNPACK_H
#define BUILD_UNPACK_H

#include <stddef.h>

/*
 * Unpacks a tarball, or the tarball in a package linux-source-*.deb, to a folder that exists. Returns 0, or
 * -errno with one sentence in why.
 */
int unpack_source(const char *path, const char *dir, char *why, size_t n);

#endif
