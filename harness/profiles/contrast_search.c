/* SPDX-License-Identifier: MIT */
/* Sweep, generator and shrinker, for the smallest case of each difference. */
#include "contrast_in.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../mutate/shrink.h"
#include "../mutate/sweep.h"
#include "oracle/clauses.h"

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
	contrast_describe(s->x, f);
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
