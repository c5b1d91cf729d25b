/* SPDX-License-Identifier: MIT */
/*
 * Known divergences. One waiver a line, `#` starts a comment:
 *
 *	CLAUSE KERNEL-GLOB "reason" LINK OWNER EXPIRY
 *	GET.OPTLEN.BELOW 5.10.* "negative optlen was not checked before 5.11" https://... net-team 2027-06-30
 *
 * CLAUSE is an id of the catalogue, or `get:CLAUSE` / `set:CLAUSE` if it is waived for one hook only.
 * KERNEL-GLOB is matched against the whole release (`uname -r`) as a shell would. The reason is not empty: a
 * waived call is reported as XFAIL with it. LINK is a URL or a path of this project. OWNER is whoever looks
 * at it again, no later than EXPIRY: a day, or `never`. An expired waiver still excuses, with a warning, and
 * so is one that nothing needed any more a warning, not a failure.
 */
#ifndef WAIVERS_H
#define WAIVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/diag.h"
#include "../case/tcase.h"

#define WAIVERS_MAX	  256	/* rows of a file */
#define WAIVERS_MAX_BYTES 65536 /* of a file */

struct waiver {
	unsigned clause;
	int hook; /* enum hook, or HOOK_COUNT: both */
	int line;
	char *kernel, *reason, *link, *owner; /* owned by the waivers */
	uint32_t expiry;		      /* 20270630: that day is its last; 0: never */
	uint64_t used;			      /* counted by waivers_match */
};

struct waivers {
	size_t n;
	struct waiver *row; /* owned */
};

/*
 * Parses text; w need not be initialised. 0, -EINVAL with *diag filled (the file and place, what was expected
 * and what stood there), or -ENOMEM. After an error *w is empty. Lines must be UTF-8 text; a NUL is refused.
 */
int waivers_parse(struct waivers *w, const char *file, const char *text, size_t len, struct diag *diag);

/* Reads and parses a file; -errno with *diag filled, -EFBIG if it is larger than WAIVERS_MAX_BYTES. */
int waivers_load(struct waivers *w, const char *path, struct diag *diag);

/* The first row that excuses a divergence in this clause, hook and kernel, its use counted; else NULL. */
struct waiver *waivers_match(struct waivers *w, unsigned clause, enum hook hook, const char *release);

/* Was the waiver's last day before the day of t (seconds since 1970, UTC)? */
bool waiver_expired(const struct waiver *w, int64_t t);

/*
 * Are both the same line of the same file? Texts are compared as they are printed. One without a kernel
 * pattern is from a record that names the line only, and is any waiver of that line.
 */
bool waiver_same(const struct waiver *a, const struct waiver *b);

/* Frees the texts of a row that is in no struct waivers. */
void waiver_fini(struct waiver *w);
void waivers_fini(struct waivers *w);

#endif
