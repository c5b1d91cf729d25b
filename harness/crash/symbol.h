/* SPDX-License-Identifier: MIT */
/*
 * Source lines of the places in a report, from the kernel's ELF file: its symbol table says where a function
 * is, addr2line (binutils) what line that is, with the functions that were inlined there. A kernel of our own
 * has both (kernels/config/kasan.config); of others the places stay "function+offset".
 */
#ifndef SYMBOL_H
#define SYMBOL_H

#include "splat_text.h"

/* Where it was, one line for each function that is inlined there, the innermost first. */
struct crash_place {
	struct buf lines; /* "do_replace net/ipv4/netfilter/ip_tables.c:1111\n..."; empty: not known */
};

/*
 * Fills place[i], zeroed, for n addresses as they stand in the file. Returns how many are known; 0 with one
 * sentence in why if that is because of the tool.
 */
unsigned crash_lines(const char *elf, const uint64_t *address, unsigned n, struct crash_place *place,
		     char *why, size_t size);

/*
 * Fills place[i] for r->frame[i]; place has CRASH_FRAMES elements, zeroed. Returns how many are known; 0 with
 * one sentence in why if that is because of the file or a tool.
 */
unsigned crash_places(const struct crash_report *r, const char *elf, struct crash_place *place, char *why,
		      size_t size);
void crash_places_fini(struct crash_place *place);

/* The report's text with the places behind the lines that name them. */
void crash_annotate(const struct crash_report *r, const struct crash_place *place, struct buf *out);

/* "net/core/sock.c" of a path as compilers write it down: from the kernel's own top folder on. */
const char *crash_source(const char *path);

#endif
