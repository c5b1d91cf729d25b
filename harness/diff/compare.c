/* SPDX-License-Identifier: MIT */
/* The hot half of the loop: every early return here is the common case. */
#include "compare.h"

#include <string.h>

#include "../../oracle/clauses.h"

/* same_seen() takes the four from level on, of both, as 16 bytes. */
_Static_assert(offsetof(struct want_seen, retval) == offsetof(struct want_seen, level) + 12 &&
		       offsetof(struct hd_trace, retval) == offsetof(struct hd_trace, level) + 12,
	       "level, optname, optlen, retval");

static const char *const field_names[DIFF_FIELD_COUNT] = {
	[DIFF_NONE] = "nothing",
	[DIFF_RUNS] = "runs",
	[DIFF_ORDER] = "order",
	[DIFF_SEEN_LEVEL] = "seen.level",
	[DIFF_SEEN_OPTNAME] = "seen.optname",
	[DIFF_SEEN_OPTLEN] = "seen.optlen",
	[DIFF_SEEN_SIZE] = "seen.size",
	[DIFF_SEEN_RETVAL] = "seen.retval",
	[DIFF_SEEN_BYTES] = "seen.optval",
	[DIFF_RET] = "ret",
	[DIFF_OPTLEN] = "optlen",
	[DIFF_MEM] = "optval",
	[DIFF_EXPECT] = "expectation",
};

const char *diff_field_name(enum diff_field f)
{
	return f < DIFF_FIELD_COUNT ? field_names[f] : "?";
}

static bool differ(struct diff *d, enum diff_field field, unsigned clause, int64_t want, int64_t got)
{
	d->field = field;
	d->clause = (uint8_t)clause;
	d->program = -1;
	d->offset = 0;
	d->want = want;
	d->got = got;
	return false;
}

/* First offset in [from, n) where the bytes differ and the mask does not excuse it, or n. */
static uint32_t first_difference(const uint8_t *want, const uint8_t *got, const uint8_t *mask, uint32_t from,
				 uint32_t n)
{
	if (!mask && (from >= n || !memcmp(want + from, got + from, n - from)))
		return n;
	while (from < n && (want[from] == got[from] || (mask && mask[from])))
		from++;
	return from;
}

static bool seen_part(struct diff *d, enum diff_field field, unsigned clause, int64_t want, int64_t got,
		      int k)
{
	differ(d, field, clause, want, got);
	d->program = k;
	return false;
}

/* Which part of what a program saw differs, with all branches that the common case does not need. */
static bool explain_seen(const struct want_seen *s, const struct hd_trace *t, int k, struct diff *d)
{
	uint32_t n, off;

	if (!(s->any & SEEN_ANY_ARGS)) {
		if (s->level != t->level)
			return seen_part(d, DIFF_SEEN_LEVEL, s->c_args, s->level, t->level, k);
		if (s->optname != t->optname)
			return seen_part(d, DIFF_SEEN_OPTNAME, s->c_args, s->optname, t->optname, k);
	}
	if (s->size != t->size && !(s->any & SEEN_ANY_SIZE))
		return seen_part(d, DIFF_SEEN_SIZE, s->c_size, s->size, t->size, k);
	if (s->optlen != t->optlen && !(s->any & SEEN_ANY_OPTLEN))
		return seen_part(d, DIFF_SEEN_OPTLEN, s->c_optlen, s->optlen, t->optlen, k);
	if (s->retval != t->retval && !(s->any & SEEN_ANY_RETVAL))
		return seen_part(d, DIFF_SEEN_RETVAL, s->c_retval, s->retval, t->retval, k);
	n = s->size < t->size ? s->size : t->size;
	if (n > HD_WINDOW)
		n = HD_WINDOW;
	off = first_difference(s->bytes, t->bytes, s->mask, 0, n);
	if (off == n)
		return true;
	seen_part(d, DIFF_SEEN_BYTES, off < s->split ? s->c_bytes : s->c_tail, s->bytes[off], t->bytes[off],
		  k);
	d->offset = off;
	return false;
}

/* Most windows are short; those of both sides are readable up to a multiple of 16. */
static inline bool same_seen(const struct want_seen *s, const struct hd_trace *t)
{
	bytes16 differ = bytes16_load((const uint8_t *)&s->level) ^ bytes16_load((const uint8_t *)&t->level);

	if (s->size > 16)
		return bytes16_zero(differ) && s->size == t->size && s->size <= HD_WINDOW &&
		       !memcmp(s->bytes, t->bytes, s->size);
	differ |= bytes16_differ(s->bytes, t->bytes, s->size);
	return bytes16_zero(differ) & (s->size == t->size);
}

static bool compare_programs(const struct tc_call *c, const struct want *w, const struct outcome *got,
			     struct diff *d)
{
	bool tail = w->any & ANY_SEEN_TAIL;

	if (got->runs < w->n_seen || (got->runs > w->n_seen && !tail)) {
		unsigned clause = got->runs && got->runs < w->n_seen && w->c_runs == C_HOOK_CALLED
					  ? C_CHAIN_ALL
					  : w->c_runs;

		return differ(d, DIFF_RUNS, clause, w->n_seen, got->runs);
	}
	for (unsigned k = 0; k < w->n_seen; k++) {
		const struct want_seen *s = &w->seen[k];
		unsigned id = c->hook * HD_PROGS + s->id;

		if (got->order[k] != id) {
			unsigned clause =
				w->c_order == C_CHAIN_ORDER && got->order[k] / HD_SLOTS == id / HD_SLOTS
					? C_CHAIN_SLOT
					: w->c_order; /* of a case with operations: the attach model's */

			return seen_part(d, DIFF_ORDER, clause, s->id, got->order[k] % HD_PROGS, (int)k);
		}
		if (!same_seen(s, &got->trace[s->id]) && !explain_seen(s, &got->trace[s->id], (int)k, d))
			return false;
	}
	return true;
}

static bool mem_differs(struct diff *d, const struct tc_call *c, unsigned clause, uint32_t off, uint8_t want,
			uint8_t got)
{
	uint32_t end = c->optlen > 0 && (uint32_t)c->optlen > c->buf.size ? (uint32_t)c->optlen : c->buf.size;

	differ(d, DIFF_MEM, off >= end ? C_MEM_PAST : clause, want, got);
	d->offset = off;
	return false;
}

static uint8_t before(const struct tc_buf *b, uint32_t off)
{
	return off < b->n_data ? b->data[off] : off < b->size ? b->fill : tc_canary(off);
}

/* First offset where mem is not the user's buffer as it was before the call, or n. */
static uint32_t first_change(const struct tc_buf *b, const uint8_t *mem, uint32_t n)
{
	uint32_t fill = b->size - b->n_data;
	const uint8_t *f = mem + b->n_data;

	if (!memcmp(mem, b->data, b->n_data) && (!fill || (f[0] == b->fill && !memcmp(f, f + 1, fill - 1))) &&
	    (n == b->size || tc_canaries_intact(mem, b->size)))
		return n;
	for (uint32_t off = 0; off < n; off++)
		if (mem[off] != before(b, off))
			return off;
	return n;
}

/* Whatever is free in the buffer, the bytes past what the call may write are not, unless the handler itself
 * wrote there. */
static bool compare_past(const struct tc_call *c, const struct want *w, const struct outcome *got, uint32_t n,
			 struct diff *d)
{
	uint32_t off = c->buf.size;

	/* do_ipv6_getsockopt() takes a length below zero for a large one, hook or no hook. A profile that
	 * does not say whether the handler runs leaves the result free, and has not asked it what it writes.
	 */
	if (c->hook == HOOK_GET && c->optlen < 0 && !w->base && (w->any & ANY_RET))
		return true;
	if (c->hook == HOOK_GET && c->optlen > 0 && (uint32_t)c->optlen > off)
		off = (uint32_t)c->optlen;
	for (; off < n; off++)
		if (got->mem[off] != tc_canary(off) && !(w->base && w->base[off] != tc_canary(off)))
			return mem_differs(d, c, C_MEM_PAST, off, tc_canary(off), got->mem[off]);
	return true;
}

/* The user's buffer and the canaries past it, if it is small and nothing is free: all in registers. */
static inline bool same_small(const struct tc_call *c, const struct want *w, const uint8_t *mem)
{
	const struct tc_buf *b = &c->buf;
	const uint8_t *past = w->base; /* of a getsockopt: the twin's memory */
	bytes16 differ, out;

	if (!past) {
		differ = (tc_buf_head(b) ^ bytes16_load(mem)) & bytes16_mask(b->size);
		return !w->n_out && bytes16_zero(differ) && tc_canaries_intact(mem, b->size);
	}
	out = bytes16_mask(w->n_out);
	differ = bytes16_load(w->n_out ? w->out : past) & out;
	differ = (differ | (bytes16_load(past) & ~out)) ^ bytes16_load(mem);
	for (uint32_t i = b->size; i < b->size + TC_PAST; i += 16)
		differ |= bytes16_load(past + i) ^ bytes16_load(mem + i);
	return bytes16_zero(differ);
}

/* The same for every case: the first byte that differs, or true. */
static bool explain_mem(const struct tc_call *c, const struct want *w, const struct outcome *got,
			struct diff *d)
{
	uint32_t n = c->buf.size + (c->buf.place == BUF_EDGE ? 0 : TC_PAST);
	uint32_t n_out = w->n_out < n ? w->n_out : n, off;
	const uint8_t *base = w->base;

	off = first_difference(w->out, got->mem, w->out_mask, 0, n_out);
	if (off < n_out)
		return mem_differs(d, c, w->c_out, off, w->out[off], got->mem[off]);
	if (n_out == n)
		return true;
	if (w->any & ANY_MEM)
		return compare_past(c, w, got, n, d);
	if (base) {
		off = first_difference(base, got->mem, NULL, n_out, n);
		return off == n ? true : mem_differs(d, c, w->c_base, off, base[off], got->mem[off]);
	}
	off = first_change(&c->buf, got->mem,
			   n); /* only a setsockopt has no base, and it has no out either */
	return off == n ? true : mem_differs(d, c, w->c_base, off, before(&c->buf, off), got->mem[off]);
}

static bool compare_mem(const struct tc_call *c, const struct want *w, const struct outcome *got,
			struct diff *d)
{
	if (c->buf.size <= 16 && w->n_out <= 16 && c->buf.place != BUF_EDGE && !w->out_mask &&
	    !(w->any & ANY_MEM) && same_small(c, w, got->mem))
		return true;
	return explain_mem(c, w, got, d);
}

bool compare_result(const struct tc_call *c, const struct want *w, const struct outcome *got, struct diff *d)
{
	if (got->ret != w->ret && !(w->any & ANY_RET))
		return differ(d, DIFF_RET, w->c_ret, w->ret, got->ret);
	if (got->stray)
		return differ(d, DIFF_OPTLEN, C_MEM_PAST, w->optlen, got->optlen);
	if ((tc_call_has_len(c) || c->len_across) && got->optlen != w->optlen && !(w->any & ANY_OPTLEN))
		return differ(d, DIFF_OPTLEN, w->c_optlen, w->optlen, got->optlen);
	if (c->buf.place != BUF_NULL)
		return compare_mem(c, w, got, d);
	return true;
}

bool compare(const struct tc_call *c, const struct want *w, const struct outcome *got, struct diff *d)
{
	return compare_programs(c, w, got, d) && compare_result(c, w, got, d);
}

unsigned compare_clause(const struct want *w, const struct diff *d)
{
	const struct want_seen *s = d->program >= 0 && d->program < w->n_seen ? &w->seen[d->program] : NULL;

	switch (d->field) {
	case DIFF_RUNS:
		return w->c_runs;
	case DIFF_ORDER:
		return w->c_order;
	case DIFF_SEEN_LEVEL:
	case DIFF_SEEN_OPTNAME:
		return s ? s->c_args : C_NONE;
	case DIFF_SEEN_OPTLEN:
		return s ? s->c_optlen : C_NONE;
	case DIFF_SEEN_SIZE:
		return s ? s->c_size : C_NONE;
	case DIFF_SEEN_RETVAL:
		return s ? s->c_retval : C_NONE;
	case DIFF_SEEN_BYTES:
		return !s ? C_NONE : d->offset < s->split ? s->c_bytes : s->c_tail;
	case DIFF_RET:
		return w->c_ret;
	case DIFF_OPTLEN:
		return w->c_optlen;
	case DIFF_MEM:
		return d->offset < w->n_out ? w->c_out : w->c_base;
	case DIFF_NONE:
	case DIFF_EXPECT:
	case DIFF_FIELD_COUNT:
		break;
	}
	return C_NONE;
}

bool expect_holds(const struct tc_call *c, int64_t ret, int32_t optlen, const uint8_t *mem, struct diff *d)
{
	const struct tc_expect *e = &c->expect;

	if (e->has_ret && e->ret != ret)
		return differ(d, DIFF_EXPECT, C_NONE, e->ret, ret);
	if (e->has_optlen && e->optlen != optlen)
		return differ(d, DIFF_EXPECT, C_NONE, e->optlen, optlen);
	for (unsigned i = 0; mem && i < e->n_bytes; i++)
		if (e->bytes[i] != mem[i]) {
			differ(d, DIFF_EXPECT, C_NONE, e->bytes[i], mem[i]);
			d->offset = i;
			return false;
		}
	return true;
}

bool expect_allowed(const struct tc_call *c, const struct want *w, struct diff *d)
{
	static uint8_t mem[TC_MAX_DATA];
	const uint8_t *known = NULL;

	if (!(w->any & ANY_MEM) && c->buf.place != BUF_NULL && !w->out_mask) {
		uint32_t n = c->expect.n_bytes, out = w->n_out < n ? w->n_out : n;

		if (w->base)
			memcpy(mem, w->base, n);
		else
			tc_buf_image(&c->buf, mem, n);
		if (out)
			memcpy(mem, w->out, out);
		known = mem;
	}
	return expect_holds(c, w->any & ANY_RET ? c->expect.ret : w->ret,
			    w->any & ANY_OPTLEN ? c->expect.optlen : w->optlen, known, d);
}
