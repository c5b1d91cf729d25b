/* SPDX-License-Identifier: MIT */
/*
 * A case's call made by a program: bpf_setsockopt or bpf_getsockopt, called by progs/carrier.bpf.c while a
 * setsockopt on the same socket runs. The carrier is attached above the cases' cgroups for the length of that
 * one call, and its setsockopt is of a level that nobody has, so no other call ever meets it.
 */
#ifndef HELPER_H
#define HELPER_H

#include "bpfobj.h"
#include "cgroup.h"

struct helper {
	int prog; /* -1: not loaded */
	const struct cgroup *top;
	struct hd_shared *shared; /* the bpfobj's */
};

/* top: a cgroup above all sockets, both borrowed. 0, or -errno with a sentence: this kernel has no such
 * helpers. */
int helper_open(struct helper *h, const struct bpfobj *obj, const struct cgroup *top, char *err, size_t size);
void helper_close(struct helper *h);

/* Can this machine's helpers make the case's calls? If not, why. */
bool helper_can_carry(const struct tcase *tc, char *err, size_t size);

/*
 * Makes the call on fd with the c->optlen bytes at val, which a getsockopt replaces. What ran inside of it is
 * in shared->helper. The helper's result in *ret; 0, or -errno with a sentence: there is none.
 */
int helper_sockopt(struct helper *h, int fd, const struct tc_call *c, uint8_t *val, int64_t *ret, char *err,
		   size_t size);

#endif
