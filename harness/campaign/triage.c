/* SPDX-License-Identifier: MIT */
#include "triage.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "../case/options.h"
#include "../mutate/shrink.h"
#include "../report/change.h"
#include "express.h"

struct triage_key triage_key(const struct tcase *tc, const struct case_result *res)
{
	const struct tc_call *c = &tc->call[res->call];
	const struct option_info *info = option_find(c->level, c->optname);

	return (struct triage_key){.clause = res->diff.clause,
				   .hook = c->hook,
				   .option = (uint8_t)(info ? info->kind : OPT_NONE),
				   .field = (uint8_t)res->diff.field};
}

bool triage_equal(const struct triage_key *a, const struct triage_key *b)
{
	return a->clause == b->clause && a->hook == b->hook && a->option == b->option &&
	       a->field == b->field && a->straight == b->straight;
}

void triage_stem(const struct triage_key *key, char *buf, size_t n)
{
	snprintf(buf, n, "%s-%s-%s-%s%s", key->clause ? clause_info(key->clause)->name : "expectation",
		 key->hook == HOOK_SET ? "set" : "get", opt_kind_name(key->option),
		 diff_field_name((enum diff_field)key->field), key->straight ? "-straight" : "");
	for (; *buf; buf++)
		*buf = (char)tolower((unsigned char)*buf);
}

struct check {
	struct loop *lp;
	struct triage_key key;
	struct case_result res, other; /* of the same case; under another profile */
	struct tcase tc;	       /* loop_case may change its argument */
	unsigned step;		       /* find_behaves: calls made */
	const struct finding *f;
	unsigned clause;	/* what the other profile names for the part that differs */
	struct clause_set hits; /* every clause that had a say in that call */
};

/* Shrinking may change the option, and with it the key's kind; the clause, hook and field must stay. */
static bool still_fails(const struct tcase *tc, void *arg)
{
	struct check *k = arg;
	struct triage_key now;

	k->tc = *tc;
	if (loop_case(k->lp, &k->tc, true, NULL, &k->res) != V_FAIL)
		return false;
	now = triage_key(tc, &k->res);
	now.option = k->key.option;
	now.straight = k->key.straight;
	return triage_equal(&now, &k->key);
}

/*
 * A loop's tamper that changes nothing: notes what stands behind the call that differed, and behind the later
 * ones too if it was the socket's state that did, for one of them read it.
 */
static void note_clause(struct want *w, void *arg)
{
	struct check *k = arg;
	const struct case_result *res = &k->f->res;
	unsigned step = k->step++;

	if (step < res->call || (step > res->call && !res->state))
		return;
	if (step == res->call)
		k->clause = res->state ? w->c_ret : compare_clause(w, &res->diff);
	for (unsigned i = 0; i < CLAUSE_WORDS; i++)
		k->hits.w[i] |= w->hits.w[i];
}

/*
 * Does the case pass under this profile, each time? Without its expectations, which are the first profile's;
 * and not if its programs need what such a kernel cannot load, for then the oracle says nothing of them.
 */
static bool passes_under(struct loop *lp, const struct profile *p, struct check *k)
{
	static struct tcase plain;
	bool readback = lp->readback;

	plain = k->f->tc;
	for (unsigned i = 0; i < plain.n_calls; i++)
		memset(&plain.call[i].expect, 0, sizeof(plain.call[i].expect));
	k->tc = plain;
	express(&k->tc, p);
	if (!tcase_equal(&k->tc, &plain))
		return false;
	k->step = k->clause = 0;
	memset(&k->hits, 0, sizeof(k->hits));
	for (unsigned i = 0; i < TRIAGE_RERUNS; i++) {
		enum verdict v;

		lp->tamper = i ? NULL : note_clause;
		lp->tamper_arg = k;
		lp->readback = i && readback; /* the first run's calls are the case's own: they are counted */
		k->tc = plain;
		v = loop_case(lp, &k->tc, true, NULL, &k->other);
		lp->tamper = NULL;
		lp->readback = readback;
		if (v != V_PASS)
			return false;
	}
	return true;
}

/*
 * Of the clauses that had a say in the call: the one that changes between the two profiles. There may be
 * several; the one of `near`'s trait is the best, then one that is named for the part that differs.
 */
static unsigned changed_rule(const struct clause_set *hits, const struct profile *from,
			     const struct profile *to, unsigned near, unsigned named)
{
	unsigned any = C_NONE;

	if (named && clause_has(hits, named) && profile_change(from, to, named) != CHANGE_NONE)
		return named;
	for (unsigned c = C_COUNT - 1; c; c--) {
		if (!clause_has(hits, c) || profile_change(from, to, c) == CHANGE_NONE)
			continue;
		if (same_trait(c, near))
			return c;
		any = any ? any : c;
	}
	return any;
}

/*
 * The rule of the run's profile that is not there in the other one: the broken one, or one of the trait by
 * which the other profile went; if no such rule had a say in the call, the one in whose place the other
 * profile's stands, and else that one itself. Any other rule that had a say comes last: it need not be why.
 */
static unsigned rule_behind(const struct clause_set *hits, const struct profile *first,
			    const struct profile *other, unsigned followed, unsigned broken)
{
	unsigned any = changed_rule(hits, first, other, followed, broken);

	if (any && (any == broken || same_trait(any, followed)))
		return any;
	for (unsigned c = 1; c < C_COUNT; c++)
		if (same_trait(c, followed) && profile_change(first, other, c) == CHANGE_ENDS)
			return c;
	return profile_change(first, other, followed) != CHANGE_NONE ? followed : any;
}

/* What had a say in the call that differed, under the run's own profile. */
static struct clause_set own_hits(struct loop *lp, struct check *k)
{
	bool readback = lp->readback;

	k->tc = k->f->tc;
	k->step = 0;
	memset(&k->hits, 0, sizeof(k->hits));
	lp->tamper = note_clause;
	lp->tamper_arg = k;
	lp->readback = false; /* the calls are the case's own: they are counted */
	loop_case(lp, &k->tc, true, NULL, &k->other);
	lp->tamper = NULL;
	lp->readback = readback;
	return k->hits;
}

/* Tries every other kernel's profile, the nearest in the table first. Changes lp's counters. */
static void find_behaves(struct loop *lp, struct check *k, struct finding *f)
{
	struct oracle *own = lp->o;
	const struct profile *first = lp->profile;
	void (*tamper)(struct want * w, void *arg) = lp->tamper;
	void *tamper_arg = lp->tamper_arg;
	unsigned n = profile_count(), at = 0;
	struct clause_set hits;

	for (unsigned i = 0; i < n; i++)
		if (!strcmp(profile_at(i)->name, first->name))
			at = i;
	f->behaves_known = true;
	k->f = f;
	hits = own_hits(lp, k);
	for (unsigned d = 2; d < 2 * n; d++) {		      /* at - 1, at + 1, at - 2 ... */
		unsigned i = d & 1 ? at + d / 2 : at - d / 2; /* wraps far above n */
		const struct profile *p = i < n ? profile_at(i) : NULL;
		unsigned rule;

		if (!p || !(p->in & IN_KERNEL) || f->n_behaves == REPORT_BEHAVES)
			continue;
		lp->o = oracle_new(p, lp->page_size);
		lp->profile = p;
		if (!lp->o) {
			f->behaves_known = false;
		} else if (passes_under(lp, p, k)) {
			rule = changed_rule(&k->hits, first, p, f->key.clause, k->clause);
			if (!f->n_behaves)
				f->rule = rule_behind(&hits, first, p, rule, f->key.clause);
			f->behaves[f->n_behaves++] = (struct report_behaves){
				.profile = p->name, .clause = rule ? rule : f->key.clause};
		}
		oracle_free(lp->o);
	}
	lp->o = own;
	lp->profile = first;
	lp->tamper = tamper;
	lp->tamper_arg = tamper_arg;
}

void triage_investigate(struct loop *lp, const struct tcase *tc, const struct case_result *first,
			struct finding *f)
{
	static struct loop saved; /* large; a process has one loop */
	static struct check k;
	bool (*freshen)(struct tc_call *) = lp->freshen;

	saved = *lp;
	lp->freshen = NULL;
	memset(f, 0, sizeof(*f));
	f->key = triage_key(tc, first);
	f->key.straight = lp->b->straight;
	f->tc = *tc;
	f->res = *first;
	k.lp = lp;
	k.key = f->key;
	for (f->reruns = 0; f->reruns < TRIAGE_RERUNS; f->reruns++)
		f->failed += still_fails(tc, &k);
	if (f->failed) {
		struct shrink_opts opts = {.max_calls = 3000, .max_ms = 8000, .n = 3, .k = 1};

		if (f->failed == f->reruns)
			opts.n = 1;
		f->reproduced = true;
		f->tries = shrink(&f->tc, still_fails, &k, &opts);
		f->failed = 0;
		for (unsigned i = 0; i < f->reruns; i++)
			f->failed += still_fails(&f->tc, &k);
		if (f->failed == f->reruns && f->key.clause) {
			f->res = k.res; /* of the smallest case: its calls have other numbers than the first's
					 */
			find_behaves(lp, &k, f);
		}
		for (unsigned i = 0; i < 100 && !still_fails(&f->tc, &k); i++)
			; /* leave a failing run's details behind */
		f->res = k.res;
	}
	saved.o = lp->o;
	*lp = saved;
	lp->freshen = freshen;
}
