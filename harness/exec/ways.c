/* SPDX-License-Identifier: MIT */
/*
 * Calls that are no plain system call of this thread alone: through io_uring, as a 32-bit task, by a
 * program's helper, and while another thread does its part. What each needs is opened by the first case that
 * asks for it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "compat.h"
#include "kernel_impl.h"
#include "rawcall.h"
#include "uring.h"

unsigned ways_of(const struct tcase *tc)
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

int ways_begin(struct kernel *k, const struct tcase *tc, unsigned ways)
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

void ways_handler_held(struct kernel *k, int fd, const struct tc_call *c, struct handler_result *hr)
{
	struct arena_buf buf = {NULL, NULL};
	struct other_thread o = {k, c, fd, NULL, arena_put_len(&k->twin, c, &buf), true};
	struct meanwhile_part part = {make_call, do_part, &o};
	int err;

	hr->ret = meanwhile_held(&k->meanwhile, 1, &c->buf, &part, &hr->touched, &hr->mem, &err);
	hr->optlen = *o.len;
	if (err)
		meanwhile_failed(k, "holding a page back", err);
}

void ways_call_meanwhile(struct kernel *k, int fd, const struct tc_call *c, const struct arena_buf *buf,
			 struct outcome *got)
{
	struct other_thread o = {k, c, fd, buf->user, arena_put_len(&k->hooked, c, buf), false};
	struct meanwhile_part part = {make_call, do_part, &o};
	bool touched = false;
	int err, ret = 0;

	if (c->meanwhile == MEANWHILE_RACING)
		got->ret = meanwhile_raced(&k->meanwhile, &part, &err);
	else
		got->ret = meanwhile_held(&k->meanwhile, 0, &c->buf, &part, &touched, &got->mem, &err);
	got->runs = k->shared->runs;
	got->order = k->shared->order;
	got->optlen = c->hook == HOOK_GET ? *o.len : 0;
	got->stray = arena_len_stray(&k->hooked, c);
	if (err)
		meanwhile_failed(k, "a thread beside the call", err);
	if (touched && c->meanwhile == MEANWHILE_DETACH)
		ret = topo_hook_on(&k->set, k->topo, (enum hook)c->hook);
	if (ret)
		meanwhile_failed(k, "attaching the programs again", -ret);
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

void ways_call(struct kernel *k, int fd, const struct tc_call *c, const struct arena_buf *buf,
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
