/* SPDX-License-Identifier: MIT */
#include "straight.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../emit/insn.h"
#include "bpf_uapi.h"

struct cached {
	int fd; /* -1: none */
	unsigned hook, n;
	struct bpf_insn insn[INSN_MAX];
};

struct straight {
	uint64_t loads, hits;
	struct cached cache[STRAIGHT_CACHE]; /* by hash of the instructions; a collision replaces */
	unsigned n_old; /* replaced while it may be attached: detaching the old way names a program by its fd
			 */
	int old[HD_HOOKS * HD_PROGS];
};

struct straight *straight_new(void)
{
	struct straight *s = calloc(1, sizeof(*s));

	for (unsigned i = 0; s && i < STRAIGHT_CACHE; i++)
		s->cache[i].fd = -1;
	return s;
}

static void close_old(struct straight *s)
{
	while (s->n_old)
		close(s->old[--s->n_old]);
}

void straight_free(struct straight *s)
{
	if (s)
		close_old(s);
	for (unsigned i = 0; s && i < STRAIGHT_CACHE; i++)
		if (s->cache[i].fd >= 0)
			close(s->cache[i].fd);
	free(s);
}

void straight_counts(const struct straight *s, uint64_t *loads, uint64_t *hits)
{
	*loads = s->loads;
	*hits = s->hits;
}

/* The line of the verifier's log that says why: the last but the statistics. */
static const char *last_line(char *log)
{
	char *end = strstr(log, "processed "), *line;

	if (end)
		*end = 0;
	for (end = log + strlen(log); end > log && (end[-1] == '\n' || end[-1] == ' ');)
		*--end = 0;
	line = strrchr(log, '\n');
	return line ? line + 1 : log;
}

static int load(const struct insn_list *l, unsigned hook, char *err, size_t size)
{
	static char log[1 << 16];
	struct hd_attr_load a = {.prog_type = HD_PROG_TYPE_CGROUP_SOCKOPT,
				 .insn_cnt = l->n,
				 .insns = (uintptr_t)l->insn,
				 .license = (uintptr_t) "GPL",
				 .prog_name = "hd_straight",
				 .expected_attach_type = hd_attach_type(hook)};
	int fd = hd_bpf(HD_BPF_PROG_LOAD, &a, sizeof(a));

	if (fd >= 0)
		return fd;
	log[0] = 0;
	a.log_level = 1;
	a.log_buf = (uintptr_t)log;
	a.log_size = sizeof(log);
	hd_bpf(HD_BPF_PROG_LOAD, &a, sizeof(a));
	snprintf(err, size, "the verifier refuses a straight-line program: %s: %.150s", strerror(-fd),
		 last_line(log));
	return fd == -EINVAL || fd == -EACCES ? -EOPNOTSUPP : fd;
}

static unsigned hash(const struct insn_list *l, unsigned hook)
{
	uint64_t h = hook + 1;

	for (unsigned i = 0; i < l->n; i++) {
		uint64_t v;

		memcpy(&v, &l->insn[i], sizeof(v));
		h = (h ^ v) * 0x9e3779b97f4a7c15ull;
		h ^= h >> 29;
	}
	return (unsigned)(h >> 32) % STRAIGHT_CACHE;
}

/* The fd stays the cache's, at least until the next straight_load. */
static int program(struct straight *s, struct topo_set *set, struct topo_used u, const struct prog *p,
		   char *err, size_t size)
{
	struct insn_record r = {.map_fd = set->obj.map_fd,
				.runs = offsetof(struct hd_shared, runs),
				.order = offsetof(struct hd_shared, order),
				.order_mask = HD_ORDER - 1,
				.id = (uint8_t)(u.hook * HD_PROGS + u.id),
				.bytes = HD_WINDOW};
	struct insn_opts opts = {.hook = (enum hook)u.hook,
				 .record = &r,
				 .has_retval_helpers = set->obj.traits.has_retval_helpers,
				 .may_return_2 = set->obj.traits.may_return_2,
				 .no_probe_read = !set->obj.traits.has_probe_read};
	struct insn_list l;
	struct cached *c;
	int fd;

	r.seen = (uint32_t)(offsetof(struct hd_shared, trace) +
			    (u.hook * HD_PROGS + u.id) * sizeof(struct hd_trace));
	insn_translate(p, &opts, &l);
	c = &s->cache[hash(&l, u.hook)];
	if (c->fd >= 0 && c->hook == u.hook && c->n == l.n &&
	    !memcmp(c->insn, l.insn, l.n * sizeof(l.insn[0]))) {
		s->hits++;
		return c->fd;
	}
	fd = load(&l, u.hook, err, size);
	if (fd < 0)
		return fd;
	s->loads++;
	if (c->fd >= 0)
		s->old[s->n_old++] = c->fd;
	c->fd = fd;
	c->hook = u.hook;
	c->n = l.n;
	memcpy(c->insn, l.insn, l.n * sizeof(l.insn[0]));
	return fd;
}

static int put(struct topo *t, unsigned i, int fd, char *err, size_t size)
{
	unsigned level = t->used[i].id / HD_SLOTS;
	int ret =
		cgroup_swap(&t->att[i], fd,
			    (enum attach_mode)(uint8_t)(t->key.hook[t->used[i].hook] >> 8 * level >> 3 & 3));

	if (ret)
		snprintf(err, size, "cannot put another program in the place of an attached one: %s",
			 strerror(-ret));
	return ret;
}

int straight_load(struct straight *s, struct topo_set *set, struct topo *t, const struct tcase *tc,
		  const struct kernel_others *others, char *err, size_t size)
{
	int err_leave = straight_leave(set, t, err, size);

	if (err_leave)
		return err_leave;
	close_old(s);
	for (unsigned i = 0; i < t->n_used; i++) {
		struct topo_used u = t->used[i];
		int fd = others ? others->fd[u.hook][u.id] : 0, ret;

		if (fd <= 0)
			fd = program(s, set, u, tcase_prog(tc, (enum hook)u.hook, u.id), err, size);
		ret = fd < 0 ? fd : put(t, i, fd, err, size);

		if (ret)
			return ret;
	}
	return 0;
}

int straight_leave(struct topo_set *set, struct topo *t, char *err, size_t size)
{
	for (unsigned i = 0; i < t->n_used; i++) {
		int fd = bpfobj_prog(&set->obj, t->used[i].hook, t->used[i].id, err, size);
		int ret = fd < 0 ? fd : put(t, i, fd, err, size);

		if (ret)
			return ret;
	}
	return 0;
}
