/* SPDX-License-Identifier: MIT */
/*
 * The backend functions. The fast path is begin → handler → call with sockets that exist: it writes a few
 * hundred bytes and makes no system call but the ones under test. topo.c makes what does not exist yet,
 * arena.c lays out user memory, ways.c makes calls in any other way, surroundings.c is what the process
 * needs.
 */
#include "kernel.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../case/options.h"
#include "bare.h"
#include "compat.h"
#include "kernel_impl.h"
#include "rawcall.h"
#include "uring.h"

#define DEFAULT_REUSE 64

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

void kernel_section(struct backend *b, const char *name)
{
	if (of(b)->blocks)
		kcov_set_section(of(b)->blocks, name);
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

	if (k->blocks)
		kcov_set_take(k->blocks);
	k->n_socks = 0;
	k->lane = false;
	b->failed = false;
	key.straight = b->straight;
	if (tcase_returns_2(tc) && !traits->may_return_2) {
		snprintf(b->error, sizeof(b->error), "%s", returns_2);
		return -EOPNOTSUPP;
	}
	ways = ways_of(tc);
	if (ways) {
		int ret = ways_begin(k, tc, ways);

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

/*
 * On a connection a timer changes it: tcp_delack_timer_handler() leaves the mode that tcp_fin() began
 * (net/ipv4), some 40 ms later, and the twin's timer is not the hooked socket's.
 */
static bool is_timed(const struct kernel *k, unsigned sock, int32_t level, int32_t optname)
{
	return level == IPPROTO_TCP && optname == TCP_QUICKACK && sock < k->n_socks &&
	       k->pair[sock]->twin.peer >= 0;
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
		hr->is_volatile =
			is_volatile(k, c->level, c->optname) || is_timed(k, c->sock, c->level, c->optname);
		ways_handler_held(k, fd, c, hr);
		return;
	}
	len = arena_put_len(&k->twin, c, &buf);
	hr->ret = 0;
	if (p->called) {
		hr->is_volatile =
			is_volatile(k, p->level, p->optname) || is_timed(k, c->sock, p->level, p->optname);
		hr->ret = c->via == VIA_COMPAT
				  ? compat_sockopt(HOOK_GET, fd, p->level, p->optname, buf.user, 0, len)
				  : raw_getsockopt(fd, p->level, p->optname, buf.user, len);
	}
	hr->optlen = arena_len(&k->twin, c, &buf);
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
		ways_call_meanwhile(k, fd, c, &buf, got);
		return;
	}
	if (__builtin_expect(c->via != VIA_SYSCALL, 0)) {
		ways_call(k, fd, c, &buf, got);
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
	ways = tc ? ways_of(tc) : 0;
	return ways ? ways_begin(k, tc, ways) : 0;
}

static const struct control_counts *k_controls(const struct backend *b)
{
	return &((const struct kernel *)b)->set.control.counts;
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
	surroundings_close(&k->around);
	sock_reaper_fini(&k->set.reaper);
	cgroup_base_close(&k->set.base);
	bpfobj_fini(&k->set.obj);
	arena_fini(&k->hooked);
	arena_fini(&k->twin);
	if (kcov_set_close(k->blocks))
		fprintf(stderr, "hookdiff: " KCOV_SET_ENV ": %s\n", strerror(errno));
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
	const char *blocks = getenv(KCOV_SET_ENV);
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
	sock_reaper_init(&k->set.reaper, k->set.base.origin);
	ret = surroundings_open(&k->around, &k->set.base, opts->own_netns, err, size);
	if (ret)
		return ret;
	if (blocks && *blocks) {
		k->blocks = kcov_set_open(blocks, err, size);
		if (!k->blocks)
			return -ENOENT;
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
	surroundings_init(&k->around);
	sock_reaper_init(&k->set.reaper, -1);
	if (setup(k, opts, err, size)) {
		k_close(&k->b, NULL);
		return NULL;
	}
	return &k->b;
}
