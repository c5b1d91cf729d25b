/* SPDX-License-Identifier: MIT */
/* What becomes of a guest whose kernel complained: the case or cases that ran, and a finding (harness/crash).
 */
#ifndef IN_VM_CRASH_H
#define IN_VM_CRASH_H

#include "../kernels/image.h"
#include "../vm/vm.h"
#include "opts.h"

struct in_vm_crash {
	const struct cli *cli;
	const struct kernel_image *image;
	const char *release;	       /* uname -r of the guest; "" if it never said so */
	const struct profile *profile; /* of the guest's cases; NULL: not known */
	const char *path;	       /* where the case that ran is on this side; NULL: it has no file */
	unsigned kind;		       /* enum recorder_kind of what ran, and its number */
	uint64_t seed, index;
	uint64_t first; /* if not 0: it may also have been one of those from here to index */
	const struct postmortem_inputs *inputs; /* of a fuzz driver; NULL: none ran */
	const char *findings;			/* the folder */
};

/* said: what the kernel complained of. True if there is a finding of it (a line says where). */
bool in_vm_crash(const struct in_vm_crash *c, const struct buf *said);

/* Reads what recorder_name() wrote, of one case or of "one to another", into kind, seed, first and index. */
void in_vm_crash_running(struct in_vm_crash *c, const char *running);

/*
 * The generated case of a number as the guest made it. False: there is none.
 * Not for cases with operations.
 */
struct tcase;
bool in_vm_case(const struct in_vm_crash *c, uint64_t index, struct tcase *tc);

#endif
