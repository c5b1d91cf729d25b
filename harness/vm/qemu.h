/* SPDX-License-Identifier: MIT */
/*
 * One QEMU process: how it is started and what connects us with it. It dies with us, also if we are killed,
 * and all that it is given beside the kernel is memory.
 */
#ifndef QEMU_H
#define QEMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct qemu_opts {
	const char *kernel;
	int initramfs;	 /* fd */
	unsigned memory; /* MiB */
	bool kvm;
};

struct qemu {
	pid_t pid;
	int console; /* reads what the first serial port prints */
	int channel; /* the second one, both ways */
	int errors;  /* reads QEMU's own complaints */
	int ram;     /* the guest's memory, a memfd */
};

#define QEMU_REMEDY "apt-get install --no-install-recommends qemu-system-x86"

/* The path of QEMU for this machine's architecture. False: none in PATH. */
bool qemu_find(char *out, size_t size);

/* Starts it. 0, or -errno with one sentence in why. */
int qemu_start(struct qemu *q, const struct qemu_opts *opts, char *why, size_t size);

/* Kills it if it still runs, and waits. *status: as waitpid says; *peak: its largest resident memory in
 * bytes. */
void qemu_end(struct qemu *q, int *status, uint64_t *peak);

/* Has it ended by itself? Then qemu_end only collects it. */
bool qemu_ended(const struct qemu *q);

#endif
