/* SPDX-License-Identifier: MIT */
/*
 * Building, keeping and dropping topologies; births and deaths of socket pairs. What is on the hot path
 * (topo_pair with a pair that lives) allocates nothing and makes no system call.
 */
#include "topo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const hook_names[HOOK_COUNT] = {"getsockopt", "setsockopt"};

static void drop_socks(struct topo_set *s, uint16_t family, struct sock_fds *f)
{
	if (f->fd < 0)
		return;
	s->n_fds -= 1 + (f->peer >= 0);
	sock_retire(&s->reaper, family, f);
}

void topo_pair_retire(struct topo_set *s, struct topo_pair *p)
{
	drop_socks(s, p->family, &p->hooked);
	drop_socks(s, p->family, &p->twin);
	p->uses = 0;
}

static bool is_hooked(const struct topo *t, unsigned level, enum hook hook)
{
	return t->top[hook] && t->top[hook] <= level;
}

/* Programs are detached, sockets live: now none of them may run. One socket is proof enough. */
static void last_control(struct topo_set *s, const struct topo *t)
{
	for (unsigned i = 0; i < TOPO_BUCKETS; i++)
		for (struct topo_pair *p = t->bucket[i]; p; p = p->next) {
			int fd = p->n_spare ? p->spare[0].fd : p->hooked.fd;
			bool any = false;

			if (fd < 0)
				continue;
			for (unsigned h = 0; h < HOOK_COUNT; h++)
				if (is_hooked(t, p->level, h)) {
					control_silent(&s->control, fd, h);
					any = true;
				}
			if (any)
				return;
		}
}

static void topo_free(struct topo_set *s, struct topo *t)
{
	for (unsigned i = t->n_att; i-- > 0;)
		cgroup_detach(&t->att[i]);
	last_control(s, t);
	for (unsigned i = 0; i < TOPO_BUCKETS; i++)
		for (struct topo_pair *p = t->bucket[i], *next; p; p = next) {
			next = p->next;
			topo_pair_retire(s, p);
			while (p->n_spare)
				drop_socks(s, p->family, &p->spare[--p->n_spare]);
			free(p);
		}
	for (unsigned i = 0; i < t->n_cgroups; i++)
		cgroup_fini(&t->cgroup[i]);
	cgroup_remove(s->base.base.dir, t->name);
	free(t);
}

static void drop_oldest(struct topo_set *s, const struct topo *keep)
{
	unsigned oldest = s->n;

	for (unsigned i = 0; i < s->n; i++)
		if (s->topo[i] != keep &&
		    (oldest == s->n || s->topo[i]->last_use < s->topo[oldest]->last_use))
			oldest = i;
	if (oldest == s->n)
		return;
	topo_free(s, s->topo[oldest]);
	s->topo[oldest] = s->topo[--s->n];
	s->key[oldest] = s->key[s->n];
}

void topo_drop_all(struct topo_set *s)
{
	while (s->n)
		topo_free(s, s->topo[--s->n]);
}

static int attach_level(struct topo_set *s, struct topo *t, unsigned level, char *err, size_t size)
{
	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		uint8_t shape = t->key.hook[h] >> 8 * level;

		for (unsigned slot = 0; slot < (shape & 7u); slot++) {
			unsigned id = level * HD_SLOTS + slot;
			int ret, prog = bpfobj_prog(&s->obj, h, id, err, size);

			if (prog < 0)
				return prog;
			ret = cgroup_attach(&t->att[t->n_att], &t->cgroup[level], prog, h, shape >> 3);
			if (ret) {
				snprintf(err, size, "cannot attach %s program %u of level %u: %s",
					 hook_names[h], slot + 1, level + 1, strerror(-ret));
				return ret;
			}
			t->n_att++;
			t->used[t->n_used++] = (struct topo_used){h, id};
			t->ids[h].id[t->ids[h].n++] = id;
			if (!t->top[h])
				t->top[h] = level + 1;
		}
	}
	return 0;
}

void topo_hook_off(struct topo *t, enum hook hook)
{
	for (unsigned i = t->n_att; i-- > 0;)
		if (t->att[i].hook == hook)
			cgroup_detach(&t->att[i]);
}

/* att[] and used[] are in one order: attach_level(). */
int topo_hook_on(struct topo_set *s, struct topo *t, enum hook hook)
{
	int ret = 0;

	for (unsigned i = 0; i < t->n_att && !ret; i++) {
		unsigned level = t->used[i].id / HD_SLOTS;

		if (t->att[i].hook == hook)
			ret = cgroup_attach(&t->att[i], &t->cgroup[level], t->att[i].prog, hook,
					    (uint8_t)(t->key.hook[hook] >> 8 * level) >> 3);
	}
	for (unsigned i = 0; ret && i < s->n; i++)
		if (s->topo[i] == t)
			s->key[i].n_levels = UINT32_MAX; /* no case's */
	return ret;
}

static int build(struct topo_set *s, struct topo *t, char *err, size_t size)
{
	int parent = s->base.base.dir;

	for (unsigned l = 0; l < t->key.n_levels; l++) {
		char name[16] = {'a' + l};
		int ret = cgroup_make(&t->cgroup[l], parent, l ? name : t->name);

		if (ret) {
			snprintf(err, size, "cannot make cgroup %u of the chain: %s", l + 1, strerror(-ret));
			return ret;
		}
		t->n_cgroups++;
		parent = t->cgroup[l].dir;
		ret = attach_level(s, t, l, err, size);
		if (ret)
			return ret;
	}
	return 0;
}

struct topo *topo_get(struct topo_set *s, const struct topo_key *key, char *err, size_t size)
{
	uint64_t mix = (key->hook[0] * 3 + key->hook[1] * 5 + key->n_levels + 9 * key->straight) *
		       0x9e3779b97f4a7c15ull;
	uint8_t *hint = &s->hint[mix >> 56];
	struct topo *t;

	if (*hint < s->n && topo_key_equal(&s->key[*hint], key))
		return s->topo[*hint];
	for (unsigned i = 0; i < s->n; i++)
		if (topo_key_equal(&s->key[i], key)) {
			*hint = i;
			return s->topo[i];
		}
	t = calloc(1, sizeof(*t));
	if (!t) {
		snprintf(err, size, "out of memory");
		return NULL;
	}
	t->key = *key;
	snprintf(t->name, sizeof(t->name), "t%u", s->serial++);
	if (build(s, t, err, size)) {
		topo_free(s, t);
		return NULL;
	}
	while (s->n == TOPO_MAX || s->n_fds > TOPO_FDS) {
		unsigned n = s->n;

		drop_oldest(s, NULL);
		if (s->n == n)
			break;
	}
	*hint = s->n;
	s->key[s->n] = *key;
	s->topo[s->n++] = t;
	return t;
}

/* Makes one or more sockets in the pair's level. The process lives at home before and after. */
static int refill(struct topo_set *s, struct topo *t, struct topo_pair *p, const struct tc_sock *sock)
{
	int ret = 0;

	p->batch = p->batch < TOPO_BATCH ? (p->batch ? p->batch * 2 : 1) : TOPO_BATCH;
	if (p->level) {
		ret = cgroup_enter(&t->cgroup[p->level - 1]);
		if (ret)
			return ret;
	}
	while (p->n_spare < p->batch) {
		struct sock_fds *f = &p->spare[p->n_spare];

		ret = sock_make(sock, f);
		if (ret)
			break;
		p->n_spare++;
		s->n_fds += 1 + (f->peer >= 0);
	}
	if (p->level) {
		int back = cgroup_enter(&s->base.home);

		if (back)
			return back;
	}
	return p->n_spare ? 0 : ret;
}

static void controls(struct topo_set *s, const struct topo *t, const struct topo_pair *p)
{
	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		if (!is_hooked(t, p->level, h))
			continue;
		control_ran(&s->control, p->hooked.fd, h, &t->ids[h]);
		control_silent(&s->control, p->twin.fd, h);
	}
}

static int birth(struct topo_set *s, struct topo *t, struct topo_pair *p, const struct tc_sock *sock)
{
	int ret;

	topo_pair_retire(s, p);
	ret = sock_make(sock, &p->twin); /* first: an unknown family ends here */
	if (ret)
		return ret;
	s->n_fds += 1 + (p->twin.peer >= 0);
	if (!p->n_spare)
		ret = refill(s, t, p, sock);
	if (ret) {
		drop_socks(s, p->family, &p->twin);
		return ret;
	}
	p->hooked = p->spare[--p->n_spare];
	controls(s, t, p);
	return 0;
}

static uint64_t pair_key(const struct tc_sock *k, unsigned i)
{
	return (uint64_t)k->family << 48 | (uint64_t)k->type << 32 | (uint64_t)k->protocol << 16 |
	       k->route << 8 | k->level << 4 | i;
}

static struct topo_pair *find(struct topo *t, uint64_t key, const struct tc_sock *sock)
{
	struct topo_pair **at = &t->bucket[key * 0x9e3779b97f4a7c15ull >> 58], *p;

	for (p = *at; p; p = p->next)
		if (p->key == key)
			return p;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->key = key;
	p->family = sock->family;
	p->level = sock->level;
	p->hooked.fd = p->hooked.peer = p->twin.fd = p->twin.peer = -1;
	p->next = *at;
	*at = p;
	return p;
}

int topo_pair(struct topo_set *s, struct topo *t, const struct tc_sock *sock, unsigned i, bool fresh,
	      struct topo_pair **out, bool *born)
{
	uint64_t key = pair_key(sock, i);
	struct topo_pair *p = t->last[i];
	int ret;

	if (!p || p->key != key) {
		p = find(t, key, sock);
		if (!p)
			return -ENOMEM;
		t->last[i] = p;
	}
	*out = p;
	if (p->hooked.fd >= 0 && p->uses < s->reuse && !fresh) {
		p->uses++;
		return 0;
	}
	while (s->n_fds > TOPO_FDS && s->n > 1)
		drop_oldest(s, t);
	ret = birth(s, t, p, sock);
	if (ret)
		return ret;
	p->uses = 1;
	*born = true;
	return 0;
}
