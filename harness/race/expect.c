/* SPDX-License-Identifier: MIT */
#include "expect.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../exec/rawcall.h"

int expect_init(struct expect *e, const struct profile *p, const struct tree *t)
{
	memset(e, 0, sizeof(*e));
	pthread_mutex_init(&e->lock, NULL);
	e->tree = t;
	e->twin = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	e->oracle = oracle_new(p, (uint32_t)sysconf(_SC_PAGESIZE));
	if (e->twin >= 0 && e->oracle)
		return 0;
	snprintf(e->error, sizeof(e->error), "cannot make a socket or the oracle: %s", strerror(errno));
	return -ENOMEM;
}

void expect_fini(struct expect *e)
{
	oracle_free(e->oracle);
	if (e->twin >= 0)
		close(e->twin);
	pthread_mutex_destroy(&e->lock);
}

/*
 * The mark is read by a getsockopt that programs of that hook let through. Kernels before 6.11 may say EFAULT
 * when the first one is just attached, after the value was written (docs/races.md).
 */
static int read_mark(int fd, uint8_t bytes[EXPECT_BYTES])
{
	int32_t len = 4;
	int64_t ret = raw_getsockopt(fd, SOL_SOCKET, SO_MARK, bytes, &len);

	return ret == -EFAULT && len == 4 ? 0 : (int)ret;
}

void expect_call(int fd, enum hook hook, struct race_seen *got)
{
	static const uint8_t zero[4];
	const struct tc_call *c = scene_call(hook);

	got->optlen = c->optlen;
	if (hook == HOOK_SET) {
		got->ret = raw_setsockopt(fd, c->level, c->optname, zero, c->optlen);
		return;
	}
	memset(got->bytes, c->buf.fill, sizeof(got->bytes));
	got->ret = raw_getsockopt(fd, c->level, c->optname, got->bytes, &got->optlen);
}

int expect_read(int fd, enum hook hook, struct race_seen *got)
{
	return hook == HOOK_SET ? read_mark(fd, got->bytes) : 0;
}

/* The handler's part, on the twin: as exec/kernel.c does it, for these two calls. */
static int answer(struct expect *e, const struct tc_call *c, const struct plan *p, struct handler_result *hr,
		  uint8_t *mem, struct race_seen *out)
{
	static const uint8_t zero[4];

	tc_buf_image(&c->buf, mem, c->buf.size + TC_PAST);
	*hr = (struct handler_result){.optlen = c->optlen, .mem = mem};
	if (c->hook == HOOK_GET) {
		if (p->called)
			hr->ret = raw_getsockopt(e->twin, p->level, p->optname, mem, &hr->optlen);
		return 0;
	}
	out->untouched = !p->called;
	raw_setsockopt(e->twin, SOL_SOCKET, SO_MARK, zero, 4);
	if (p->called)
		hr->ret = raw_setsockopt(e->twin, p->level, p->optname, p->kernel_buf ? p->bytes : mem,
					 p->optlen);
	return read_mark(e->twin, out->bytes);
}

static int predict(struct expect *e, enum hook hook, const struct race_chain *chain, struct race_seen *out)
{
	static struct tcase flat; /* large; the lock is held */
	static struct tree_want tw;
	const struct tc_call *c = scene_call(hook);
	uint8_t mem[EXPECT_BYTES + TC_PAST];
	struct handler_result hr;
	const struct want *w;
	struct plan p;
	int ret;

	memset(out, 0, sizeof(*out));
	tw.n = chain->n;
	memcpy(tw.progs, chain->prog, chain->n);
	if (!tree_flat(e->tree, &tw, c, &flat))
		return -E2BIG;
	oracle_begin(e->oracle, &flat);
	oracle_plan(e->oracle, 0, &p);
	ret = answer(e, c, &p, &hr, mem, out);
	if (ret)
		return ret;
	w = oracle_predict(e->oracle, &hr);
	if (p.unsure || w->any || w->lost)
		return -ENODATA;
	out->ret = w->ret;
	if (hook == HOOK_SET)
		return 0;
	out->optlen = w->optlen;
	tc_buf_image(&c->buf, out->bytes, EXPECT_BYTES);
	for (unsigned i = 0; i < EXPECT_BYTES; i++)
		if (i < w->n_out)
			out->bytes[i] = w->out[i];
		else if (w->base)
			out->bytes[i] = w->base[i];
	return 0;
}

static unsigned slot_of(enum hook hook, const struct race_chain *c)
{
	uint32_t h = hook + 1u;

	for (unsigned i = 0; i < c->n; i++)
		h = (h ^ c->prog[i]) * 0x9e3779b1u + c->n;
	return (h >> 12) % (2 * EXPECT_MAX);
}

static int look_up(struct expect *e, enum hook hook, const struct race_chain *c)
{
	unsigned i = slot_of(hook, c);
	int ret;

	for (; e->table[i]; i = (i + 1) % (2 * EXPECT_MAX)) {
		unsigned k = e->table[i] - 1u;

		if (e->entry[k].hook == hook && e->entry[k].chain.n == c->n &&
		    !memcmp(e->entry[k].chain.prog, c->prog, c->n))
			return (int)k;
	}
	if (e->n == EXPECT_MAX)
		return -ENOSPC;
	ret = predict(e, hook, c, &e->entry[e->n].seen);
	if (ret)
		return ret;
	e->entry[e->n].hook = (uint8_t)hook;
	e->entry[e->n].chain = *c;
	e->table[i] = (uint16_t)++e->n;
	return (int)e->n - 1;
}

int expect_chain(struct expect *e, enum hook hook, const struct race_chain *c)
{
	int ret;

	pthread_mutex_lock(&e->lock);
	ret = look_up(e, hook, c);
	if (ret < 0)
		snprintf(e->error, sizeof(e->error),
			 "the oracle has no single answer for a chain of %u programs: %s", c->n,
			 strerror(-ret));
	pthread_mutex_unlock(&e->lock);
	return ret;
}

bool expect_same(enum hook hook, const struct race_seen *want, const struct race_seen *got,
		 const uint8_t *before)
{
	if (want->ret != got->ret)
		return false;
	if (hook == HOOK_SET)
		return !memcmp(want->untouched ? before : want->bytes, got->bytes, 4);
	return want->optlen == got->optlen && !memcmp(want->bytes, got->bytes, EXPECT_BYTES);
}
