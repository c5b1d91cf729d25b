/* SPDX-License-Identifier: MIT */
/*
 * The process that a guest runs in: QEMU, or the kernel itself where it is a User-Mode Linux. How it is
 * started and what connects us with it. It dies with us, also if we are killed, and all that it is given
 * beside the kernel is memory.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct machine_opts {
	const char *kernel;
	int initramfs;	 /* fd */
	unsigned memory; /* MiB */
	bool kvm;
	bool uml; /* kernel is a program of this machine */
	const int
		*plugin; /* of QEMU: descriptors of a shared object and of the file it is told; NULL: none */
};

struct machine {
	pid_t pid;
	int console; /* reads what the first serial port prints */
	int channel; /* the second one, both ways */
	int port;    /* reads what the guest writes to GUEST_PORT; -1: it has no ports */
	int errors;  /* reads the machine's own complaints */
	int ram;     /* the guest's memory, a file; -1 until machine_ram() has found that of a UML */
};

/* What the child finds open before it becomes the machine; console and errors are its stdout and stderr. */
enum {
	MACHINE_INITRAMFS = 10,
	MACHINE_RAM,
	MACHINE_CHANNEL,
	MACHINE_PORT,
	MACHINE_PLUGIN,
	MACHINE_TRACE,
	MACHINE_FDS
};

/* Starts it. 0, or -errno with one sentence in why. */
int machine_start(struct machine *m, const struct machine_opts *opts, char *why, size_t size);

/* Once the guest has spoken: m->ram is there if it can be had. */
void machine_ram(struct machine *m);

/* Kills it if it still runs, and waits. *status: as waitpid says; *peak: its largest resident memory in
 * bytes. */
void machine_end(struct machine *m, int *status, uint64_t *peak);

/* Has it ended by itself? Then machine_end only collects it. */
bool machine_ended(const struct machine *m);

#endif
