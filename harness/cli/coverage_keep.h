/* SPDX-License-Identifier: MIT */
/*
 * Inputs of fuzz drivers on their way to a guest, which reads texts; and `coverage --keep`: the few among
 * them that reach what the corpus does not, as case files with what each is the first to reach.
 */
#ifndef COVERAGE_KEEP_H
#define COVERAGE_KEEP_H

#include "../base/buf.h"
#include "../lines/cover.h"
#include "opts.h"

#define KEEP_PART 4096 /* cases that a guest gets at a time */

struct keep {
	char folder[64]; /* a file for each case, KEEP_PART of them in a folder; "": not made */
	size_t n;	 /* files */
	size_t inputs;	 /* of drivers among the operands */
	int code;
};

/*
 * Writes the cases of the operands, which are no objects, to a folder of our own, as the drivers run them
 * (mutate/fit.h). EXIT_AGREE, or the exit code after a line on stderr.
 */
int keep_unpack(struct keep *k, const struct cli *cli);

/* What the files go through on the kernel that is asked about. */
struct keep_kernel {
	/* Runs the n cases of a folder and adds what `run --each` writes of them. EXIT_AGREE, or the exit
	 * code after a line on stderr. */
	int (*run)(void *arg, const char *folder, size_t n, struct buf *blocks);
	void *arg;
	const char *elf;     /* for places in the source */
	const char *release; /* for the files */
};

/* Runs what was unpacked, in as many guests as it needs, and adds what they say. */
int keep_run(const struct keep *k, const struct keep_kernel *on, struct buf *blocks);

/*
 * Runs what was unpacked, chooses, shrinks the chosen as long as they reach what none of the others does, and
 * writes them to cli->keep. base: the addresses that are of no interest, text of the same kind. Says how many
 * on stdout, on stderr if there is JSON.
 */
int keep_write(const struct keep *k, const struct cli *cli, const char *base, const struct keep_kernel *on);

/* Removes the folder. */
void keep_fini(struct keep *k);

#endif
