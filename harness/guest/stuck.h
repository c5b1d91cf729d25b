/* SPDX-License-Identifier: MIT */
/*
 * Where the guest's processes stand, for a guest in which nothing moves any more: the host gives it up soon
 * (harness/vm/vm.c), and what the console said last is all that is left of it.
 */
#ifndef STUCK_H
#define STUCK_H

/*
 * Prints a line on stderr for each thread but process 1's: process and thread, name, state, the system call
 * with its arguments, the kernel function that it waits in, and up to four callers as far as the kernel
 * tells.
 */
void stuck_tell(void);

#endif
