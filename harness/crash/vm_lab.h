/* SPDX-License-Identifier: MIT */
/* The machine that crashes: guests of one kernel, one for each question. */
#ifndef VM_LAB_H
#define VM_LAB_H

#include "../kernels/image.h"
#include "crash.h"

struct vm_lab {
	const struct kernel_image *image;
	const char *profile;	     /* --profile of the guests */
	const char *guest;	     /* NULL: hookdiff-guest beside this program */
	volatile sig_atomic_t *stop; /* set if a signal comes while a guest runs; NULL */
	struct crash_lab lab;
};

/* l->lab is the laboratory; it borrows the other members, which the caller has filled. */
void vm_lab_init(struct vm_lab *l);

#endif
