/* SPDX-License-Identifier: MIT */
#include "selfcheck.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../../oracle/clauses.h"
#include "../../oracle/oracle.h"
#include "../base/rng.h"
#include "../case/case_text.h"
#include "../case/options.h"

#define PAGE_SMALL 4096
#define PAGE_LARGE 65536
#define ANSWER	   (PAGE_LARGE + 2 * TC_PAST)

/* One profile with one page size. */
struct selfcheck_side {
	const struct profile *profile;
	struct oracle *o; /* made when it is first asked for */
	struct clause_set clauses;
	uint32_t page;
};

/* What a pick decides; taken from its bits, so that equal cases are treated alike in every batch. */
struct choice {
	struct selfcheck_side *a, *b;
	const struct clause_set *telling; /* the two apart */
	bool model;			  /* the handler is the model; else it has no state */
	bool twice;			  /* plan and predict once more: is it the same? */
	bool alone;			  /* without the second profile: three cases in four, for speed */
	uint64_t bits;			  /* of the handler's answers */
};

/* The clauses that one of the profiles lacks, and those whose trait differs between them. */
static struct clause_set telling(const struct profile *a, const struct profile *b)
{
	struct clause_set s = {{0}};

	for (unsigned c = 1; c < C_COUNT; c++) {
		const struct clause_when *when = &clause_info(c)->when;
		const uint8_t *ta = (const uint8_t *)&a->traits, *tb = (const uint8_t *)&b->traits;

		clause_add_if(&s, c,
			      profile_has(a, c) != profile_has(b, c) ||
				      (when->values && ta[when->trait] != tb[when->trait]));
	}
	return s;
}

struct selfcheck *selfcheck_new(void)
{
	struct selfcheck *s = calloc(1, sizeof(*s));
	unsigned n = profile_count();

	if (!s)
		return NULL;
	s->side = calloc(2 * (size_t)n, sizeof(*s->side));
	s->differences = calloc((size_t)n * n, sizeof(*s->differences));
	s->answer = malloc(ANSWER);
	if (!s->side || !s->differences || !s->answer || standin_init(&s->standin)) {
		selfcheck_free(s);
		return NULL;
	}
	for (unsigned i = 0; i < ANSWER; i++)
		s->answer[i] = (uint8_t)(0x11 + i % 251);
	for (unsigned i = 0; i < 2 * n; i++) {
		struct selfcheck_side *d = &s->side[i];

		d->profile = profile_at(i / 2);
		d->page = i & 1 ? PAGE_LARGE : PAGE_SMALL;
		for (unsigned c = 1; c < C_COUNT; c++)
			clause_add_if(&d->clauses, c, profile_has(d->profile, c));
	}
	for (unsigned i = 0; i < n * n; i++)
		s->differences[i] = telling(profile_at(i / n), profile_at(i % n));
	return s;
}

void selfcheck_free(struct selfcheck *s)
{
	if (!s)
		return;
	for (unsigned i = 0; s->side && i < 2 * profile_count(); i++)
		oracle_free(s->side[i].o);
	free(s->side);
	free(s->answer);
	free(s->differences);
	standin_fini(&s->standin);
	free(s);
}

uint64_t selfcheck_pick(const uint8_t *data, size_t n)
{
	uint64_t h = n * 0x9e3779b97f4a7c15ull, w;

	for (; n >= sizeof(w); n -= sizeof(w), data += sizeof(w)) {
		memcpy(&w, data, sizeof(w));
		h = (h ^ w) * 0xff51afd7ed558ccdull;
		h ^= h >> 32;
	}
	for (; n; n--, data++)
		h = (h ^ *data) * 0xff51afd7ed558ccdull;
	return rng_splitmix(&h);
}

/* Out of memory is no find: the case is let go. */
static bool choose(struct selfcheck *s, uint64_t pick, struct choice *ch)
{
	unsigned n = profile_count();
	unsigned a = (unsigned)((pick & 0xffff) * n >> 16), b = (unsigned)((pick >> 16 & 0xffff) * n >> 16);
	unsigned large = (pick >> 32 & 15) == 0;

	ch->a = &s->side[2 * a + large];
	ch->b = &s->side[2 * b + large];
	ch->telling = &s->differences[a * n + b];
	ch->model = (pick >> 36 & 15) == 0;
	ch->twice = (pick >> 40 & 15) == 0;
	ch->alone = (pick >> 44 & 3) != 0;
	ch->bits = pick >> 46;
	if (!ch->a->o)
		ch->a->o = oracle_new(ch->a->profile, ch->a->page);
	if (!ch->b->o)
		ch->b->o = oracle_new(ch->b->profile, ch->b->page);
	return ch->a->o && ch->b->o;
}

/* ---- the handler ---- */

enum said { SAID_OWN, SAID_FULL, SAID_SHORT, SAID_LONG, SAID_LARGE, SAID_NOTHING, SAID_ERROR, SAID_ERROR_2 };

/* The length that a getsockopt reports. */
static int32_t said_length(enum said said, const struct tc_call *c, const struct option_info *info)
{
	int32_t own = info && info->size ? info->size : 4;

	switch (said) {
	case SAID_FULL:
		return c->optlen;
	case SAID_SHORT:
		return c->optlen < 1 ? 0 : 1;
	case SAID_LONG:
		return c->optlen > INT32_MAX - 4 ? INT32_MAX : c->optlen + 4;
	case SAID_LARGE:
		return PAGE_LARGE + 4;
	case SAID_NOTHING:
		return 0;
	case SAID_OWN:
	case SAID_ERROR:
	case SAID_ERROR_2:
		break;
	}
	return own < c->optlen ? own : c->optlen;
}

static int64_t said_errno(uint64_t bits)
{
	static const int16_t errnos[] = {-ENOPROTOOPT, -EINVAL, -EPERM, -EFAULT};

	return errnos[bits & 3];
}

/*
 * A handler without state, whose memory is a constant: it may say whatever a kernel's could. The length that
 * it writes is the smaller of its own and the user's, and where that cannot be written it fails.
 */
static void answer_get(struct selfcheck *s, const struct tc_call *c, uint64_t bits, struct handler_result *hr)
{
	const struct option_info *info = option_find(c->level, c->optname);
	enum said said = (enum said)(bits & 7);
	int32_t length, written;

	*hr = (struct handler_result){.optlen = c->optlen,
				      .is_volatile = (info && info->is_volatile) || !(bits >> 3 & 7),
				      .mem = c->buf.place == BUF_NULL ? NULL : s->answer + (bits >> 6 & 63)};
	if (c->optlen_null || c->optlen < 0) {
		hr->ret = c->optlen_null ? -EFAULT : -EINVAL;
		return;
	}
	if (said >= SAID_ERROR) {
		hr->ret = said_errno(bits >> 12);
		if (bits >> 14 & 1) /* SO_PEERGROUPS: ERANGE and the length that is needed */
			hr->optlen = said_length(SAID_LONG, c, info);
		return;
	}
	length = said_length(said, c, info);
	written = length < c->optlen ? length : c->optlen;
	if (tc_buf_reach(&c->buf, true) < (uint32_t)written)
		hr->ret = -EFAULT;
	else
		hr->optlen = length;
}

static void answer(struct selfcheck *s, const struct choice *ch, const struct tc_call *c, unsigned i,
		   const struct plan *p, struct handler_result *hr)
{
	uint64_t seed = ch->bits + i, bits;

	if (ch->model && p->called) {
		standin_answer(&s->standin, c, p, hr);
		return;
	}
	bits = rng_splitmix(&seed);
	if (c->hook == HOOK_GET)
		answer_get(s, c, bits, hr);
	else
		*hr = (struct handler_result){.ret = bits & 3 ? 0 : said_errno(bits >> 2)};
}

/* ---- the comparison ---- */

static bool same_bytes(const struct want_seen *a, const struct want_seen *b)
{
	if (a->mask || b->mask) {
		for (uint32_t i = 0; i < a->size; i++)
			if (!(a->mask && a->mask[i]) && !(b->mask && b->mask[i]) &&
			    a->bytes[i] != b->bytes[i])
				return false;
		return true;
	}
	return !memcmp(a->bytes, b->bytes, a->size);
}

static bool same_seen(const struct want_seen *a, const struct want_seen *b)
{
	uint8_t any = a->any | b->any;

	if (a->id != b->id)
		return false;
	if (!(any & SEEN_ANY_ARGS) && (a->level != b->level || a->optname != b->optname))
		return false;
	if ((!(any & SEEN_ANY_OPTLEN) && a->optlen != b->optlen) ||
	    (!(any & SEEN_ANY_RETVAL) && a->retval != b->retval))
		return false;
	return any & SEEN_ANY_SIZE || (a->size == b->size && same_bytes(a, b));
}

static bool same_plan(const struct plan *a, const struct plan *b)
{
	if (a->unsure || b->unsure)
		return true;
	if (a->called != b->called)
		return false;
	return !a->called || (a->level == b->level && a->optname == b->optname && a->optlen == b->optlen &&
			      a->kernel_buf == b->kernel_buf &&
			      (!a->kernel_buf || !memcmp(a->bytes, b->bytes, (size_t)a->optlen)));
}

/* The handler's memory, or (where the oracle makes it) the same bytes of it. */
static bool same_base(const struct tc_call *c, const struct want *a, const struct want *b)
{
	return a->base == b->base || (a->base && b->base && !memcmp(a->base, b->base, c->buf.size));
}

/* Does each part of which both are certain say the same? */
static bool same_want(const struct tc_call *c, const struct want *a, const struct want *b)
{
	uint32_t any = a->any | b->any;
	unsigned n = a->n_seen < b->n_seen ? a->n_seen : b->n_seen;

	for (unsigned k = 0; k < n; k++)
		if (!same_seen(&a->seen[k], &b->seen[k]))
			return false;
	if (a->n_seen != b->n_seen && !(any & ANY_SEEN_TAIL))
		return false;
	if (!(any & ANY_RET) && a->ret != b->ret)
		return false;
	if (tc_call_has_len(c) && !(any & ANY_OPTLEN) && a->optlen != b->optlen)
		return false;
	if (any & ANY_MEM)
		return true;
	if (a->n_out != b->n_out || !same_base(c, a, b))
		return false;
	if (a->out_mask || b->out_mask)
		return true; /* the window's bytes, compared as what the programs saw */
	return !a->n_out || !memcmp(a->out, b->out, a->n_out);
}

/* Had a clause a say that tells the two profiles apart? */
static bool explained(const struct clause_set *telling, const struct want *a, const struct want *b)
{
	uint64_t both = 0;

	for (unsigned i = 0; i < CLAUSE_WORDS; i++)
		both |= (a->hits.w[i] | b->hits.w[i]) & telling->w[i];
	return both != 0;
}

/* ---- one case ---- */

static const struct selfcheck_find *found(struct selfcheck *s, const char *rule, const char *sentence,
					  const struct selfcheck_side *a, const struct selfcheck_side *b,
					  unsigned call)
{
	s->find = (struct selfcheck_find){.rule = rule,
					  .sentence = sentence,
					  .a = a->profile,
					  .b = b ? b->profile : NULL,
					  .page = a->page,
					  .call = call};
	return &s->find;
}

/* The effective programs of the calls' sockets, worked out once for each socket and hook. */
struct programs {
	struct {
		bool known;
		uint8_t n, ids[TC_MAX_PROGS];
	} of[TC_MAX_SOCKS][HOOK_COUNT];
};

static void effective(struct programs *p, const struct tcase *tc, struct invariant_call *v)
{
	v->ids = NULL;
	v->n_ids = 0;
	if (v->c->sock == TC_SOCK_BAD)
		return;
	if (!p->of[v->c->sock][v->c->hook].known) {
		p->of[v->c->sock][v->c->hook].known = true;
		p->of[v->c->sock][v->c->hook].n =
			(uint8_t)tcase_effective(tc, tc->sock[v->c->sock].level, (enum hook)v->c->hook,
						 p->of[v->c->sock][v->c->hook].ids);
	}
	v->ids = p->of[v->c->sock][v->c->hook].ids;
	v->n_ids = p->of[v->c->sock][v->c->hook].n;
}

/* Predicts the planned call and checks it. */
static const struct invariant *predict(struct selfcheck *s, struct selfcheck_side *d, unsigned side,
				       struct invariant_call *v, struct plan *plan)
{
	v->profile = d->profile;
	v->clauses = &d->clauses;
	v->page = d->page;
	v->plan = plan;
	v->w = oracle_predict(d->o, plan->called ? v->hr : NULL);
	if (s->tamper)
		s->tamper(v->c, side, plan, (struct want *)v->w, s->tamper_arg);
	return invariant_broken(v);
}

/* Plans and predicts once more. What the two point to is the same memory of the oracle: only values count.
 * Apart from its caller, because AddressSanitizer pays for large things on the stack even where they are not
 * used. */
__attribute__((noinline)) static bool repeats(struct selfcheck_side *d, unsigned i,
					      const struct handler_result *hr, const struct plan *plan,
					      const struct want *w)
{
	struct want was;
	struct plan again;

	memcpy(&was, w, offsetof(struct want, seen));
	oracle_plan(d->o, i, &again);
	w = oracle_predict(d->o, again.called ? hr : NULL);
	return plan->unsure == again.unsure && same_plan(plan, &again) &&
	       !memcmp(&was, w, offsetof(struct want, seen));
}

static const struct selfcheck_find *check_call(struct selfcheck *s, const struct choice *ch,
					       const struct tcase *tc, unsigned i, struct programs *programs)
{
	struct invariant_call va, vb;
	const struct invariant *broken;
	struct handler_result hr;
	struct plan a, b;

	va.tc = tc;
	va.c = &tc->call[i];
	effective(programs, tc, &va);
	oracle_plan(ch->a->o, i, &a);
	answer(s, ch, va.c, i, &a, &hr);
	va.hr = a.called ? &hr : NULL;
	broken = predict(s, ch->a, 0, &va, &a);
	if (s->observe)
		s->observe(va.c, va.w, ch->a->page);
	if (broken)
		return found(s, broken->name, broken->rule, ch->a, NULL, i);
	if (ch->twice || ch->alone || ch->a == ch->b)
		return !ch->twice || repeats(ch->a, i, &hr, &a, va.w)
			       ? NULL
			       : found(s, "deterministic", "the same call is predicted twice alike", ch->a,
				       NULL, i);
	vb = va;
	oracle_plan(ch->b->o, i, &b);
	vb.hr = b.called ? &hr : NULL;
	broken = predict(s, ch->b, 1, &vb, &b);
	if (broken)
		return found(s, broken->name, broken->rule, ch->b, NULL, i);
	if (!(same_plan(&a, &b) && same_want(va.c, va.w, vb.w)) && !explained(ch->telling, va.w, vb.w))
		return found(s, "profiles-differ",
			     "profiles differ only where a clause had a say that tells them apart", ch->a,
			     ch->b, i);
	return NULL;
}

const struct selfcheck_find *selfcheck_case(struct selfcheck *s, const struct tcase *tc, uint64_t pick)
{
	struct programs programs;
	struct choice ch;

	if (!choose(s, pick, &ch))
		return NULL;
	for (unsigned k = 0; k < tc->n_socks; k++)
		programs.of[k][HOOK_GET].known = programs.of[k][HOOK_SET].known = false;
	oracle_begin(ch.a->o, tc);
	if (!ch.alone && ch.b != ch.a)
		oracle_begin(ch.b->o, tc);
	if (ch.model)
		standin_begin(&s->standin, tc, STANDIN_MODEL);
	for (unsigned i = 0; i < tc->n_calls; i++) {
		const struct selfcheck_find *f = check_call(s, &ch, tc, i, &programs);

		if (f)
			return f;
	}
	return NULL;
}

void selfcheck_print(const struct selfcheck_find *f, const struct tcase *tc, uint64_t pick, struct buf *out)
{
	buf_printf(out, "%s: %s; call %u, profile %s%s%s, pages of %u bytes, pick 0x%" PRIx64 "\n", f->rule,
		   f->sentence, f->call + 1, f->a->name, f->b ? " and " : "", f->b ? f->b->name : "", f->page,
		   pick);
	tcase_print(tc, NULL, out);
}
