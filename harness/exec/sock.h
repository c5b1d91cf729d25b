/* SPDX-License-Identifier: MIT */
/*
 * Making and retiring the sockets of a case. Packet sockets are the odd ones: closing one waits for a grace
 * period (10 ms), so they are handed to a child process that closes them in its own time.
 */
#ifndef SOCK_H
#define SOCK_H

#include <stdint.h>

#include "../case/tcase.h"

#define SOCK_BAD_FD 0x7ffffff0 /* beyond any limit on open files */

struct sock_fds {
	int fd;	  /* the one that calls are made on */
	int peer; /* the other end of a socketpair or connection, or -1 */
};

/* Retired packet sockets on their way to the child. Start from sock_reaper_init. */
struct sock_reaper {
	int chan; /* to the child; -1: none yet */
	int home; /* cgroup.procs that the child moves to, or -1: borrowed */
	unsigned n;
	int fd[64];
};

/* A socket of kind s, made in the cgroup that the process lives in. 0 or -errno. */
int sock_make(const struct tc_sock *s, struct sock_fds *out);

void sock_reaper_init(struct sock_reaper *r, int home);
void sock_reaper_fini(struct sock_reaper *r);
/* Closes both ends now, or soon for packet sockets. */
void sock_retire(struct sock_reaper *r, uint16_t family, struct sock_fds *s);

#endif
