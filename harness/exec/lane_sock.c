/* SPDX-License-Identifier: MIT */
/* Sockets of the lane: those made directly are kept by cgroup and kind, all others are the case's alone. */
#include <errno.h>
#include <stdlib.h>

#include "lane_impl.h"

static void drop_fds(struct lane *l, uint16_t family, struct sock_fds *f)
{
	if (f->fd < 0)
		return;
	l->set->n_fds -= 1 + (f->peer >= 0);
	sock_retire(&l->set->reaper, family, f);
}

static void free_pair(struct lane *l, struct lane_pair *p)
{
	drop_fds(l, p->pair.family, &p->pair.hooked);
	drop_fds(l, p->pair.family, &p->pair.twin);
	while (p->pair.n_spare)
		drop_fds(l, p->pair.family, &p->pair.spare[--p->pair.n_spare]);
	free(p);
}

void lane_drop_pairs(struct lane *l, struct lane_pair **list)
{
	struct lane_pair *keep = NULL;

	for (struct lane_pair *p = *list, *next; p; p = next) {
		next = p->next;
		if (p->used) { /* the case holds it: it goes with the case */
			while (p->pair.n_spare)
				drop_fds(l, p->pair.family, &p->pair.spare[--p->pair.n_spare]);
			p->next = keep;
			keep = p;
		} else {
			free_pair(l, p);
		}
	}
	*list = keep;
}

static uint64_t kind_of(const struct tree_sock *k)
{
	return (uint64_t)k->family << 48 | (uint64_t)k->type << 32 | (uint64_t)k->protocol << 16 | k->route;
}

static struct lane_pair *new_pair(const struct tree_sock *k)
{
	struct lane_pair *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->kind = kind_of(k);
	p->pair.family = k->family;
	p->pair.hooked = p->pair.twin = (struct sock_fds){-1, -1};
	return p;
}

static int make_here(struct lane *l, const struct tree_sock *k, struct sock_fds *out)
{
	struct tc_sock s = {.route = k->route == ROUTE_PAIR ? ROUTE_SOCKETPAIR : ROUTE_SOCKET,
			    .family = k->family,
			    .type = k->type,
			    .protocol = k->protocol};
	int ret = sock_make(&s, out);

	if (!ret)
		l->set->n_fds += 1 + (out->peer >= 0);
	return ret;
}

/* Spare sockets of the pair's kind, made in its cgroup. *own: see lane_socket. */
static int refill(struct lane *l, struct lane_pair *p, const struct tree_sock *k, bool *own)
{
	unsigned n = p->pair.batch = p->pair.batch ? LANE_BATCH : 2;
	int ret = 0, back;

	*own = false;
	if (k->cg != l->task)
		ret = lane_enter(l, k->cg);
	if (ret)
		return ret;
	*own = true;
	while (!ret && p->pair.n_spare < n) {
		ret = make_here(l, k, &p->pair.spare[p->pair.n_spare]);
		p->pair.n_spare += !ret;
	}
	back = k->cg != l->task ? lane_enter(l, l->task) : 0;
	if (back)
		return back;
	return p->pair.n_spare ? 0 : ret;
}

static int make_twin(struct lane *l, const struct tree_sock *k, struct sock_fds *out)
{
	int ret = l->task == TREE_NONE ? 0 : lane_enter(l, TREE_NONE), back;

	if (ret)
		return ret;
	ret = make_here(l, k, out);
	back = l->task == TREE_NONE ? 0 : lane_enter(l, l->task);
	return ret ? ret : back;
}

static int birth(struct lane *l, struct lane_pair *p, const struct tree_sock *k, bool *own)
{
	int ret;

	drop_fds(l, k->family, &p->pair.hooked);
	drop_fds(l, k->family, &p->pair.twin);
	*own = true;
	ret = make_twin(l, k, &p->pair.twin);
	if (!ret && !p->pair.n_spare)
		ret = refill(l, p, k, own);
	if (ret)
		return ret;
	p->pair.hooked = p->pair.spare[--p->pair.n_spare];
	p->pair.uses = 0;
	p->birth = k->cg == TREE_NONE ? 0 : lane_dir_of(l, k->cg)->birth;
	l->kernel->births++;
	return 0;
}

static int direct(struct lane *l, unsigned i, const struct tree_sock *k, bool *own)
{
	struct lane_pair **list = k->cg == TREE_NONE ? &l->outside : &lane_dir_of(l, k->cg)->pairs, *p;
	uint64_t kind = kind_of(k);
	int ret = 0;

	*own = false;
	if (k->cg != TREE_NONE && !lane_dir_of(l, k->cg)->exists)
		return lane_enter(l, k->cg);
	*own = true;
	for (p = *list; p && (p->used || p->kind != kind); p = p->next)
		;
	if (!p) {
		p = new_pair(k);
		if (!p)
			return -ENOMEM;
		p->next = *list;
		*list = p;
	}
	if (p->pair.hooked.fd < 0 || p->pair.twin.fd < 0 || p->pair.uses >= l->set->reuse)
		ret = birth(l, p, k, own);
	if (ret) {
		drop_fds(l, k->family, &p->pair.twin);
		return ret;
	}
	p->pair.uses++;
	p->used = true;
	l->sock[i] = p;
	return 0;
}

static int by_route(struct lane *l, unsigned i, const struct tree_sock *k, bool *own)
{
	struct lane_pair *p = new_pair(k);
	int ret;

	*own = true;
	if (!p)
		return -ENOMEM;
	ret = lane_route(l, k, true, &p->pair.twin);
	if (!ret) {
		l->set->n_fds += 1 + (p->pair.twin.peer >= 0);
		ret = lane_route(l, k, false, &p->pair.hooked);
		*own = ret != -ENODEV;
	}
	if (ret) {
		free_pair(l, p);
		return ret;
	}
	l->set->n_fds += 1 + (p->pair.hooked.peer >= 0);
	l->kernel->births++;
	p->used = true;
	l->sock[i] = p;
	l->loose[i] = true;
	return 0;
}

int lane_socket(struct lane *l, unsigned i, bool *own)
{
	const struct tree_sock *k = &l->t->sock[i];

	l->loose[i] = false;
	if (k->route == ROUTE_DIRECT || k->route == ROUTE_PAIR)
		return direct(l, i, k, own);
	return by_route(l, i, k, own);
}

void lane_close_socket(struct lane *l, unsigned i, bool keep)
{
	const struct tree_sock *k = &l->t->sock[i];
	struct lane_pair *p = l->sock[i];

	if (!p)
		return;
	l->sock[i] = NULL;
	p->used = false;
	if (l->loose[i]) {
		free_pair(l, p);
	} else if (!keep || (k->cg != TREE_NONE && p->birth != lane_dir_of(l, k->cg)->birth)) {
		drop_fds(l, p->pair.family, &p->pair.hooked);
		drop_fds(l, p->pair.family, &p->pair.twin);
	}
}
