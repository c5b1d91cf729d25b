/* SPDX-License-Identifier: MIT */
#include "crash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../base/clock.h"
#include "../kernels/files.h"
#include "../case/case_bin.h"
#include "../case/safe.h"
#include "../mutate/batch.h"
#include "../mutate/fit.h"
#include "../profiles/selfcheck.h"
#include "finding.h"
#include "hunt.h"

static bool is_known(const char *folder, const char *stem)
{
	char path[600];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", folder, stem);
	return !stat(path, &st);
}

static enum crash_status write_down(const struct crash_opts *opts, const struct crash_report *rep,
				    const struct hunt *h, const struct tcase *const *cases, unsigned n,
				    struct crash_result *r)
{
	int err = dir_make(opts->folder);

	if (!err)
		err = crash_write(opts, rep, h, cases, n, r);
	if (!err)
		return CRASH_WRITTEN;
	snprintf(r->why, sizeof(r->why), "cannot write the finding %.80s: %s", r->stem, strerror(-err));
	return CRASH_FAILED;
}

enum crash_status crash_investigate(const struct crash_opts *opts, const char *said, size_t n_said,
				    const struct tcase *const *cases, unsigned n, struct crash_result *r)
{
	struct crash_report rep;
	struct hunt h = {.lab = opts->lab,
			 .signature = rep.signature,
			 .deadline = clock_now() + (opts->seconds ? opts->seconds : CRASH_SECONDS),
			 .stop = opts->stop,
			 .progress = opts->progress,
			 .arg = opts->arg};
	enum crash_status status = CRASH_NONE;

	memset(r, 0, sizeof(*r));
	if (n > CRASH_CASES) {
		cases += n - CRASH_CASES;
		n = CRASH_CASES;
	}
	if (!crash_extract(said, n_said, &rep)) {
		snprintf(r->why, sizeof(r->why), "the kernel said nothing that is a complaint");
		goto out;
	}
	snprintf(r->headline, sizeof(r->headline), "%s", rep.headline);
	crash_stem(&rep, r->stem, sizeof(r->stem));
	status = CRASH_KNOWN;
	if (is_known(opts->folder, r->stem) || (opts->known && is_known(opts->known, r->stem)))
		goto out;
	if (opts->lab && n) {
		hunt_cases(&h, cases, n, opts->suspects, opts->attempts ? opts->attempts : 2);
		hunt_shrink(&h);
		if (h.n && h.deadline < clock_now() + 10)
			h.deadline = clock_now() + 10; /* to say whether it recurs, it gets a little more */
		r->recurred = hunt_again(&h, opts->reruns ? opts->reruns : CRASH_RERUNS, &r->reruns);
		r->cases = h.n;
		r->boots = h.boots;
		r->minimal = h.minimal;
	}
	status = write_down(opts, &rep, &h, cases, n, r);
out:
	hunt_fini(&h);
	crash_report_fini(&rep);
	return status;
}

unsigned crash_cases_of(const void *input, size_t n, struct tcase *out[CRASH_CASES])
{
	size_t end[BATCH_MAX], from = 0;
	unsigned cases = batch_split(input, n, end), got = 0;

	for (unsigned i = 0; i < cases && got < CRASH_CASES; from = end[i++]) {
		const uint8_t *bytes = (const uint8_t *)input + from;
		int32_t level, optname;

		out[got] = calloc(1, sizeof(*out[got]));
		if (!out[got] || !case_bin_take(bytes, n - from, out[got]) || !out[got]->n_calls ||
		    !tcase_host_safe(out[got], &level, &optname)) {
			free(out[got]); /* the driver did not run it */
			continue;
		}
		fit_input(out[got++], selfcheck_pick(bytes, end[i] - from));
	}
	return got;
}
