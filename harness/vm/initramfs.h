/* SPDX-License-Identifier: MIT */
/*
 * The archive that a guest boots from: hookdiff-guest as /init, the job, its files and modules. It is written
 * to memory, so that no file of it outlives a killed run.
 */
#ifndef INITRAMFS_H
#define INITRAMFS_H

#include "vm.h"

/*
 * Returns a memfd that holds the archive, or -errno with one sentence in why. guest: the static binary.
 */
int initramfs_make(const struct vm_job *job, const char *guest, char *why, size_t size);

/* An absolute path without ".", ".." and doubled slashes; nothing is looked up. False if it does not fit. */
bool initramfs_path(const char *path, char *out, size_t size);

#endif
