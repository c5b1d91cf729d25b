/* SPDX-License-Identifier: MIT */
/*
 * What is true of every prediction, whatever the case and the handler's answer: one row each, with the kernel
 * function or the section of the document that makes it so. The rows are written from those sources and not
 * from the pipelines, so a slip in a pipeline breaks a row. fuzz_oracle holds every prediction against them
 * (selfcheck.h); they never see what a kernel did.
 */
#ifndef INVARIANT_H
#define INVARIANT_H

#include "../../oracle/profiles.h"
#include "../case/outcome.h"

/* One call that was planned and predicted. All borrowed. */
struct invariant_call {
	const struct profile *profile;
	const struct clause_set *clauses; /* those that hold in the profile */
	uint32_t page;
	const struct tcase *tc;
	const struct tc_call *c;
	const uint8_t *ids; /* the effective programs of its socket (tcase_effective) */
	unsigned n_ids;
	const struct plan *plan;
	const struct handler_result *hr; /* NULL: the plan calls nobody */
	const struct want *w;
};

struct invariant {
	const char *name;
	const char *rule;   /* one sentence */
	const char *source; /* kernel/bpf/cgroup.c unless another file is named */
	unsigned hooks;	    /* bits of enum hook: of which calls it speaks */
	bool (*holds)(const struct invariant_call *v);
};

unsigned invariant_count(void);
const struct invariant *invariant_at(unsigned i);

/* The first row that the call breaks; NULL: all hold. */
const struct invariant *invariant_broken(const struct invariant_call *v);

#endif
