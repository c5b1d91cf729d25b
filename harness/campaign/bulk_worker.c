/* SPDX-License-Identifier: MIT */
/* One worker of the bulk loop, from its fork to its end. Worker w of W takes the cases w, w + W, w + 2W ...
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/recorder.h"
#include "../case/case_text.h"
#include "../mutate/sweep.h"
#include "../report/waivers.h"
#include "bulk_impl.h"
#include "express.h"
#include "record.h"

#define BATCH 128 /* cases between two looks at the clock and the stop flag */

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

void bulk_save(const struct worker *w, uint64_t index, const struct buf *text)
{
	char path[400];
	FILE *f;

	if (!w->opts->findings)
		return;
	snprintf(path, sizeof(path), "%s/error-%llu.case", w->opts->findings, (unsigned long long)index);
	f = fopen(path, "we");
	if (!f)
		return;
	fputs(buf_str(text), f);
	fclose(f);
}

static void save_case(const struct worker *w, uint64_t index)
{
	struct buf text = {0};

	tcase_print(&w->tc, NULL, &text);
	bulk_save(w, index, &text);
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

void bulk_worker(const struct bulk_opts *opts, struct shared *sh, unsigned index, _Atomic int *stop)
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
