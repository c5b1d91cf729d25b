/* SPDX-License-Identifier: MIT */
/*
 * Runs the programs of a chain over one context and records what each must see when it is entered.
 * The window is copied only when a program writes to it after a record points at it.
 */
#include <assert.h>
#include <endian.h>
#include <string.h>

#include "pipe.h"

static bool is_errno(int32_t v)
{
	return v >= -MAX_ERRNO && v <= -1; /* IS_ERR_VALUE */
}

static uint8_t *snap_alloc(struct oracle *o, uint32_t n)
{
	uint8_t *p = o->snap + o->snap_used;

	n = n <= SMALL_WINDOW ? SMALL_WINDOW : (n + 15) & ~15u;
	assert(o->snap_used + n <= o->snap_cap);
	o->snap_used += n;
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
void chain_unshare(struct oracle *o)
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

/* A seen[] now points at the window. A small one is copied at once: cheaper than to ask at every write. */
static void publish(struct oracle *o)
{
	struct ctx *x = &o->ctx;
	uint8_t *copy;

	x->published = x->careful = x->size > SMALL_WINDOW || x->mask || x->unknown & UNK_SIZE;
	if (x->careful)
		return;
	copy = snap_alloc(o, SMALL_WINDOW);
	memcpy(copy, x->win, SMALL_WINDOW);
	x->win = copy;
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

/*
 * Actions that give a value to a field of the context or to bytes of the window, as data: programs are
 * random, so a branch on an action's kind would be mispredicted half of the time.
 */
static const struct effect {
	uint8_t place;	       /* offset in struct ctx of the field that takes the value */
	uint8_t wrote;	       /* enum wrote; 0: not such an action */
	uint8_t known;	       /* enum unknown that it ends */
	uint8_t keep_why, why; /* the new reason of the retval: (why & keep_why) | why */
} effects[ACT_OP_COUNT] = {
	[ACT_LEVEL] = {offsetof(struct ctx, level), WROTE_ARGS, 0, 0xff, 0},
	[ACT_OPTNAME] = {offsetof(struct ctx, optname), WROTE_ARGS, 0, 0xff, 0},
	[ACT_OPTLEN] = {offsetof(struct ctx, optlen), WROTE_OPTLEN, UNK_OPTLEN, 0xff, 0},
	[ACT_RETVAL] = {offsetof(struct ctx, retval), WROTE_RETVAL, UNK_RETVAL, 0, WHY_SET},
	[ACT_SET_RETVAL] = {offsetof(struct ctx, retval), WROTE_RETVAL, UNK_RETVAL, 0, WHY_SET},
	[ACT_BYTES] = {offsetof(struct ctx, spare), WROTE_BYTES, 0, 0xff, 0},
};

/* yes if c, else no; in arithmetic, because compilers make branches of `?:` between addresses. */
static inline uint8_t *pick(bool c, uint8_t *yes, uint8_t *no)
{
	return (uint8_t *)((uintptr_t)no ^ (((uintptr_t)yes ^ (uintptr_t)no) & -(uintptr_t)c));
}

/* The low n bytes of val, little endian, n being 1, 2 or 4: three stores, of which the too wide go to spare.
 */
static inline void put_bytes(struct ctx *x, uint8_t *at, uint32_t val, unsigned n)
{
	uint16_t low = htole16((uint16_t)val);

	val = htole32(val);
	at[0] = (uint8_t)low;
	memcpy(pick(n >= 2, at, x->spare), &low, sizeof(low));
	memcpy(pick(n >= 4, at, x->spare), &val, sizeof(val));
}

/* Both halves of an effect, a field and bytes, are always written; the one that is not meant goes to spare.
 */
static inline void apply(struct oracle *o, const struct act *a, const struct effect *e)
{
	struct ctx *x = &o->ctx;
	const bool bytes = e->wrote == WROTE_BYTES;
	const bool fits = bytes & (a->off <= x->size) & (a->n <= x->size - a->off);

	if (x->careful && bytes) {
		if (x->published)
			chain_unshare(o);
		if (!fits && x->unknown & UNK_SIZE) /* written if the window is larger than we know */
			chain_forget(o, a->off, a->off + a->n);
		else if (fits && x->mask)
			memset(x->mask + a->off, 0, a->n);
	}
	put_bytes(x, pick(fits, x->win + (a->off & -(uint32_t)fits), x->spare), (uint32_t)a->val, a->n);
	memcpy((char *)x + e->place, &a->val, sizeof(a->val));
	x->wrote |= e->wrote & (uint8_t) - (fits | !bytes);
	x->unknown &= (uint8_t)~e->known;
	x->why = (x->why & e->keep_why) | e->why;
}

/* Runs one program; returns its result. The meaning of each action: harness/case/act.h. */
__attribute__((noinline)) uint32_t chain_program(struct oracle *o, const struct prog *p)
{
	struct ctx *x = &o->ctx;

	for (const struct act *a = p->act, *end = a + p->n; a < end; a++) {
		const struct effect *e = &effects[a->op];

		if (e->wrote) {
			apply(o, a, e);
		} else if (a->op == ACT_IF) {
			if (!condition(x, a))
				a += a->n;
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

struct want_seen *chain_see(struct oracle *o, uint8_t id)
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
	publish(o);
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
	return chain_see(o, nth(o, 0));
}

enum { NEXT_REJECTED = 16, NEXT_FAILED = 32 }; /* above enum wrote */

static unsigned next_state(const struct ctx *x)
{
	unsigned wrote = x->wrote & (x->unknown & UNK_RETVAL ? (unsigned)~WROTE_RETVAL : ~0u);

	return wrote | (x->why == WHY_REJECTED ? NEXT_REJECTED : 0) | (x->failed ? NEXT_FAILED : 0);
}

void chain_init(struct oracle *o)
{
	for (unsigned i = 0; i < NEXT_STATES; i++) {
		struct clause_set *s = &o->next[i];

		clause_add_if(s, C_CHAIN_ARGS, i & (WROTE_ARGS | WROTE_OPTLEN));
		clause_add_if(s, C_CHAIN_OPTVAL, i & WROTE_BYTES);
		clause_add_if(s, C_CHAIN_WINDOW, i & WROTE_OPTLEN);
		clause_add_if(s, C_CHAIN_RETVAL, i & WROTE_RETVAL);
		clause_add_if(s, C_CHAIN_REJECTED, i & NEXT_REJECTED);
		clause_add_if(s, C_CHAIN_REJECTED_FINAL, i & NEXT_REJECTED);
		clause_add_if(s, C_CHAIN_ALL, i & NEXT_FAILED);
	}
}

/* What a later program sees, with the clauses that bring each part to it. */
static void see_next(struct oracle *o, uint8_t id, struct clause_set *h)
{
	const struct ctx *x = &o->ctx;
	struct want_seen *s = chain_see(o, id);

	s->c_args = s->c_optlen = C_CHAIN_ARGS;
	s->c_bytes = s->c_tail = C_CHAIN_OPTVAL;
	s->c_size = clause_has(&o->mask, C_CHAIN_WINDOW) ? C_CHAIN_WINDOW : o->want.seen[0].c_size;
	s->c_retval = x->why != WHY_REJECTED		   ? C_CHAIN_RETVAL
		      : o->t->reject == REJECT_KEEPS_ERRNO ? C_CHAIN_REJECTED
							   : C_CHAIN_REJECTED_FINAL;
	clause_join(h, &o->next[next_state(x)]);
}

/*
 * bpf_prog_run_array_cg (5.18): a 0 becomes -EPERM unless retval already is an errno. Before, the results of
 * the programs were and-ed beside the context, so that nothing shows there (BPF_PROG_RUN_ARRAY_CG).
 */
static void reject(struct oracle *o)
{
	struct ctx *x = &o->ctx;

	x->rejected = true;
	if (o->t->reject == REJECT_EPERM) {
		x->why = WHY_REJECTED;
		return;
	}
	if (is_errno(x->retval)) {
		if (x->why != WHY_REJECTED)
			x->why = WHY_KEPT_ERRNO;
		return;
	}
	x->raw |= x->retval < -4095;
	x->retval = -EPERM;
	x->why = WHY_REJECTED;
	x->unknown &= (uint8_t)~UNK_RETVAL;
}

static void order_hits(const struct effective *e, struct clause_set *h)
{
	for (unsigned k = 1; k < e->n; k++) {
		bool slot = e->ids[k] / TC_MAX_SLOTS == e->ids[k - 1] / TC_MAX_SLOTS;

		clause_add_if(h, C_CHAIN_SLOT, slot);
		clause_add_if(h, C_CHAIN_ORDER, !slot);
	}
}

/* After a program: does the chain count as failed, and was an earlier failure undone? */
static void after(struct ctx *x, bool was_failed, bool ret, struct clause_set *h)
{
	clause_add_if(h, C_CHAIN_UNDONE, ret & was_failed & (x->why == WHY_SET) & !is_errno(x->retval));
	x->failed = x->rejected | is_errno(x->retval);
}

static void run_programs(struct oracle *o, struct clause_set *h)
{
	struct ctx *x = &o->ctx;
	enum hook hook = (enum hook)o->c->hook;
	unsigned n = o->chain->n;

	for (unsigned k = 0; k < n; k++) {
		bool was_failed = x->failed;
		uint32_t ret = 1;

		if (k > 0) {
			if (o->t->retval_chain == RETVAL_FRESH)
				x->retval = x->initial;
			see_next(o, nth(o, k), h);
		}
		if (o->foreign[hook] >> nth(o, k) & 1)
			x->lost = true;
		else
			ret = run_program(o, tcase_prog(o->tc, hook, nth(o, k)), nth(o, k));
		x->lost |= ret > 1; /* no such program can be loaded: nothing is promised of it */
		if (x->lost) {
			o->want.lost = true;
			o->want.any |= ANY_SEEN_TAIL;
			return;
		}
		if (!ret)
			reject(o);
		clause_add_if(h, C_CHAIN_NEXT, ret & (k + 1 < n));
		clause_add_if(h, C_SET_BYPASS_CHAIN, (hook == HOOK_SET) & (k + 1 < n) & (x->optlen == -1));
		after(x, was_failed, ret, h);
		if (!ret && o->t->after_reject == REJECT_STOPS)
			return;
		if (!ret && o->t->after_reject == REJECT_FREE && k + 1 < n) {
			o->want.any |= ANY_SEEN_TAIL;
			return;
		}
		if (k + 1 < n)
			x->odd_optlen |= (x->optlen < 0) | ((uint32_t)x->optlen > x->size);
	}
}

void chain_run(struct oracle *o)
{
	struct clause_set h = {{0}}; /* on the way to memory only once: the next load of it would wait */

	order_hits(o->chain, &h);
	run_programs(o, &h);
	hits(o, &h);
}
