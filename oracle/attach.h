/* SPDX-License-Identifier: MIT */
/*
 * What a kernel knows of attaching: traits of their own, because their changes reached the stable series at
 * other times than those of the value contract (profiles.h). An epoch is found by the kernel's release.
 */
#ifndef ATTACH_H
#define ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The words of a case's line `# needs`: a bit each. */
enum attach_need {
	NEED_REPLACE = 1 << 0,	 /* BPF_F_REPLACE */
	NEED_LINKS = 1 << 1,	 /* BPF_LINK_CREATE and _UPDATE */
	NEED_FORCE = 1 << 2,	 /* BPF_LINK_DETACH */
	NEED_ARRAY = 1 << 3,	 /* BPF_PROG_QUERY with an array of flags; attach_flags 0 if effective */
	NEED_PREORDER = 1 << 4,	 /* BPF_F_PREORDER on programs */
	NEED_MPROG = 1 << 5,	 /* BEFORE, AFTER, anchors, revisions; PREORDER on links */
	NEED_SWAP_SAFE = 1 << 6, /* a link update hits its own program although some are PREORDER */
	NEED_LAX_LINKS = 1 << 7, /* without mprog: the fields of anchor and revision are not looked at */
	NEED_COUNT = 8,
};

struct attach_epoch {
	const char *name;
	const char *what; /* for people */
	uint32_t has;	  /* enum attach_need, or-ed */
};

unsigned attach_epoch_count(void);
const struct attach_epoch *attach_epoch_at(unsigned i);
const struct attach_epoch *attach_epoch_find(const char *name);
/* The epoch of a kernel, as profile_for_kernel() takes it; NULL if no row covers it. */
const struct attach_epoch *attach_for_kernel(const char *release, const char *version);

const char *attach_need_name(unsigned bit);
/*
 * Reads a line of words: bits that an epoch must have, and ("no-links") that it must not have. NULL, or what
 * is wrong with the word at *word, n bytes long.
 */
const char *attach_needs(const char *line, uint32_t *has, uint32_t *lacks, const char **word, size_t *n);

#endif
