/* SPDX-License-Identifier: MIT */
#include "crowd_case.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../exec/crowd.h"

/* The wants of the run alone, with copies of what they point at. */
struct wants {
	struct tcase tc; /* as far as something is promised */
	struct want want[TC_MAX_CALLS];
	bool no_memory;	      /* for a copy */
	pthread_mutex_t lock; /* of rep */
	struct crowd_report *rep;
};

static uint8_t *copy(struct wants *k, const uint8_t *p, size_t n)
{
	uint8_t *to = p ? calloc(1, n + 16) : NULL; /* compare() takes 16 bytes at once */

	if (to)
		memcpy(to, p, n);
	k->no_memory |= p && !to;
	return to;
}

static void keep(const struct tcase *tc, unsigned call, const struct plan *plan,
		 const struct handler_result *hr, const struct want *w, void *arg)
{
	const struct tc_call *c = &tc->call[call];
	struct wants *k = arg;
	struct want *to;

	if (tc->n_calls <= call || call != k->tc.n_calls || c->optlen != k->tc.call[call].optlen)
		return; /* what reads an option back is no call of the case */
	if (plan->unsure || w->lost)
		return;
	to = &k->want[k->tc.n_calls++];
	*to = *w;
	to->out = copy(k, w->n_out ? w->out : NULL, w->n_out);
	to->out_mask = copy(k, w->n_out ? w->out_mask : NULL, w->n_out);
	to->base = copy(k, w->base, c->buf.size + (c->buf.place == BUF_EDGE ? 0 : TC_PAST));
}

static void forget(struct wants *k)
{
	for (unsigned i = 0; i < k->tc.n_calls; i++) {
		free((void *)k->want[i].out);
		free((void *)k->want[i].out_mask);
		free((void *)k->want[i].base);
	}
	pthread_mutex_destroy(&k->lock);
	free(k);
}

static bool check(void *arg, unsigned thread, unsigned call, const struct outcome *got)
{
	struct wants *k = arg;
	struct diff diff;
	bool same = compare_result(&k->tc.call[call], &k->want[call], got, &diff);

	pthread_mutex_lock(&k->lock);
	k->rep->calls++;
	if (!same && !k->rep->differs) {
		k->rep->differs = true;
		k->rep->thread = thread;
		k->rep->call = call;
		k->rep->diff = diff;
	}
	pthread_mutex_unlock(&k->lock);
	return same;
}

static bool is_plain(const struct tcase *tc)
{
	for (unsigned i = 0; i < tc->n_calls; i++)
		if (tc->call[i].via != VIA_SYSCALL || tc->call[i].meanwhile)
			return false;
	return true;
}

enum verdict crowd_case(struct loop *lp, struct tcase *tc, unsigned threads, struct case_result *res,
			struct crowd_report *rep)
{
	struct wants *k = calloc(1, sizeof(*k));
	bool readback = lp->readback;
	enum verdict v;

	memset(rep, 0, sizeof(*rep));
	if (!k) {
		snprintf(res->why, sizeof(res->why), "out of memory");
		return V_ERROR;
	}
	pthread_mutex_init(&k->lock, NULL);
	k->rep = rep;
	k->tc = *tc;
	k->tc.n_calls = 0;
	lp->observe = keep;
	lp->observe_arg = k;
	lp->readback = false; /* threads read nothing back either */
	v = loop_case(lp, tc, true, NULL, res);
	lp->observe = NULL;
	lp->readback = readback;
	rep->left_out = v != V_PASS || !k->tc.n_calls || !is_plain(tc);
	if (k->no_memory) {
		snprintf(res->why, sizeof(res->why), "out of memory");
		v = V_ERROR;
	} else if (!rep->left_out) {
		lp->b->ops->load(lp->b, &k->tc);
		if (crowd_run(lp->b, &k->tc, threads, CROWD_TURNS, check, k)) {
			snprintf(res->why, sizeof(res->why), "%s", lp->b->error);
			v = V_ERROR;
		}
	}
	forget(k);
	return rep->differs ? V_FAIL : v;
}
