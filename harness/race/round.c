/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "round_impl.h"

#define NAP_US	200 /* longest pause between two operations; half of them come without one */
#define LATE_US 300 /* RACE_WRONG_LATE */

/* ---- callers ---- */

static void one_call(struct caller *c, uint8_t last[SCENE_PLACES][4], uint64_t number)
{
	struct round *r = c->round;
	struct observed o = {.caller = c->number, .number = number};

	o.place = rng_below(&c->rng, r->run->tree.n_socks);
	o.hook = (enum hook)rng_below(&c->rng, HOOK_COUNT);
	memcpy(o.before, last[o.place], 4);
	o.lo = atomic_load(&r->done);
	expect_call(c->fd[o.place], o.hook, &o.seen);
	o.hi = atomic_load(&r->begun);
	c->error = expect_read(c->fd[o.place], o.hook, &o.seen);
	if (o.hook == HOOK_SET)
		memcpy(last[o.place], o.seen.bytes, 4);
	c->n.calls[o.hook]++;
	if (c->error || verdict(r, &o, &c->n))
		return;
	c->n.findings++;
	finding_call(r, &o);
}

static void *caller_main(void *arg)
{
	struct caller *c = arg;
	uint8_t last[SCENE_PLACES][4] = {{0}};

	pthread_barrier_wait(&c->round->start);
	for (uint64_t i = 1; !c->error && !atomic_load_explicit(&c->round->stop, memory_order_relaxed); i++)
		one_call(c, last, i);
	return NULL;
}

/* ---- the one who changes ---- */

/* What each socket's calls give in the model's state as it is now. 0 or -errno. */
static int write_state(struct round *r, uint32_t k)
{
	static uint8_t progs[TREE_CHAIN];

	for (unsigned p = 0; p < r->run->tree.n_socks; p++)
		for (unsigned h = 0; h < HOOK_COUNT; h++) {
			unsigned n = tree_effective(&r->run->model, r->run->node[p], (enum hook)h, progs);
			struct race_chain c = {.n = (uint8_t)n};
			int e;

			if (n > SCENE_LOG)
				return -E2BIG;
			memcpy(c.prog, progs, n);
			e = expect_chain(r->expect, (enum hook)h, &c);
			if (e < 0)
				return e;
			r->state[k].expect[p][h] = (uint16_t)e;
		}
	return 0;
}

/* All operations but an update put new lists in the place of those of their hook. */
static void write_versions(struct round *r, uint32_t k)
{
	const struct tree_step *s = &r->state[k].step;
	unsigned hook =
		s->op == TREE_CLOSE_LINK ? r->run->tree.prog[r->run->model.link[s->link].prog].hook : s->hook;
	bool renews = !r->state[k].want && s->op != TREE_UPDATE && s->op != TREE_RMDIR;

	for (unsigned h = 0; h < HOOK_COUNT; h++)
		r->state[k].version[h] = r->state[k - 1].version[h] + (renews && h == hook);
}

static int do_step(struct round *r, uint32_t k)
{
	struct round_state *s = &r->state[k];
	bool late = r->o->wrong == RACE_WRONG_LATE;

	atomic_store(&r->begun, k);
	if (late) {
		atomic_store(&r->done, k);
		usleep(LATE_US);
	}
	s->got = world_step(r->world, &r->run->tree, &s->step);
	atomic_store(&r->done, k);
	return s->got == s->want ? 0 : 1;
}

/* 0, also when an operation gave something else; -errno. */
static int churn(struct round *r, struct race_counts *n)
{
	double end = clock_now() + r->o->seconds;
	struct tree_want want;
	struct rng pauses;
	int ret = 0;

	rng_seed(&pauses, r->o->seed, ~r->o->round);
	for (uint32_t k = 1; !ret && k < ROUND_OPS && !atomic_load(&r->stop) && clock_now() < end; k++) {
		scene_next(r->run, &want);
		r->state[k] = (struct round_state){
			.step = r->run->tree.step[0], .want = want.ret, .clause = want.clause};
		write_versions(r, k);
		ret = write_state(r, k);
		if (ret)
			break;
		n->operations++;
		n->refused += want.ret != 0;
		if (do_step(r, k)) {
			n->findings++;
			finding_step(r, k);
			break;
		}
		if (rng_chance(&pauses, 1, 2))
			usleep(rng_below(&pauses, NAP_US));
	}
	return ret;
}

/* ---- a round ---- */

void race_counts_add(struct race_counts *to, const struct race_counts *n)
{
	uint64_t *a = (uint64_t *)to;
	const uint64_t *b = (const uint64_t *)n;

	for (size_t i = 0; i < sizeof(*to) / sizeof(uint64_t); i++)
		a[i] += b[i];
}

static int open_sockets(struct round *r, struct caller *c)
{
	for (unsigned p = 0; p < SCENE_PLACES; p++)
		c->fd[p] = -1;
	for (unsigned p = 0; p < r->run->tree.n_socks; p++) {
		c->fd[p] = world_socket(r->world, &r->run->tree.sock[p]);
		if (c->fd[p] < 0)
			return c->fd[p];
	}
	return 0;
}

static void close_sockets(struct caller *c)
{
	for (unsigned p = 0; p < SCENE_PLACES; p++)
		if (c->fd[p] >= 0)
			close(c->fd[p]);
}

/* With all sockets made: starts the threads, changes things, ends them. */
static int run_threads(struct round *r, struct caller *c, struct race_counts *n)
{
	unsigned started = 0;
	int ret;

	pthread_barrier_init(&r->start, NULL, r->o->threads + 1);
	for (; started < r->o->threads; started++)
		if (pthread_create(&c[started].thread, NULL, caller_main, &c[started])) {
			fprintf(stderr, "hookdiff: cannot start a thread: %s\n", strerror(errno));
			abort(); /* the others wait at the barrier */
		}
	pthread_barrier_wait(&r->start);
	ret = churn(r, n);
	atomic_store(&r->stop, true);
	for (unsigned i = 0; i < started; i++) {
		pthread_join(c[i].thread, NULL);
		race_counts_add(n, &c[i].n);
		if (c[i].error && !ret) {
			ret = c[i].error;
			snprintf(r->world->error, sizeof(r->world->error), "cannot read SO_MARK back: %s",
				 strerror(-ret));
		}
	}
	pthread_barrier_destroy(&r->start);
	return ret;
}

static int prepared(struct round *r, struct race_counts *n)
{
	static struct caller callers[ROUND_THREADS];
	unsigned opened = 0;
	int ret = write_state(r, 0);

	for (; !ret && opened < r->o->threads; opened++) {
		struct caller *c = &callers[opened];

		*c = (struct caller){.round = r, .number = opened};
		rng_seed(&c->rng, r->o->seed ^ (opened + 1), r->o->round);
		ret = open_sockets(r, c);
	}
	if (!ret)
		ret = run_threads(r, callers, n);
	for (unsigned i = 0; i < opened; i++)
		close_sockets(&callers[i]);
	if (ret && !r->world->error[0])
		snprintf(r->world->error, sizeof(r->world->error), "%s", r->expect->error);
	return ret;
}

int round_run(struct world *w, struct expect *e, struct scene_run *run, const struct scene *scene,
	      const struct round_opts *o, struct race_counts *n)
{
	struct round *r = calloc(1, sizeof(*r));
	int ret, end;

	if (!r) {
		snprintf(w->error, sizeof(w->error), "out of memory");
		return -ENOMEM;
	}
	w->error[0] = 0;
	scene_begin(run, scene, o->epoch, o->seed, o->round);
	run->model.wrong = o->wrong_rule;
	r->world = w;
	r->expect = e;
	r->run = run;
	r->o = o;
	pthread_mutex_init(&r->lock, NULL);
	ret = world_begin(w, &run->tree);
	if (!ret)
		ret = prepared(r, n);
	end = world_end(w, &run->tree);
	n->rounds++;
	pthread_mutex_destroy(&r->lock);
	free(r);
	return ret ? ret : end;
}
