/* SPDX-License-Identifier: MIT */
#include "storage.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "../base/clock.h"
#include "../exec/bpf_uapi.h"
#include "../exec/bpfobj.h"
#include "../exec/cgroup.h"
#include "../exec/rawcall.h"
#include "storage.skel.h"
#include "storage_task.skel.h"

#define SHOWN 12 /* operations before the one that differs */

struct bench {
	const struct storage_opts *o;
	struct storage_result *r;
	struct storage *obj;	    /* the skeletons */
	struct storage_task *tasks; /* NULL: the kernel does not take it */
	struct cgroup_base base;
	bool based;
	struct cgroup cg[STORAGE_CGROUPS];
	int prog[STORAGE_PROGS];
	int link[STORAGE_CGROUPS][STORAGE_PROGS];      /* -1: none */
	bool attached[STORAGE_CGROUPS][STORAGE_PROGS]; /* by BPF_PROG_ATTACH */
	int sock[STORAGE_SOCKS];
	struct sockaddr_in addr[STORAGE_CGROUPS]; /* of the listeners */
	struct storage_model model;
	struct rng rng;
	uint64_t round;
	unsigned at;   /* step of the round */
	unsigned task; /* where the task is: place() */
	struct storage_step last[SHOWN];
};

static int fail(struct bench *b, int err, const char *what)
{
	if (!b->r->error[0])
		snprintf(b->r->error, sizeof(b->r->error), "%s: %s", what, strerror(-err));
	return err;
}

/* ---- setting up ---- */

static int load(struct bench *b)
{
	struct bpfobj_listener l;
	char words[200];
	int err;

	bpfobj_raise_memlock();
	bpfobj_listen(&l);
	b->obj = storage__open_and_load();
	err = b->obj ? 0 : -errno;
	bpfobj_listen_end(&l);
	if (err) {
		bpfobj_last_words(words, sizeof(words));
		snprintf(b->r->error, sizeof(b->r->error),
			 "this kernel does not take the programs with storage: %s", words);
		return -EOPNOTSUPP;
	}
	b->prog[GET_APART] = bpf_program__fd(b->obj->progs.get_apart);
	b->prog[GET_APART_TOO] = bpf_program__fd(b->obj->progs.get_apart_too);
	b->prog[GET_SHARED] = bpf_program__fd(b->obj->progs.get_shared);
	b->prog[SET_APART] = bpf_program__fd(b->obj->progs.set_apart);
	b->prog[SET_SHARED] = bpf_program__fd(b->obj->progs.set_shared);
	return 0;
}

/* Linux before 6.2 lacks the map. */
static void load_tasks(struct bench *b)
{
	struct bpfobj_listener l;
	char words[200];

	bpfobj_listen(&l);
	b->tasks = storage_task__open_and_load();
	bpfobj_listen_end(&l);
	if (b->tasks)
		return;
	bpfobj_last_words(words, sizeof(words));
	snprintf(b->r->lacks, sizeof(b->r->lacks), "%s", words);
}

/* Where the task is when no socket is made: 0 outside, else 1 + the cgroup. */
static const struct cgroup *place(const struct bench *b, unsigned task)
{
	return task ? &b->cg[task - 1] : &b->base.home;
}

static int make_socket(struct bench *b, unsigned cg)
{
	int ret = cgroup_enter(&b->cg[cg]), fd = -1, back;

	if (!ret) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		ret = fd < 0 ? -errno : 0;
	}
	back = cgroup_enter(place(b, b->task));
	return ret ? ret : back ? back : fd;
}

static int make_listener(struct bench *b, unsigned cg)
{
	struct sockaddr_in *a = &b->addr[cg];
	socklen_t len = sizeof(*a);
	int fd = make_socket(b, cg);

	if (fd < 0)
		return fd;
	b->sock[cg] = fd;
	*a = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (bind(fd, (struct sockaddr *)a, len) || listen(fd, 4) ||
	    getsockname(fd, (struct sockaddr *)a, &len))
		return -errno;
	return 0;
}

/* The programs that count by task are on a, and so run for all sockets; what was outside is forgotten. */
static int begin_tasks(struct bench *b)
{
	const int prog[HOOK_COUNT] = {[HOOK_GET] = bpf_program__fd(b->tasks->progs.get_task),
				      [HOOK_SET] = bpf_program__fd(b->tasks->progs.set_task)};
	int map = bpf_map__fd(b->tasks->maps.of_task), ret = 0;

	bpf_map_delete_elem(map, &b->base.home.dir);
	for (unsigned h = 0; !ret && h < HOOK_COUNT; h++)
		ret = hd_prog_attach(b->cg[0].dir, prog[h], hd_attach_type(h), HD_F_ALLOW_MULTI);
	return ret;
}

static int begin_round(struct bench *b)
{
	int ret;

	memset(b->link, -1, sizeof(b->link));
	memset(b->attached, 0, sizeof(b->attached));
	memset(b->sock, -1, sizeof(b->sock));
	memset(b->last, 0, sizeof(b->last));
	rng_seed(&b->rng, b->o->seed, b->round);
	storage_model_begin(&b->model, b->o->wrong, b->tasks != NULL);
	ret = cgroup_make(&b->cg[0], b->base.base.dir, "a");
	if (!ret)
		ret = cgroup_make(&b->cg[1], b->cg[0].dir, "b");
	for (unsigned i = 0; !ret && i < STORAGE_CGROUPS; i++)
		ret = make_listener(b, i);
	if (!ret && b->tasks)
		ret = begin_tasks(b);
	return ret ? fail(b, ret, "cannot make cgroups or sockets") : 0;
}

static void end_round(struct bench *b)
{
	cgroup_enter(&b->base.home);
	b->task = 0;
	for (unsigned i = 0; i < STORAGE_SOCKS; i++)
		if (b->sock[i] >= 0)
			close(b->sock[i]);
	for (unsigned c = 0; c < STORAGE_CGROUPS; c++)
		for (unsigned p = 0; p < STORAGE_PROGS; p++)
			if (b->link[c][p] >= 0)
				close(b->link[c][p]);
	cgroup_remove(b->base.base.dir, "a");
	for (unsigned c = 0; c < STORAGE_CGROUPS; c++)
		cgroup_fini(&b->cg[c]);
}

/* ---- operations ---- */

static int detach(struct bench *b, const struct storage_step *s)
{
	int *link = &b->link[s->cg][s->prog];

	if (*link >= 0) {
		int ret = close(*link) ? -errno : 0;

		*link = -1;
		return ret;
	}
	b->attached[s->cg][s->prog] = false;
	return hd_prog_detach(b->cg[s->cg].dir, b->prog[s->prog], hd_attach_type(s->hook));
}

static int attach(struct bench *b, const struct storage_step *s)
{
	int fd = s->op == ST_LINK
			 ? hd_link_create(b->cg[s->cg].dir, b->prog[s->prog], hd_attach_type(s->hook), 0)
			 : -EINVAL;

	if (fd >= 0) {
		b->link[s->cg][s->prog] = fd;
		return 0;
	}
	b->attached[s->cg][s->prog] = true; /* also where links are unknown, before 5.7 */
	return hd_prog_attach(b->cg[s->cg].dir, b->prog[s->prog], hd_attach_type(s->hook), HD_F_ALLOW_MULTI);
}

/* The client is outside of all cgroups, and ends with a reset: no connection lingers. */
static int accept_one(struct bench *b, const struct storage_step *s)
{
	const struct linger reset = {.l_onoff = 1};
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), ret = 0;

	if (client < 0)
		return -errno;
	setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (connect(client, (struct sockaddr *)&b->addr[s->from], sizeof(b->addr[0])))
		ret = -errno;
	else
		b->sock[s->sock] = accept4(b->sock[s->from], NULL, NULL, SOCK_CLOEXEC);
	if (!ret && b->sock[s->sock] < 0)
		ret = -errno;
	close(client);
	return ret;
}

static int call(struct bench *b, const struct storage_step *s, uint8_t got[16])
{
	int fd = b->sock[s->sock];
	int32_t len = 16;
	int64_t ret;

	memset(got, 0, 16);
	if (s->hook == HOOK_GET)
		return (int)raw_getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, got, &len);
	ret = raw_setsockopt(fd, SOL_SOCKET, SO_MARK, got, 4);
	len = 4;
	return ret ? (int)ret : (int)raw_getsockopt(fd, SOL_SOCKET, SO_MARK, got, &len);
}

static int delete_one(struct bench *b, const struct storage_step *s)
{
	int map = bpf_map__fd(s->cloned ? b->obj->maps.cloned : b->obj->maps.own);

	return bpf_map_delete_elem(map, &b->sock[s->sock]) ? -errno : 0;
}

static int step(struct bench *b, const struct storage_step *s, uint8_t got[16])
{
	switch ((enum storage_op)s->op) {
	case ST_ATTACH:
	case ST_LINK:
		return attach(b, s);
	case ST_DETACH:
		return detach(b, s);
	case ST_CALL:
		return call(b, s, got);
	case ST_MAKE:
		b->sock[s->sock] = make_socket(b, s->cg);
		return b->sock[s->sock] < 0 ? b->sock[s->sock] : 0;
	case ST_ACCEPT:
		return accept_one(b, s);
	case ST_CLOSE:
		close(b->sock[s->sock]);
		b->sock[s->sock] = -1;
		return 0;
	case ST_DELETE:
		return delete_one(b, s);
	case ST_ENTER:
		b->task = s->task;
		return cgroup_enter(place(b, s->task));
	case ST_RMDIR:
		return unlinkat(b->cg[0].dir, "b", AT_REMOVEDIR) ? -errno : 0;
	case ST_OP_COUNT:
		break;
	}
	return -ENOSYS;
}

/* ---- words ---- */

static void print_step(struct buf *t, const struct storage_step *s)
{
	static const char cg[][4] = {"a", "a/b"};

	switch ((enum storage_op)s->op) {
	case ST_ATTACH:
	case ST_LINK:
		buf_printf(t, "%s %s to %s", s->op == ST_LINK ? "link" : "attach",
			   storage_progs[s->prog].name, cg[s->cg]);
		break;
	case ST_DETACH:
		buf_printf(t, "detach %s from %s", storage_progs[s->prog].name, cg[s->cg]);
		break;
	case ST_CALL:
		buf_printf(t, "%ssockopt on socket %u", s->hook == HOOK_GET ? "get" : "set", s->sock);
		break;
	case ST_MAKE:
		buf_printf(t, "socket %u is made in %s", s->sock, cg[s->cg]);
		break;
	case ST_ACCEPT:
		buf_printf(t, "socket %u is accepted from socket %u of %s", s->sock, s->from, cg[s->from]);
		break;
	case ST_CLOSE:
		buf_printf(t, "socket %u is closed", s->sock);
		break;
	case ST_DELETE:
		buf_printf(t, "the storage of socket %u in the map %s is deleted", s->sock,
			   s->cloned ? "cloned" : "own");
		break;
	case ST_ENTER:
		buf_printf(t, "the task goes %s", s->task ? "to " : "outside");
		buf_puts(t, s->task ? cg[s->task - 1] : "");
		break;
	case ST_RMDIR:
		buf_puts(t, "a/b is removed");
		break;
	case ST_OP_COUNT:
		break;
	}
}

/* The clauses that have a say in what differs. */
static void print_clauses(struct buf *t, uint32_t clauses)
{
	buf_puts(t, "clauses:");
	for (unsigned c = 0; c < STORAGE_CLAUSES; c++)
		if (clauses >> c & 1)
			buf_printf(t, " %s", clause_info(C_OPERATIONS + c)->name);
	buf_puts(t, "\n");
}

static uint32_t one_clause(unsigned c)
{
	return 1u << (c - C_OPERATIONS);
}

/* The head of a finding, up to what differs. */
static struct buf *finding(struct bench *b)
{
	struct buf *t = &b->r->text;

	b->r->findings++;
	buf_printf(t, "seed %llu, round %llu, operation %u\n", (unsigned long long)b->o->seed,
		   (unsigned long long)b->round, b->at);
	for (unsigned i = b->at >= SHOWN ? b->at - SHOWN + 1 : 0; i <= b->at && i < STORAGE_ROUND; i++) {
		buf_printf(t, "  %4u  ", i);
		print_step(t, &b->last[i % SHOWN]);
		buf_puts(t, "\n");
	}
	return t;
}

static void print_pairs(struct buf *t, const char *what, const uint8_t *p)
{
	buf_printf(t, "%s", what);
	for (unsigned i = 0; i < STORAGE_CHAIN; i++)
		buf_printf(t, " %u/%u", p[2 * i], p[2 * i + 1]);
	buf_puts(t, "\n");
}

/* ---- comparing ---- */

static void check_call(struct bench *b, const struct storage_step *s, int ret, const uint8_t got[16])
{
	unsigned size = s->hook == HOOK_GET ? 2 * STORAGE_CHAIN : 4;
	struct buf *t;
	unsigned at = 0;

	b->r->compared += 2u * s->n;
	if (!ret && !memcmp(got, s->bytes, size) && (s->hook == HOOK_SET || got[15] == s->n))
		return;
	t = finding(b);
	if (ret)
		buf_printf(t, "the call gave %d, expected 0\n", ret);
	print_pairs(t, "expected, cgroup's counter / socket's counter of each program:", s->bytes);
	print_pairs(t, "found:                                                        ", got);
	while (at < 2u * s->n && s->bytes[at] == got[at])
		at++;
	print_clauses(t, at < 2u * s->n ? s->clauses[at] : one_clause(C_STORAGE_PLACE));
}

static void check_counter(struct bench *b, uint32_t clauses, const char *what, unsigned i, bool has,
			  uint64_t want, int err, uint64_t got)
{
	struct buf *t;

	b->r->compared++;
	if (has ? !err && got == want : err == -ENOENT)
		return;
	t = finding(b);
	buf_printf(t, "%s %u, read from user space: expected %s %llu, found %s %llu\n", what, i,
		   has ? "a counter" : "none,", (unsigned long long)want, err ? strerror(-err) : "a counter",
		   (unsigned long long)got);
	print_clauses(t, clauses);
}

static int read_counter(int map, const void *key, uint64_t *out)
{
	*out = 0;
	return bpf_map_lookup_elem(map, key, out) ? -errno : 0;
}

/* By the descriptor of a cgroup, which a removed one no longer has for the kernel. */
static void check_tasks(struct bench *b)
{
	static const char *const names[STORAGE_TASKS] = {"storage of the task outside, counter",
							 "storage of the task in a, counter",
							 "storage of the task in a/b, counter"};
	const struct storage_model *m = &b->model;
	unsigned n = m->removed ? STORAGE_TASKS - 1 : STORAGE_TASKS;

	for (unsigned i = 0; i < n; i++) {
		uint64_t got = 0;
		int err = read_counter(bpf_map__fd(b->tasks->maps.of_task), &place(b, i)->dir, &got);

		check_counter(b, one_clause(C_STORAGE_TASK), names[i], i, m->has_task[i], m->of_task[i], err,
			      got);
	}
}

/* At the end of a round: every counter by value, and all together are the programs that ran. */
static void check_round(struct bench *b)
{
	const struct storage_model *m = &b->model;
	uint64_t sum = 0, got;
	struct stat st;
	int err;

	for (unsigned c = 0; c < STORAGE_CGROUPS; c++) {
		if (fstat(b->cg[c].dir, &st))
			continue;
		uint64_t id = st.st_ino;

		for (unsigned h = 0; h < HOOK_COUNT; h++) {
			struct bpf_cgroup_storage_key key = {.cgroup_inode_id = id,
							     .attach_type = hd_attach_type(h)};

			err = read_counter(bpf_map__fd(b->obj->maps.apart), &key, &got);
			check_counter(b, one_clause(C_STORAGE_APART),
				      h ? "setsockopt's storage of cgroup" : "getsockopt's storage of cgroup",
				      c, m->has_apart[c][h], storage_of_cgroup(m, false, c, h), err, got);
			sum += got;
		}
		err = read_counter(bpf_map__fd(b->obj->maps.shared), &id, &got);
		check_counter(b, one_clause(C_STORAGE_SHARED), "shared storage of cgroup", c,
			      m->has_shared[c], storage_of_cgroup(m, true, c, 0), err, got);
		sum += got;
	}
	for (unsigned i = 0; i < STORAGE_SOCKS; i++)
		for (unsigned k = 0; m->sock[i].open && k < 2; k++) {
			err = read_counter(bpf_map__fd(k ? b->obj->maps.cloned : b->obj->maps.own),
					   &b->sock[i], &got);
			check_counter(b, one_clause(k ? C_STORAGE_CLONE : C_STORAGE_OWN),
				      k ? "cloned storage of socket" : "own storage of socket", i,
				      m->sock[i].has[k], m->sock[i].n[k], err, got);
		}
	if (b->tasks)
		check_tasks(b);
	b->r->compared++;
	if (sum == m->runs)
		return;
	buf_printf(finding(b), "the counters of the cgroups add up to %llu, but programs ran %llu times\n",
		   (unsigned long long)sum, (unsigned long long)m->runs);
	print_clauses(&b->r->text, one_clause(C_STORAGE_SUM));
}

/* ---- the loop ---- */

static int one_round(struct bench *b)
{
	struct storage_step s;
	int ret = begin_round(b);

	for (b->at = 0; !ret && !b->r->findings && b->at < STORAGE_ROUND; b->at++) {
		uint8_t got[16];

		storage_next(&b->model, &b->rng, &s);
		b->last[b->at % SHOWN] = s;
		b->r->steps[s.op]++;
		ret = step(b, &s, got);
		if (s.op == ST_CALL) {
			check_call(b, &s, ret, got);
			ret = 0;
		} else if (ret && s.op == ST_DELETE) {
			buf_printf(finding(b), "deleting gave %d, expected 0\n", ret);
			ret = 0;
		} else if (ret) {
			fail(b, ret, "an operation that must succeed failed");
		}
	}
	if (!ret && !b->r->findings)
		check_round(b);
	b->r->rounds++;
	b->r->runs += b->model.runs;
	memcpy(b->r->said, b->model.said, sizeof(b->r->said));
	end_round(b);
	return ret;
}

static int rounds(struct bench *b)
{
	double end = clock_now() + b->o->seconds;
	int ret = 0;

	for (b->round = b->o->only ? b->o->only : 1; !ret && !b->r->findings; b->round++) {
		ret = one_round(b);
		if (b->o->only || (b->o->rounds && b->round >= b->o->rounds) ||
		    (b->o->seconds > 0 && clock_now() > end))
			break;
	}
	return ret;
}

int storage_run(const struct storage_opts *o, struct storage_result *r)
{
	struct bench *b = calloc(1, sizeof(*b));
	double begin = clock_now();
	int ret;

	memset(r, 0, sizeof(*r));
	if (!b) {
		snprintf(r->error, sizeof(r->error), "out of memory");
		return -ENOMEM;
	}
	b->o = o;
	b->r = r;
	ret = load(b);
	if (!ret) {
		load_tasks(b);
		ret = cgroup_base_open(&b->base, r->error, sizeof(r->error));
		b->based = !ret;
	}
	if (!ret)
		ret = cgroup_foreign(b->base.base.dir, r->error, sizeof(r->error));
	if (!ret)
		ret = rounds(b);
	if (b->based)
		cgroup_base_close(&b->base);
	storage__destroy(b->obj);
	storage_task__destroy(b->tasks);
	r->seconds = clock_now() - begin;
	free(b);
	return ret;
}
