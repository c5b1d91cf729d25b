/* SPDX-License-Identifier: MIT */
#include "fit.h"

#include <string.h>

#include "parts.h"

#define OWN_CHAIN 64 /* one in so many keeps its own chain */
#define PLACES	  8  /* the most programs of one hook in topologies[] */

struct shape {
	unsigned levels;
	unsigned n[HOOK_COUNT];
	unsigned modes[HOOK_COUNT]; /* bit set of 1 << enum attach_mode */
};

static void add_slots(struct shape *s, unsigned hook, unsigned n, unsigned mode)
{
	s->n[hook] += n;
	if (n)
		s->modes[hook] |= 1u << mode;
}

static struct shape shape_of_case(const struct tcase *tc)
{
	struct shape s = {.levels = tc->n_levels};

	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned h = 0; h < HOOK_COUNT; h++)
			add_slots(&s, h, tc->level[l].n[h], tc->level[l].slot[h][0].mode);
	return s;
}

static struct shape shape_of_topology(const struct topology *t)
{
	struct shape s = {.levels = t->n_levels};

	for (unsigned l = 0; l < t->n_levels; l++)
		for (unsigned h = 0; h < HOOK_COUNT; h++)
			add_slots(&s, h, topology_slots(t, h, l), topology_mode(t, h, l));
	return s;
}

static unsigned apart(unsigned a, unsigned b)
{
	return a > b ? a - b : b - a;
}

/* How unlike they are: a lost program weighs more than all the rest. */
static unsigned distance(const struct shape *want, const struct shape *have)
{
	unsigned d = 2 * apart(want->levels, have->levels);

	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		d += want->n[h] > have->n[h] ? 1000 * (want->n[h] - have->n[h]) : have->n[h] - want->n[h];
		d += 4 * (unsigned)__builtin_popcount(want->modes[h] ^ have->modes[h]);
	}
	return d;
}

static const struct topology *nearest(const struct tcase *tc)
{
	struct shape want = shape_of_case(tc);
	const struct topology *best = &topologies[0];
	unsigned least = UINT32_MAX;

	for (unsigned i = 0; i < TOPOLOGIES; i++) {
		struct shape have = shape_of_topology(&topologies[i]);
		unsigned d = distance(&want, &have);

		if (d < least) {
			least = d;
			best = &topologies[i];
		}
	}
	return best;
}

static bool is_already(const struct tcase *tc, const struct topology *t)
{
	if (tc->n_levels != t->n_levels)
		return false;
	for (unsigned l = 0; l < t->n_levels; l++)
		for (unsigned h = 0; h < HOOK_COUNT; h++) {
			const struct tc_level *v = &tc->level[l];

			if (v->n[h] != topology_slots(t, h, l) ||
			    (v->n[h] && v->slot[h][0].mode != topology_mode(t, h, l)))
				return false;
		}
	return true;
}

void fit_topology(struct tcase *tc, const struct topology *t)
{
	struct prog kept[HOOK_COUNT][PLACES];
	unsigned n[HOOK_COUNT] = {0}, used[HOOK_COUNT] = {0}, leaf = tc->n_levels;
	struct slot_ref ref;

	for (unsigned i = 0; slot_find(tc, i, &ref); i++)
		if (n[ref.hook] < PLACES)
			kept[ref.hook][n[ref.hook]++] = slot_of(tc, ref)->prog;
	topology_apply(t, tc);
	for (unsigned i = 0; slot_find(tc, i, &ref); i++)
		if (used[ref.hook] < n[ref.hook])
			slot_of(tc, ref)->prog = kept[ref.hook][used[ref.hook]++];
	for (unsigned i = 0; i < tc->n_socks; i++)
		if (tc->sock[i].level == leaf || tc->sock[i].level > tc->n_levels)
			tc->sock[i].level = tc->n_levels;
}

static void expect_nothing(struct tcase *tc)
{
	for (unsigned i = 0; i < tc->n_calls; i++) {
		struct tc_expect *e = &tc->call[i].expect;

		e->has_ret = e->has_optlen = false;
		e->n_bytes = 0;
	}
}

bool fit_chain(struct tcase *tc)
{
	const struct topology *t = nearest(tc);

	if (is_already(tc, t))
		return false;
	fit_topology(tc, t);
	expect_nothing(tc);
	return true;
}

void fit_input(struct tcase *tc, uint64_t pick)
{
	if (pick % OWN_CHAIN) {
		fit_chain(tc);
		for (unsigned i = 0; i < tc->n_calls; i++)
			tc->call[i].meanwhile = MEANWHILE_NOTHING;
	}
	expect_nothing(tc);
}
