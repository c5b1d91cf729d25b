/* SPDX-License-Identifier: MIT */
/*
 * The machine's apt with a state directory of our own: its configuration (proxies, credentials, trusted keys)
 * is used, its lists and packages are left alone, and no hook of its is run. apt checks every signature of a
 * list, and the hash of every package against a list.
 */
#ifndef KERNELS_APT_H
#define KERNELS_APT_H

#include <time.h>

#include "listing.h"

struct apt {
	char dir[4000];	      /* our state directory */
	struct listing lists; /* of the last update; empty if there was none */
	time_t when;	      /* of that update; 0: none */
	bool gone;	      /* the mirror no longer has a package that the lists name */
	bool tried;	      /* an update was tried in this process */
	struct buf notes;     /* what apt had to say about the last update, one line each */
};

enum apt_end {
	APT_OK,
	APT_SKIP,  /* no apt, no Debian mirror, no network */
	APT_ERROR, /* a signature, a hash, a full disk */
};

/* Opens the state directory (made if need be) and reads what the last update left. */
enum apt_end apt_open(struct apt *a, const char *dir, char *why, size_t n);

/* Fetches the lists anew and reads the kernels from them. Suites that the mirror has not are left out. */
enum apt_end apt_update(struct apt *a, bool quiet, char *why, size_t n);

/* Fetches one package to the file `to` and checks its hash. */
enum apt_end apt_fetch(struct apt *a, const struct package *p, const char *to, char *why, size_t n);

void apt_close(struct apt *a);

#endif
