/* SPDX-License-Identifier: MIT */
/*
 * The vmlinux with debug information (DWARF) of a kernel. Packaged kernels are booted without: theirs is in a
 * package of its own, linux-image-RELEASE-dbg, some 300 MB, of which one file is kept beside the kernel in
 * the cache. It is fetched only when somebody asks.
 */
#ifndef KERNELS_DEBUGINFO_H
#define KERNELS_DEBUGINFO_H

#include <limits.h>

#include "image.h"

/*
 * Finds the file for an image that image_get() found, fetching it if need be; how large that is is said on
 * stderr before, unless quiet. A kernel that was not packaged is its own file, whether or not it has debug
 * information. IMAGE_SKIP: there is no such package, or no network.
 */
enum image_status debuginfo_get(const struct kernel_image *im, char path[PATH_MAX], bool quiet, char *why,
				size_t n);

#endif
