/* SPDX-License-Identifier: MIT */
#include "view.h"

#include "../case/case_text.h"

const struct tc_call *view_call(const struct report_case *rc)
{
	if (!rc->diff || !rc->want || !rc->got)
		return NULL;
	if (rc->at)
		return rc->at;
	return rc->state && rc->tc->call[rc->call].hook == HOOK_SET ? NULL : &rc->tc->call[rc->call];
}

uint32_t view_mem_size(const struct tc_call *c)
{
	if (c->buf.place == BUF_NULL)
		return 0;
	return c->buf.size + (c->buf.place == BUF_EDGE ? 0 : TC_PAST);
}

int view_want_mem(const struct tc_call *c, const struct want *w, uint32_t off)
{
	if (off < w->n_out)
		return w->out_mask && w->out_mask[off] ? -1 : w->out[off];
	if (w->any & ANY_MEM)
		return -1;
	if (w->base)
		return w->base[off];
	return off < c->buf.n_data ? c->buf.data[off] : off < c->buf.size ? c->buf.fill : tc_canary(off);
}

int view_want_seen(const struct want_seen *s, uint32_t off)
{
	return s->mask && s->mask[off] ? -1 : s->bytes[off];
}

const char *view_hook(unsigned hook)
{
	return hook == HOOK_GET ? "getsockopt" : "setsockopt";
}

void view_program(struct buf *b, unsigned id)
{
	tcase_print_path(id / TC_MAX_SLOTS % TC_MAX_LEVELS + 1, b);
	buf_printf(b, " program %u", id % TC_MAX_SLOTS + 1);
}
