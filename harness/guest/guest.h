/* SPDX-License-Identifier: MIT */
/*
 * hookdiff-guest: the same program, linked statically, as the only file that a guest needs. As process 1 it
 * is init (init.c): it makes the guest habitable, runs the commands of its job one after the other, tells the
 * host what they print (harness/vm/frame.h), and switches the machine off. Otherwise it is hookdiff without
 * the commands that need a host, and with one to break the guest on purpose (selftest.c).
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>

/*
 * The job lies in the initramfs beside init: NUL-terminated strings, first the working directory, then the
 * folder to mirror ("": none), then each command as its number of words and the words.
 */
#define GUEST_JOB     "/.hookdiff/job"
#define GUEST_MODULES "/.hookdiff/modules" /* modules, loaded in the order of their names */
#define GUEST_RECORDER                                                                                       \
	"/.hookdiff/recorder" /* pages of base/recorder.h and base/pulse.h, for all programs                 \
			       */
#define GUEST_PULSE   "/.hookdiff/pulse"
#define GUEST_CHANNEL "ttyS1"

/*
 * isa-debugcon: each byte written there is with the host at once, where the serial line takes a dozen exits
 * for it. Reading tells whether it is there.
 */
#define GUEST_PORT 0xe9

#define GUEST_EXIT_PORT 0xf4 /* isa-debug-exit: QEMU ends with (v << 1 | 1) */
#define GUEST_EXIT_DONE 16

/* Never returns. */
int guest_main(void);

#endif
