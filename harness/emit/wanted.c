/* SPDX-License-Identifier: MIT */
#include "wanted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void wanted_fini(struct wanted *w)
{
	free(w->mem);
	free(w->mask);
	memset(w, 0, sizeof(*w));
}

/* The memory as it is before the call, all of it unknown. */
static int make_memory(struct wanted *to, const struct tc_call *c)
{
	uint32_t n = c->buf.size + (c->buf.place == BUF_EDGE ? 0 : TC_PAST);

	if (to->mem || c->buf.place == BUF_NULL)
		return 0;
	to->mem = malloc(n ? n : 1);
	to->mask = malloc(n ? n : 1);
	if (!to->mem || !to->mask)
		return -ENOMEM;
	to->n = n;
	tc_buf_image(&c->buf, to->mem, n);
	memset(to->mask, 1, n);
	return 0;
}

static void copy_memory(struct wanted *to, const struct want *w)
{
	for (uint32_t off = 0; off < to->n; off++) {
		if (off < w->n_out) {
			to->mem[off] = w->out[off];
			to->mask[off] = w->out_mask && w->out_mask[off];
		} else if (!(w->any & ANY_MEM)) {
			to->mem[off] = w->base ? w->base[off] : to->mem[off];
			to->mask[off] = 0;
		}
	}
}

static void copy_seen(struct wanted_seen *to, const struct want_seen *s)
{
	*to = (struct wanted_seen){.id = s->id,
				   .any = s->any,
				   .level = s->level,
				   .optname = s->optname,
				   .optlen = s->optlen,
				   .retval = s->retval,
				   .size = s->size,
				   .n = s->size < WANTED_SEEN ? s->size : WANTED_SEEN};
	memcpy(to->bytes, s->bytes, to->n);
	if (s->mask)
		memcpy(to->mask, s->mask, to->n);
}

int wanted_copy(struct wanted *to, const struct tc_call *c, const struct want *w)
{
	wanted_fini(to);
	if (make_memory(to, c))
		return -ENOMEM;
	to->has_ret = !(w->any & ANY_RET);
	to->ret = w->ret;
	to->has_optlen = tc_call_has_len(c) && !(w->any & ANY_OPTLEN);
	to->optlen = w->optlen;
	copy_memory(to, w);
	to->has_seen = true;
	to->more = w->any & ANY_SEEN_TAIL;
	to->n_seen = w->n_seen;
	for (unsigned k = 0; k < w->n_seen; k++)
		copy_seen(&to->seen[k], &w->seen[k]);
	return 0;
}

int wanted_expect(struct wanted *to, const struct tc_call *c)
{
	const struct tc_expect *e = &c->expect;

	if (make_memory(to, c))
		return -ENOMEM;
	if (e->has_ret) {
		to->has_ret = true;
		to->ret = e->ret;
	}
	if (e->has_optlen) {
		to->has_optlen = true;
		to->optlen = e->optlen;
	}
	for (unsigned i = 0; i < e->n_bytes && i < to->n; i++) {
		to->mem[i] = e->bytes[i];
		to->mask[i] = 0;
	}
	return 0;
}
