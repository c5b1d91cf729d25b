/* SPDX-License-Identifier: MIT */
/*
 * Workers are processes, because a process is in one cgroup and one network namespace at a time. Each writes
 * its counters to a shared page of its own; nothing is locked. Worker w takes the cases w, w + W, w + 2W ...
 */
#include "bulk_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/pulse.h"
#include "../base/recorder.h"
#include "../case/tree_text.h"
#include "../mutate/sweep.h"
#include "../report/progress.h"
#include "../report/waivers.h"
#include "express.h"
#include "record.h"

#define BATCH 128 /* cases between two looks at the clock and the stop flag */

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

/* A case differed: count it under its key; the first of a key is confirmed, shrunk and written. */
static void diverged(struct worker *w, struct loop *lp, uint64_t index)
{
	struct triage_key key = triage_key(&w->tc, &w->res);
	struct bucket *b;
	struct waiver *waiver = NULL;

	key.straight = lp == &w->straight;
	b = bulk_bucket(w->r, &key);
	if (w->opts->waivers)
		waiver = waivers_match(w->opts->waivers, key.clause, (enum hook)key.hook, w->loop.b->release);
	if (waiver) {
		w->r->waived++;
		lp->stat[key.clause].waived++;
	} else if (!w->r->caught_after) {
		w->r->caught_after = w->loop.cases;
		if (w->opts->stop_at_first)
			atomic_store(w->stop, 1);
	}
	if (!b)
		return;
	b->waived += waiver != NULL;
	if (b->count++)
		return;
	atomic_fetch_add_explicit(&w->sh->findings, 1, memory_order_relaxed);
	if (!w->opts->findings)
		return;
	triage_investigate(lp, &w->tc, &w->res, &w->finding);
	b->failed = w->finding.failed;
	b->reruns = w->finding.reruns;
	if (record_finding(&(struct record_opts){.folder = w->opts->findings,
						 .reproduce = w->opts->reproduce,
						 .spec = w->opts->spec},
			   lp, &w->finding, NULL, index, waiver, b->stem, sizeof(b->stem)) &&
	    !w->r->error[0])
		snprintf(w->r->error, sizeof(w->r->error), "cannot write the finding %.90s below %.200s",
			 b->stem, w->opts->findings);
}

static bool next_case(struct worker *w, uint64_t index, struct shadow **shadow)
{
	unsigned topology, socket, level;

	if (w->opts->sweep) {
		if (index >= sweep_count())
			return false;
		sweep_case(index, &w->tc, &topology, &socket);
		level = w->tc.n_levels;
	} else {
		gen_case(&w->gen, index, &w->tc);
		topology = w->gen.topology;
		socket = w->gen.socket;
		level = w->gen.level;
	}
	express(&w->tc, w->loop.profile);
	*shadow = &w->shadow[topology][socket][level];
	return true;
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

/* Saves the case that a backend had no answer to, so that `run` can show it alone. */
static void save_case(struct worker *w, uint64_t index)
{
	char path[400];
	struct buf text = {0};
	FILE *f;

	if (!w->opts->findings)
		return;
	snprintf(path, sizeof(path), "%s/error-%llu.case", w->opts->findings, (unsigned long long)index);
	f = fopen(path, "we");
	if (!f)
		return;
	tcase_print(&w->tc, NULL, &text);
	fputs(buf_str(&text), f);
	fclose(f);
	buf_fini(&text);
}

/* Anything new in the log belongs to one of the cases from..to, or to what came with them. */
static void look_at_log(struct worker *w, uint64_t from, uint64_t to)
{
	enum recorder_kind kind = w->opts->sweep ? RECORDER_SWEEP : RECORDER_FUZZ;
	char running[200], last[80];

	if (!splats_poll(&w->splats))
		return;
	recorder_name(kind, w->opts->seed, from, running, sizeof(running));
	recorder_name(kind, w->opts->seed, to, last, sizeof(last));
	if (from != to)
		snprintf(running + strlen(running), sizeof(running) - strlen(running), " to %s", last);
	splat_tell(running, &w->splats);
	if (w->r->n_splats < BULK_SPLATS) {
		struct bulk_splat *s = &w->r->splat[w->r->n_splats];

		snprintf(s->text, sizeof(s->text), "%s", buf_str(&w->splats.text));
		snprintf(s->running, sizeof(s->running), "%s", running);
	}
	w->r->n_splats++;
}

/* Tells the campaign that this run is part of how far it is; false: it has gone, and so must we. */
static bool beat(struct worker *w)
{
	uint64_t words[PULSE_WORDS] = {0}; /* operations have clauses too, which no set of a call holds */

	if (!w->pulse)
		return true;
	loop_flush(&w->loop);
	for (unsigned c = 1; c < C_COUNT; c++)
		words[c / 64] |= (uint64_t)(w->loop.stat[c].hit != 0) << (c % 64);
	for (unsigned i = 0; i < PULSE_WORDS; i++)
		pulse_clauses(w->pulse, i, words[i]);
	pulse_add(&w->pulse->cases, w->loop.cases - w->told);
	w->told = w->loop.cases;
	return !pulse_orphaned(w->pulse);
}

/*
 * The case once more, on programs of its own. One that differed already says nothing of the interpreter.
 * False: a worker's error.
 */
static bool run_straight(struct worker *w, uint64_t index, enum verdict v)
{
	uint64_t births = w->loop.b->births;

	w->left = w->opts->straight;
	if (v != V_PASS)
		return true;
	w->loop.b->straight = true;
	v = loop_case(&w->straight, &w->tc, false, NULL, &w->res);
	if (v == V_FAIL) {
		diverged(w, &w->straight, index);
	} else if (v == V_ERROR || v == V_SKIP) {
		save_case(w, index);
		snprintf(w->r->error, sizeof(w->r->error), "case %llu on straight-line programs: %s",
			 (unsigned long long)index, w->res.why);
	}
	w->loop.b->straight = false;
	w->loop.births += w->loop.b->births - births; /* those sockets are not the other loop's */
	return !w->r->error[0];
}

static void work(struct worker *w)
{
	const struct bulk_opts *o = w->opts;
	uint64_t limit = o->cases ? o->cases : UINT64_MAX, step = (uint64_t)o->workers * bulk_thinning(o);
	uint64_t index = (uint64_t)w->index * bulk_thinning(o);
	double now = clock_now(), end = o->seconds ? now + (double)o->seconds : 0, next_beat = now;
	unsigned batch = o->target.command ? 1 : BATCH; /* whose answers may take seconds */
	struct shadow *shadow;

	for (;;) {
		uint64_t first = index;

		for (unsigned i = 0; i < batch; i++, index += step) {
			enum verdict v;

			if (w->operations && index < limit) {
				if (!bulk_operations_case(w, index))
					return;
				continue;
			}
			if (index >= limit || !next_case(w, index, &shadow)) {
				look_at_log(w, first, index > first ? index - step : first);
				return;
			}
			recorder_index(index);
			v = loop_case(&w->loop, &w->tc, false, shadow, &w->res);
			if (v == V_FAIL)
				diverged(w, &w->loop, index);
			else if (v == V_ERROR) {
				save_case(w, index);
				snprintf(w->r->error, sizeof(w->r->error), "case %llu: %s",
					 (unsigned long long)index, w->res.why);
				return;
			}
			if (w->left && !--w->left && !run_straight(w, index, v))
				return;
		}
		look_at_log(w, first, index - step);
		atomic_store_explicit(&w->sh->cases, w->operations ? w->operations->o.cases : w->loop.cases,
				      memory_order_relaxed);
		now = clock_now();
		if (now >= next_beat) {
			if (!beat(w))
				return;
			next_beat = now + 0.25;
		}
		if (bulk_interrupted(w) || (o->seconds && now > end))
			return;
	}
}

static void publish(struct worker *w)
{
	struct bulk_result *r = w->r;

	loop_flush(&w->loop);
	memcpy(r->stat, w->loop.stat, sizeof(r->stat));
	memcpy(r->dim, w->gen.dim, sizeof(r->dim));
	memcpy(r->answers, w->loop.answers, sizeof(r->answers));
	memcpy(r->calls_on, w->loop.calls_on, sizeof(r->calls_on));
	r->straight = w->straight.cases;
	loop_flush(&w->straight);
	for (unsigned c = 0; c < C_COUNT; c++) {
		r->stat[c].fail += w->straight.stat[c].fail;
		r->stat[c].waived += w->straight.stat[c].waived;
	}
	r->cases = w->loop.cases;
	r->calls = w->loop.calls;
	r->failed = w->loop.failed + w->straight.failed;
	r->inconclusive = w->loop.inconclusive;
	r->skipped = w->loop.skipped;
	r->silent = w->loop.silent;
	r->sets = w->loop.sets;
	r->indistinct = w->loop.indistinct;
	snprintf(r->release, sizeof(r->release), "%s", w->loop.b->release);
	r->profile = w->loop.profile;
	if (w->operations)
		bulk_operations_publish(w);
	atomic_store(&w->sh->cases, r->cases);
}

/* The whole life of a worker process; never returns. */
static void worker_main(const struct bulk_opts *opts, struct shared *sh, unsigned index, _Atomic int *stop)
{
	struct worker *w = calloc(1, sizeof(*w));
	const struct profile *p = opts->profile;
	struct backend *b;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	recorder_worker(index);
	if (!w)
		_exit(3);
	w->opts = opts;
	w->sh = sh;
	w->r = &sh->r;
	w->index = index;
	w->stop = stop;
	w->splats.log = -1;
	if (opts->dmesg && splats_open(&w->splats, opts->splats)) {
		snprintf(w->r->error, sizeof(w->r->error), "cannot read the kernel's log: %s",
			 strerror(errno));
		_exit(2);
	}
	b = target_open(&opts->target, opts->reuse, w->r->error, sizeof(w->r->error));
	if (!b)
		_exit(2);
	if (!p)
		p = profile_for_kernel(b->release, b->version);
	if (!p) {
		snprintf(w->r->error, sizeof(w->r->error),
			 "no profile covers kernel %s; name one with --profile", b->release);
	} else if (loop_init(&w->loop, b, p, opts->page_size) ||
		   loop_init(&w->straight, b, p, opts->page_size) || bulk_operations_open(w, b)) {
		if (!w->r->error[0])
			snprintf(w->r->error, sizeof(w->r->error), "out of memory");
	} else {
		w->loop.freshen = value_next;
		w->loop.tamper = opts->tamper;
		w->loop.tamper_arg = opts->tamper_arg;
		w->straight.tamper = opts->tamper;
		w->straight.tamper_arg = opts->tamper_arg;
		w->left = b->straightens ? opts->straight : 0;
		gen_init(&w->gen, opts->seed);
		w->pulse = pulse_join();
		if (opts->chains)
			bulk_operations_chains(w);
		else
			work(w);
		beat(w);
		publish(w);
		loop_fini(&w->straight);
		loop_fini(&w->loop);
	}
	bulk_operations_close(w);
	b->ops->close(b, &w->r->controls);
	_exit(w->r->error[0] ? 2 : 0);
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
			worker_main(opts, sh[started], started, stop);
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

unsigned bulk_starved(const struct bulk_result *r, struct buf *out)
{
	uint64_t floor = r->cases / 1000;
	unsigned n = 0;
	char name[24];

	for (unsigned c = 1; c < C_COUNT; c++)
		if (profile_has(r->profile, c) && !is_for_cases(c) && r->stat[c].hit < floor) {
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
