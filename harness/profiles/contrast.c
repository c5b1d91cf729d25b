/* SPDX-License-Identifier: MIT */
/*
 * walk() is the comparison: it visits every part of a call that differs, in the order of enum contrast_part.
 * The search only looks at the first visit, a report at all of them.
 */
#include "contrast.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../case/case_text.h"
#include "../mutate/gen.h"
#include "../mutate/shrink.h"
#include "../mutate/sweep.h"
#include "oracle/clauses.h"
#include "oracle/oracle.h"

struct side {
	const struct profile *profile;
	struct oracle *o;
	struct standin standin;
	struct plan plan;
	struct handler_result hr;
	const struct want *w;
};

struct contrast {
	struct side s[2];
	const struct tc_call *c; /* the call that is compared */
	struct gen gen;
	/* While a find is shrunk. */
	struct contrast_key keep;
	enum standin_kind first;
	/* While a call is walked. */
	void (*visit)(struct contrast *x, enum contrast_part part, int which, struct contrast_key key,
		      void *arg);
	void *arg;
};

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

/* ---- the comparison ---- */

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

/* The byte that the user must find at off, or -1. */
static int user_byte(const struct contrast *x, const struct want *w, uint32_t off)
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
		int va = user_byte(x, a, i), vb = user_byte(x, b, i);
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
static void walk(struct contrast *x)
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

/* Plans and predicts call i on both sides. False: what follows on these sockets means nothing. */
static bool both(struct contrast *x, const struct tcase *tc, unsigned i)
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

static void begin(struct contrast *x, const struct tcase *tc, enum standin_kind kind)
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

	begin(x, tc, kind);
	x->visit = keep_first;
	x->arg = &f;
	/* Once the outcomes differ the sockets are no longer in the same state. */
	for (f.call = 0; f.call < tc->n_calls && sure && !f.of[1][0].has; f.call++) {
		sure = both(x, tc, f.call);
		walk(x);
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

/* ---- what each side allows, in words ---- */

static void print_bytes(struct buf *b, const uint8_t *p, uint32_t n)
{
	if (!n)
		buf_puts(b, "no bytes");
	for (uint32_t i = 0; i < n && i < 16; i++)
		buf_printf(b, "%s%02x", i && i % 4 == 0 ? " " : "", p[i]);
	if (n > 16)
		buf_printf(b, " and %u more", n - 16);
}

static void program(struct buf *b, const struct want_seen *s)
{
	tcase_print_path(s->id / TC_MAX_SLOTS + 1u, b);
	buf_printf(b, " program %u", s->id % TC_MAX_SLOTS + 1);
}

static void handler_words(struct contrast *x, const struct side *s, struct buf *b)
{
	const struct plan *p = &s->plan;

	if (!p->called) {
		buf_puts(b, "the handler does not run");
		return;
	}
	buf_puts(b, "the handler gets ");
	level_print(b, p->level);
	buf_puts(b, ", ");
	option_print(b, p->level, p->optname);
	if (x->c->hook == HOOK_GET) {
		buf_puts(b, clause_has(&s->w->hits, C_GET_BEFORE) ? " after the programs"
								  : " before the programs");
		return;
	}
	buf_printf(b, ", optlen %d", p->optlen);
	buf_puts(b, p->kernel_buf ? ", " : ", the user's buffer");
	if (p->kernel_buf)
		print_bytes(b, p->bytes, (uint32_t)p->optlen);
}

static void words(struct contrast *x, const struct side *s, enum contrast_part part, int which, char *out,
		  size_t size)
{
	const struct want *w = s->w;
	static const struct want_seen none; /* never asked for: a part of what is seen names its program */
	const struct want_seen *seen = which >= 0 && which < w->n_seen ? &w->seen[which] : &none;
	struct buf b = {0};

	if (part <= PART_SEEN_BYTES && seen != &none)
		program(&b, seen);
	switch (part) {
	case PART_ORDER:
		buf_printf(&b, " is number %d to run", which + 1);
		break;
	case PART_SEEN_ARGS:
		buf_puts(&b, " sees ");
		level_print(&b, seen->level);
		buf_puts(&b, ", ");
		option_print(&b, seen->level, seen->optname);
		break;
	case PART_SEEN_OPTLEN:
		buf_printf(&b, " sees optlen %d", seen->optlen);
		break;
	case PART_SEEN_SIZE:
		buf_printf(&b, " has %u bytes of optval", seen->size);
		break;
	case PART_SEEN_RETVAL:
		buf_printf(&b, " sees retval %d", seen->retval);
		break;
	case PART_SEEN_BYTES:
		buf_puts(&b, " sees optval ");
		print_bytes(&b, seen->bytes, seen->size);
		break;
	case PART_RUNS:
		if (w->n_seen)
			buf_printf(&b, "%u program%s", w->n_seen, w->n_seen == 1 ? " runs" : "s run");
		else
			buf_puts(&b, "no program runs");
		break;
	case PART_HANDLER:
		handler_words(x, s, &b);
		break;
	case PART_RET:
		buf_puts(&b, "the call returns ");
		tcase_print_ret(w->ret, &b);
		break;
	case PART_OPTLEN:
		buf_printf(&b, "the user's optlen becomes %d", w->optlen);
		break;
	case PART_MEM:
		buf_puts(&b, "the user's buffer becomes");
		for (uint32_t i = 0; i < x->c->buf.size && i < 16; i++) {
			int v = user_byte(x, w, i);

			buf_puts(&b, i % 4 ? "" : " ");
			if (v < 0)
				buf_puts(&b, "??");
			else
				buf_printf(&b, "%02x", (unsigned)v);
		}
		if (x->c->buf.size > 16)
			buf_printf(&b, " and %u more", x->c->buf.size - 16);
		break;
	case PART_COUNT:
		break;
	}
	snprintf(out, size, "%s", buf_str(&b));
	buf_fini(&b);
}

static void add_row(struct contrast *x, enum contrast_part part, int which, struct contrast_key key,
		    void *arg)
{
	struct contrast_find *f = arg;
	struct contrast_row *r = &f->row[f->n_rows];

	if (f->n_rows == CONTRAST_ROWS ||
	    (key.silent && !f->key.silent)) /* beside a difference that is noise */
		return;
	*r = (struct contrast_row){.part = part, .key = key};
	if (key.silent != SILENT_A)
		words(x, &x->s[0], part, which, r->a, sizeof(r->a));
	if (key.silent != SILENT_B)
		words(x, &x->s[1], part, which, r->b, sizeof(r->b));
	f->n_rows++;
}

/* Fills the rows of a find whose case, call and handler are settled. */
static void describe(struct contrast *x, struct contrast_find *f)
{
	const struct side *s;
	struct buf b = {0};

	begin(x, &f->tc, f->handler);
	for (unsigned i = 0; i <= f->call; i++)
		both(x, &f->tc, i);
	x->visit = add_row;
	x->arg = f;
	f->n_rows = 0;
	walk(x);
	s = x->s[0].plan.called ? &x->s[0] : &x->s[1];
	if (x->c->hook != HOOK_GET || !s->plan.called)
		return;
	tcase_print_ret(s->hr.ret, &b);
	if (!s->hr.ret) {
		uint32_t n = s->hr.optlen < 0 ? 0 : (uint32_t)s->hr.optlen;

		buf_printf(&b, ", optlen %d, ", s->hr.optlen);
		print_bytes(&b, s->hr.mem, n < x->c->buf.size ? n : x->c->buf.size);
	}
	snprintf(f->answer, sizeof(f->answer), "%s", buf_str(&b));
	buf_fini(&b);
}

/* ---- the search ---- */

struct search {
	struct contrast *x;
	const struct contrast_opts *o;
	struct contrast_find *f;
	unsigned n, cap;
	uint64_t looked;
	bool two; /* a profile gives a return 2 a meaning */
	int err;
};

static bool same_key(struct contrast_key a, struct contrast_key b)
{
	return a.a == b.a && a.b == b.b && a.silent == b.silent;
}

static void keep_find(struct search *s, const struct tcase *tc, enum standin_kind kind,
		      struct contrast_key key)
{
	struct contrast_find *f;

	for (unsigned i = 0; i < s->n; i++)
		if (same_key(s->f[i].key, key))
			return;
	if (s->n == s->cap) {
		unsigned cap = s->cap ? 2 * s->cap : 32;

		f = realloc(s->f, cap * sizeof(*f));
		if (!f) {
			s->err = -ENOMEM;
			return;
		}
		s->f = f;
		s->cap = cap;
	}
	f = &s->f[s->n++];
	memset(f, 0, sizeof(*f));
	f->key = key;
	f->tc = *tc;
	f->handler = kind;
}

static void look(struct search *s, const struct tcase *tc, enum standin_kind kind)
{
	struct contrast_set set;

	s->looked++;
	contrast_case(s->x, tc, kind, &set);
	for (unsigned i = 0; i < set.n && !s->err; i++)
		keep_find(s, tc, kind, set.at[i].key);
}

/* Every answer that a getsockopt of the case can have. */
static void look_all(struct search *s, const struct tcase *tc)
{
	for (unsigned kind = 0; kind < STANDIN_COUNT && !s->err; kind++) {
		bool differs = false;

		for (unsigned i = 0; i < tc->n_calls; i++)
			differs |= standin_differs((enum standin_kind)kind, &tc->call[i]);
		if (differs)
			look(s, tc, (enum standin_kind)kind);
	}
}

/* Makes programs that return 1 return 2, some or all of them. */
static void twos(struct tcase *tc, struct rng *r)
{
	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned h = 0; h < HOOK_COUNT; h++)
			for (unsigned i = 0; i < tc->level[l].n[h]; i++) {
				struct prog *p = &tc->level[l].slot[h][i].prog;

				if (p->ret == 1 && (!r || rng_chance(r, 1, 2)))
					p->ret = 2;
			}
}

static void sweep(struct search *s)
{
	static struct tcase tc; /* large */
	unsigned topology, socket;

	for (uint64_t i = 0; i < sweep_subject_count() && !s->err; i += s->o->stride ? s->o->stride : 1) {
		unsigned keep;

		sweep_case(i, &tc, &topology, &socket);
		keep = i % HOOK_COUNT == HOOK_GET; /* the other call only makes up the sweep's pair */
		tc.call[0] = tc.call[keep];
		tc.n_calls = 1;
		look_all(s, &tc);
		if (s->two) {
			twos(&tc, NULL);
			look_all(s, &tc);
		}
	}
}

static void generate(struct search *s)
{
	static struct tcase tc;
	time_t end = time(NULL) + (time_t)s->o->seconds;
	struct rng r;

	gen_init(&s->x->gen, s->o->seed);
	rng_seed(&r, s->o->seed, 1);
	for (uint64_t i = 0; !s->err; i++) {
		if (s->o->seconds ? i % 1024 == 0 && time(NULL) >= end : i >= s->o->cases)
			break;
		gen_case(&s->x->gen, i, &tc);
		if (s->two && i % 4 == 3)
			twos(&tc, &r);
		look(s, &tc, (enum standin_kind)(i % STANDIN_COUNT));
	}
}

/* Has the case the difference that is kept? *call: where. */
static bool has_it(struct contrast *x, const struct tcase *tc, enum standin_kind kind, unsigned *call)
{
	struct contrast_set set;

	contrast_case(x, tc, kind, &set);
	for (unsigned i = 0; i < set.n; i++)
		if (same_key(set.at[i].key, x->keep)) {
			*call = set.at[i].call;
			return true;
		}
	return false;
}

/* The first kind of handler with which the case still has it; STANDIN_COUNT: none. */
static enum standin_kind kind_of(struct contrast *x, const struct tcase *tc, unsigned *call)
{
	unsigned kind = 0;

	while (kind < STANDIN_COUNT && !has_it(x, tc, (enum standin_kind)kind, call))
		kind++;
	return (enum standin_kind)kind;
}

static bool still(const struct tcase *tc, void *arg)
{
	struct contrast *x = arg;
	unsigned call;

	return has_it(x, tc, x->first, &call) || kind_of(x, tc, &call) != STANDIN_COUNT;
}

static void make_small(struct search *s, struct contrast_find *f)
{
	struct shrink_opts opts = {.max_calls = s->o->shrink};

	s->x->keep = f->key;
	s->x->first = f->handler;
	shrink(&f->tc, still, s->x, &opts);
	f->handler = kind_of(s->x, &f->tc, &f->call);
	describe(s->x, f);
}

static int by_key(const void *pa, const void *pb)
{
	const struct contrast_key *a = &((const struct contrast_find *)pa)->key,
				  *b = &((const struct contrast_find *)pb)->key;

	if (!a->silent != !b->silent)
		return !a->silent ? -1 : 1;
	if (a->silent != b->silent)
		return a->silent - b->silent;
	return a->a != b->a ? a->a - b->a : a->b - b->b;
}

/* Does any clause of the profile speak of a program that returns 2? */
static bool knows_two(const struct profile *p)
{
	return profile_has(p, C_SET_RETURN_DONE);
}

int contrast_search(struct contrast *x, const struct contrast_opts *opts, struct contrast_find **found,
		    unsigned *n, uint64_t *looked)
{
	struct search s = {.x = x, .o = opts};

	s.two = knows_two(x->s[0].profile) || knows_two(x->s[1].profile);
	sweep(&s);
	generate(&s);
	for (unsigned i = 0; i < s.n && !s.err; i++)
		if (!s.f[i].key.silent || opts->silent)
			make_small(&s, &s.f[i]);
	if (s.n)
		qsort(s.f, s.n, sizeof(*s.f), by_key);
	*found = s.f;
	*n = s.n;
	*looked = s.looked;
	return s.err;
}
