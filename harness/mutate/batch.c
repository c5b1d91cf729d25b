/* SPDX-License-Identifier: MIT */
#include "batch.h"

#include <string.h>

#include "../case/case_bin.h"
#include "gen.h"

#define TRIES 8 /* edits that change nothing or make a case too long, before something else is done */

/* An input with the places of its cases. p has room for max bytes. */
struct batch {
	uint8_t *p;
	size_t n, max;
	enum edit_for where;
	struct rng *r;
	unsigned cases;
	unsigned held; /* 1 + the case that is decoded in `one`; 0: none */
	size_t end[BATCH_MAX];
};

static struct tcase one, two; /* large */
static uint8_t encoded[CASE_BIN_MAX];
static unsigned least = 1, most = BATCH_MAX; /* cases of an input */

void batch_cases(unsigned n)
{
	least = n && n < BATCH_MAX ? n : n ? BATCH_MAX : 1;
	most = n ? least : BATCH_MAX;
}

/* Decodes the cases one by one; the last one stays in `one`. *cut: its bytes end before it does. */
static unsigned split(const uint8_t *data, size_t n, size_t end[BATCH_MAX], unsigned max, bool *cut)
{
	unsigned cases = 0;
	size_t at = 0;

	*cut = false;
	while (cases < max && n - at >= CASE_BIN_MIN) {
		at += case_bin_take_cut(data + at, n - at, &one, cut);
		end[cases++] = at;
	}
	return cases;
}

unsigned batch_split(const uint8_t *data, size_t n, size_t end[BATCH_MAX])
{
	bool cut;

	return split(data, n, end, BATCH_MAX, &cut);
}

static size_t begin_of(const struct batch *b, unsigned i)
{
	return i ? b->end[i - 1] : 0;
}

static void take(const struct batch *b, unsigned i, struct tcase *tc)
{
	size_t from = begin_of(b, i);

	case_bin_take(b->p + from, b->end[i] - from, tc);
}

/* Puts n bytes in the place of p[from .. to). False: there is no room. */
static bool put(struct batch *b, size_t from, size_t to, const uint8_t *bytes, size_t n)
{
	if (b->n - (to - from) + n > b->max)
		return false;
	memmove(b->p + from + n, b->p + to, b->n - to);
	memcpy(b->p + from, bytes, n);
	b->n += n - (to - from);
	return true;
}

/*
 * Finds the cases and forgets what is behind them. The last one may be cut short, and what comes behind it
 * would then become a part of it: it is written anew.
 */
static void look(struct batch *b)
{
	size_t from, n;
	bool cut;

	b->cases = split(b->p, b->n, b->end, most, &cut);
	b->n = b->cases ? b->end[b->cases - 1] : 0;
	b->held = b->cases;
	if (!cut)
		return;
	from = begin_of(b, b->cases - 1);
	n = case_bin_encode(&one, encoded, sizeof(encoded));
	if (put(b, from, b->n, encoded, n))
		b->end[b->cases - 1] = b->n;
	else
		b->n = begin_of(b, --b->cases);
}

/* Another case than the i-th to take from, one time in four; or NULL. */
static const struct tcase *other_case(struct batch *b, unsigned i)
{
	unsigned k = rng_below(b->r, b->cases);

	if (k == i || !rng_chance(b->r, 1, 4))
		return NULL;
	take(b, k, &two);
	return &two;
}

/* Edits case i, from[0..len) in bytes, and puts it in place of the bytes p[at .. at + instead). */
static bool edit_into(struct batch *b, unsigned i, size_t at, size_t instead)
{
	size_t from = begin_of(b, i), len = b->end[i] - from, n;

	for (unsigned tries = 0; tries < TRIES; tries++) {
		const struct tcase *other = other_case(b, i);

		if (b->held != i + 1)
			take(b, i, &one);
		b->held = 0;
		edit_case(&one, other, b->where, b->r);
		n = case_bin_encode(&one, encoded, sizeof(encoded));
		if (n == len && !memcmp(encoded, b->p + from, n))
			continue;
		if (put(b, at, at + instead, encoded, n))
			return true;
	}
	return false;
}

static bool m_edit(struct batch *b)
{
	unsigned i = rng_below(b->r, b->cases);

	return edit_into(b, i, begin_of(b, i), b->end[i] - begin_of(b, i));
}

/* A changed copy behind a case. */
static bool m_copy(struct batch *b)
{
	unsigned i = rng_below(b->r, b->cases);

	return b->cases < most && edit_into(b, i, b->end[i], 0);
}

/* A case of the generator at the end. */
static bool m_new(struct batch *b)
{
	static struct gen g;
	static bool made;

	if (b->cases >= most)
		return false;
	if (!made)
		gen_init(&g, 0);
	made = true;
	b->held = 0;
	g.seed = rng_u64(b->r);
	gen_case(&g, 0, &one);
	edit_tame(&one, b->where, b->r);
	if (!put(b, b->n, b->n, encoded, case_bin_encode(&one, encoded, sizeof(encoded))))
		return false;
	b->end[b->cases++] = b->n;
	return true;
}

static bool m_drop(struct batch *b)
{
	unsigned i = rng_below(b->r, b->cases);

	return b->cases > least && put(b, begin_of(b, i), b->end[i], encoded, 0);
}

/* A case and the one behind it change places. */
static bool m_swap(struct batch *b)
{
	unsigned i = rng_below(b->r, b->cases - 1);
	size_t from, len, behind;

	if (b->cases < 2)
		return false;
	from = begin_of(b, i);
	len = b->end[i] - from;
	behind = b->end[i + 1] - b->end[i];
	if (len > sizeof(encoded) || (len == behind && !memcmp(b->p + from, b->p + b->end[i], len)))
		return false;
	memcpy(encoded, b->p + from, len);
	memmove(b->p + from, b->p + b->end[i], behind);
	memcpy(b->p + from + behind, encoded, len);
	return true;
}

static const struct {
	bool (*fn)(struct batch *b);
	uint8_t weight;
} changes[] = {{m_edit, 80}, {m_copy, 5}, {m_new, 4}, {m_drop, 6}, {m_swap, 2}};
#define CHANGES	     (sizeof(changes) / sizeof(changes[0]))
#define BYTES_WEIGHT 3 /* beside the weights of changes[]; all together 100 */

/* The least that can be said in max bytes: one call on one socket. */
static size_t smallest(uint8_t *data, size_t max, enum edit_for where, struct rng *r)
{
	static const uint8_t least[CASE_BIN_MIN] = {CASE_BIN_VERSION, 1 << 3, 1};
	size_t n;

	if (max < CASE_BIN_MIN)
		return 0;
	for (unsigned tries = 0; tries < TRIES; tries++) {
		tcase_init(&one);
		edit_tame(&one, where, r);
		n = case_bin_encode(&one, encoded, sizeof(encoded));
		if (n <= max) {
			memcpy(data, encoded, n);
			return n;
		}
	}
	memcpy(data, least, sizeof(least));
	return sizeof(least);
}

size_t batch_repair(uint8_t *data, size_t n, size_t max, enum edit_for where, struct rng *r)
{
	struct batch b = {.p = data, .n = n, .max = max, .where = where, .r = r};

	look(&b);
	for (unsigned i = b.cases; i-- > 0;) { /* from the end: places before it stay true */
		size_t from = begin_of(&b, i), len;

		take(&b, i, &one);
		edit_tame(&one, where, r);
		len = case_bin_encode(&one, encoded, sizeof(encoded));
		if (!put(&b, from, b.end[i], encoded, len))
			put(&b, from, b.end[i], encoded, 0);
	}
	return b.n ? b.n : smallest(data, max, where, r);
}

size_t batch_few_bytes(uint8_t *data, size_t n, size_t max, struct rng *r)
{
	for (unsigned i = 1 + rng_below(r, 4); i-- > 0;) {
		size_t at = rng_below(r, (uint32_t)n), len = 1 + rng_below(r, 4);

		switch (rng_below(r, 4)) {
		case 0:
			if (n + len > max)
				break;
			memmove(data + at + len, data + at, n - at);
			for (size_t k = 0; k < len; k++)
				data[at + k] = (uint8_t)rng_u32(r);
			n += len;
			break;
		case 1:
			if (at + len >= n)
				break;
			memmove(data + at, data + at + len, n - at - len);
			n -= len;
			break;
		case 2:
			if (n)
				data[at] ^= (uint8_t)(1u << rng_below(r, 8));
			break;
		default:
			if (n)
				data[at] = (uint8_t)rng_u32(r);
		}
	}
	return n;
}

size_t batch_mutate(uint8_t *data, size_t n, size_t max, enum edit_for where, batch_bytes *bytes,
		    struct rng *r)
{
	struct batch b = {.p = data, .n = n, .max = max, .where = where, .r = r};

	if (max < CASE_BIN_MIN)
		return 0;
	look(&b);
	if (!b.cases)
		return m_new(&b) ? b.n : smallest(data, max, where, r);
	if (b.cases < least) { /* a new case is a change */
		while (b.cases < least && m_new(&b))
			;
		return b.n;
	}
	for (unsigned tries = 0; tries < TRIES; tries++) {
		unsigned x = rng_below(r, 100), i = 0;

		if (x < BYTES_WEIGHT) {
			n = bytes ? bytes(data, b.n, max) : batch_few_bytes(data, b.n, max, r);
			return batch_repair(data, n, max, where, r);
		}
		for (x -= BYTES_WEIGHT; x >= changes[i].weight; i++)
			x -= changes[i].weight;
		if (changes[i].fn(&b))
			return b.n;
	}
	return smallest(data, max, where, r);
}

size_t batch_cross(const uint8_t *a, size_t na, const uint8_t *other, size_t nb, uint8_t *out, size_t max,
		   enum edit_for where, struct rng *r)
{
	struct batch b = {.p = out, .max = max, .where = where, .r = r};
	size_t end[BATCH_MAX], at, len;
	unsigned i, k, others = batch_split(other, nb, end);

	if (max < CASE_BIN_MIN)
		return 0;
	b.n = na < max ? na : max;
	memmove(out, a, b.n);
	look(&b);
	if (!b.cases || !others)
		return batch_mutate(out, b.n, max, where, NULL, r);
	for (unsigned tries = 0; tries < TRIES; tries++) {
		k = rng_below(r, others);
		at = k ? end[k - 1] : 0;
		case_bin_take(other + at, end[k] - at, &two);
		i = rng_below(r, b.cases);
		at = begin_of(&b, i);
		if (b.cases < most && rng_chance(r, 1, 4)) { /* beside each other, not joined */
			edit_tame(&two, where, r);
			if (put(&b, at, at, encoded, case_bin_encode(&two, encoded, sizeof(encoded))))
				return b.n;
			continue;
		}
		take(&b, i, &one);
		edit_cross(&one, &two, where, r);
		len = case_bin_encode(&one, encoded, sizeof(encoded));
		if (put(&b, at, b.end[i], encoded, len))
			return b.n;
	}
	return batch_mutate(out, b.n, max, where, NULL, r);
}
