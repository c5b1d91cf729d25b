/* SPDX-License-Identifier: MIT */
/* --kernel: the same command line in a guest that boots another kernel. */
#ifndef IN_VM_H
#define IN_VM_H

#include "opts.h"

#ifdef HD_GUEST
static inline bool in_vm(const struct cli *cli)
{
	(void)cli;
	return false; /* --kernel only names the kernel for reports */
}

static inline int in_vm_run(struct cli *cli)
{
	(void)cli;
	return EXIT_UNSURE;
}
#else
#include "../kernels/image.h"

static inline bool in_vm(const struct cli *cli)
{
	return cli->kernel;
}

/*
 * Boots --kernel and runs cli's command line there: what it prints is printed here, its reports and findings
 * come to --out, its exit code is returned. EXIT_UNSURE with the reason if the guest did not get to its end.
 */
int in_vm_run(struct cli *cli);

/* The kernel of --kernel, fetched if need be: EXIT_AGREE, or the exit code after one line on stderr. */
int in_vm_image(const struct cli *cli, struct kernel_image *im);
/* The exit code for how getting something ended; why is printed unless it is IMAGE_OK. */
int in_vm_told(enum image_status status, const char *why);
#endif

#endif
