/* SPDX-License-Identifier: MIT */
/* What a call may give: the results of the states in its range, and mixed chains where round.h says so. */
#include <errno.h>
#include <string.h>

#include "round_impl.h"

static const struct race_seen *wanted(const struct round *r, const struct observed *o, uint32_t k)
{
	return &r->expect->entry[r->state[k].expect[o->place][o->hook]].seen;
}

static const struct race_chain *chain(const struct round *r, const struct observed *o, uint32_t k)
{
	return &r->expect->entry[r->state[k].expect[o->place][o->hook]].chain;
}

/* The programs that left their mark. False if the value is no such list. */
static bool read_chain(const struct observed *o, struct race_chain *c)
{
	c->n = 0;
	for (unsigned i = 0; i < SCENE_LOG; i++) {
		uint8_t mark = o->seen.bytes[i];

		if (!mark)
			return true;
		if (mark > SCENE_PROGS || c->n != i)
			return false;
		c->prog[c->n++] = (uint8_t)scene_prog(o->hook, mark);
	}
	return true;
}

/*
 * Was there, among the states lo..hi of one list, for each place of the list a time when it held that
 * program, no earlier than that of the place before?
 */
static bool in_order(const struct round *r, const struct observed *o, const struct race_chain *c, uint32_t lo,
		     uint32_t hi)
{
	bool back = r->o->wrong == RACE_WRONG_BACK;
	uint32_t k = lo;

	if (chain(r, o, lo)->n != c->n)
		return false;
	for (unsigned j = 0; j < c->n; j++) {
		unsigned place = back ? c->n - 1u - j : j;

		while (k <= hi && chain(r, o, k)->prog[place] != c->prog[place])
			k++;
		if (k > hi)
			return false;
	}
	return true;
}

static bool is_mixed(struct round *r, const struct observed *o)
{
	struct race_chain c;
	int k;

	if (!r->run->scene->in_place || r->o->wrong == RACE_WRONG_MIX || !read_chain(o, &c) || c.n < 2)
		return false;
	k = expect_chain(r->expect, o->hook, &c);
	if (k < 0 || !expect_same(o->hook, &r->expect->entry[k].seen, &o->seen, o->before))
		return false;
	for (uint32_t lo = o->lo, hi; lo <= o->hi; lo = hi + 1) {
		for (hi = lo;
		     hi < o->hi && r->state[hi + 1].version[o->hook] == r->state[lo].version[o->hook];)
			hi++;
		if (in_order(r, o, &c, lo, hi))
			return true;
	}
	return false;
}

/*
 * Before Linux 6.11 getsockopt looks at the user's optlen only if the hook is in use; if its first program is
 * attached between that and the hook, optlen counts as 0: EFAULT, after the handler has written its answer.
 */
static bool is_early(const struct round *r, const struct observed *o)
{
	static const uint8_t zero[EXPECT_BYTES];
	bool unused = false;

	if (!r->o->early || o->hook != HOOK_GET || o->seen.ret != -EFAULT || o->seen.optlen != EXPECT_BYTES ||
	    memcmp(o->seen.bytes, zero, sizeof(zero)))
		return false;
	for (uint32_t k = o->lo; k <= o->hi; k++) {
		if (unused && chain(r, o, k)->n)
			return true;
		unused |= !chain(r, o, k)->n;
	}
	return false;
}

static unsigned size_class(uint32_t states)
{
	return states == 1 ? 0 : states == 2 ? 1 : states <= 8 ? 2 : 3;
}

bool verdict(struct round *r, const struct observed *o, struct race_counts *n)
{
	uint32_t lo = r->o->wrong == RACE_WRONG_NEW ? o->hi : o->lo;
	uint32_t hi = r->o->wrong == RACE_WRONG_OLD ? o->lo : o->hi;
	bool first = false, last = false, any = false, differ = false;

	n->size[size_class(hi - lo + 1)]++;
	for (uint32_t k = lo; k <= hi; k++) {
		bool same = expect_same(o->hook, wanted(r, o, k), &o->seen, o->before);

		differ |= r->state[k].expect[o->place][o->hook] != r->state[lo].expect[o->place][o->hook];
		any |= same;
		first |= same && k == lo;
		last |= same && k == hi;
	}
	if (any && differ) {
		n->overlapped++;
		n->saw_first += first && !last;
		n->saw_last += last && !first;
	}
	if (any)
		return true;
	if (is_mixed(r, o)) {
		n->mixed++;
		return true;
	}
	if (is_early(r, o)) {
		n->early++;
		return true;
	}
	return false;
}
