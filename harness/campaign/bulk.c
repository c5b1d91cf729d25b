/* SPDX-License-Identifier: MIT */
/*
 * The workers' parent. Workers are processes, because a process is in one cgroup and one network namespace at
 * a time. Each writes its counters to a shared page of its own; nothing is locked.
 */
#include "bulk_impl.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/recorder.h"
#include "../exec/compat.h"
#include "../mutate/sweep.h"
#include "../report/progress.h"

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	interrupted = sig;
}

bool bulk_interrupted(const struct worker *w)
{
	return interrupted || atomic_load(w->stop);
}

struct bucket *bulk_bucket(struct bulk_result *r, const struct triage_key *key)
{
	for (unsigned i = 0; i < r->n_buckets; i++)
		if (triage_equal(&r->bucket[i].key, key))
			return &r->bucket[i];
	if (r->n_buckets == BULK_BUCKETS)
		return NULL;
	r->bucket[r->n_buckets] = (struct bucket){.key = *key};
	return &r->bucket[r->n_buckets++];
}

unsigned bulk_thinning(const struct bulk_opts *o)
{
	return (o->sweep || o->chains) && o->thin ? o->thin : 1;
}

uint64_t bulk_total(const struct bulk_opts *o)
{
	return o->cases && !o->chains ? o->cases
	       : o->sweep	      ? (sweep_count() + bulk_thinning(o) - 1) / bulk_thinning(o)
				      : 0;
}

static void add_buckets(struct bulk_result *sum, const struct bulk_result *r)
{
	for (unsigned i = 0; i < r->n_buckets; i++) {
		const struct bucket *from = &r->bucket[i];
		struct bucket *b = bulk_bucket(sum, &from->key);

		if (!b)
			continue;
		b->count += from->count;
		b->waived += from->waived;
		if (from->stem[0]) {
			b->failed = from->failed;
			b->reruns = from->reruns;
			memcpy(b->stem, from->stem, sizeof(b->stem));
		}
	}
}

static void add(struct bulk_result *sum, const struct bulk_result *r)
{
	for (unsigned c = 0; c < C_COUNT; c++) {
		sum->stat[c].hit += r->stat[c].hit;
		sum->stat[c].fail += r->stat[c].fail;
		sum->stat[c].waived += r->stat[c].waived;
	}
	for (unsigned d = 0; d < DIM_COUNT; d++)
		for (unsigned v = 0; v < DIM_VALUES; v++)
			sum->dim[d][v] += r->dim[d][v];
	for (unsigned a = 0; a < ANSWER_COUNT; a++)
		sum->answers[a] += r->answers[a];
	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		sum->calls_on[h] += r->calls_on[h];
		sum->controls.ran_ok[h] += r->controls.ran_ok[h];
		sum->controls.ran_bad[h] += r->controls.ran_bad[h];
		sum->controls.silent_ok[h] += r->controls.silent_ok[h];
		sum->controls.silent_bad[h] += r->controls.silent_bad[h];
	}
	sum->straight += r->straight;
	sum->operations += r->operations;
	sum->chains += r->chains;
	for (unsigned i = 0; i < TREE_OP_COUNT; i++)
		sum->ops[i] += r->ops[i];
	for (unsigned i = 0; i < TREE_KIND_COUNT; i++)
		sum->kinds[i] += r->kinds[i];
	sum->cases += r->cases;
	sum->calls += r->calls;
	tally_add(&sum->tally, &r->tally);
	sum->failed += r->failed;
	sum->waived += r->waived;
	sum->inconclusive += r->inconclusive;
	sum->skipped += r->skipped;
	sum->silent += r->silent;
	sum->sets += r->sets;
	sum->indistinct += r->indistinct;
	if (r->caught_after && (!sum->caught_after || r->caught_after < sum->caught_after))
		sum->caught_after = r->caught_after;
	if (r->release[0])
		memcpy(sum->release, r->release, sizeof(sum->release));
	if (r->profile)
		sum->profile = r->profile;
	if (r->error[0] && !sum->error[0])
		memcpy(sum->error, r->error, sizeof(sum->error));
	for (uint64_t i = 0; i < r->n_splats && i < BULK_SPLATS && sum->n_splats + i < BULK_SPLATS; i++)
		sum->splat[sum->n_splats + i] = r->splat[i];
	sum->n_splats += r->n_splats;
	add_buckets(sum, r);
}

/* A worker ended: anything but exit 0 is an error, with its own words if it left some. */
static void note_end(struct bulk_result *r, const struct shared *sh, unsigned i, int status,
		     _Atomic int *stop)
{
	if (!status)
		return;
	atomic_store(stop, 1);
	if (r->error[0] || sh->r.error[0])
		return; /* add() brings the worker's own sentence */
	if (WIFSIGNALED(status))
		snprintf(r->error, sizeof(r->error), "worker %u was ended by signal %d", i, WTERMSIG(status));
	else
		snprintf(r->error, sizeof(r->error), "worker %u ended with status %d", i,
			 WEXITSTATUS(status));
}

/* Waits for all workers, with the progress line; passes a signal on to them, and the end of one. */
static void wait_all(const struct bulk_opts *o, struct shared *const *sh, const pid_t *pid, _Atomic int *stop,
		     struct bulk_result *r)
{
	struct progress p;
	unsigned left = o->workers;
	uint64_t total = bulk_total(o);

	progress_init(&p, o->quiet ? NULL : stderr, o->sweep ? "sweep" : "fuzz", total, o->seconds);
	while (left) {
		uint64_t done = 0, found = 0;
		int status;
		pid_t ended = waitpid(-1, &status, WNOHANG);

		for (unsigned i = 0; i < o->workers; i++) {
			done += atomic_load_explicit(&sh[i]->cases, memory_order_relaxed);
			found += atomic_load_explicit(&sh[i]->findings, memory_order_relaxed);
			if (ended == pid[i]) {
				left--;
				note_end(r, sh[i], i, status, stop);
			}
		}
		if (interrupted)
			atomic_store(stop, 1);
		progress_update(&p, done, found);
		if (ended <= 0)
			usleep(20000);
	}
	progress_end(&p);
}

int bulk_run(const struct bulk_opts *opts, struct bulk_result *r)
{
	struct shared *sh[BULK_WORKERS];
	pid_t pid[BULK_WORKERS];
	struct sigaction act = {.sa_handler = on_signal}, old_int, old_term;
	_Atomic int *stop;
	double start = clock_now();
	size_t size = sizeof(struct shared) * opts->workers + 64;
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned started = 0;

	memset(r, 0, sizeof(*r));
	if (map == MAP_FAILED) {
		snprintf(r->error, sizeof(r->error), "cannot map %zu bytes: %s", size, strerror(errno));
		return -ENOMEM;
	}
	stop = (_Atomic int *)(map + sizeof(struct shared) * opts->workers);
	interrupted = 0;
	sigaction(SIGINT, &act, &old_int);
	sigaction(SIGTERM, &act, &old_term);
	fflush(NULL);
	recorder_begin(opts->sweep ? RECORDER_SWEEP : RECORDER_FUZZ, opts->seed);
	for (; started < opts->workers; started++) {
		sh[started] = (struct shared *)(map + sizeof(struct shared) * started);
		pid[started] = fork();
		if (pid[started] == 0)
			bulk_worker(opts, sh[started], started, stop);
		if (pid[started] < 0) {
			snprintf(r->error, sizeof(r->error), "cannot start worker %u: %s", started,
				 strerror(errno));
			break;
		}
	}
	if (started < opts->workers)
		for (unsigned i = 0; i < started; i++)
			kill(pid[i], SIGTERM);
	struct bulk_opts running = *opts;
	running.workers = started;
	wait_all(&running, sh, pid, stop, r);
	for (unsigned i = 0; i < started; i++)
		add(r, &sh[i]->r);
	r->seconds = clock_now() - start;
	r->interrupted = interrupted;
	if (!r->error[0] && !interrupted && opts->sweep && !opts->stop_at_first &&
	    r->cases + r->skipped != bulk_total(opts))
		snprintf(r->error, sizeof(r->error), "only %llu of %llu cases were run",
			 (unsigned long long)r->cases, (unsigned long long)bulk_total(opts));
	sigaction(SIGINT, &old_int, NULL);
	sigaction(SIGTERM, &old_term, NULL);
	munmap(map, size);
	return r->error[0] ? -EIO : 0;
}

/* The generator makes no call that another thread meets: it costs some thousand others. Cases and tests do.
 */
static bool is_for_cases(unsigned clause)
{
	return clause == C_HOOK_LATER || clause == C_GET_OPTLEN_LATER;
}

/* Where no 32-bit call is to be had (User-Mode Linux) the generator's are skipped, each with its reason. */
static bool is_out_of_reach(unsigned clause)
{
	char why[256];

	return clause == C_COMPAT_SKIPPED && !compat_works(why, sizeof(why));
}

unsigned bulk_starved(const struct bulk_result *r, struct buf *out)
{
	uint64_t floor = r->cases / 1000;
	unsigned n = 0;
	char name[24];

	for (unsigned c = 1; c < C_COUNT; c++)
		if (profile_has(r->profile, c) && !is_for_cases(c) && r->stat[c].hit < floor &&
		    !is_out_of_reach(c)) {
			buf_printf(out, "clause %s: %llu hits in %llu cases\n", clause_info(c)->name,
				   (unsigned long long)r->stat[c].hit, (unsigned long long)r->cases);
			n++;
		}
	for (unsigned d = 0; d < DIM_COUNT; d++)
		for (unsigned v = 0; v < dim_values((enum dim)d); v++)
			if (r->dim[d][v] < floor) {
				buf_printf(out, "%s = %s: %llu of %llu cases\n", dim_name((enum dim)d),
					   dim_value_name((enum dim)d, v, name),
					   (unsigned long long)r->dim[d][v], (unsigned long long)r->cases);
				n++;
			}
	return n;
}
