/* SPDX-License-Identifier: MIT */
#include "search.h"

#include <string.h>

double search_miss(unsigned runs, double p)
{
	double miss = 1;

	while (runs--)
		miss *= 1 - p;
	return miss;
}

void search_add(struct bisect_answer *a, enum bisect_verdict verdict, unsigned runs, unsigned failed)
{
	a->runs += runs;
	a->failed += failed;
	if (verdict == BISECT_BAD || a->verdict == BISECT_BAD)
		a->verdict = BISECT_BAD;
	else if (verdict == BISECT_SKIP && a->verdict == BISECT_GOOD)
		a->silent++; /* takes nothing from the first one */
	else
		a->verdict = verdict;
}

static void ask(struct search_step *s, enum search_what what, unsigned at, unsigned runs)
{
	s->what = what;
	s->at = at;
	s->runs = runs;
}

static void refuse(struct search_step *s, enum search_refusal why)
{
	s->what = SEARCH_REFUSED;
	s->refusal = why;
}

/* Has a version that seems good too few runs behind it? */
static bool short_of(const struct bisect_answer *a, unsigned runs, unsigned need)
{
	return runs > 1 && a->runs < need && a->silent < 2;
}

/* The untested version that is nearest to the middle, or 0. */
static unsigned nearest(const struct bisect_answer *a, unsigned good, unsigned bad)
{
	unsigned middle = good + (bad - good) / 2;

	for (unsigned d = 0; d < bad - good; d++) {
		if (middle - good > d && a[middle - d].verdict == BISECT_UNTESTED)
			return middle - d;
		if (middle + d < bad && a[middle + d].verdict == BISECT_UNTESTED)
			return middle + d;
	}
	return 0;
}

static unsigned halvings(unsigned gap)
{
	unsigned n = 0;

	for (; gap > 1; gap = (gap + 1) / 2)
		n++;
	return n;
}

void search_next(const struct bisect_answer *a, unsigned n, unsigned runs, struct search_step *s)
{
	unsigned at, need;

	memset(s, 0, sizeof(*s));
	s->bad = n - 1;
	for (unsigned i = 0; i < n; i++)
		s->flaky |= a[i].failed && a[i].failed < a[i].runs;
	need = s->flaky && runs > 1 ? 2 * runs : runs;
	s->tests = halvings(n - 1);

	switch (a[0].verdict) {
	case BISECT_UNTESTED:
		s->tests += 2;
		ask(s, SEARCH_TEST, 0, need);
		return;
	case BISECT_BAD:
		refuse(s, REFUSED_GOOD_IS_BAD);
		return;
	case BISECT_SKIP:
		refuse(s, REFUSED_GOOD_UNKNOWN);
		return;
	default:
		break;
	}
	switch (a[n - 1].verdict) {
	case BISECT_UNTESTED:
		s->tests++;
		ask(s, SEARCH_TEST, n - 1, need);
		return;
	case BISECT_GOOD:
		if (short_of(&a[n - 1], runs, 2 * need))
			ask(s, SEARCH_RETEST, n - 1, 2 * need - a[n - 1].runs);
		else
			refuse(s, REFUSED_BAD_IS_GOOD);
		return;
	case BISECT_SKIP:
		refuse(s, REFUSED_BAD_UNKNOWN);
		return;
	default:
		break;
	}

	for (s->bad = 1; a[s->bad].verdict != BISECT_BAD; s->bad++)
		;
	for (s->good = s->bad - 1; a[s->good].verdict != BISECT_GOOD; s->good--)
		;
	s->tests = halvings(s->bad - s->good);
	at = nearest(a, s->good, s->bad);
	if (at)
		ask(s, SEARCH_TEST, at, need);
	else if (short_of(&a[s->good], runs, 2 * need))
		ask(s, SEARCH_RETEST, s->good, 2 * need - a[s->good].runs);
	else
		s->what = s->bad - s->good == 1 ? SEARCH_FOUND : SEARCH_RANGE;
}
