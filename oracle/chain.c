/* SPDX-License-Identifier: MIT */
/*
 * Runs the programs of a chain over one context and records what each must see when it is entered.
 * The window is copied only when a program writes to it after a record points at it.
 */
#include <assert.h>
#include <string.h>

#include "pipe.h"

static bool is_errno(int32_t v)
{
	return v >= -4095 && v <= -1; /* IS_ERR_VALUE */
}

static uint8_t *snap_alloc(struct oracle *o, uint32_t n)
{
	uint8_t *p = o->snap + o->snap_used;

	assert(o->snap_used + n <= o->snap_cap);
	o->snap_used += (n + 15) & ~15u;
	return p;
}

void chain_window(struct oracle *o, uint32_t size)
{
	o->ctx.size = size;
	o->ctx.win = snap_alloc(o, size);
	o->ctx.mask = NULL;
	o->ctx.published = false;
}

void chain_forget(struct oracle *o, uint32_t from, uint32_t to)
{
	struct ctx *x = &o->ctx;

	if (to > x->size)
		to = x->size;
	if (from >= to)
		return;
	if (!x->mask) {
		x->mask = snap_alloc(o, x->size);
		memset(x->mask, 0, x->size);
	}
	memset(x->mask + from, 1, to - from);
}

bool buf_readable(const struct tc_buf *b, uint32_t n)
{
	return n == 0 || b->place == BUF_PLAIN || b->place == BUF_READONLY ||
	       (b->place == BUF_EDGE && n <= b->size);
}

bool buf_writable(const struct tc_buf *b, uint32_t n)
{
	return n == 0 || b->place == BUF_PLAIN || (b->place == BUF_EDGE && n <= b->size);
}

/* The window as it is becomes private, so that writing does not change what an earlier program saw. */
static void unshare(struct oracle *o)
{
	struct ctx *x = &o->ctx;
	uint8_t *old = x->win, *old_mask = x->mask;

	x->win = snap_alloc(o, x->size);
	memcpy(x->win, old, x->size);
	if (old_mask) {
		x->mask = snap_alloc(o, x->size);
		memcpy(x->mask, old_mask, x->size);
	}
	x->published = false;
}

static void write_bytes(struct oracle *o, const struct act *a)
{
	struct ctx *x = &o->ctx;
	uint32_t val = (uint32_t)a->val;

	if (a->off > x->size || a->n > x->size - a->off)
		return;
	if (x->published)
		unshare(o);
	for (unsigned i = 0; i < a->n; i++)
		x->win[a->off + i] = (uint8_t)(val >> (8 * i));
	if (x->mask)
		memset(x->mask + a->off, 0, a->n);
	x->wrote |= WROTE_BYTES;
}

static bool compare(int32_t have, unsigned cmp, int32_t val)
{
	switch ((enum act_cmp)cmp) {
	case CMP_EQ:
		return have == val;
	case CMP_NE:
		return have != val;
	case CMP_LT:
		return have < val;
	case CMP_GT:
		return have > val;
	case CMP_COUNT:
		break;
	}
	return false;
}

static bool condition(struct ctx *x, const struct act *a)
{
	int32_t have = 0;

	switch ((enum act_field)a->field) {
	case FIELD_LEVEL:
		have = x->level;
		break;
	case FIELD_OPTNAME:
		have = x->optname;
		break;
	case FIELD_OPTLEN:
		x->lost |= !!(x->unknown & UNK_OPTLEN);
		have = x->optlen;
		break;
	case FIELD_RETVAL:
		x->lost |= !!(x->unknown & UNK_RETVAL);
		have = x->retval;
		break;
	case FIELD_SIZE:
		x->lost |= !!(x->unknown & UNK_SIZE);
		have = (int32_t)x->size;
		break;
	case FIELD_BYTE:
		if (a->off >= x->size) {
			x->lost |= !!(x->unknown & UNK_SIZE);
			return false;
		}
		if (x->mask && x->mask[a->off])
			x->lost = true;
		have = x->win[a->off];
		break;
	case FIELD_COUNT:
		break;
	}
	return compare(have, a->cmp, a->val);
}

/* Actions that assign a field of the context: which one, and what is known and written after it. */
static const struct assign {
	uint8_t place; /* int32_t of struct ctx, from level on */
	uint8_t wrote;
	uint8_t known; /* enum unknown that it ends */
} assigns[ACT_OP_COUNT] = {
	[ACT_LEVEL] = {0, WROTE_ARGS, 0},
	[ACT_OPTNAME] = {1, WROTE_ARGS, 0},
	[ACT_OPTLEN] = {2, WROTE_OPTLEN, UNK_OPTLEN},
	[ACT_RETVAL] = {3, WROTE_RETVAL, UNK_RETVAL},
	[ACT_SET_RETVAL] = {3, WROTE_RETVAL, UNK_RETVAL},
};

_Static_assert(offsetof(struct ctx, retval) == 12 && offsetof(struct ctx, optlen) == 8,
	       "assigns[] counts places");

static void assign(struct ctx *x, const struct act *a)
{
	const struct assign *as = &assigns[a->op];

	memcpy((char *)x + as->place * sizeof(int32_t), &a->val, sizeof(a->val));
	x->wrote |= as->wrote;
	x->unknown &= (uint8_t)~as->known;
	x->why = as->wrote == WROTE_RETVAL ? WHY_SET : x->why;
}

/* Runs one program; returns its result, 0 or 1. The meaning of each action: harness/case/act.h. */
static uint32_t program(struct oracle *o, const struct prog *p)
{
	struct ctx *x = &o->ctx;

	for (uint32_t i = 0; i < p->n; i++) {
		const struct act *a = &p->act[i];

		if (assigns[a->op].wrote) {
			assign(x, a);
		} else if (a->op == ACT_BYTES) {
			write_bytes(o, a);
		} else if (a->op == ACT_IF) {
			if (!condition(x, a))
				i += a->n;
			if (x->lost)
				break;
		} else if (a->op == ACT_KEEP_RETVAL) {
			x->wrote |= x->unknown & UNK_RETVAL ? 0 : WROTE_RETVAL;
			x->why = x->unknown & UNK_RETVAL ? x->why : WHY_SET;
		} else if (a->op == ACT_RETURN) {
			return (uint32_t)a->val;
		}
	}
	return p->ret;
}

static struct want_seen *see(struct oracle *o, uint8_t id)
{
	struct want_seen *s = &o->want.seen[o->want.n_seen++];
	const struct ctx *x = &o->ctx;

	s->id = id;
	s->any = (x->unknown & UNK_OPTLEN ? SEEN_ANY_OPTLEN : 0) |
		 (x->unknown & UNK_SIZE ? SEEN_ANY_SIZE : 0) |
		 (x->unknown & UNK_RETVAL ? SEEN_ANY_RETVAL : 0);
	s->level = x->level;
	s->optname = x->optname;
	s->optlen = x->optlen;
	s->retval = x->retval;
	s->size = x->size;
	s->split = x->size;
	s->bytes = x->win;
	s->mask = x->mask;
	o->ctx.published = true;
	return s;
}

/* The k-th program in the order of the profile. */
static uint8_t nth(const struct oracle *o, unsigned k)
{
	return o->chain->ids[o->t->order == ORDER_DOWN ? o->chain->n - 1u - k : k];
}

struct want_seen *chain_first(struct oracle *o)
{
	o->ctx.initial = o->ctx.retval;
	return see(o, nth(o, 0));
}

/* What a later program sees, with the clauses that bring each part to it. */
static void see_next(struct oracle *o, uint8_t id)
{
	const struct ctx *x = &o->ctx;
	struct want_seen *s = see(o, id);

	s->c_args = s->c_optlen = C_CHAIN_ARGS;
	s->c_bytes = s->c_tail = C_CHAIN_OPTVAL;
	s->c_size = C_CHAIN_WINDOW;
	s->c_retval = x->why == WHY_REJECTED ? C_CHAIN_REJECTED : C_CHAIN_RETVAL;
	if (x->wrote & (WROTE_ARGS | WROTE_OPTLEN))
		hit(o, C_CHAIN_ARGS);
	if (x->wrote & WROTE_BYTES)
		hit(o, C_CHAIN_OPTVAL);
	if (x->wrote & WROTE_OPTLEN)
		hit(o, C_CHAIN_WINDOW);
	if (x->wrote & WROTE_RETVAL && !(x->unknown & UNK_RETVAL))
		hit(o, C_CHAIN_RETVAL);
	if (x->why == WHY_REJECTED)
		hit(o, C_CHAIN_REJECTED);
	if (x->failed)
		hit(o, C_CHAIN_ALL);
}

/* bpf_prog_run_array_cg (5.18): a 0 becomes -EPERM unless retval already is an errno. */
static void reject(struct oracle *o)
{
	struct ctx *x = &o->ctx;

	x->rejected = true;
	if (o->t->reject == REJECT_KEEPS_ERRNO && is_errno(x->retval)) {
		if (x->why != WHY_REJECTED)
			x->why = WHY_KEPT_ERRNO;
		return;
	}
	x->raw |= x->retval < -4095;
	x->retval = -EPERM;
	x->why = WHY_REJECTED;
	x->unknown &= (uint8_t)~UNK_RETVAL;
}

static void order_hits(struct oracle *o)
{
	const struct effective *e = o->chain;

	for (unsigned k = 1; k < e->n; k++)
		hit(o,
		    e->ids[k] / TC_MAX_SLOTS == e->ids[k - 1] / TC_MAX_SLOTS ? C_CHAIN_SLOT : C_CHAIN_ORDER);
}

void chain_run(struct oracle *o)
{
	struct ctx *x = &o->ctx;
	enum hook hook = (enum hook)o->c->hook;
	unsigned n = o->chain->n;

	order_hits(o);
	for (unsigned k = 0; k < n; k++) {
		if (k > 0) {
			if (o->t->retval_chain == RETVAL_FRESH)
				x->retval = x->initial;
			see_next(o, nth(o, k));
		}
		bool was_failed = x->failed;
		uint32_t ret = program(o, tcase_prog(o->tc, hook, nth(o, k)));

		if (x->lost) {
			o->want.lost = true;
			o->want.any |= ANY_SEEN_TAIL;
			return;
		}
		if (!ret)
			reject(o);
		else if (was_failed && x->why == WHY_SET && !is_errno(x->retval))
			hit(o, C_CHAIN_UNDONE);
		x->failed = x->rejected || is_errno(x->retval);
		if (!ret && o->t->after_reject == REJECT_STOPS)
			return;
		if (!ret && o->t->after_reject == REJECT_FREE && k + 1 < n) {
			o->want.any |= ANY_SEEN_TAIL;
			return;
		}
		if (k + 1 < n)
			x->odd_optlen |= x->optlen < 0 || (uint32_t)x->optlen > x->size;
	}
}
