/* SPDX-License-Identifier: MIT */
#include "crew.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../base/clock.h"
#include "harvest.h"

#define LOOK_US	     200000
#define SHARE_EVERY  20.0 /* seconds between two rounds of carrying inputs about */
#define STOP_SECONDS 10.0 /* for the workers to end by themselves */
#define STOP_GUEST   30.0 /* the same of guests: one may have to write a crash down */
#define MERGE_MOST   300  /* seconds for the merge at the end */

static volatile sig_atomic_t signalled;

static void on_signal(int sig)
{
	signalled++;
}

static int fail(struct crew *c, int err, const char *what)
{
	snprintf(c->error, sizeof(c->error), "%s in %s: %s", what, c->o->place.folder, strerror(-err));
	return err;
}

struct crew_sum crew_sum(const struct crew *c, int one)
{
	struct crew_sum s = {0};

	for (unsigned i = 0; i < c->n; i++) {
		const struct pulse *p = c->worker[i].pulse;

		if (one >= 0 && (unsigned)one != i)
			continue;
		s.execs += atomic_load_explicit(&p->execs, memory_order_relaxed);
		s.cases += atomic_load_explicit(&p->cases, memory_order_relaxed);
		s.refused += atomic_load_explicit(&p->refused, memory_order_relaxed);
		for (unsigned w = 0; w < PULSE_WORDS; w++)
			s.clauses[w] |= atomic_load_explicit(&p->clauses[w], memory_order_relaxed);
	}
	return s;
}

static unsigned seconds_left(const struct crew *c)
{
	double left = c->start + c->o->seconds - clock_now();

	return !c->o->seconds ? 0 : left < 1 ? 1 : (unsigned)left;
}

static bool over(const struct crew *c)
{
	return signalled || (c->o->seconds && clock_now() >= c->start + c->o->seconds);
}

/*
 * Who works: the bulk loop is the fastest, the engines find what it does not. One worker: the bulk loop; from
 * two on libFuzzer beside it; then AFL++'s main fuzzer, and so on in turn.
 */
static int muster(struct crew *c)
{
	bool fit[ENGINE_COUNT];
	unsigned fits = 0, count[ENGINE_COUNT] = {0};
	char why[512], name[32];

	for (unsigned e = 0; e < ENGINE_COUNT; e++) {
		bool asked = !c->o->engines || c->o->engines >> e & 1;
		const char *missing = asked ? engine_missing(&c->o->place, (enum engine_id)e, c->o->can_run,
							     why, sizeof(why))
					    : NULL;

		fit[e] = asked && !missing;
		fits += fit[e];
		if (missing) {
			size_t n = strlen(c->note);

			snprintf(c->note + n, sizeof(c->note) - n, "%sno %s: %s", n ? "; " : "",
				 engine_at((enum engine_id)e)->name, missing);
		}
	}
	if (!fits) {
		snprintf(c->error, sizeof(c->error), "nothing can work here: %.450s", c->note);
		return -ENOENT;
	}
	for (unsigned e = 0; c->n < c->o->workers; e = (e + 1) % ENGINE_COUNT) {
		int err;

		if (!fit[e])
			continue;
		snprintf(name, sizeof(name), "%s-%u", engine_at((enum engine_id)e)->name, count[e] + 1);
		err = worker_init(&c->worker[c->n], name, c->o->place.folder);
		if (err)
			return fail(c, err, "cannot make the counters of a worker");
		c->worker[c->n].stall = c->o->place.kernel ? WORKER_GUEST : 0;
		c->worker[c->n].fine = c->o->place.kernel ? 1 : engine_at((enum engine_id)e)->fine;
		c->engine[c->n] = (enum engine_id)e;
		c->nth[c->n++] = count[e]++;
	}
	return 0;
}

/*
 * Now and then a round of a libFuzzer guest merges instead: its kernel's coverage counts, and nobody else has
 * to wait. True if this one does; to: its folder, as any round's.
 */
static bool merge_round(struct crew *c, unsigned i, const struct place *p, struct command *command)
{
	const char *folder = p->folder;
	char to[80], start[600], live[600];
	const char *const from[] = {start, live};

	if (c->engine[i] != ENGINE_LIBFUZZER || c->merging || !harvest_swollen(c))
		return false;
	snprintf(to, sizeof(to), "vm/%.64s", p->name);
	snprintf(start, sizeof(start), "%.512s/start", folder);
	snprintf(live, sizeof(live), "%.512s/live", folder);
	c->merging = i + 1;
	c->merge_began = (long)time(NULL);
	engine_merge(p, command, to, from, 2);
	return true;
}

/* The round that merged is over. If it came to no end, live/ must double before the next attempt. */
static void end_merge(struct crew *c, const struct worker *w)
{
	char live[600];

	c->merging = 0;
	if (w->state == WORKER_IDLE && w->code == 0)
		harvest_swap(c, w->name, c->merge_began);
	snprintf(live, sizeof(live), "%.512s/live", c->o->place.folder);
	c->small = corpus_count(live);
}

static void start_one(struct crew *c, unsigned i)
{
	struct place p = c->o->place;
	struct worker *w = &c->worker[i];
	struct command command = {0};
	int err;

	if (c->merging == i + 1)
		end_merge(c, w);
	harvest_rounds(c, w->name);
	p.name = w->name;
	p.nth = c->nth[i];
	p.seed += (uint64_t)i * 1000003 + w->starts; /* a new round is another part of the space */
	p.seconds = seconds_left(c);
	if (!merge_round(c, i, &p, &command))
		engine_at(c->engine[i])->command(&p, &command);
	err = worker_start(w, &command);
	if (err) {
		snprintf(w->why, sizeof(w->why), "cannot be started: %s", strerror(-err));
		w->state = WORKER_GIVEN_UP;
	}
	command_fini(&command);
}

/* One look at everybody; returns how many are not given up. */
static unsigned tend(struct crew *c)
{
	unsigned left = 0;

	for (unsigned i = 0; i < c->n; i++) {
		struct worker *w = &c->worker[i];

		c->restarts += worker_look(w) == WORKER_DIED && w->state != WORKER_GIVEN_UP;
		if (worker_ready(w) && !over(c))
			start_one(c, i);
		left += w->state != WORKER_GIVEN_UP;
	}
	return left;
}

static void stop_all(struct crew *c)
{
	double until = clock_now() + (c->o->place.kernel ? STOP_GUEST : STOP_SECONDS);
	unsigned running;

	for (unsigned i = 0; i < c->n; i++)
		worker_stop(&c->worker[i], false);
	do {
		running = 0;
		for (unsigned i = 0; i < c->n; i++) {
			worker_look(&c->worker[i]);
			running += c->worker[i].state == WORKER_RUNS;
		}
		if (running)
			usleep(LOOK_US / 4);
	} while (running && clock_now() < until);
	for (unsigned i = 0; i < c->n; i++) {
		worker_stop(&c->worker[i], true);
		if (c->worker[i].state == WORKER_RUNS)
			waitpid(c->worker[i].pid, NULL, 0);
		if (c->worker[i].state != WORKER_GIVEN_UP)
			c->worker[i].state = WORKER_IDLE;
	}
}

static int run(struct crew *c)
{
	double share = clock_now() + SHARE_EVERY;

	harvest_share(c); /* what other machines have is there from the start */
	for (unsigned i = 0; i < c->n; i++)
		start_one(c, i);
	while (!over(c)) {
		if (!tend(c)) {
			snprintf(c->error, sizeof(c->error), "every worker was given up; %s: %.300s",
				 c->worker[0].name, c->worker[0].why);
			return -ECHILD;
		}
		if (clock_now() >= share) {
			harvest_share(c);
			share = clock_now() + SHARE_EVERY;
		}
		harvest_findings(c);
		if (c->o->watch)
			c->o->watch(c, c->o->watch_arg);
		usleep(LOOK_US);
	}
	return 0;
}

int crew_run(struct crew *c, const struct crew_opts *opts)
{
	struct sigaction act = {.sa_handler = on_signal}, old_int, old_term;
	int err;

	memset(c, 0, sizeof(*c));
	c->o = opts;
	signalled = 0;
	sigaction(SIGINT, &act, &old_int);
	sigaction(SIGTERM, &act, &old_term);
	err = harvest_begin(c);
	if (err)
		fail(c, err, "cannot make the folders of the campaign");
	else
		err = muster(c);
	c->start = clock_now();
	if (!err) {
		err = run(c);
		c->interrupted = signalled;
		stop_all(c);
		c->ended = true;
		harvest_share(c);
		harvest_findings(c);
		signalled = 0; /* a second one ends the merge */
		c->merged = harvest_merge(c, MERGE_MOST, &signalled);
	}
	sigaction(SIGINT, &old_int, NULL);
	sigaction(SIGTERM, &old_term, NULL);
	return err;
}

void crew_fini(struct crew *c)
{
	for (unsigned i = 0; i < c->n; i++)
		worker_fini(&c->worker[i]);
	c->n = 0;
}
