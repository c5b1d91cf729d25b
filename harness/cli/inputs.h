/* SPDX-License-Identifier: MIT */
/*
 * Corpora of the command line: text cases and inputs of the fuzz drivers (mutate/batch.h), single ones and
 * folders of either, in the order of their names.
 */
#ifndef INPUTS_H
#define INPUTS_H

#include "casefile.h"

struct inputs {
	/* A text case; f is the reader's, as are the bytes of an input. */
	void (*text)(void *arg, const char *path, const struct casefile *f);
	void (*input)(void *arg, const char *path, const uint8_t *bytes, size_t n);
	void *arg;
	uint64_t texts, binaries, passed_over; /* files; the last: those in folders that are neither */
};

/* EXIT_AGREE, or EXIT_USAGE after a line on stderr for each file that cannot be read; the others are taken.
 */
int inputs_read(struct inputs *in, char **args, int n);

/* An object of BPF programs, which is no corpus. */
bool inputs_is_object(const char *operand);

#endif
