/* SPDX-License-Identifier: MIT */
#include "stats.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/buf.h"
#include "harness/base/pulse.h"

struct fuzz_stats fuzz_stats;

static const char *const reasons[REFUSED_COUNT] = {
	[REFUSED_TOO_SHORT] = "too_short", [REFUSED_MALFORMED] = "malformed",
	[REFUSED_NO_CALLS] = "no_calls",   [REFUSED_UNSAFE] = "unsafe",
	[REFUSED_SKIPPED] = "skipped",	   [REFUSED_INCONCLUSIVE] = "inconclusive",
};

/* The file's name with the process id in it; false: nobody asked. */
static bool file_name(struct buf *name)
{
	const char *file = getenv("HOOKDIFF_FUZZ_STATS"), *p;

	if (!file || !*file)
		return false;
	p = strstr(file, "%p");
	if (p) {
		buf_add(name, file, (size_t)(p - file));
		buf_printf(name, "%d%s", getpid(), p + 2);
	} else {
		buf_puts(name, file);
	}
	return !name->failed;
}

/*
 * AddressSanitizer's own, unless ASAN_OPTIONS says otherwise. Every execution takes and gives back a few
 * bytes: a quarantine of 256 MiB would go through all of the caches, and nobody needs thirty frames of
 * libFuzzer's.
 */
const char *__asan_default_options(void); /* NOLINT(bugprone-reserved-identifier) */
const char *__asan_default_options(void)  /* NOLINT(bugprone-reserved-identifier) */
{
	return "quarantine_size_mb=4:malloc_context_size=8";
}

void stats_write(void)
{
	static bool registered;
	const struct fuzz_stats *s = &fuzz_stats;
	struct buf name = {0};
	FILE *f;

	if (!registered) {
		registered = true;
		atexit(stats_write);
	}
	if (!file_name(&name)) {
		buf_fini(&name);
		return;
	}
	f = fopen(buf_str(&name), "we");
	if (!f) {
		fprintf(stderr, "HOOKDIFF_FUZZ_STATS: cannot write %s: %s\n", buf_str(&name),
			strerror(errno));
	} else {
		fprintf(f,
			"{\"target\":\"%s\",\"executions\":%" PRIu64 ",\"cases\":%" PRIu64
			",\"calls\":%" PRIu64 ",\"refused_executions\":%" PRIu64 ",\"refused\":{",
			program_invocation_short_name, s->executions, s->cases, s->calls,
			s->refused_executions);
		for (unsigned r = 0; r < REFUSED_COUNT; r++)
			fprintf(f, "%s\"%s\":%" PRIu64, r ? "," : "", reasons[r], s->refused[r]);
		fputs("}}\n", f);
		fclose(f);
	}
	buf_fini(&name);
}

static uint64_t refused_cases(void)
{
	uint64_t n = 0;

	for (unsigned r = 0; r < REFUSED_COUNT; r++)
		n += fuzz_stats.refused[r];
	return n;
}

static void to_pulse(struct pulse *p)
{
	static struct {
		uint64_t executions, cases, refused;
	} told;
	const struct fuzz_stats *s = &fuzz_stats;
	uint64_t refused = refused_cases();

	pulse_add(&p->execs, s->executions - told.executions);
	pulse_add(&p->cases, s->cases - told.cases);
	pulse_add(&p->refused, refused - told.refused);
	told.executions = s->executions;
	told.cases = s->cases;
	told.refused = refused;
	for (unsigned i = 0; i < CLAUSE_WORDS; i++)
		pulse_clauses(p, i, s->clauses.w[i]);
}

void stats_beat(void)
{
	static struct pulse *pulse;
	static uint64_t beats;

	if (!beats)
		pulse = pulse_join();
	if (!(beats++ & 0xff))
		stats_write();
	if (!pulse)
		return;
	to_pulse(pulse);
	if (pulse_orphaned(pulse))
		_exit(0);
}
