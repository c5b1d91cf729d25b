/* SPDX-License-Identifier: MIT */
/*
 * The table of socket options: one row each, sorted by level and number. The text format takes its names from
 * here, the generator its legal values, the executor what is safe, the comparison what is volatile.
 * To add an option: one row in options.c (and a case that uses it).
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"

/* What the value looks like. Whether it can be set or only read is can_set and can_get. */
enum opt_kind {
	OPT_NONE,
	OPT_INT,    /* a 32-bit integer */
	OPT_BOOL,   /* the same, only 0 and 1 mean something */
	OPT_BYTE,   /* a 32-bit integer or a single byte, as the caller's optlen says (most of SOL_IP) */
	OPT_U64,    /* a 64-bit integer */
	OPT_STRING, /* text: at most `size` bytes */
	OPT_STRUCT, /* a struct of `size` bytes */
	OPT_LARGE,  /* a header and an array behind it: may exceed a page */
	OPT_KIND_COUNT,
};

/* Kinds of sockets, as bits of sock_mask. */
enum sock_kind {
	SK_TCP4 = 1 << 0,
	SK_UDP4 = 1 << 1,
	SK_TCP6 = 1 << 2,
	SK_UDP6 = 1 << 3,
	SK_UNIX = 1 << 4,
	SK_NETLINK = 1 << 5,
	SK_PACKET = 1 << 6,
	SK_MPTCP = 1 << 7,
	SK_RAW4 = 1 << 8,
	SK_RAW6 = 1 << 9,
	SK_VSOCK = 1 << 10,
	SK_XDP = 1 << 11,
	SK_SCTP = 1 << 12,
	SK_ALG = 1 << 13,
	SK_SMC = 1 << 14,
};

struct option_info {
	int32_t level;
	int32_t optname;
	const char *name;
	enum opt_kind kind;
	uint16_t size;	    /* nominal bytes of the value; OPT_LARGE: of its header */
	uint16_t sock_mask; /* SK_*: which sockets know the option */
	bool can_set, can_get;
	bool is_volatile; /* two reads, or the reads of two equal sockets, may differ */
	bool shared;	/* set on one socket it is seen on others: the twin's call and the hooked one meet */
	bool host_safe; /* false: hurts the machine, flips a static key, makes fds, takes pointers or is slow
			 */
	/* Values that a set accepts: v_lo, v_lo + v_step, ... up to v_hi. v_step 0: no such list is known. */
	int32_t v_lo, v_hi, v_step;
};

/* The row of an option, or NULL. A hash: fit for the fast path. Static memory, as all rows. */
const struct option_info *option_find(int32_t level, int32_t optname);
/* The row whose name (or synonym, SO_GET_FILTER) is s[0..n) at this level, or NULL. */
const struct option_info *option_by_name(int32_t level, const char *s, size_t n);
/* Rows 0..option_count()-1, sorted by level, then number. i must be in range. */
size_t option_count(void);
const struct option_info *option_at(size_t i);

/* The n-th other name (from 0) of the option in a row: "SO_GET_FILTER" is one of SO_ATTACH_FILTER. NULL
 * beyond. */
const char *option_synonym(const struct option_info *o, unsigned n);

/* "int", "large": short names of the kinds; "unknown" for OPT_NONE. */
const char *opt_kind_name(unsigned kind);

/* Levels that have a name: 0..level_count()-1. i must be in range. */
size_t level_count(void);
int32_t level_at(size_t i);
/* "SOL_IP" for 0, NULL for a level without a name. */
const char *level_name(int32_t level);
/* "IP_TOS" for (SOL_IP, IP_TOS), NULL if there is no row. */
const char *option_name(int32_t level, int32_t optname);

/* Appends the name, else the number: hex (0x484b), or decimal if it is negative or below 10. */
void level_print(struct buf *b, int32_t level);
void option_print(struct buf *b, int32_t level, int32_t optname);

/*
 * Reads a level: a name (SOL_X, or IPPROTO_X where that is the level) or a number from INT32_MIN to
 * UINT32_MAX, of which the low 32 bits count. False, *level untouched, if s[0..n) is neither.
 */
bool level_parse(const char *s, size_t n, int32_t *level);
/* The same for an option of a level that has rows; at any other level every name of the table will do. */
bool option_parse(int32_t level, const char *s, size_t n, int32_t *optname);
/* The same where the level is not known: the first row of that name, or a number. */
bool option_parse_any(const char *s, size_t n, int32_t *optname);

#endif
