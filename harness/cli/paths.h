/* SPDX-License-Identifier: MIT */
/*
 * The same case through every way into the kernel (`run --paths`): what came of each call on each way, and by
 * which clauses the ways may differ. Each way is held against the oracle as any case is; what the ways have
 * to do with each other is the clauses' to say.
 */
#ifndef PATHS_H
#define PATHS_H

#include "../base/buf.h"
#include "../campaign/loop.h"

/* What came of one call on one way. */
struct path_call {
	bool made;
	bool unsure; /* the profile leaves the result free */
	int64_t ret;
	int32_t optlen;
	uint32_t runs; /* of programs */
	uint8_t c_ret, c_runs;
};

struct paths {
	enum verdict verdict[VIA_COUNT];
	char why[VIA_COUNT][256];
	struct path_call call[VIA_COUNT][TC_MAX_CALLS];
};

/*
 * Runs the case once for each way, its own expectations left out: they are for the ways that it names. Ends
 * with the first way that differs from the oracle: *tc is the case of that way then, and *res how it differs.
 * The verdict is the worst one: a way that this machine has not is no worse than a pass if another passes.
 */
enum verdict paths_run(struct loop *lp, struct tcase *tc, struct paths *p, struct case_result *res);

/* The table: a line a call, a column a way; below it the clauses behind the differences. tc as it was
 * written. */
void paths_print(const struct tcase *tc, const struct paths *p, struct buf *out);

#endif
