/* SPDX-License-Identifier: MIT */
/*
 * The sweep of chains: every way to attach up to two programs to each of three cgroups below each other, by
 * both calls and in every mode, PREORDER where there is it; for each, every pattern of return values. The
 * cgroups and sockets stay; a topology differs from the one before it by what is attached to its lowest
 * cgroups, and return values are data.
 */
#ifndef CHAINS_H
#define CHAINS_H

#include "operate.h"

struct chains_opts {
	unsigned worker, workers;		 /* takes its part of the choices for the top cgroup */
	unsigned thin;				 /* only every so many-th topology */
	bool (*stop)(uint64_t cases, void *arg); /* asked now and then; may be NULL */
	void *arg;
};

struct chains_result {
	uint64_t chains; /* topologies */
};

/*
 * V_PASS; V_FAIL with *res, and in *t the case that shows it; else res->why. Counters are o's: each topology
 * is a case.
 */
enum verdict chains_run(struct operate *o, const struct chains_opts *opts, struct tree *t,
			struct op_result *res, struct chains_result *r);

/* How many topologies there are in a kernel with these needs, refused attachments among them. */
uint64_t chains_count(const struct attach_epoch *e);

#endif
