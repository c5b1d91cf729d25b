/* SPDX-License-Identifier: MIT */
/*
 * The configuration of a kernel of ours, from fragments: files of kernels/config, one concern each, a line an
 * option with its reason:
 *
 *	CONFIG_CGROUP_BPF=y          # the hooks
 *	?CONFIG_RSEQ=y               # not on User-Mode Linux
 *	# CONFIG_MODULES is not set  # one file
 *	@KCOV_INSTRUMENT_cgroup.o=y  # a variable for make
 *
 * '?': it may stay off for want of something else, or have another value in another series. A later fragment
 *has the last word on an option.
 */
#ifndef FRAGMENT_H
#define FRAGMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/buf.h"

/* kernels/config, which the build puts into the program; name without .config. A row without a name ends it.
 */
struct fragment_file {
	const char *name, *text;
};
extern const struct fragment_file fragment_files[];

struct fragment_line {
	char *name, *value; /* value NULL: the option is off */
	bool maybe;
};

struct fragments {
	struct fragment_line *line;
	unsigned n, cap;
	struct buf make; /* variables for make: NAME=VALUE, each ended by a NUL */
	unsigned n_make;
};

/*
 * Adds a file. Returns 0 or -errno with one sentence in why: -EINVAL names the line that is none of the
 * above.
 */
int fragment_read(struct fragments *f, const char *path, char *why, size_t n);

/* The same of a text, whose name is for messages. */
int fragment_parse(struct fragments *f, const char *name, const char *text, char *why, size_t n);

/* What KCONFIG_ALLCONFIG wants to read. */
void fragment_print(const struct fragments *f, struct buf *out);

/*
 * Whether a .config, as its text, has everything that was asked for: kconfig drops without a word what it
 * does not know or what lacks its dependencies. An option that the source does not know at all (knows says
 * so: a series before or after it) is no loss. False with the first option that is one in why.
 */
bool fragment_took(const struct fragments *f, const char *config,
		   bool (*knows)(void *arg, const char *option), void *arg, char *why, size_t n);

void fragment_fini(struct fragments *f);

#endif
