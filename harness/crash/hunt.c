/* SPDX-License-Identifier: MIT */
#include "hunt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../mutate/shrink.h"

#define AHEAD	     12 /* candidates that share a machine */
#define RUN_SECONDS  40 /* for a machine, if there is so much time left */
#define MAX_QUESTION 3000

static double time_left(const struct hunt *h)
{
	return h->stop && *h->stop ? 0 : h->deadline - clock_now();
}

static void say(struct hunt *h, const char *format, unsigned a, unsigned b)
{
	char text[160];

	if (!h->progress)
		return;
	snprintf(text, sizeof(text), format, a, b);
	h->progress(h->arg, text);
}

/* *asked: of so many cases it is known whether they crash it; another crash than ours is a no. */
static unsigned first_of(struct hunt *h, const struct tcase *const *tc, unsigned n, unsigned *asked)
{
	struct crash_report r;
	struct buf said = {0};
	double left = time_left(h);
	unsigned found = n;
	int at;

	*asked = 0;
	if (!n || left <= 0)
		return n;
	h->boots++;
	at = h->lab->run(h->lab->arg, tc, n, left < RUN_SECONDS ? left : RUN_SECONDS, &said);
	if (at >= 0 && (unsigned)at < n) {
		if (crash_extract(buf_str(&said), said.n, &r) && !strcmp(r.signature, h->signature))
			found = (unsigned)at;
		crash_report_fini(&r);
	}
	*asked = at < 0 ? 0 : (unsigned)at < n ? (unsigned)at + 1 : n;
	buf_fini(&said);
	return found;
}

unsigned hunt_first(struct hunt *h, const struct tcase *const *tc, unsigned n)
{
	unsigned asked;

	return first_of(h, tc, n, &asked);
}

/* ---- which cases ---- */

static bool keep(struct hunt *h, const struct tcase *const *tc, unsigned n)
{
	struct tcase *copy[CRASH_CASES] = {NULL};
	unsigned i;

	for (i = 0; i < n; i++) {
		copy[i] = malloc(sizeof(*copy[i]));
		if (!copy[i])
			break;
		*copy[i] = *tc[i];
	}
	if (i < n) {
		while (i--)
			free(copy[i]);
		return false;
	}
	hunt_fini(h);
	memcpy(h->tc, copy, sizeof(copy));
	h->n = n;
	return true;
}

/* Leaves out one case before the last at a time, for what it takes several of. */
static void drop_cases(struct hunt *h)
{
	for (unsigned i = 0; i + 1 < h->n && time_left(h) > 0;) {
		const struct tcase *without[CRASH_CASES];
		unsigned n = 0;

		for (unsigned k = 0; k < h->n; k++)
			if (k != i)
				without[n++] = h->tc[k];
		say(h, "looking for the cases that it takes: %u of %u", i + 1, h->n);
		if (hunt_first(h, without, n) == n) {
			i++;
			continue;
		}
		free(h->tc[i]);
		memmove(h->tc + i, h->tc + i + 1, (h->n - i - 1) * sizeof(*h->tc));
		h->n--;
	}
}

/* The case at that place alone, or all up to it, as few of them as it takes. */
static void keep_at(struct hunt *h, const struct tcase *const *cases, unsigned at, bool alone)
{
	if (alone || hunt_first(h, cases + at, 1) == 0)
		keep(h, cases + at, 1);
	else if (keep(h, cases, at + 1))
		drop_cases(h);
}

void hunt_cases(struct hunt *h, const struct tcase *const *cases, unsigned n, unsigned suspects,
		unsigned attempts)
{
	suspects = suspects && suspects < n ? suspects : suspects ? n : 1;
	for (unsigned i = 0; i < attempts && !h->n; i++) {
		unsigned at;

		say(h, "running what ran again: attempt %u of %u", i + 1, attempts);
		/* The suspects first: they are the likeliest, and the rest may hide them. */
		at = hunt_first(h, cases + n - suspects, suspects);
		if (at < suspects) {
			keep_at(h, cases + n - suspects, at, at == 0);
			return;
		}
		if (n == suspects)
			continue;
		at = hunt_first(h, cases, n);
		if (at < n)
			keep_at(h, cases, at, false);
	}
}

/* ---- the smallest ---- */

struct answers {
	bool yes[MAX_QUESTION];
	unsigned n;
};

/* A shrinker that has heard all the answers so far. */
static struct shrinker *catch_up(const struct tcase *tc, const struct answers *a)
{
	struct shrinker *sh = shrink_open(tc, &(struct shrink_opts){.max_calls = MAX_QUESTION}, NULL);

	for (unsigned i = 0; sh && i < a->n; i++) {
		if (!shrink_next(sh)) {
			shrink_close(sh);
			return NULL;
		}
		shrink_tell(sh, a->yes[i]);
	}
	return sh;
}

/* The next candidates, if each of them but the last is a no. */
static unsigned look_ahead(struct shrinker *sh, unsigned most, struct tcase *out)
{
	unsigned n = 0;

	while (n < most) {
		const struct tcase *c = shrink_next(sh);

		if (!c)
			break;
		out[n++] = *c;
		if (n < most)
			shrink_tell(sh, false);
	}
	return n;
}

/* False: it is at its end, or the time is. */
static bool ask(struct hunt *h, struct answers *a, unsigned ahead, struct tcase *room)
{
	const struct tcase *list[AHEAD];
	struct shrinker *sh = a->n + ahead < MAX_QUESTION ? catch_up(h->tc[0], a) : NULL;
	unsigned n = sh ? look_ahead(sh, ahead, room) : 0, at, asked;

	shrink_close(sh);
	if (!n) {
		h->minimal = sh != NULL;
		return false;
	}
	for (unsigned i = 0; i < n; i++)
		list[i] = &room[i];
	at = first_of(h, list, n, &asked);
	if (time_left(h) <= 0)
		return false; /* the machine may have been taken away */
	for (unsigned i = 0; i < asked; i++)
		a->yes[a->n++] = i == at;
	return asked;
}

static void shrink_by(struct hunt *h, unsigned ahead, struct tcase *room)
{
	struct answers *a = calloc(1, sizeof(*a));
	struct shrinker *sh;

	h->minimal = false;
	while (a && ask(h, a, ahead, room))
		say(h, "making it small: %u candidates, %u boots", a->n, h->boots);
	sh = a ? catch_up(h->tc[0], a) : NULL;
	if (sh) {
		const struct tcase *best[] = {shrink_best(sh)};

		/* One that needs what ran before it on the same machine is none. */
		if (ahead == 1 || hunt_first(h, best, 1) == 0)
			keep(h, best, 1);
		else
			h->minimal = false;
	}
	shrink_close(sh);
	free(a);
}

void hunt_shrink(struct hunt *h)
{
	struct tcase *room = h->n == 1 ? malloc(AHEAD * sizeof(*room)) : NULL;

	if (room) {
		shrink_by(h, AHEAD, room);
		if (!h->minimal && time_left(h) > 0)
			shrink_by(h, 1, room);
	}
	free(room);
}

unsigned hunt_again(struct hunt *h, unsigned runs, unsigned *done)
{
	unsigned seen = 0;

	for (*done = 0; *done < runs && h->n && time_left(h) > 0; (*done)++) {
		say(h, "running it on fresh machines: %u of %u", *done + 1, runs);
		seen += hunt_first(h, (const struct tcase *const *)h->tc, h->n) < h->n;
	}
	return seen;
}

void hunt_fini(struct hunt *h)
{
	for (unsigned i = 0; i < h->n; i++)
		free(h->tc[i]);
	h->n = 0;
}
