/* SPDX-License-Identifier: MIT */
#include "standin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../case/options.h"

#define MEM_BYTES (TC_MAX_BUF + TC_PAST)
#define LARGE	  6000 /* more than a page of 4 KiB */

int standin_init(struct standin *s)
{
	s->mem = calloc(1, MEM_BYTES);
	return s->mem ? 0 : -ENOMEM;
}

void standin_fini(struct standin *s)
{
	free(s->mem);
	s->mem = NULL;
}

void standin_begin(struct standin *s, const struct tcase *tc, enum standin_kind kind)
{
	s->kind = kind;
	for (unsigned i = 0; i < tc->n_socks; i++)
		model_init(&s->model[i], &tc->sock[i]);
}

static void set(struct standin *s, const struct tc_call *c, const struct plan *p, struct handler_result *hr)
{
	struct model *m = c->sock < TC_MAX_SOCKS ? &s->model[c->sock] : NULL;
	const uint8_t *val = p->kernel_buf ? p->bytes : s->mem;
	uint32_t readable = p->kernel_buf ? (uint32_t)p->optlen : tc_buf_reach(&c->buf, false);

	hr->ret = p->optlen < 0 ? -EINVAL : s->kind == STANDIN_ERROR ? -ENOPROTOOPT : 0;
	if (m && s->kind == STANDIN_MODEL)
		s->modelled = model_set(m, p->level, p->optname, val, readable, p->optlen, &hr->ret);
	else if (m)
		model_forget(m);
}

/* The length that a getsockopt of this kind says, where the model does not know. */
static int32_t said(enum standin_kind kind, const struct tc_call *c)
{
	const struct option_info *info = option_find(c->level, c->optname);
	int32_t own = info && info->size ? info->size : 4;

	switch (kind) {
	case STANDIN_SHORT:
		return c->optlen < 1 ? 0 : 1;
	case STANDIN_FULL:
		return c->optlen;
	case STANDIN_LONG:
		return c->optlen + 4;
	case STANDIN_LARGE:
		return LARGE;
	case STANDIN_MODEL:
	case STANDIN_ERROR:
	case STANDIN_COUNT:
		break;
	}
	return own < c->optlen ? own : c->optlen;
}

bool standin_differs(enum standin_kind kind, const struct tc_call *c)
{
	if (c->hook == HOOK_SET)
		return kind == STANDIN_MODEL;
	if (kind == STANDIN_MODEL || kind == STANDIN_ERROR)
		return true;
	if (c->optlen_null || c->optlen < 0 || c->optlen > TC_MAX_BUF ||
	    tc_buf_reach(&c->buf, true) < (uint32_t)c->optlen)
		return false;
	return kind != STANDIN_LARGE || c->optlen < LARGE;
}

/* 11 12 ... 17, again and again: each copy is twice as long as the one before. */
static void answer_bytes(uint8_t *mem, uint32_t n)
{
	static const uint8_t some[] = {0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17};
	uint32_t done = n < sizeof(some) ? n : sizeof(some);

	memcpy(mem, some, done);
	for (uint32_t more; done < n; done += more) {
		more = n - done < done ? n - done : done;
		memcpy(mem + done, mem, more);
	}
}

static void get(struct standin *s, const struct tc_call *c, const struct plan *p, struct handler_result *hr)
{
	const struct model *m = c->sock < TC_MAX_SOCKS ? &s->model[c->sock] : NULL;
	uint32_t room = tc_buf_reach(&c->buf, true), n;

	hr->optlen = c->optlen;
	if (m && s->kind == STANDIN_MODEL)
		s->modelled = model_get(m, p->level, p->optname, s->mem, room,
					c->optlen_null ? NULL : &hr->optlen, &hr->ret);
	if (s->modelled)
		return;
	if (s->kind == STANDIN_ERROR || !standin_differs(STANDIN_SHORT, c)) {
		hr->ret = c->optlen_null ? -EFAULT : c->optlen < 0 ? -EINVAL : -ENOPROTOOPT;
		return;
	}
	hr->optlen = said(s->kind, c);
	n = hr->optlen < c->optlen ? (uint32_t)hr->optlen : (uint32_t)c->optlen;
	n = n < c->buf.size ? n : c->buf.size;
	answer_bytes(s->mem, n);
}

void standin_answer(struct standin *s, const struct tc_call *c, const struct plan *p,
		    struct handler_result *hr)
{
	*hr = (struct handler_result){.mem = c->buf.place == BUF_NULL ? NULL : s->mem};
	s->modelled = false;
	tc_buf_image(&c->buf, s->mem, c->buf.size + TC_PAST);
	if (!p->called)
		return;
	if (c->hook == HOOK_SET) {
		set(s, c, p, hr);
		return;
	}
	get(s, c, p, hr);
	hr->touched = model_touches(c, hr->ret, hr->optlen);
	model_read_only(c, s->mem, &hr->ret, &hr->optlen);
	model_overlap(c, s->mem, hr->ret, &hr->optlen);
}
