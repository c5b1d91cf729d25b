/* SPDX-License-Identifier: MIT */
/*
 * What hookdiff and its QEMU plugin (plugin/plugin.c) share: a file in memory that both map. It begins with
 * struct trace_page; behind it stands one byte for each address of the ranges, in their order, that is 1 once
 * the instruction that begins there was begun. Whoever maps it checks it: neither end trusts the other.
 */
#ifndef TCG_PAGE_H
#define TCG_PAGE_H

#include <stddef.h>
#include <stdint.h>

#define TRACE_MAGIC  "hdtrace1"
#define TRACE_RANGES 1000
#define TRACE_BYTES  (16u << 20) /* addresses of all ranges together, at most */

struct trace_range {
	uint64_t start, end; /* end is the first address that is not meant */
};

struct trace_page {
	char magic[8];
	uint32_t n;	 /* ranges that follow, ascending and apart */
	uint32_t loaded; /* the plugin sets it to 1 when QEMU has taken it */
	struct trace_range range[TRACE_RANGES];
};

/* Where the byte of an address is, counted from the end of the page; -1: in no range. */
static inline int64_t trace_place(const struct trace_range *range, uint32_t n, uint64_t address)
{
	uint64_t before = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (address >= range[i].start && address < range[i].end)
			return (int64_t)(before + address - range[i].start);
		before += range[i].end - range[i].start;
	}
	return -1;
}

/* The sum of the lengths, or 0 if the ranges are none: out of order, empty, or more than TRACE_BYTES. */
static inline uint64_t trace_bytes(const struct trace_range *range, uint32_t n)
{
	uint64_t sum = 0;

	if (n > TRACE_RANGES)
		return 0;
	for (uint32_t i = 0; i < n; i++) {
		if (range[i].start >= range[i].end || (i && range[i].start < range[i - 1].end) ||
		    range[i].end - range[i].start > TRACE_BYTES)
			return 0;
		sum += range[i].end - range[i].start;
	}
	return sum > TRACE_BYTES ? 0 : sum;
}

#endif
