/* SPDX-License-Identifier: MIT */
#include "contrast_in.h"

#include <stdlib.h>
#include <string.h>

#include "oracle/clauses.h"

struct contrast *contrast_new(const struct profile *a, const struct profile *b)
{
	struct contrast *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->s[0].profile = a;
	x->s[1].profile = b;
	for (int i = 0; i < 2; i++) {
		x->s[i].o = oracle_new(x->s[i].profile, PAGE);
		if (!x->s[i].o || standin_init(&x->s[i].standin)) {
			contrast_free(x);
			return NULL;
		}
	}
	return x;
}

void contrast_free(struct contrast *x)
{
	if (!x)
		return;
	for (int i = 0; i < 2; i++) {
		oracle_free(x->s[i].o);
		standin_fini(&x->s[i].standin);
	}
	free(x);
}

/* which: the k-th program, or -1. any: 1 a is silent, 2 b is, 3 both. */
static void differ(struct contrast *x, enum contrast_part part, int which, unsigned any, unsigned a,
		   unsigned b)
{
	struct contrast_key key = {.a = (uint8_t)a, .b = (uint8_t)b, .silent = (uint8_t)any};

	if (any == 3)
		return;
	if (any == SILENT_A)
		key.a = 0;
	if (any == SILENT_B)
		key.b = 0;
	x->visit(x, part, which, key, x->arg);
}

static unsigned any_of(unsigned a, unsigned b, unsigned flag)
{
	return (a & flag ? SILENT_A : 0) | (b & flag ? SILENT_B : 0);
}

static void walk_bytes(struct contrast *x, int k, const struct want_seen *a, const struct want_seen *b)
{
	uint32_t n = a->size < b->size ? a->size : b->size;
	unsigned silent = 0;
	uint32_t at = 0;

	if (!a->mask && !b->mask && !memcmp(a->bytes, b->bytes, n))
		return;
	for (uint32_t i = 0; i < n; i++) {
		unsigned any =
			(a->mask && a->mask[i] ? SILENT_A : 0) | (b->mask && b->mask[i] ? SILENT_B : 0);

		if (any && any != 3 && !silent) {
			silent = any;
			at = i;
		}
		if (!any && a->bytes[i] != b->bytes[i]) {
			differ(x, PART_SEEN_BYTES, k, 0, i < a->split ? a->c_bytes : a->c_tail,
			       i < b->split ? b->c_bytes : b->c_tail);
			return;
		}
	}
	if (silent)
		differ(x, PART_SEEN_BYTES, k, silent, at < a->split ? a->c_bytes : a->c_tail,
		       at < b->split ? b->c_bytes : b->c_tail);
}

static void walk_seen(struct contrast *x, int k, const struct want_seen *a, const struct want_seen *b)
{
	unsigned any = any_of(a->any, b->any, SEEN_ANY_ARGS);

	if (any || a->level != b->level || a->optname != b->optname)
		differ(x, PART_SEEN_ARGS, k, any, a->c_args, b->c_args);
	any = any_of(a->any, b->any, SEEN_ANY_OPTLEN);
	if (any || a->optlen != b->optlen)
		differ(x, PART_SEEN_OPTLEN, k, any, a->c_optlen, b->c_optlen);
	any = any_of(a->any, b->any, SEEN_ANY_SIZE);
	if (any || a->size != b->size)
		differ(x, PART_SEEN_SIZE, k, any, a->c_size, b->c_size);
	any = any_of(a->any, b->any, SEEN_ANY_RETVAL);
	if (any || a->retval != b->retval)
		differ(x, PART_SEEN_RETVAL, k, any, a->c_retval, b->c_retval);
	walk_bytes(x, k, a, b);
}

/* The clause that says how many programs run; of the side with more of them: what lets the chain go on. */
static unsigned runs_clause(const struct want *w, const struct want *other)
{
	if (w->n_seen < other->n_seen || clause_has(&w->hits, C_HOOK_FIRST))
		return w->c_runs;
	return other->n_seen && clause_has(&w->hits, C_CHAIN_ALL) ? C_CHAIN_ALL : C_HOOK_CALLED;
}

static void walk_runs(struct contrast *x, const struct want *a, const struct want *b)
{
	unsigned any = any_of(a->any, b->any, ANY_SEEN_TAIL);

	if (a->n_seen < b->n_seen) /* what the side with more programs leaves open comes behind them */
		any &= SILENT_A;
	else if (b->n_seen < a->n_seen)
		any &= SILENT_B;
	else if (!any)
		return;
	differ(x, PART_RUNS, -1, any, runs_clause(a, b), runs_clause(b, a));
}

/* The clause of the result; against a plain rejection it is what undid the rejection. */
static unsigned result_clause(const struct side *s, const struct side *other)
{
	bool rejected = other->w->c_ret == C_SET_RETURN_ZERO || other->w->c_ret == C_GET_RETURN_ZERO;

	return rejected && clause_has(&s->w->hits, C_CHAIN_UNDONE) ? C_CHAIN_UNDONE : s->w->c_ret;
}

/* The clause behind what the handler gets. On a getsockopt that it comes first is no clause of the result. */
static unsigned handler_clause(const struct contrast *x, const struct side *s, const struct side *other)
{
	bool first = profile_has(s->profile, C_GET_AFTER);

	return x->c->hook == HOOK_GET && s->plan.called && first ? C_GET_AFTER : result_clause(s, other);
}

/* Do both handlers get the same bytes, from wherever? Memory that cannot be read is a difference of its own.
 */
static bool same_value(const struct contrast *x, const struct plan *a, const struct plan *b)
{
	const struct plan *k = a->kernel_buf ? a : b;
	uint8_t image[256];

	if (x->c->hook == HOOK_GET || (!a->kernel_buf && !b->kernel_buf))
		return true;
	if (a->kernel_buf && b->kernel_buf)
		return !memcmp(a->bytes, b->bytes, (uint32_t)a->optlen);
	if (x->c->buf.place == BUF_NULL || (uint32_t)k->optlen > x->c->buf.size)
		return false;
	if ((uint32_t)k->optlen > sizeof(image)) { /* of what is longer the standin's image is at hand */
		const uint8_t *mem = k == a ? x->s[1].standin.mem : x->s[0].standin.mem;

		return !memcmp(k->bytes, mem, (uint32_t)k->optlen);
	}
	tc_buf_image(&x->c->buf, image, (uint32_t)k->optlen);
	return !memcmp(k->bytes, image, (uint32_t)k->optlen);
}

static bool no_hook(const struct side *s)
{
	return clause_has(&s->w->hits, C_HOOK_NONE);
}

static void walk_handler(struct contrast *x)
{
	const struct plan *a = &x->s[0].plan, *b = &x->s[1].plan;
	unsigned any = (a->unsure ? SILENT_A : 0) | (b->unsure ? SILENT_B : 0);
	bool same =
		a->called == b->called && (!a->called || (a->level == b->level && a->optname == b->optname &&
							  a->optlen == b->optlen && same_value(x, a, b)));

	/* Without any program the handler's caller refuses what the handler is said to get: no rule of the
	 * hooks. */
	if (no_hook(&x->s[0]) || no_hook(&x->s[1]))
		return;
	if (any || !same)
		differ(x, PART_HANDLER, -1, any, handler_clause(x, &x->s[0], &x->s[1]),
		       handler_clause(x, &x->s[1], &x->s[0]));
}

int contrast_user_byte(const struct contrast *x, const struct want *w, uint32_t off)
{
	const struct tc_buf *u = &x->c->buf;

	if (off < w->n_out)
		return w->out_mask && w->out_mask[off] ? -1 : w->out[off];
	if (w->any & ANY_MEM)
		return -1;
	if (w->base)
		return w->base[off];
	return off < u->n_data ? u->data[off] : off < u->size ? u->fill : tc_canary(off);
}

static void walk_mem(struct contrast *x)
{
	const struct want *a = x->s[0].w, *b = x->s[1].w;
	bool same_base = !a->base == !b->base && !(a->any & ANY_MEM) && !(b->any & ANY_MEM);
	uint32_t n = x->c->buf.size, out = a->n_out > b->n_out ? a->n_out : b->n_out;
	unsigned silent = 0, sa = 0, sb = 0;

	if (x->c->buf.place == BUF_NULL)
		return;
	if (same_base && n > out)
		n = out;
	for (uint32_t i = 0; i < n; i++) {
		int va = contrast_user_byte(x, a, i), vb = contrast_user_byte(x, b, i);
		unsigned ca = i < a->n_out ? a->c_out : a->c_base, cb = i < b->n_out ? b->c_out : b->c_base;

		if (va == vb)
			continue;
		if (va >= 0 && vb >= 0) {
			differ(x, PART_MEM, (int)i, 0, ca, cb);
			return;
		}
		if (!silent) {
			silent = va < 0 ? SILENT_A : SILENT_B;
			sa = ca;
			sb = cb;
		}
	}
	if (silent)
		differ(x, PART_MEM, -1, silent, sa, sb);
}

/* Visits what differs between the two sides of the call that both have predicted. */
void contrast_walk(struct contrast *x)
{
	const struct want *a = x->s[0].w, *b = x->s[1].w;
	unsigned n = a->n_seen < b->n_seen ? a->n_seen : b->n_seen, any;

	for (unsigned k = 0; k < n; k++) {
		if (a->seen[k].id != b->seen[k].id) {
			differ(x, PART_ORDER, (int)k, 0, a->c_order, b->c_order);
			break;
		}
		walk_seen(x, (int)k, &a->seen[k], &b->seen[k]);
	}
	walk_runs(x, a, b);
	walk_handler(x);
	any = any_of(a->any, b->any, ANY_RET);
	if (any || a->ret != b->ret)
		differ(x, PART_RET, -1, any, result_clause(&x->s[0], &x->s[1]),
		       result_clause(&x->s[1], &x->s[0]));
	if (x->c->hook == HOOK_GET && !x->c->optlen_null) {
		any = any_of(a->any, b->any, ANY_OPTLEN);
		if (any || a->optlen != b->optlen)
			differ(x, PART_OPTLEN, -1, any, a->c_optlen, b->c_optlen);
	}
	walk_mem(x);
}

bool contrast_both(struct contrast *x, const struct tcase *tc, unsigned i)
{
	bool sure = true;

	x->c = &tc->call[i];
	for (int k = 0; k < 2; k++) {
		struct side *s = &x->s[k];

		oracle_plan(s->o, i, &s->plan);
		standin_answer(&s->standin, x->c, &s->plan, &s->hr);
		s->w = oracle_predict(s->o, &s->hr);
		sure &= !s->plan.unsure && !s->w->lost;
	}
	return sure;
}

void contrast_begin(struct contrast *x, const struct tcase *tc, enum standin_kind kind)
{
	for (int k = 0; k < 2; k++) {
		oracle_begin(x->s[k].o, tc);
		standin_begin(&x->s[k].standin, tc, kind);
	}
}

/* First differences: of what programs see, of what comes of the call; real ones and silent ones. */
struct first {
	unsigned call;
	struct {
		bool has;
		struct contrast_key key;
		unsigned call;
	} of[2][2];
};

static void keep_first(struct contrast *x, enum contrast_part part, int which, struct contrast_key key,
		       void *arg)
{
	struct first *f = arg;
	unsigned outcome = part > PART_SEEN_BYTES, silent = key.silent != 0;

	if (f->of[outcome][silent].has)
		return;
	f->of[outcome][silent].has = true;
	f->of[outcome][silent].key = key;
	f->of[outcome][silent].call = f->call;
}

/* Has a program of the call's chain a condition, so that what it sees can decide what it does? */
static bool conditions(const struct tcase *tc, const struct tc_call *c)
{
	uint8_t ids[TC_MAX_PROGS];
	unsigned n = c->sock < tc->n_socks
			     ? tcase_effective(tc, tc->sock[c->sock].level, (enum hook)c->hook, ids)
			     : 0;

	for (unsigned i = 0; i < n; i++) {
		const struct prog *p = tcase_prog(tc, (enum hook)c->hook, ids[i]);

		for (unsigned a = 0; a < p->n; a++)
			if (p->act[a].op == ACT_IF)
				return true;
	}
	return false;
}

void contrast_case(struct contrast *x, const struct tcase *tc, enum standin_kind kind,
		   struct contrast_set *set)
{
	struct first f = {0};
	bool sure = true, tail;

	contrast_begin(x, tc, kind);
	x->visit = keep_first;
	x->arg = &f;
	/* Once the outcomes differ the sockets are no longer in the same state. */
	for (f.call = 0; f.call < tc->n_calls && sure && !f.of[1][0].has; f.call++) {
		sure = contrast_both(x, tc, f.call);
		contrast_walk(x);
		/* A program that sees something else may do something else: no clause of the outcome's. */
		tail = (x->s[0].w->any | x->s[1].w->any) & ANY_SEEN_TAIL;
		if ((tail || (f.of[0][0].has && f.of[0][0].call == f.call)) && conditions(tc, x->c)) {
			f.of[1][0].has = f.of[1][1].has = false;
			break;
		}
	}
	set->n = 0;
	for (unsigned outcome = 0; outcome < 2; outcome++)
		for (unsigned silent = 0; silent < 2; silent++)
			if (f.of[outcome][silent].has) {
				set->at[set->n].key = f.of[outcome][silent].key;
				set->at[set->n++].call = f.of[outcome][silent].call;
				break;
			}
}
