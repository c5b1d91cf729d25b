/* SPDX-License-Identifier: MIT */
#include "tree_mutate.h"

#include <string.h>

#include "../case/tree_bin.h"
#include "tree_gen.h"

/* A step that is of one of the kinds in the bit set `ops`, or NULL. */
static struct tree_step *pick(struct rng *r, struct tree *t, unsigned ops)
{
	unsigned from = t->n_steps ? rng_below(r, t->n_steps) : 0;

	for (unsigned i = 0; i < t->n_steps; i++) {
		struct tree_step *s = &t->step[(from + i) % t->n_steps];

		if (ops >> s->op & 1)
			return s;
	}
	return NULL;
}

#define ATTACHING (1u << TREE_ATTACH | 1u << TREE_LINK)
#define ON_CGROUP (ATTACHING | 1u << TREE_DETACH | 1u << TREE_QUERY | 1u << TREE_RMDIR)

static bool flip_flag(struct rng *r, struct tree *t)
{
	static const uint32_t flags[] = {TREE_F_MULTI, TREE_F_OVERRIDE, TREE_F_PREORDER, TREE_F_BEFORE,
					 TREE_F_AFTER};
	struct tree_step *s = pick(r, t, ATTACHING);

	if (s)
		s->flags ^= flags[rng_below(r, 5)];
	return s;
}

static bool other_cgroup(struct rng *r, struct tree *t)
{
	struct tree_step *s = pick(r, t, ON_CGROUP);

	if (s)
		s->cg = (uint8_t)rng_below(r, t->n_cgroups);
	return s;
}

static bool other_prog(struct rng *r, struct tree *t)
{
	struct tree_step *s = pick(r, t, ATTACHING | 1u << TREE_UPDATE | 1u << TREE_DETACH);

	if (!s || !t->n_progs)
		return false;
	s->prog = (uint8_t)rng_below(r, t->n_progs);
	if (s->op != TREE_UPDATE)
		s->hook = t->prog[s->prog].hook;
	return true;
}

/* Calls and links are numbered by their place, so two of a kind do not change places. */
static bool is_numbered(const struct tree_step *s)
{
	return s->op == TREE_CALL || s->op == TREE_LINK || s->op == TREE_SOCKET;
}

static bool swap_steps(struct rng *r, struct tree *t)
{
	unsigned a = rng_below(r, t->n_steps), b = rng_below(r, t->n_steps);
	struct tree_step s = t->step[a];

	if (is_numbered(&t->step[a]) || is_numbered(&t->step[b]) || a == b)
		return false;
	t->step[a] = t->step[b];
	t->step[b] = s;
	return true;
}

static bool repeat_step(struct rng *r, struct tree *t)
{
	unsigned i = rng_below(r, t->n_steps);

	if (t->n_steps == TREE_MAX_STEPS || is_numbered(&t->step[i]))
		return false;
	t->step[t->n_steps++] = t->step[i];
	return true;
}

static bool other_return(struct rng *r, struct tree *t)
{
	if (!t->n_progs)
		return false;
	t->prog[rng_below(r, t->n_progs)].prog.ret ^= 1;
	return true;
}

static bool drop_step(struct rng *r, struct tree *t)
{
	return t->n_steps > 4 && tree_drop_step(t, rng_below(r, t->n_steps));
}

bool tree_mutate(struct rng *r, struct tree *t)
{
	static bool (*const edits[])(struct rng *, struct tree *) = {
		flip_flag, other_cgroup, other_prog, swap_steps, repeat_step, other_return, drop_step};
	static struct tree was; /* large; one case is edited at a time */

	if (!t->n_steps)
		return false;
	was = *t;
	if (edits[rng_below(r, sizeof(edits) / sizeof(edits[0]))](r, t) && !tree_check(t))
		return true;
	*t = was;
	return false;
}

size_t tree_mutate_bytes(uint8_t *data, size_t size, size_t max_size, struct rng *r)
{
	static struct tree t; /* large; one input is edited at a time */
	static struct tree_gen g;
	static uint8_t bytes[TREE_BIN_MAX];
	size_t n;

	if (!tree_bin_decode(data, size, &t) || !t.n_steps || rng_chance(r, 1, 16)) {
		tree_gen_init(&g, rng_u64(r));
		tree_gen_case(&g, rng_below(r, 1000), &t);
	}
	for (unsigned i = 1 + rng_below(r, 4); i > 0; i--)
		tree_mutate(r, &t);
	n = tree_bin_encode(&t, bytes, sizeof(bytes));
	if (!n || n > max_size)
		return size;
	memcpy(data, bytes, n);
	return n;
}
