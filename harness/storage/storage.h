/* SPDX-License-Identifier: MIT */
/* Runs sequences of model.h on this kernel and holds every counter against the model: docs/storage.md. */
#ifndef STORAGE_H
#define STORAGE_H

#include "../base/buf.h"
#include "model.h"

#define STORAGE_ROUND 1000 /* operations on a pair of new cgroups */

struct storage_opts {
	uint64_t seed;
	double seconds;	 /* 0: no limit */
	uint64_t rounds; /* 0: no limit */
	uint64_t only;	 /* this round alone; 0: all */
	uint8_t wrong;	 /* enum storage_wrong */
};

struct storage_result {
	uint64_t rounds, steps[ST_OP_COUNT], runs, compared; /* compared: counters, by value */
	uint64_t findings;				     /* the run ends with the first one */
	uint64_t said[STORAGE_CLAUSES]; /* how often each clause was behind what was compared */
	char lacks[256];		/* why there was no storage by cgroup pointer; empty: there was */
	struct buf text;		/* what was found; the caller frees */
	double seconds;
	char error[256];
};

/* 0, also with a finding; -errno with a sentence in error: -EOPNOTSUPP if this kernel lacks the maps. */
int storage_run(const struct storage_opts *o, struct storage_result *r);

#endif
