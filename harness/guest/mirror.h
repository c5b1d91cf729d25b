/* SPDX-License-Identifier: MIT */
/*
 * Shows the host a folder of the guest while it grows: what was appended to each file since the last look. A
 * report is thus on the host's disk a moment after it was written, also if the guest dies then. Files may
 * only grow. Those in a folder named MIRROR_SPOOL are written once, and removed here as soon as they are with
 * the host: a fuzzer that runs for hours must not fill the guest's memory with inputs.
 */
#ifndef MIRROR_H
#define MIRROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MIRROR_FILES 1024
#define MIRROR_DEPTH 4
#define MIRROR_SPOOL "spool"
#define MIRROR_REST  500 /* ms without a change that a file is taken for whole after, without leases */

struct mirror_file {
	uint64_t inode;
	uint64_t sent; /* bytes; + 1, so that 0 is a file never seen */
};

struct mirror {
	const char *root; /* "": nothing is mirrored */
	unsigned n;
	struct mirror_file file[MIRROR_FILES];
};

void mirror_init(struct mirror *m, const char *root);

/*
 * Calls put with PATH \0 BYTES (at most FRAME_MAX in all) for everything that is new, an empty file too.
 * last: nobody writes any more, so that files of the spool need no rest.
 */
void mirror_send(struct mirror *m, bool last, void (*put)(void *arg, const void *payload, size_t n),
		 void *arg);

#endif
