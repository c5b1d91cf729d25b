/* SPDX-License-Identifier: MIT */
/* What the cache does with files: whole ones only, each made by a rename. */
#ifndef KERNELS_FILES_H
#define KERNELS_FILES_H

#include <stddef.h>

#include "harness/base/buf.h"

/* Appends a regular file of at most 64 MiB. Returns 0 or -errno. */
int file_read(const char *path, struct buf *out);

/*
 * Replaces a file as a whole: readers see the old or the new one. Only we may read it: an address of a
 * private mirror can hold a password. Returns 0 or -errno.
 */
int file_write(const char *path, const char *data, size_t n);

/* Makes a directory with those above it. It may exist. Returns 0 or -errno. */
int dir_make(const char *path);

/* Removes a directory with all it holds; links are removed, not followed. Returns 0 (also if it is not there)
 * or -errno. */
int dir_remove(const char *path);

/* Bytes that the files below a directory take up. */
unsigned long long dir_size(const char *path);

/*
 * Takes the lock of a file that may have to be made, waiting for others; who: named on stderr while waiting
 * (NULL: nothing is said). Returns a descriptor whose close (or our death) gives it back, or -errno.
 */
int file_lock(const char *path, const char *who);

/* The same without waiting: -EWOULDBLOCK if another process has it. */
int file_try_lock(const char *path);

#endif
