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

#define RECORDER_RING  256  /* inputs of a fuzz driver that are kept: a page each, behind the record's */
#define RECORDER_INPUT 4056 /* bytes of one; of a longer one the first */
#define RECORDER_ENV   "HOOKDIFF_RECORDER" /* the file, in the environment of other programs */

enum recorder_kind {
	RECORDER_NOTHING,
	RECORDER_PATHS,
	RECORDER_SWEEP,
	RECORDER_FUZZ,
	RECORDER_DRIVER, /* inputs of a fuzz driver: seed is the serial of the one that runs */
};

struct recorder_slot {		 /* one worker's */
	volatile uint64_t ticks; /* grows with every case that is begun, also while one is shrunk */
	volatile uint64_t index; /* of the case; RECORDER_IDLE: none */
};

struct recorder {
	uint8_t magic[16];
	uint32_t command;	    /* of the guest's job, from 0 */
	uint32_t kind;		    /* enum recorder_kind */
	uint64_t seed;		    /* RECORDER_FUZZ */
	volatile uint64_t mirrored; /* how often all files were sent to the host: grows */
	uint8_t pad[24];
	char path[RECORDER_PATH]; /* RECORDER_PATHS: the file */
	struct recorder_slot slot[RECORDER_SLOTS];
};

/* A page of the ring. Pages lie anywhere in the guest's memory: each says what it is. */
struct recorder_input {
	uint8_t magic[16]; /* recorder_input_magic() */
	uint64_t serial;   /* of the input, from 1: it is in page serial % RECORDER_RING */
	uint32_t n;	   /* bytes that were kept */
	uint32_t size;	   /* that it had */
	uint8_t pad[8];
	uint8_t bytes[RECORDER_INPUT];
};

extern struct recorder *recorder;
extern struct recorder_slot *recorder_slot; /* this process's */

/* The 16 bytes that no file and no program contains, only a page made by recorder_make. */
void recorder_magic(uint8_t magic[16]);
void recorder_input_magic(uint8_t magic[16]); /* the same of a page of the ring */

/* Replaces the page by a file's, which children and, through RECORDER_ENV, other programs share. 0 or -errno.
 */
int recorder_make(const char *path);

/* Takes the pages of the file that RECORDER_ENV names. False: nobody looks. */
bool recorder_join(void);

/*
 * Is this machine a guest of ours, which may die? Process 1 runs from /init, and the file that RECORDER_ENV
 * names begins with the record's magic: a host on which somebody sets variables is none.
 */
bool recorder_guest(void);

/* A command begins: what its numbers mean from now on. */
void recorder_begin(enum recorder_kind kind, uint64_t seed);
/* From now on this process writes to that slot. */
void recorder_worker(unsigned index);
/* The next case is the one of this file. */
void recorder_file(const char *path);

/* The next cases are those of this input of a fuzz driver. After recorder_join, else nothing happens. */
void recorder_input(const uint8_t *data, size_t n);

/*
 * Waits, a few seconds at most, until the files that were written before are with the host: then a crash
 * cannot take them. After recorder_join, else nothing happens.
 */
void recorder_wait(void);

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
