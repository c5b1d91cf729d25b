/* SPDX-License-Identifier: MIT */
/*
 * One page of memory in which workers write down what they run, so that it can be read after the kernel under
 * them has died. In a guest (harness/guest) it is a page of its own that every child inherits, and the host
 * finds it in the guest's RAM by its magic (harness/vm/postmortem.h). Elsewhere nobody looks, and the stores
 * go to an ordinary variable: a case costs two of them either way.
 */
#ifndef RECORDER_H
#define RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORDER_SLOTS 64
#define RECORDER_PATH  1024
#define RECORDER_PAGE  4096
#define RECORDER_IDLE  UINT64_MAX

#define RECORDER_PARTS	   2	/* pages of an input, behind the page of the record */
#define RECORDER_PART	   4056 /* bytes of it in each */
#define RECORDER_INPUT_MAX (RECORDER_PARTS * RECORDER_PART)
#define RECORDER_ENV	   "HOOKDIFF_RECORDER" /* the file, in the environment of other programs */

enum recorder_kind {
	RECORDER_NOTHING,
	RECORDER_PATHS,
	RECORDER_SWEEP,
	RECORDER_FUZZ,
	RECORDER_INPUT, /* of a fuzz driver: its bytes are in the parts */
};

struct recorder_slot {		 /* one worker's */
	volatile uint64_t ticks; /* grows with every case that is begun, also while one is shrunk */
	volatile uint64_t index; /* of the case; RECORDER_IDLE: none */
};

struct recorder {
	uint8_t magic[16];
	uint32_t command; /* of the guest's job, from 0 */
	uint32_t kind;	  /* enum recorder_kind */
	uint64_t seed;	  /* RECORDER_FUZZ */
	uint8_t pad[32];
	char path[RECORDER_PATH]; /* RECORDER_PATHS: the file */
	struct recorder_slot slot[RECORDER_SLOTS];
};

/* A page of an input. Pages lie anywhere in the guest's memory: each says what it is. */
struct recorder_part {
	uint8_t magic[16]; /* recorder_magic() + 1 + number in the first byte */
	uint64_t serial;   /* of the input: parts of another one are stale */
	uint32_t n;	   /* bytes of the whole input that were kept */
	uint32_t size;	   /* that it had */
	uint8_t pad[8];
	uint8_t bytes[RECORDER_PART];
};

extern struct recorder *recorder;
extern struct recorder_slot *recorder_slot; /* this process's */

/* The 16 bytes that no file and no program contains, only a page made by recorder_make. */
void recorder_magic(uint8_t magic[16]);
void recorder_part_magic(unsigned part, uint8_t magic[16]); /* the same of a page of an input */

/* Replaces the page by a file's, which children and, through RECORDER_ENV, other programs share. 0 or -errno.
 */
int recorder_make(const char *path);

/* Takes the pages of the file that RECORDER_ENV names. False: nobody looks. */
bool recorder_join(void);

/* A command begins: what its numbers mean from now on. */
void recorder_begin(enum recorder_kind kind, uint64_t seed);
/* From now on this process writes to that slot. */
void recorder_worker(unsigned index);
/* The next case is the one of this file. */
void recorder_file(const char *path);

/* The next case is this input of a fuzz driver: after recorder_join, else nothing happens. */
void recorder_input(const uint8_t *data, size_t n);

/* The next case is the one of this number. */
static inline void recorder_index(uint64_t index)
{
	recorder_slot->index = index;
}

/* A case begins. */
static inline void recorder_tick(void)
{
	recorder_slot->ticks++;
}

/* The sum of all ticks: has anything moved since the last look? */
uint64_t recorder_ticks(const struct recorder *r);

/* "sweep case 12", "case 7 of fuzz --seed 5". */
void recorder_name(enum recorder_kind kind, uint64_t seed, uint64_t index, char *out, size_t size);

/*
 * What ran, for people: a path, "sweep case 12", "case 7 of fuzz --seed 5", several of them with commas, or
 * "". r may be a damaged copy: nothing in it is trusted.
 */
void recorder_describe(const struct recorder *r, char *out, size_t size);

#endif
