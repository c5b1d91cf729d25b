/* SPDX-License-Identifier: MIT */
/*
 * Which instructions of some ranges of addresses a guest began, on a kernel that says nothing of it itself:
 * QEMU's translator asks a plugin of ours (plugin/plugin.c), which marks them in memory that it shares with
 * us (page.h). So it can be read whatever became of the guest. Only these ranges cost anything.
 *
 * The precision is one instruction: it counts when it is begun, also if it then faults; the ones behind a
 * fault do not count.
 */
#ifndef TCG_TRACE_H
#define TCG_TRACE_H

#include <stdbool.h>

#include "page.h"

struct trace {
	int fd;	    /* of the shared memory, for vm_job.trace */
	int plugin; /* the shared object, for vm_job.plugin */
	struct trace_page *page;
	uint64_t bytes;		 /* addresses of all ranges */
	struct trace_range *own; /* the ranges: what the page says of them is the guest's word */
	uint32_t n;
};

/*
 * Prepares a trace of n ranges, ascending and apart. program: the shared object; NULL: hookdiff-tcg.so beside
 * this program. 0, or -errno with one sentence in why: -ENOENT if there is no such file.
 */
int trace_open(struct trace *t, const struct trace_range *range, uint32_t n, const char *program, char *why,
	       size_t size);
void trace_close(struct trace *t);

/* Whether QEMU has taken the plugin. If not, what the guest did is not known. */
bool trace_loaded(const struct trace *t);

/* Calls fn for every address at which an instruction was begun, ascending. */
void trace_each(const struct trace *t, void (*fn)(void *arg, uint64_t address), void *arg);

#endif
