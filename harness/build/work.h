/* SPDX-License-Identifier: MIT */
/*
 * A copy of an unpacked source that patches may change: every file a hard link until then. It stays, with
 * what was built of it, so that another patch is an incremental build.
 */
#ifndef BUILD_WORK_H
#define BUILD_WORK_H

#include <stddef.h>

/*
 * Makes dir/src what source is with the patches applied, in their order, by patch(1) -p1. Only files that
 * differ from the last time get a new time. Returns 0, or -errno with why: -EINVAL for a patch that does not
 * apply, which leaves the source without any.
 */
int work_prepare(const char *source, const char *dir, const char *const *patch, unsigned n_patches,
		 const char *log, char *why, size_t n);

#endif
