/* SPDX-License-Identifier: MIT */
/* hookdiff coverage --kernel: which lines of a kernel's hook code cases reach, and why the others are not. */
#ifndef COVERAGE_KERNEL_H
#define COVERAGE_KERNEL_H

#include "../base/buf.h"
#include "../kernels/image.h"
#include "../lines/lines.h"
#include "../lines/reasons.h"
#include "opts.h"

#ifdef HD_GUEST
static inline int coverage_kernel(struct cli *cli)
{
	(void)cli;
	return EXIT_UNSURE;
}
#else
int coverage_kernel(struct cli *cli);

/* The table of harness/lines/hook_functions.def. */
extern const struct lines_function coverage_functions[];
extern const unsigned coverage_function_count;

/* A command that ran in the guest. */
struct coverage_command {
	const char *const *argv;
	char verdict[160];   /* its last line that is one: "PASS: 800 cases, ..." */
	struct buf messages; /* what it said on stderr, the first of it; owned */
	int exit;	     /* -SIGNAL if it was killed */
	bool ended;
};

struct coverage_run {
	struct cli *cli;
	struct kernel_image im;
	struct lines *lines; /* marked */
	const struct coverage_command *command;
	unsigned n_commands;
	char how[64];	/* where the marks come from */
	bool exact;	/* by instructions; blocks of KCOV's have neighbours that have no call of their own */
	double seconds; /* of the guest, boot and all */
	struct reasons reasons;
	bool has_reasons, has_source;
	char source_name[96];
	struct source_text *text; /* by function: of its file, empty if it is not at hand; owned */
};

/* Before anything is booted: reads --reasons. EXIT_AGREE, or the exit code after one line on stderr. */
int coverage_reasons(struct coverage_run *run);

/* The same for the source of a kernel whose lines are there. */
int coverage_source(struct coverage_run *run);

/* Prints it all, as text or JSON. Returns the exit code. */
int coverage_show(struct coverage_run *run);
#endif

#endif
