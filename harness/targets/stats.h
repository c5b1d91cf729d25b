/* SPDX-License-Identifier: MIT */
/*
 * What a fuzz target made of its inputs. If HOOKDIFF_FUZZ_STATS names a file, one JSON line is there at exit,
 * renewed every 65,536 executions because engines end their targets by a signal. "%p" in the name becomes the
 * process id, for engines that start several. The line:
 *
 *	{"target":"fuzz_oracle","executions":9,"cases":20,"calls":55,"refused_executions":1,"refused":{"too_short":1,...}}
 *
 * cases: all that the inputs held. refused: cases (or whole inputs) that tested nothing, by reason.
 * In a campaign the same counts go to its page of counters as well (harness/base/pulse.h), and the target
 * ends when the campaign has gone.
 */
#ifndef STATS_H
#define STATS_H

#include <stdint.h>

#include "harness/case/outcome.h"

enum refusal {
	REFUSED_TOO_SHORT, /* not the bytes of one case */
	REFUSED_MALFORMED, /* text that is no case */
	REFUSED_NO_CALLS,
	REFUSED_UNSAFE,	      /* can hurt the machine */
	REFUSED_SKIPPED,      /* this kernel cannot express it */
	REFUSED_INCONCLUSIVE, /* it ran, and nothing could be compared */
	REFUSED_COUNT,
};

struct fuzz_stats {
	uint64_t executions, cases;
	uint64_t calls; /* of the cases that were run */
	uint64_t refused[REFUSED_COUNT];
	uint64_t refused_executions; /* with at least one refused case */
	uint64_t last_refused;	     /* the number of the last of those */
	struct clause_set clauses;
};

extern struct fuzz_stats fuzz_stats;

/* Writes the line. Done for you, unless the target leaves by _exit. */
void stats_write(void);

/* Every 256 executions; ends the process if the campaign that it worked for has gone. */
void stats_beat(void);

/* An execution begins. */
static inline void stats_execution(void)
{
	if (!(fuzz_stats.executions++ & 0xff))
		stats_beat();
}

/* These clauses had a say in some call. */
static inline void stats_clauses(const struct clause_set *hits)
{
	clause_join(&fuzz_stats.clauses, hits);
}

static inline void stats_refuse(enum refusal why)
{
	fuzz_stats.refused[why]++;
	fuzz_stats.refused_executions += fuzz_stats.last_refused != fuzz_stats.executions;
	fuzz_stats.last_refused = fuzz_stats.executions;
}

#endif
