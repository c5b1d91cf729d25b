/* SPDX-License-Identifier: MIT */
/*
 * Known divergences. One waiver a line, `#` starts a comment:
 *
 *	CLAUSE KERNEL-GLOB "reason" LINK
 *	GET.OPTLEN.BELOW 5.10.* "negative optlen was not checked before 5.11" https://...
 *
 * CLAUSE is an id of the catalogue, or `get:CLAUSE` / `set:CLAUSE` if it is waived for one hook only.
 * KERNEL-GLOB is matched against the whole release (`uname -r`) as a shell would. The reason is not empty: a
 * waived call is reported as XFAIL with it. LINK is a URL or a path of this project.
 */
#ifndef WAIVERS_H
#define WAIVERS_H

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
	char *kernel, *reason, *link; /* owned by the waivers */
	uint64_t used;		      /* counted by waivers_match */
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

void waivers_fini(struct waivers *w);

#endif
