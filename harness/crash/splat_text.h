/* SPDX-License-Identifier: MIT */
/*
 * What a kernel said when it complained, taken out of a console or a log: which lines, of what kind, and
 * which functions it was in. Two complaints with the same signature are taken for the same bug. The text is
 * hostile: a kernel that has lost its mind prints anything.
 */
#ifndef SPLAT_TEXT_H
#define SPLAT_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/buf.h"

#define CRASH_FRAMES  64
#define CRASH_LINES   160   /* of one complaint that are kept */
#define CRASH_TEXT    16384 /* bytes of it */
#define CRASH_NAME    96    /* of a function, of a signature; with the NUL */
#define CRASH_DEEP    2	    /* functions that a signature names */
#define CRASH_BY_LINE 400   /* bytes of a line that are looked at */

/* A place in a backtrace: "do_ipt_set_ctl+0x1a2/0x7c0". */
struct crash_frame {
	char function[CRASH_NAME];
	uint32_t offset, size;
	unsigned line;	/* of struct crash_report's text, from 0 */
	bool unsure;	/* "? f+0x1/0x2": the unwinder found the address on the stack, no more */
	bool exact;	/* the very instruction (RIP), not the one that it will return to */
	bool reporters; /* the reporter's own: dump_stack, kasan_report, panic ... */
	bool elsewhere; /* not in the first trace: who allocated or freed the memory */
};

struct crash_report {
	char kind[48];			/* "kasan-slab-out-of-bounds", "warning", "panic" ... */
	char headline[256];		/* the first line, safe to print */
	char signature[2 * CRASH_NAME]; /* "kasan-slab-out-of-bounds do_ipt_set_ctl nf_setsockopt" */
	struct buf text;		/* all its lines without time stamps, safe to print */
	struct crash_frame frame[CRASH_FRAMES];
	unsigned n_frames;
};

/*
 * Finds the worst complaint in text[0..n), the first one of its severity: a memory error, oops or BUG before
 * a panic (which follows it), a panic before a warning. False: there is none, *r is empty. crash_report_fini
 * in any case.
 */
bool crash_extract(const char *text, size_t n, struct crash_report *r);
void crash_report_fini(struct crash_report *r);

/* The signature as the name of a folder: letters, digits, '-', '_' and '.'; never empty. */
void crash_stem(const struct crash_report *r, char *out, size_t size);

/* Does a line begin a complaint? */
bool crash_begins(const char *line);

#endif
