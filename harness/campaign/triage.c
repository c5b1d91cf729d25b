/* SPDX-License-Identifier: MIT */
#include "triage.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "../case/options.h"
#include "../mutate/shrink.h"
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
	return a->clause == b->clause && a->hook == b->hook && a->option == b->option && a->field == b->field;
}

void triage_stem(const struct triage_key *key, char *buf, size_t n)
{
	snprintf(buf, n, "%s-%s-%s-%s", key->clause ? clause_info(key->clause)->name : "expectation",
		 key->hook == HOOK_SET ? "set" : "get", opt_kind_name(key->option),
		 diff_field_name((enum diff_field)key->field));
	for (; *buf; buf++)
		*buf = (char)tolower((unsigned char)*buf);
}

struct check {
	struct loop *lp;
	struct triage_key key;
	struct case_result res;
	struct tcase tc; /* loop_case may change its argument */
	unsigned step;	 /* find_behaves: calls made */
	const struct finding *f;
	unsigned clause; /* what the other profile names for the part that differs */
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
	return triage_equal(&now, &k->key);
}

/* A loop's tamper that changes nothing: notes the clause behind the part that differed. */
static void note_clause(struct want *w, void *arg)
{
	struct check *k = arg;

	if (k->step++ == k->f->res.call)
		k->clause = k->f->res.state ? w->c_ret : compare_clause(w, &k->f->res.diff);
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
	if (memcmp(&k->tc, &plain, sizeof(plain)))
		return false;
	k->step = k->clause = 0;
	for (unsigned i = 0; i < TRIAGE_RERUNS; i++) {
		enum verdict v;

		lp->tamper = i ? NULL : note_clause;
		lp->tamper_arg = k;
		lp->readback = i && readback; /* the first run's calls are the case's own: they are counted */
		k->tc = plain;
		v = loop_case(lp, &k->tc, true, NULL, &k->res);
		lp->tamper = NULL;
		lp->readback = readback;
		if (v != V_PASS)
			return false;
	}
	return true;
}

/* The rule that makes the difference: the one in the broken one's place, if it is not in `first` as well. */
static unsigned rule_of(const struct loop *lp, const struct profile *first, const struct check *k)
{
	const struct clause_info *broken = clause_info(k->key.clause);
	unsigned any = k->key.clause;

	for (unsigned c = C_COUNT - 1; c; c--) {
		if (!lp->stat[c].hit || profile_has(first, c))
			continue;
		if (broken->when.values && clause_info(c)->when.values &&
		    broken->when.trait == clause_info(c)->when.trait)
			return c;
		any = c;
	}
	return k->clause && !profile_has(first, k->clause) ? k->clause : any;
}

/* Tries every other kernel's profile, the nearest in the table first. Changes lp's counters. */
static void find_behaves(struct loop *lp, struct check *k, struct finding *f)
{
	struct oracle *own = lp->o;
	const struct profile *first = lp->profile;
	unsigned n = profile_count(), at = 0;

	for (unsigned i = 0; i < n; i++)
		if (!strcmp(profile_at(i)->name, first->name))
			at = i;
	f->behaves_known = true;
	k->f = f;
	for (unsigned d = 2; d < 2 * n; d++) {		      /* at - 1, at + 1, at - 2 ... */
		unsigned i = d & 1 ? at + d / 2 : at - d / 2; /* wraps far above n */
		const struct profile *p = i < n ? profile_at(i) : NULL;

		if (!p || !(p->in & IN_KERNEL) || f->n_behaves == REPORT_BEHAVES)
			continue;
		lp->o = oracle_new(p, lp->page_size);
		lp->profile = p;
		loop_flush(lp);
		memset(lp->stat, 0, sizeof(lp->stat));
		if (!lp->o) {
			f->behaves_known = false;
		} else if (passes_under(lp, p, k)) {
			loop_flush(lp);
			f->behaves[f->n_behaves++] =
				(struct report_behaves){.profile = p->name, .clause = rule_of(lp, first, k)};
		}
		oracle_free(lp->o);
	}
	lp->o = own;
	lp->profile = first;
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
		if (f->failed == f->reruns && f->key.clause)
			find_behaves(lp, &k, f);
		for (unsigned i = 0; i < 100 && !still_fails(&f->tc, &k); i++)
			; /* leave a failing run's details behind */
		f->res = k.res;
	}
	saved.o = lp->o;
	*lp = saved;
	lp->freshen = freshen;
}
