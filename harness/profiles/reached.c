/* SPDX-License-Identifier: MIT */
#include "reached.h"

#include <stdlib.h>

#include "../../oracle/oracle.h"
#include "../mutate/gen.h"
#include "../mutate/sweep.h"
#include "standin.h"

#define PAGE_BYTES 4096

struct reacher {
	struct oracle *o;
	struct standin standin;
	struct tcase tc;
	struct gen gen;
};

struct reached *reached_new(const struct profile *p)
{
	struct reached *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->profile = p;
	r->in = calloc(1, sizeof(*r->in));
	if (!r->in || standin_init(&r->in->standin)) {
		reached_free(r);
		return NULL;
	}
	r->in->o = oracle_new(p, PAGE_BYTES);
	if (!r->in->o) {
		reached_free(r);
		return NULL;
	}
	return r;
}

void reached_free(struct reached *r)
{
	if (r && r->in) {
		oracle_free(r->in->o);
		standin_fini(&r->in->standin);
		free(r->in);
	}
	free(r);
}

static void mark(struct reached *r, const struct tc_call *c, const struct want *w, uint8_t by)
{
	const struct situation s = situation_of(c, w, PAGE_BYTES);

	for (unsigned k = 1; k < C_COUNT; k++)
		if (clause_has(&w->hits, k))
			r->says[k][situation_coarse(s)] |= by;
	if (w->c_ret)
		r->decides[w->c_ret][situation_full(s)] |= by;
}

/* One handler. */
static void run(struct reached *r, const struct tcase *tc, enum standin_kind kind, uint8_t by)
{
	struct reacher *in = r->in;

	oracle_begin(in->o, tc);
	standin_begin(&in->standin, tc, kind);
	for (unsigned i = 0; i < tc->n_calls; i++) {
		struct handler_result hr;
		const struct want *w;
		struct plan plan;

		oracle_plan(in->o, i, &plan);
		standin_answer(&in->standin, &tc->call[i], &plan, &hr);
		w = oracle_predict(in->o, &hr);
		mark(r, &tc->call[i], w, by);
		if (plan.unsure || w->lost) /* what follows on these sockets means nothing */
			return;
	}
}

static void run_all(struct reached *r, const struct tcase *tc, uint8_t by)
{
	for (unsigned kind = 0; kind < STANDIN_COUNT; kind++)
		for (unsigned i = 0; i < tc->n_calls; i++)
			if (standin_differs((enum standin_kind)kind, &tc->call[i])) {
				run(r, tc, (enum standin_kind)kind, by);
				break;
			}
}

void reached_case(struct reached *r, const struct tcase *tc)
{
	run_all(r, tc, BY_CORPUS | BY_ANYTHING);
}

void reached_search(struct reached *r, uint64_t cases)
{
	struct tcase *tc = &r->in->tc;
	unsigned topology, socket;

	for (; r->swept < sweep_count(); r->swept++) {
		sweep_case(r->swept, tc, &topology, &socket);
		run(r, tc, (enum standin_kind)(r->swept % STANDIN_COUNT), BY_ANYTHING);
	}
	gen_init(&r->in->gen, REACHED_SEED);
	for (; r->generated < cases; r->generated++) {
		gen_case(&r->in->gen, r->generated, tc);
		run(r, tc, (enum standin_kind)(r->generated % STANDIN_COUNT), BY_ANYTHING);
	}
}

static struct reached_count count(const uint8_t *by, unsigned n)
{
	struct reached_count c = {0};

	for (unsigned i = 0; i < n; i++) {
		c.corpus += by[i] & BY_CORPUS;
		c.anything += (by[i] & BY_ANYTHING) != 0;
	}
	return c;
}

struct reached_count reached_decides(const struct reached *r, unsigned clause)
{
	return count(r->decides[clause], SIT_FULL);
}

struct reached_count reached_says(const struct reached *r, unsigned clause)
{
	return count(r->says[clause], SIT_COARSE);
}
