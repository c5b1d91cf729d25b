/* SPDX-License-Identifier: MIT */
/*
 * What a guest tells its host: lines of text on a serial port, because every kernel drives one without
 * modules, or on a port that is quicker (harness/guest/guest.h). A line is one frame,
 *
 *	SSSSSSSS T PAYLOAD *CCCCCCCC \n        (without the blanks)
 *
 * S: number of the frame from 0, hex. T: what it is, below. PAYLOAD: bytes, with \n for a newline and \\ for
 * a backslash. C: FNV-1a of everything before the star. So a torn line, a lost byte and a lost line are all
 * noticed: what is not whole is never taken for a result. The other way each byte is a command of its own.
 */
#ifndef FRAME_H
#define FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum frame_type {
	FRAME_HELLO = 'H',    /* RELEASE \0 VERSION: init runs; uname -r and -v */
	FRAME_BEGIN = 'B',    /* a command begins: its number from 0 in decimal; the next five belong to it */
	FRAME_OUT = 'O',      /* a line of stdout, without its newline */
	FRAME_ERR = 'E',      /* a line of stderr */
	FRAME_PART_OUT = 'o', /* a piece of a line that is longer than a frame: more will come */
	FRAME_PART_ERR = 'e',
	FRAME_END = 'X',   /* it ended: the exit code in decimal, or -SIGNAL */
	FRAME_BEAT = 'T',  /* cases moved on since the last one; no payload */
	FRAME_FILE = 'F',  /* PATH \0 BYTES: they go to the end of that file, PATH is relative */
	FRAME_PULSE = 'P', /* counters of the command have moved: pulse_print (base/pulse.h) */
	FRAME_SPLAT = 'K', /* RUNNING \0 TEXT: the kernel complained */
	FRAME_FAIL = '!',  /* a sentence: init cannot go on */
	FRAME_DONE = 'D',  /* every command ended; the last frame */
};

enum frame_order { FRAME_INTERRUPT = 'I' }; /* host to guest: SIGINT to the command */

#define FRAME_MAX  8192			/* bytes of a payload */
#define FRAME_WIRE (2 * FRAME_MAX + 19) /* bytes of a line, at most */

/* Writes one frame to out, which holds FRAME_WIRE bytes. n is at most FRAME_MAX. Returns its length. */
size_t frame_put(char *out, uint32_t serial, enum frame_type type, const void *payload, size_t n);

struct frame {
	enum frame_type type;
	const char *data; /* n bytes and a NUL, borrowed for the call */
	size_t n;
};

struct frame_reader {
	uint32_t serial;  /* of the next frame */
	uint64_t frames;  /* good ones so far */
	uint64_t damaged; /* lines after the first good frame that were not the next one */
	size_t n;	  /* bytes of the line that has begun */
	bool long_line;	  /* it is longer than any frame */
	char line[FRAME_WIRE];
};

/* Takes bytes as they come, in any pieces, and calls fn for each whole frame. Start from {0}. */
void frame_feed(struct frame_reader *r, const void *bytes, size_t n,
		void (*fn)(void *arg, const struct frame *f), void *arg);

#endif
