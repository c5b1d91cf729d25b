/* SPDX-License-Identifier: MIT */
/*
 * The backend functions, and the surroundings they need: limits, groups, network namespace, keeper programs.
 * The fast path is begin → handler → call with sockets that exist: it writes a few hundred bytes and makes no
 * system call but the ones under test. topo.c makes what does not exist yet; arena.c lays out user memory.
 */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../case/options.h"
#include "arena.h"
#include "bare.h"
#include "compat.h"
#include "helper.h"
#include "meanwhile.h"
#include "rawcall.h"
#include "straight.h"
#include "topo.h"
#include "uring.h"

#define N_GROUPS      1100 /* SO_PEERGROUPS answers with more than a page */
#define DEFAULT_REUSE 64

struct keeper {
	int prog[HOOK_COUNT];
	struct attachment att[HOOK_COUNT];
	bool attached[HOOK_COUNT];
	struct cgroup cgroup;
};

/* What option_find() said of an option. */
struct volatile_hint {
	int32_t level, optname;
	bool known, is_volatile;
};

struct kernel {
	struct backend b; /* first: the two are cast into each other */
	struct topo_set set;
	struct hd_shared *shared;
	struct topo *topo; /* of the current case */
	unsigned n_socks;
	bool lane; /* the case is a lane's: kernel_lend() */
	struct topo_pair *pair[TC_MAX_SOCKS];
	struct arena hooked, twin;
	struct keeper keeper;
	struct uring *uring;	      /* NULL until a case needs it */
	enum { ASK, YES, NO } compat; /* are there 32-bit calls */
	struct helper helper;
	struct meanwhile meanwhile;
	struct straight *straight; /* as uring */
	const struct kernel_others *others;
	struct volatile_hint hint[64]; /* by hash of level and option */
	int old_netns;		       /* -1: we did not move */
	int n_old_groups;
	gid_t *old_groups;
	struct tcase lent; /* of kernel_takes_prog: large, so behind all that is hot */
};

static const char returns_2[] = "no kernel loads a program that may return 2 (verifier: [0, 1])";

static struct kernel *of(struct backend *b)
{
	return (struct kernel *)b;
}

/*
 * Copies the head and at least the used actions. Sizes the compiler knows beat exact ones: most lists are
 * short, and what lies behind the used actions is never read.
 */
static inline void copy_prog(struct prog *to, const struct prog *from)
{
	enum { SHORT = offsetof(struct prog, act[2]), MIDDLE = offsetof(struct prog, act[6]) };

	if (from->n <= 2)
		memcpy(to, from, SHORT);
	else if (from->n <= 6)
		memcpy(to, from, MIDDLE);
	else
		memcpy(to, from, sizeof(*to));
}

static void k_load(struct backend *b, const struct tcase *tc)
{
	struct kernel *k = of(b);
	const struct topo *t = k->topo;

	if (b->straight) {
		b->failed |= straight_load(k->straight, &k->set, k->topo, tc, k->others, b->error,
					   sizeof(b->error)) != 0;
		return;
	}
	for (unsigned i = 0; i < t->n_used; i++) {
		struct topo_used u = t->used[i];

		copy_prog(&k->shared->prog[u.hook][u.id], tcase_prog(tc, u.hook, u.id));
	}
}

/* Does the action need the helper? On getsockopt the context has retval too. */
static bool uses_retval_helper(const struct act *a, enum hook hook)
{
	return a->op == ACT_SET_RETVAL ||
	       (hook == HOOK_SET &&
		(a->op == ACT_KEEP_RETVAL || (a->op == ACT_IF && a->field == FIELD_RETVAL)));
}

/* Older and newer kernels restrict the helpers; a case that needs more than that cannot run here. */
static int check_retval_prog(struct kernel *k, const struct prog *p, enum hook hook)
{
	const struct bpfobj_traits *traits = &k->set.obj.traits;

	for (const struct act *a = p->act; a < p->act + p->n; a++) {
		if (!uses_retval_helper(a, hook))
			continue;
		if (!traits->has_retval_helpers) {
			snprintf(k->b.error, sizeof(k->b.error),
				 "this kernel has no bpf_get_retval and bpf_set_retval (Linux 5.18 "
				 "has)");
			return -EOPNOTSUPP;
		}
		if (traits->clamp_set_retval && hook == HOOK_SET && a->op == ACT_SET_RETVAL &&
		    (a->val > 0 || a->val < -4095)) {
			snprintf(k->b.error, sizeof(k->b.error),
				 "this kernel only takes bpf_set_retval(-4095..0) on setsockopt "
				 "(since Linux 7.2), the case says %d",
				 a->val);
			return -EOPNOTSUPP;
		}
	}
	return 0;
}

static int check_retval_actions(struct kernel *k, const struct tcase *tc)
{
	int ret = 0;

	for (unsigned i = 0; !ret && i < k->topo->n_used; i++) {
		struct topo_used u = k->topo->used[i];

		ret = check_retval_prog(k, tcase_prog(tc, u.hook, u.id), (enum hook)u.hook);
	}
	return ret;
}

/* A kind of socket that the machine does not know is no failure of ours: the case cannot be expressed here.
 */
bool kernel_lacks_socket(int err)
{
	static const int unknown[] = {EAFNOSUPPORT, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EPROTOTYPE,
				      EOPNOTSUPP,   EINVAL,	     ENOENT,	      EACCES};

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		if (-err == unknown[i])
			return true;
	return false;
}

static int no_socket(struct kernel *k, const struct tc_sock *s, int err)
{
	snprintf(k->b.error, sizeof(k->b.error), "cannot make a socket (family %u, type %u, protocol %u): %s",
		 s->family, s->type, s->protocol, strerror(-err));
	return kernel_lacks_socket(err) ? -EOPNOTSUPP : -EIO;
}

/*
 * Which ways into the kernel the calls take: bits by enum call_via, but for the system call; above them what
 * other threads do meanwhile (or-ed).
 */
static unsigned other_ways(const struct tcase *tc)
{
	unsigned ways = 0;

	for (unsigned i = 0; i < tc->n_calls; i++)
		ways |= 1u << tc->call[i].via | (unsigned)tc->call[i].meanwhile << VIA_COUNT;
	return ways & ~(1u << VIA_SYSCALL);
}

static int begin_uring(struct kernel *k, const struct tcase *tc)
{
	if (!uring_can_carry(tc)) {
		snprintf(k->b.error, sizeof(k->b.error),
			 "io_uring keeps the results -EAGAIN and -EIOCBQUEUED (-529) for itself");
		return -EOPNOTSUPP;
	}
	if (!k->uring)
		k->uring = uring_open(k->b.error, sizeof(k->b.error));
	return k->uring ? 0 : -EOPNOTSUPP;
}

static int begin_compat(struct kernel *k)
{
	const struct arena *a[] = {&k->hooked, &k->twin};

	if (k->compat == ASK)
		k->compat = compat_works(k->b.error, sizeof(k->b.error)) ? YES : NO;
	else if (k->compat == NO)
		snprintf(k->b.error, sizeof(k->b.error), "no 32-bit calls here (hookdiff probe says more)");
	for (unsigned i = 0; k->compat == YES && i < 2; i++)
		if (!arena_is_low(a[i])) {
			snprintf(k->b.error, sizeof(k->b.error),
				 "no memory below 4 GiB for the buffers of 32-bit calls");
			return -EOPNOTSUPP;
		}
	return k->compat == YES ? 0 : -EOPNOTSUPP;
}

static int begin_helper(struct kernel *k, const struct tcase *tc)
{
	if (!helper_can_carry(tc, k->b.error, sizeof(k->b.error)))
		return -EOPNOTSUPP;
	if (k->helper.prog < 0 &&
	    helper_open(&k->helper, &k->set.obj, &k->set.base.base, k->b.error, sizeof(k->b.error)))
		return -EOPNOTSUPP;
	return 0;
}

/* Races need no more than a thread; what is held needs a page that can be held back. */
static int begin_meanwhile(struct kernel *k, const struct tcase *tc)
{
	bool held = false, detach = false;

	for (unsigned i = 0; i < tc->n_calls; i++) {
		held |= tc->call[i].meanwhile >= MEANWHILE_HELD;
		detach |= tc->call[i].meanwhile == MEANWHILE_DETACH;
	}
	if (detach && (k->b.straight || k->lane)) {
		snprintf(k->b.error, sizeof(k->b.error),
			 "programs are detached under a call only where the interpreter plays them and no "
			 "operation has attached them");
		return -EOPNOTSUPP;
	}
	if (held && k->meanwhile.uffd < 0 && meanwhile_open(&k->meanwhile, k->b.error, sizeof(k->b.error)))
		return -EOPNOTSUPP;
	return 0;
}

/* Is this machine's kernel open to all of them? */
static int begin_ways(struct kernel *k, const struct tcase *tc, unsigned ways)
{
	int ret = 0;

	if (ways & 1u << VIA_URING)
		ret = begin_uring(k, tc);
	if (!ret && ways & 1u << VIA_COMPAT)
		ret = begin_compat(k);
	if (!ret && ways & 1u << VIA_HELPER)
		ret = begin_helper(k, tc);
	if (!ret && ways >> VIA_COUNT)
		ret = begin_meanwhile(k, tc);
	return ret;
}

static void k_end(struct backend *b, bool irregular)
{
	struct kernel *k = of(b);
	char why[256];

	/* Detaching the old way names the program by its fd, which may not live as long as the topology. */
	if (b->straight && k->topo && straight_leave(&k->set, k->topo, why, sizeof(why)))
		fprintf(stderr, "hookdiff: %s\n", why);
	if (!irregular)
		return;
	for (unsigned i = 0; i < k->n_socks; i++)
		topo_pair_retire(&k->set, k->pair[i]);
	k->n_socks = 0;
	arena_distrust(&k->hooked);
	arena_distrust(&k->twin);
}

void kernel_others(struct backend *b, const struct kernel_others *others)
{
	of(b)->others = others;
}

/* Sockets are born with controls, which want the interpreter. */
static int begin_straight(struct kernel *k)
{
	if (!k->straight)
		k->straight = straight_new();
	if (!k->straight) {
		snprintf(k->b.error, sizeof(k->b.error), "out of memory");
		return -ENOMEM;
	}
	return straight_leave(&k->set, k->topo, k->b.error, sizeof(k->b.error));
}

static int k_begin(struct backend *b, const struct tcase *tc, bool fresh)
{
	struct kernel *k = of(b);
	struct topo_key key = topo_key(tc);
	const struct bpfobj_traits *traits = &k->set.obj.traits;
	unsigned ways;

	k->n_socks = 0;
	k->lane = false;
	b->failed = false;
	key.straight = b->straight;
	if (tcase_returns_2(tc) && !traits->may_return_2) {
		snprintf(b->error, sizeof(b->error), "%s", returns_2);
		return -EOPNOTSUPP;
	}
	ways = other_ways(tc);
	if (ways) {
		int ret = begin_ways(k, tc, ways);

		if (ret)
			return ret;
	}
	if (!k->topo || !topo_key_equal(&k->topo->key, &key)) {
		k->topo = topo_get(&k->set, &key, b->error, sizeof(b->error));
		if (!k->topo)
			return -EIO;
	}
	k->topo->last_use = ++k->set.tick;
	if (b->straight) {
		int ret = begin_straight(k);

		if (ret)
			return ret;
	}
	if (traits->clamp_set_retval || !traits->has_retval_helpers) {
		int ret = check_retval_actions(k, tc);

		if (ret)
			return ret;
	}
	for (unsigned i = 0; i < tc->n_socks; i++) {
		bool born = false;

		int ret = topo_pair(&k->set, k->topo, &tc->sock[i], i, fresh, &k->pair[i], &born);

		if (ret)
			return no_socket(k, &tc->sock[i], ret);
		k->n_socks = i + 1;
		b->births += born;
	}
	k_load(b, tc);
	if (b->failed) {
		b->failed = false;
		k_end(b, true);
		return -EIO;
	}
	return 0;
}

static bool is_volatile(struct kernel *k, int32_t level, int32_t optname)
{
	struct volatile_hint *h = &k->hint[((uint32_t)level * 31 + (uint32_t)optname) & 63];
	const struct option_info *opt;

	if (h->known && h->level == level && h->optname == optname)
		return h->is_volatile;
	opt = option_find(level, optname);
	*h = (struct volatile_hint){level, optname, true, opt && opt->is_volatile};
	return h->is_volatile;
}

/* A call while another thread does its part. */
struct other_thread {
	struct kernel *k;
	const struct tc_call *c;
	int fd;
	void *optval; /* of a call that is raced */
	int32_t *len;
	bool twin; /* no program is its affair */
};

static int64_t make_call(void *optval, void *arg)
{
	const struct other_thread *o = arg;
	const struct tc_call *c = o->c;

	if (!optval)
		optval = o->optval;
	return c->hook == HOOK_SET ? raw_setsockopt(o->fd, c->level, c->optname, optval, c->optlen)
				   : raw_getsockopt(o->fd, c->level, c->optname, optval, o->len);
}

static void do_part(void *arg)
{
	const struct other_thread *o = arg;

	if (o->c->meanwhile != MEANWHILE_DETACH)
		__atomic_store_n(o->len, o->c->len_next, __ATOMIC_SEQ_CST);
	else if (!o->twin)
		topo_hook_off(o->k->topo, (enum hook)o->c->hook);
}

static void meanwhile_failed(struct kernel *k, const char *what, int err)
{
	snprintf(k->b.error, sizeof(k->b.error), "%s: %s", what, strerror(err));
	k->b.failed = true;
}

/* The twin's part of a getsockopt that is held. */
static void handler_held(struct kernel *k, int fd, const struct tc_call *c, struct handler_result *hr)
{
	struct arena_buf buf = {NULL, NULL};
	struct other_thread o = {k, c, fd, NULL, arena_put_len(&k->twin, c, &buf), true};
	struct meanwhile_part part = {make_call, do_part, &o};
	bool failed;

	hr->is_volatile = is_volatile(k, c->level, c->optname);
	hr->ret = meanwhile_held(&k->meanwhile, 1, &c->buf, &part, &hr->touched, &hr->mem, &failed);
	hr->optlen = *o.len;
	if (failed)
		meanwhile_failed(k, "holding a page back", errno);
}

static void call_meanwhile(struct kernel *k, int fd, const struct tc_call *c, const struct arena_buf *buf,
			   struct outcome *got)
{
	struct other_thread o = {k, c, fd, buf->user, arena_put_len(&k->hooked, c, buf), false};
	struct meanwhile_part part = {make_call, do_part, &o};
	bool failed, touched = false;
	int ret = 0;

	if (c->meanwhile == MEANWHILE_RACING)
		got->ret = meanwhile_raced(&k->meanwhile, &part, &failed);
	else
		got->ret = meanwhile_held(&k->meanwhile, 0, &c->buf, &part, &touched, &got->mem, &failed);
	got->runs = k->shared->runs;
	got->order = k->shared->order;
	got->optlen = c->hook == HOOK_GET ? *o.len : 0;
	got->stray = arena_len_stray(&k->hooked, c);
	if (failed)
		meanwhile_failed(k, "a thread beside the call", errno);
	if (touched && c->meanwhile == MEANWHILE_DETACH)
		ret = topo_hook_on(k->topo, (enum hook)c->hook);
	if (ret)
		meanwhile_failed(k, "attaching the programs again", -ret);
}

static void k_handler(struct backend *b, const struct tc_call *c, const struct plan *p,
		      struct handler_result *hr)
{
	struct kernel *k = of(b);
	int fd = c->sock < k->n_socks ? k->pair[c->sock]->twin.fd : SOCK_BAD_FD;
	struct arena_buf buf = arena_put(&k->twin, c);
	int32_t *len;

	hr->mem = buf.mem;
	hr->is_volatile = false;
	if (c->hook == HOOK_SET) {
		hr->optlen = 0;
		hr->ret = 0;
		if (!p->called)
			return;
		if (p->kernel_buf)
			buf.user = arena_put_kernel(&k->twin, p->bytes, p->optlen);
		hr->ret = c->via == VIA_COMPAT
				  ? compat_sockopt(HOOK_SET, fd, p->level, p->optname, buf.user, p->optlen,
						   NULL)
				  : raw_setsockopt(fd, p->level, p->optname, buf.user, p->optlen);
		return;
	}
	hr->touched = false;
	if (__builtin_expect(c->meanwhile >= MEANWHILE_HELD, 0) && p->called) {
		handler_held(k, fd, c, hr);
		return;
	}
	len = arena_put_len(&k->twin, c, &buf);
	hr->ret = 0;
	if (p->called) {
		hr->is_volatile = is_volatile(k, p->level, p->optname);
		hr->ret = c->via == VIA_COMPAT
				  ? compat_sockopt(HOOK_GET, fd, p->level, p->optname, buf.user, 0, len)
				  : raw_getsockopt(fd, p->level, p->optname, buf.user, len);
	}
	hr->optlen = arena_len(&k->twin, c, &buf);
}

/* What runs inside of it is counted by the program that makes it. */
static void call_helper(struct kernel *k, int fd, const struct tc_call *c, void *val, struct outcome *got)
{
	if (helper_sockopt(&k->helper, fd, c, val, &got->ret, k->b.error, sizeof(k->b.error)))
		k->b.failed = true;
	got->optlen = 0;
	got->runs = k->shared->helper.runs;
	got->order = k->shared->order + k->shared->helper.first % HD_ORDER;
}

static void call_other_way(struct kernel *k, int fd, const struct tc_call *c, const struct arena_buf *buf,
			   struct outcome *got)
{
	int32_t *len = arena_put_len(&k->hooked, c, buf);
	void *val = buf->user;

	if (c->via == VIA_HELPER) {
		call_helper(k, fd, c, val, got);
		return;
	}
	if (c->via == VIA_URING)
		got->ret = uring_sockopt(k->uring, fd, c, val);
	else
		got->ret = compat_sockopt((enum hook)c->hook, fd, c->level, c->optname, val, c->optlen, len);
	got->optlen = c->hook == HOOK_GET ? arena_len(&k->hooked, c, buf) : 0;
	got->stray = arena_len_stray(&k->hooked, c);
	got->runs = k->shared->runs;
	got->order = k->shared->order;
}

static void k_call(struct backend *b, const struct tc_call *c, struct outcome *got)
{
	struct kernel *k = of(b);
	int fd = c->sock < k->n_socks ? k->pair[c->sock]->hooked.fd : SOCK_BAD_FD;
	struct arena_buf buf = arena_put(&k->hooked, c);

	k->shared->runs = 0; /* the call below clobbers memory, so this is written before it */
	got->stray = false;
	got->mem = buf.mem;
	got->trace = k->shared->trace[c->hook];
	if (__builtin_expect(c->meanwhile, 0)) {
		call_meanwhile(k, fd, c, &buf, got);
		return;
	}
	if (__builtin_expect(c->via != VIA_SYSCALL, 0)) {
		call_other_way(k, fd, c, &buf, got);
		return;
	}
	if (c->hook == HOOK_SET) {
		got->ret = raw_setsockopt(fd, c->level, c->optname, buf.user, c->optlen);
		got->optlen = 0;
	} else {
		got->ret = raw_getsockopt(fd, c->level, c->optname, buf.user,
					  arena_put_len(&k->hooked, c, &buf));
		got->optlen = arena_len(&k->hooked, c, &buf);
		got->stray = arena_len_stray(&k->hooked, c);
	}
	got->runs = k->shared->runs;
	got->order = k->shared->order;
}

void kernel_bare(struct backend *b, const struct bare_case *c)
{
	struct kernel *k = of(b);
	const struct tc_call *set = &c->tc->call[0], *get = &c->tc->call[1];
	int32_t len = c->get_optlen;

	k_load(b, c->tc);
	k->shared->runs = 0;
	if (c->set.called)
		raw_setsockopt(k->pair[0]->twin.fd, c->set.level, c->set.optname,
			       c->set.kernel_buf ? c->set.bytes : c->value, c->set.optlen);
	raw_setsockopt(k->pair[0]->hooked.fd, set->level, set->optname, c->value, set->optlen);
	raw_getsockopt(k->pair[0]->twin.fd, get->level, get->optname, c->answer, &len);
	len = c->get_optlen;
	raw_getsockopt(k->pair[0]->hooked.fd, get->level, get->optname, c->answer, &len);
}

struct topo_set *kernel_set(struct backend *b)
{
	return &of(b)->set;
}

struct topo *kernel_topo(struct backend *b)
{
	return of(b)->topo;
}

int kernel_takes_prog(struct backend *b, const struct prog *p, enum hook hook)
{
	struct tcase *one = &of(b)->lent;

	one->n_levels = 1;
	one->level[0].n[HOOK_GET] = one->level[0].n[HOOK_SET] = 0;
	one->level[0].n[hook] = 1;
	one->level[0].slot[hook][0].prog = *p;
	if (tcase_returns_2(one) && !of(b)->set.obj.traits.may_return_2) {
		snprintf(b->error, sizeof(b->error), "%s", returns_2);
		return -EOPNOTSUPP;
	}
	return check_retval_prog(of(b), p, hook);
}

int kernel_lend(struct backend *b, struct topo_pair *pair, const struct tcase *tc)
{
	struct kernel *k = of(b);
	unsigned ways;

	k->n_socks = pair != NULL;
	k->lane = true;
	k->pair[0] = pair;
	b->failed = false;
	ways = tc ? other_ways(tc) : 0;
	return ways ? begin_ways(k, tc, ways) : 0;
}

static const struct control_counts *k_controls(const struct backend *b)
{
	return &((const struct kernel *)b)->set.control.counts;
}

static int keeper_open(struct keeper *k, const struct cgroup_base *base, char *err, size_t size)
{
	int ret = cgroup_make(&k->cgroup, base->base.dir, "keeper");

	if (ret) {
		snprintf(err, size, "cannot make the keeper cgroup: %s", strerror(-ret));
		return ret;
	}
	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		k->prog[h] = bpfobj_load_dummy(h);
		ret = k->prog[h] < 0 ? k->prog[h]
				     : cgroup_attach(&k->att[h], &k->cgroup, k->prog[h], h, MODE_MULTI);
		if (ret) {
			snprintf(err, size,
				 "this kernel takes no %ssockopt program: %s (needs CONFIG_CGROUP_BPF and "
				 "root)",
				 h == HOOK_GET ? "get" : "set", strerror(-ret));
			return ret;
		}
		k->attached[h] = true;
	}
	return 0;
}

static void keeper_close(struct keeper *k)
{
	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		if (k->attached[h])
			cgroup_detach(&k->att[h]);
		if (k->prog[h] >= 0)
			close(k->prog[h]);
	}
	cgroup_fini(&k->cgroup);
}

static void raise_nofile(void)
{
	struct rlimit r;
	rlim_t want = 4 * TOPO_FDS;

	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur >= want)
		return;
	r.rlim_cur = want;
	if (r.rlim_max < want)
		r.rlim_max = want;
	if (!setrlimit(RLIMIT_NOFILE, &r))
		return;
	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

/* Failure only means that SO_PEERGROUPS answers are short. */
static void many_groups(struct kernel *k)
{
	gid_t gids[N_GROUPS];

	k->n_old_groups = getgroups(0, NULL);
	k->old_groups = calloc(k->n_old_groups > 0 ? k->n_old_groups : 1, sizeof(gid_t));
	if (!k->old_groups || getgroups(k->n_old_groups, k->old_groups) < 0) {
		k->n_old_groups = -1;
		return;
	}
	for (unsigned i = 0; i < N_GROUPS; i++)
		gids[i] = 100000 + i;
	if (setgroups(N_GROUPS, gids))
		k->n_old_groups = -1;
}

/* Ping sockets are for certain groups, in a new namespace for none. Where /proc is not writable, cases skip.
 */
static void allow_ping(void)
{
	static const char all[] = "0 2147483647";
	int fd = open("/proc/sys/net/ipv4/ping_group_range", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, all, sizeof(all) - 1) < 0)
		fprintf(stderr, "hookdiff: no ping sockets here: %s\n", strerror(errno));
	close(fd);
}

static int enter_netns(struct kernel *k, char *err, size_t size)
{
	struct ifreq ifr = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd, ret;

	k->old_netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (k->old_netns < 0 || unshare(CLONE_NEWNET)) {
		ret = -errno;
		snprintf(err, size, "cannot make a network namespace: %s (needs root and CONFIG_NET_NS)",
			 strerror(-ret));
		if (k->old_netns >= 0)
			close(k->old_netns);
		k->old_netns = -1;
		return ret;
	}
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		ioctl(fd, SIOCSIFFLAGS, &ifr); /* cases that need lo will say so themselves */
		close(fd);
	}
	allow_ping();
	return 0;
}

static void k_close(struct backend *b, struct control_counts *final)
{
	struct kernel *k = of(b);

	uring_close(k->uring);
	helper_close(&k->helper);
	meanwhile_close(&k->meanwhile);
	topo_drop_all(&k->set);
	straight_free(k->straight);
	if (final)
		*final = k->set.control.counts;
	keeper_close(&k->keeper);
	sock_reaper_fini(&k->set.reaper);
	cgroup_base_close(&k->set.base);
	bpfobj_fini(&k->set.obj);
	arena_fini(&k->hooked);
	arena_fini(&k->twin);
	if (k->old_netns >= 0) {
		setns(k->old_netns, CLONE_NEWNET);
		close(k->old_netns);
	}
	if (k->n_old_groups >= 0)
		setgroups(k->n_old_groups, k->old_groups);
	free(k->old_groups);
	free(k);
}

static const struct backend_ops kernel_ops = {
	.name = "kernel",
	.begin = k_begin,
	.load = k_load,
	.handler = k_handler,
	.call = k_call,
	.end = k_end,
	.controls = k_controls,
	.close = k_close,
};

static int setup(struct kernel *k, const struct kernel_opts *opts, char *err, size_t size)
{
	struct cgroup_swept swept;
	int ret;

	cgroup_sweep(&swept); /* a busy leftover is the probe's to report: it does not disturb us */
	ret = cgroup_base_open(&k->set.base, err, size);
	if (ret)
		return ret;
	ret = cgroup_foreign(k->set.base.base.dir, err, size);
	if (ret)
		return ret;
	ret = bpfobj_init(&k->set.obj, err, size);
	if (ret)
		return ret;
	k->shared = k->set.control.shared = k->set.obj.shared;
	k->set.control.may_return_2 = k->set.obj.traits.may_return_2;
	ret = keeper_open(&k->keeper, &k->set.base, err, size);
	if (ret)
		return ret;
	sock_reaper_init(&k->set.reaper, k->set.base.origin);
	raise_nofile();
	many_groups(k);
	if (opts->own_netns) {
		ret = enter_netns(k, err, size);
		if (ret)
			return ret;
	}
	ret = arena_init(&k->hooked);
	if (!ret)
		ret = arena_init(&k->twin);
	if (ret)
		snprintf(err, size, "cannot map user memory for the cases: %s", strerror(-ret));
	return ret;
}

struct backend *kernel_open(const struct kernel_opts *opts, char *err, size_t size)
{
	struct kernel *k = calloc(1, sizeof(*k));
	struct utsname uts;

	if (!k) {
		snprintf(err, size, "out of memory");
		return NULL;
	}
	k->b.ops = &kernel_ops;
	k->b.straightens = true;
	k->b.page_size = sysconf(_SC_PAGESIZE);
	if (!uname(&uts)) {
		snprintf(k->b.release, sizeof(k->b.release), "%s", uts.release);
		snprintf(k->b.version, sizeof(k->b.version), "%s", uts.version);
		snprintf(k->b.arch, sizeof(k->b.arch), "%s", uts.machine);
	}
	k->set.reuse = opts->reuse ? opts->reuse : DEFAULT_REUSE;
	k->set.base.base.dir = -1;
	k->helper.prog = -1;
	k->meanwhile.uffd = -1;
	rng_seed(&k->meanwhile.rng, 1, 0);
	k->keeper.cgroup.dir = k->keeper.cgroup.procs = -1;
	k->keeper.prog[0] = k->keeper.prog[1] = -1;
	k->old_netns = -1;
	k->n_old_groups = -1;
	sock_reaper_init(&k->set.reaper, -1);
	if (setup(k, opts, err, size)) {
		k_close(&k->b, NULL);
		return NULL;
	}
	return &k->b;
}
