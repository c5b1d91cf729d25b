/* SPDX-License-Identifier: MIT */
/*
 * Which mirror to ask: the one that this machine's apt asks, with every suite that may hold a kernel. So a
 * private mirror, its key and its options (signed-by, trusted, check-valid-until) are used as they are.
 */
#ifndef SOURCES_H
#define SOURCES_H

#include "harness/base/buf.h"

/* A place where packages come from. Strings are owned by the entry. */
struct source {
	char *uri;
	char *options; /* deb822 fields, each line ended by a newline; "" for none */
	int rank;      /* how much it looks like Debian's archive; 0: there is none */
};

struct sources {
	struct source debian, security;
};

/* Reads one file of apt's, in the one-line form or, for names that end in .sources, in the deb822 form. */
void sources_read(struct sources *s, const char *name, const char *text);

/* Appends the sources for our own apt: deb822, all suites, amd64 only. Nothing if there is no Debian source.
 */
void sources_write(const struct sources *s, struct buf *out);

void sources_fini(struct sources *s);

#endif
