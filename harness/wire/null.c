/* SPDX-License-Identifier: MIT */
#include "null.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "case_json.h"

struct null {
	struct backend b; /* first: the two are cast into each other */
	struct control_counts counts;
	struct call_result r;
};

static struct null *of(struct backend *b)
{
	return (struct null *)b;
}

/* Sockets of a family above 45 are what it cannot express. */
static int n_begin(struct backend *b, const struct tcase *tc, bool fresh)
{
	for (unsigned i = 0; i < tc->n_socks; i++)
		if (tc->sock[i].family > 45) {
			snprintf(b->error, sizeof(b->error), "no sockets of family %u", tc->sock[i].family);
			return -EOPNOTSUPP;
		}
	b->births += fresh;
	return 0;
}

static void n_load(struct backend *b, const struct tcase *tc)
{
}

/* The user's memory with its first byte changed. */
static const uint8_t *memory(const struct tc_call *c, uint32_t page_size, uint8_t *mem)
{
	tc_buf_image(&c->buf, mem, call_memory(c, page_size));
	mem[0] ^= 1;
	return c->buf.place == BUF_NULL ? NULL : mem;
}

static void n_handler(struct backend *b, const struct tc_call *c, const struct plan *p,
		      struct handler_result *hr)
{
	struct null *n = of(b);

	*hr = (struct handler_result){
		.ret = p->level, .optlen = p->optname, .mem = memory(c, b->page_size, n->r.twin)};
}

static void n_call(struct backend *b, const struct tc_call *c, struct outcome *got)
{
	struct null *n = of(b);
	struct hd_trace *t = &n->r.trace[0];

	n->r.order[0] = (uint8_t)(c->hook * HD_PROGS);
	n->r.order[1] = (uint8_t)(!c->hook * HD_PROGS + HD_PROGS - 1);
	t->level = c->level;
	t->optname = c->optname;
	t->optlen = c->optlen;
	t->size = c->buf.size;
	memset(t->bytes, c->buf.fill, sizeof(t->bytes));
	memcpy(t->bytes, c->buf.data, c->buf.n_data);
	*got = (struct outcome){.ret = INT64_MIN,
				.stray = true,
				.runs = 2,
				.order = n->r.order,
				.trace = n->r.trace,
				.mem = memory(c, b->page_size, n->r.hooked)};
}

static void n_end(struct backend *b, bool irregular)
{
}

static const struct control_counts *n_controls(const struct backend *b)
{
	return &((const struct null *)b)->counts;
}

static void n_close(struct backend *b, struct control_counts *final)
{
	if (final)
		*final = of(b)->counts;
	free(b);
}

static const struct backend_ops null_ops = {
	.name = "null",
	.begin = n_begin,
	.load = n_load,
	.handler = n_handler,
	.call = n_call,
	.end = n_end,
	.controls = n_controls,
	.close = n_close,
};

struct backend *null_open(void *arg, unsigned reuse, char *err, size_t size)
{
	struct null *n = calloc(1, sizeof(*n));

	if (!n) {
		snprintf(err, size, "out of memory");
		return NULL;
	}
	n->b.ops = &null_ops;
	n->b.page_size = 4096;
	snprintf(n->b.release, sizeof(n->b.release), "none");
	return &n->b;
}
