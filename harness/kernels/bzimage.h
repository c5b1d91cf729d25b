/* SPDX-License-Identifier: MIT */
/*
 * The forms of a bootable x86 kernel: a bzImage (Documentation/arch/x86/boot.rst), which holds a
 * compressed vmlinux, and the vmlinux itself, an ELF file. QEMU boots the second through its PVH note, and
 * faster, because no guest code has to unpack it. A kernel built with ARCH=um is neither.
 */
#ifndef BZIMAGE_H
#define BZIMAGE_H

#include <stdbool.h>
#include <stddef.h>

enum kernel_form {
	KERNEL_NONE, /* neither */
	KERNEL_BZIMAGE,
	KERNEL_VMLINUX, /* an x86-64 ELF file with a PVH note */
	KERNEL_UML,	/* a User-Mode Linux: a program of the host */
	KERNEL_ELF,	/* an x86-64 ELF file that QEMU cannot boot */
};

/*
 * Tells what the file is and what `uname -r` will say there ("" if the file does not tell). Returns 0 or
 * -errno.
 */
int kernel_identify(const char *path, enum kernel_form *form, char *release, size_t n);

/*
 * Writes the vmlinux that a bzImage holds to a new file. Returns 0, -ENOSPC and the like, -EBADMSG if the
 * image is damaged, -ENOTSUP for a compression that is not known; why says it in words. No file is left if it
 * fails.
 */
int bzimage_extract(const char *path, const char *vmlinux, char *why, size_t n);

#endif
