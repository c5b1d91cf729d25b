/* SPDX-License-Identifier: MIT */
#include "crowd.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "kernel.h"
#include "rawcall.h"
#include "sock.h"
#include "topo.h"

struct member {
	struct crowd *crowd;
	unsigned number;
	pthread_t thread;
	bool off; /* a call was not as it should be */
	struct arena arena;
	struct sock_fds sock[TC_MAX_SOCKS];
};

struct crowd {
	const struct tcase *tc;
	bool (*check)(void *arg, unsigned thread, unsigned call, const struct outcome *got);
	void *arg;
	unsigned n, n_arenas;
	pthread_mutex_t gate;
	bool given_up; /* of the gate */
	pthread_barrier_t start;
	struct member member[CROWD_MAX];
};

static void one_call(struct member *m, const struct tc_call *c, struct outcome *got)
{
	int fd = c->sock == TC_SOCK_BAD ? SOCK_BAD_FD : m->sock[c->sock].fd;
	struct arena_buf buf = arena_put(&m->arena, c);

	memset(got, 0, sizeof(*got));
	got->mem = buf.mem;
	if (c->hook == HOOK_SET) {
		got->ret = raw_setsockopt(fd, c->level, c->optname, buf.user, c->optlen);
		return;
	}
	got->ret = raw_getsockopt(fd, c->level, c->optname, buf.user, arena_put_len(&m->arena, c, &buf));
	got->optlen = arena_len(&m->arena, c, &buf);
	got->stray = arena_len_stray(&m->arena, c);
}

/* All threads set out on each call together. */
static void *member_main(void *arg)
{
	struct member *m = arg;
	const struct tcase *tc = m->crowd->tc;
	bool given_up;

	pthread_mutex_lock(&m->crowd->gate);
	given_up = m->crowd->given_up;
	pthread_mutex_unlock(&m->crowd->gate);
	for (unsigned i = 0; i < tc->n_calls && !given_up; i++) {
		struct outcome got;

		pthread_barrier_wait(&m->crowd->start);
		if (m->off)
			continue;
		one_call(m, &tc->call[i], &got);
		m->off = !m->crowd->check(m->crowd->arg, m->number, i, &got);
	}
	return NULL;
}

static void retire(struct topo_set *set, struct crowd *c)
{
	for (unsigned n = 0; n < c->n; n++)
		for (unsigned i = 0; i < c->tc->n_socks; i++)
			if (c->member[n].sock[i].fd >= 0)
				sock_retire(&set->reaper, c->tc->sock[i].family, &c->member[n].sock[i]);
}

/* Every member's i-th socket, in one visit to its cgroup. */
static int make_socks(struct topo_set *set, struct topo *t, struct crowd *c, unsigned i)
{
	const struct tc_sock *s = &c->tc->sock[i];
	int ret = s->level ? cgroup_enter(&t->cgroup[s->level - 1]) : 0, back;

	for (unsigned n = 0; n < c->n && !ret; n++)
		ret = sock_make(s, &c->member[n].sock[i]);
	back = s->level ? cgroup_enter(&set->base.home) : 0;
	return ret ? ret : back;
}

/* The gate is shut until all threads are there, or one could not be started and nobody sets out. */
static int one_turn(struct crowd *c)
{
	unsigned n = 0;
	int ret = pthread_barrier_init(&c->start, NULL, c->n);

	if (ret)
		return -ret;
	pthread_mutex_lock(&c->gate);
	while (n < c->n && !ret) {
		ret = pthread_create(&c->member[n].thread, NULL, member_main, &c->member[n]);
		n += !ret;
	}
	c->given_up = ret != 0;
	pthread_mutex_unlock(&c->gate);
	for (unsigned i = 0; i < n; i++)
		pthread_join(c->member[i].thread, NULL);
	pthread_barrier_destroy(&c->start);
	return -ret;
}

static int run(struct topo_set *set, struct topo *t, struct crowd *c, unsigned turns)
{
	int ret = 0;

	for (unsigned k = 0; k < turns && !ret; k++) {
		for (unsigned n = 0; n < c->n; n++)
			for (unsigned i = 0; i < TC_MAX_SOCKS; i++)
				c->member[n].sock[i].fd = c->member[n].sock[i].peer = -1;
		for (unsigned i = 0; i < c->tc->n_socks && !ret; i++)
			ret = make_socks(set, t, c, i);
		if (!ret)
			ret = one_turn(c);
		retire(set, c);
	}
	return ret;
}

int crowd_run(struct backend *b, const struct tcase *tc, unsigned threads, unsigned turns,
	      bool (*check)(void *arg, unsigned thread, unsigned call, const struct outcome *got), void *arg)
{
	struct crowd *c = calloc(1, sizeof(*c));
	int ret = c ? 0 : -ENOMEM;

	if (ret) {
		snprintf(b->error, sizeof(b->error), "out of memory");
		return ret;
	}
	pthread_mutex_init(&c->gate, NULL);
	c->tc = tc;
	c->check = check;
	c->arg = arg;
	c->n = threads < CROWD_MAX ? threads : CROWD_MAX;
	for (unsigned n = 0; n < c->n && !ret; n++) {
		c->member[n].crowd = c;
		c->member[n].number = n;
		ret = arena_init(&c->member[n].arena);
		c->n_arenas += !ret;
	}
	if (!ret)
		ret = run(kernel_set(b), kernel_topo(b), c, turns);
	if (ret)
		snprintf(b->error, sizeof(b->error), "cannot make the calls by %u threads: %s", threads,
			 strerror(-ret));
	for (unsigned n = 0; n < c->n_arenas; n++)
		arena_fini(&c->member[n].arena);
	pthread_mutex_destroy(&c->gate);
	free(c);
	return ret;
}
