/* SPDX-License-Identifier: MIT */
/*
 * Live difference between the oracle and this kernel's hooks. Needs root. An input is one to BATCH_MAX
 * cases in binary form, one behind the other; a divergence prints its card and aborts, or with
 * HOOKDIFF_FINDINGS is written there and the run goes on. Options that can hurt
 * the host are passed over; in a guest HOOKDIFF_UNSAFE=1 lets them in. Nearly all are put on a chain that is
 * there (mutate/fit.h fit_input). A kernel with KCOV (docs/kernels.md) guides the engine by what it went
 * through, unless HOOKDIFF_KCOV=0 is in the environment; with 1 it must. Cases share sockets, and the state
 * that earlier ones left in them; a divergence is confirmed on fresh sockets, and the card says whether it
 * showed there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/recorder.h"
#include "harness/campaign/live.h"
#include "harness/case/case_bin.h"
#include "harness/case/safe.h"
#include "harness/exec/kcov.h"
#include "harness/mutate/batch.h"
#include "harness/mutate/fit.h"
#include "harness/profiles/selfcheck.h"
#include "guide.h"
#include "guide_kernel.h"
#include "stats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void observe(const struct tcase *tc, unsigned call, const struct plan *plan,
		    const struct handler_result *hr, const struct want *w, void *arg)
{
	stats_clauses(&w->hits);
	guide_observe(tc, call, plan, hr, w, arg);
}

static struct kcov kcov;
static bool has_kcov;

/* Opens the kernel, or exits with 2, saying what this machine lacks. */
static struct live *open_guided(void)
{
	const char *wanted = getenv("HOOKDIFF_KCOV");
	struct live *live;
	char why[256];

	if (!safe_join()) {
		fprintf(stderr, "SKIP: " SAFE_ENV "=1 is for a guest that may die: expected hookdiff drive "
				"--unsafe --kernel NAME\n");
		exit(2);
	}
	live = live_open();
	live_loop(live)->observe = observe;
	live_loop(live)->observe_arg = live_loop(live);
	recorder_join();
	has_kcov = !(wanted && !strcmp(wanted, "0")) && !kcov_open(&kcov, why, sizeof(why));
	if (wanted && !strcmp(wanted, "1") && !has_kcov) {
		fprintf(stderr, "SKIP: HOOKDIFF_KCOV=1: %s\n", why);
		exit(2);
	}
	return live;
}

/* The case on the kernel, which then tells the engine where it has been. */
static enum verdict run_watched(struct live *live, struct tcase *tc)
{
	const uint64_t *pcs;
	enum verdict v;
	unsigned n;

	if (!has_kcov)
		return live_run(live, tc);
	kcov_reset(&kcov);
	v = live_run(live, tc);
	n = kcov_take(&kcov, &pcs);
	guide_kernel(pcs, n);
	return v;
}

/* True if the case could be run and compared. pick: a number that its bytes decide. */
static bool run(struct live *live, struct tcase *tc, uint64_t pick)
{
	int32_t level, optname;

	fuzz_stats.cases++;
	if (!tc->n_calls) {
		stats_refuse(REFUSED_NO_CALLS);
		return false;
	}
	if (!tcase_host_safe(tc, &level, &optname)) {
		stats_refuse(REFUSED_UNSAFE);
		return false;
	}
	fit_input(tc, pick);
	fuzz_stats.calls += tc->n_calls;
	switch (run_watched(live, tc)) {
	case V_FAIL:
		if (!live_written(live))
			abort(); /* its card is on stderr */
		break;		 /* it stands in HOOKDIFF_FINDINGS: the next one may be another */
	case V_SKIP:
		stats_refuse(REFUSED_SKIPPED);
		return false;
	case V_INCONCLUSIVE:
		stats_refuse(REFUSED_INCONCLUSIVE);
		return false;
	case V_PASS:
	case V_ERROR: /* ended the process */
	case V_COUNT:
		break;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tcase tc; /* large */
	static struct live *live;
	unsigned useful = 0;
	size_t n;

	stats_execution();
	if (!live)
		live = open_guided();
	recorder_input(data, size);
	if (size < CASE_BIN_MIN)
		stats_refuse(REFUSED_TOO_SHORT);
	for (unsigned k = 0; k < BATCH_MAX && (n = case_bin_take(data, size, &tc)); k++) {
		useful += run(live, &tc, selfcheck_pick(data, n));
		data += n;
		size -= n;
	}
	return useful ? 0 : -1; /* -1: keep it out of the corpus */
}
