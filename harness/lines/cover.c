/* SPDX-License-Identifier: MIT */
#include "cover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int by_pc(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static bool has(const struct cover_set *s, uint64_t pc)
{
	return s->n && bsearch(&pc, s->pc, s->n, sizeof(pc), by_pc);
}

static void tidy(struct cover_set *s)
{
	size_t n = 0;

	if (!s->n)
		return;
	qsort(s->pc, s->n, sizeof(*s->pc), by_pc);
	for (size_t i = 0; i < s->n; i++)
		if (!n || s->pc[n - 1] != s->pc[i])
			s->pc[n++] = s->pc[i];
	s->n = n;
}

/* ---- reading ---- */

/* Room doubles: n is a power of two, or none, whenever it is full. */
static void *grown(void *p, size_t n, size_t each)
{
	return n & (n - 1) ? p : realloc(p, (n ? 2 * n : 1) * each);
}

static int put(struct cover_set *s, uint64_t pc)
{
	uint64_t *more = grown(s->pc, s->n, sizeof(*more));

	if (!more)
		return -ENOMEM;
	s->pc = more;
	s->pc[s->n++] = pc;
	return 0;
}

/* The set of that name, made if it is not there; NULL: out of memory. */
static struct cover_set *named(struct cover *c, const char *name, size_t n)
{
	struct cover_set *more;

	for (size_t i = 0; i < c->n; i++)
		if (strlen(c->set[i].name) == n && !memcmp(c->set[i].name, name, n))
			return &c->set[i];
	more = grown(c->set, c->n, sizeof(*more));
	if (!more)
		return NULL;
	c->set = more;
	c->set[c->n] = (struct cover_set){.name = strndup(name, n)};
	return c->set[c->n].name ? &c->set[c->n++] : NULL;
}

int cover_read(const char *text, struct cover *out)
{
	struct cover_set *s = &out->base;
	int ret = 0;

	*out = (struct cover){.n = 0};
	for (const char *p = text; !ret && *p; p += *p == '\n') {
		size_t n = strcspn(p, "\n");
		char *end;

		if (n > 2 && p[0] == '=' && p[1] == ' ') {
			s = named(out, p + 2, n - 2);
			if (!s) {
				ret = -ENOMEM;
				break;
			}
		} else {
			uint64_t pc = strtoull(p, &end, 16);

			if (pc && end == p + n)
				ret = put(s, pc);
		}
		p += n;
	}
	if (ret) {
		cover_fini(out);
		return ret;
	}
	tidy(&out->base);
	for (size_t i = 0; i < out->n; i++)
		tidy(&out->set[i]);
	return 0;
}

void cover_fini(struct cover *c)
{
	free(c->base.pc);
	for (size_t i = 0; i < c->n; i++) {
		free(c->set[i].name);
		free(c->set[i].pc);
	}
	free(c->set);
	*c = (struct cover){.n = 0};
}

/* ---- sets ---- */

/* Keeps what other has (with), or what it has not. */
static void filter(struct cover_set *s, const struct cover_set *other, bool with)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (has(other, s->pc[i]) == with)
			s->pc[n++] = s->pc[i];
	s->n = n;
}

void cover_both(struct cover *a, const struct cover *b)
{
	static const struct cover_set none;

	for (size_t i = 0; i < a->n; i++) {
		const struct cover_set *other = &none;

		for (size_t k = 0; k < b->n && other == &none; k++)
			if (!strcmp(a->set[i].name, b->set[k].name))
				other = &b->set[k];
		filter(&a->set[i], other, true);
	}
}

bool cover_set_within(const struct cover_set *s, const struct cover_set *other)
{
	for (size_t i = 0; i < s->n; i++)
		if (!has(other, s->pc[i]))
			return false;
	return true;
}

void cover_set_without(struct cover_set *s, const struct cover_set *other)
{
	filter(s, other, false);
}

void cover_without(struct cover *c, const struct cover_set *other)
{
	for (size_t i = 0; i < c->n; i++)
		cover_set_without(&c->set[i], other);
}

/* ---- choosing ---- */

/* All blocks, and how many chosen sets have each. */
struct blocks {
	struct cover_set all;
	unsigned *times;
};

static unsigned *times(const struct blocks *b, uint64_t pc)
{
	const uint64_t *at = bsearch(&pc, b->all.pc, b->all.n, sizeof(pc), by_pc);

	return &b->times[at - b->all.pc];
}

static size_t worth(const struct blocks *b, const struct cover_set *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += !*times(b, s->pc[i]);
	return n;
}

static bool needed(const struct blocks *b, const struct cover_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (*times(b, s->pc[i]) == 1)
			return true;
	return false;
}

static void count(const struct blocks *b, const struct cover_set *s, int by)
{
	for (size_t i = 0; i < s->n; i++)
		*times(b, s->pc[i]) += (unsigned)by;
}

/* The next one, or c->n. most[i] is what set i was worth when it was last looked at: never less than now. */
static size_t best(const struct cover *c, const struct blocks *b, const size_t *weight, size_t *most)
{
	size_t at = c->n;

	for (size_t i = 0; i < c->n; i++) {
		if (!most[i] || (at < c->n && most[i] < most[at]))
			continue;
		most[i] = worth(b, &c->set[i]);
		if (most[i] &&
		    (at == c->n || most[i] > most[at] || (most[i] == most[at] && weight[i] < weight[at])))
			at = i;
	}
	return at;
}

size_t cover_choose(const struct cover *c, const size_t *weight, bool *chosen)
{
	struct blocks b = {.times = NULL};
	size_t *most = calloc(c->n + 1, sizeof(*most)), n = 0, at;
	int ret = most ? 0 : -ENOMEM;

	memset(chosen, 0, c->n * sizeof(*chosen));
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; !ret && k < c->set[i].n; k++) {
			ret = put(&b.all, c->set[i].pc[k]);
			most[i] = c->set[i].n;
		}
	tidy(&b.all);
	b.times = calloc(b.all.n + 1, sizeof(*b.times));
	if (!ret && b.times) {
		while ((at = best(c, &b, weight, most)) < c->n) {
			chosen[at] = true;
			count(&b, &c->set[at], 1);
		}
		for (size_t i = c->n; i-- > 0;)
			if (chosen[i] && !needed(&b, &c->set[i])) {
				chosen[i] = false;
				count(&b, &c->set[i], -1);
			}
		for (size_t i = 0; i < c->n; i++)
			n += chosen[i];
	}
	free(b.all.pc);
	free(b.times);
	free(most);
	return n;
}
