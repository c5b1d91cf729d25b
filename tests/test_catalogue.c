/* SPDX-License-Identifier: MIT */
/*
 * Each clause is broken, and a case of the corpus must notice by its own expectation, without a kernel. What
 * is broken is whatever the clause decides: what a program sees, what the handler gets, the result, the
 * user's optlen, bytes that are copied out, bytes that stay. For clauses that decide which programs run, the
 * case is rearranged as a kernel would run it that does not know the rule.
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/profiles/coverage.h"
#include "harness/profiles/rehearsal.h"
#include "oracle/broken.h"
#include "oracle/scope.h"
#include "oracle/sentences.h"

#define MAX_CASES     512
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static struct {
	char *path;
	struct tcase tc;
	struct case_meta meta;
	struct clause_set named;
} cases[MAX_CASES];
static unsigned n_cases;

/* ---- ways to break ---- */

enum part {
	PART_SEEN /* with a broken_part */,
	PART_PLAN,
	PART_RET,
	PART_OPTLEN,
	PART_OUT,
	PART_BASE,
	PART_HIT,
	PARTS
};
static const char *const part_names[PARTS] = {
	"what a program sees",	"what the handler gets", "the result", "the user's optlen",
	"the bytes copied out", "the bytes that stay",	 "a hit"};

struct spoil {
	unsigned clause;
	enum part part;
	unsigned applied; /* places where it changed something */
};

static uint8_t wrong[TC_MAX_BUF + 8192];

static struct rehearsal right; /* of the profile at hand */

/* Would it show in the socket's state if the handler ran with this? Only a modelled option has one here. */
static bool would_show(const struct tc_call *c, const struct plan *p)
{
	struct model m;
	int64_t ret;

	if (c->sock >= TC_MAX_SOCKS || c->via == VIA_URING || p->optlen < 0 ||
	    (!p->kernel_buf && c->buf.size < (uint32_t)p->optlen))
		return false;
	m = right.standin.model[c->sock];
	if (!p->kernel_buf)
		tc_buf_image(&c->buf, wrong, c->buf.size + TC_PAST);
	return model_set(&m, p->level, p->optname, p->kernel_buf ? p->bytes : wrong, (uint32_t)p->optlen,
			 p->optlen, &ret) &&
	       ret == 0;
}

/* Does the handler get the user's bytes, perhaps as a copy of the kernel's? */
static bool is_users(const struct tc_call *c, const struct plan *p)
{
	if (!p->kernel_buf)
		return true;
	if (p->optlen != c->optlen || p->optlen < 0 || (uint32_t)p->optlen > c->buf.size)
		return false;
	tc_buf_image(&c->buf, wrong, c->buf.size);
	return !memcmp(p->bytes, wrong, (size_t)p->optlen);
}

static void spoil_plan(const struct tc_call *c, const struct want *w, struct plan *p, void *arg)
{
	struct spoil *s = arg;
	struct plan users = {.called = true, .level = c->level, .optname = c->optname, .optlen = c->optlen};
	bool own = p->called && is_users(c, p) && p->level == c->level && p->optname == c->optname;

	if (s->part != PART_PLAN || c->hook != HOOK_SET || w->c_ret != s->clause || p->unsure ||
	    !would_show(c, p->called ? p : &users))
		return;
	s->applied++;
	if (own)
		*p = (struct plan){.called = false};
	else
		*p = users;
}

static void spoil_want(const struct tc_call *c, struct want *w, void *arg)
{
	struct spoil *s = arg;
	unsigned clause = s->clause;

	if (!(w->any & ANY_RET) && ((s->part == PART_RET && w->c_ret == clause) ||
				    (s->part == PART_HIT && clause_has(&w->hits, clause)))) {
		s->applied++;
		w->ret = w->ret == 0 ? -1 : 0;
	} else if (s->part == PART_OPTLEN && tc_call_has_len(c) && w->c_optlen == clause &&
		   !(w->any & ANY_OPTLEN)) {
		s->applied++;
		w->optlen++;
	} else if (s->part == PART_OUT && w->n_out && w->c_out == clause) {
		s->applied++;
		for (uint32_t i = 0; i < w->n_out; i++)
			wrong[i] = (uint8_t)~w->out[i];
		w->out = wrong;
	} else if (s->part == PART_BASE && w->c_base == clause && !(w->any & ANY_MEM) &&
		   w->n_out < c->buf.size) {
		s->applied++;
		if (w->base)
			memcpy(wrong, w->base, c->buf.size + TC_PAST);
		else
			tc_buf_image(&c->buf, wrong, c->buf.size + TC_PAST);
		for (uint32_t i = w->n_out; i < c->buf.size; i++)
			wrong[i] = (uint8_t)~wrong[i];
		w->base = wrong;
	}
}

/* ---- what a kernel would run that does not know a rule about which programs run ---- */

static void all_outside(struct tcase *tc)
{
	for (unsigned s = 0; s < tc->n_socks; s++)
		tc->sock[s].level = TC_OUTSIDE;
}

static void all_inside(struct tcase *tc)
{
	for (unsigned s = 0; s < tc->n_socks; s++)
		tc->sock[s].level = tc->n_levels;
}

static void all_on_top(struct tcase *tc)
{
	for (unsigned s = 0; s < tc->n_socks; s++)
		tc->sock[s].level = 1;
}

static void all_multi(struct tcase *tc)
{
	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned h = 0; h < HOOK_COUNT; h++)
			for (unsigned i = 0; i < tc->level[l].n[h]; i++)
				tc->level[l].slot[h][i].mode = MODE_MULTI;
}

static void parents_first(struct tcase *tc)
{
	for (unsigned l = 0; l < tc->n_levels / 2; l++) {
		struct tc_level lower = tc->level[tc->n_levels - 1 - l];

		tc->level[tc->n_levels - 1 - l] = tc->level[l];
		tc->level[l] = lower;
	}
}

static void slots_reversed(struct tcase *tc)
{
	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned h = 0; h < HOOK_COUNT; h++)
			for (unsigned i = 0, n = tc->level[l].n[h]; i < n / 2; i++) {
				struct tc_slot last = tc->level[l].slot[h][n - 1 - i];

				tc->level[l].slot[h][n - 1 - i] = tc->level[l].slot[h][i];
				tc->level[l].slot[h][i] = last;
			}
}

/* Only the first program of a chain, or only its last, has a say. */
static void only_first(struct tcase *tc)
{
	for (unsigned h = 0; h < HOOK_COUNT; h++)
		for (unsigned l = tc->n_levels, seen = 0; l-- > 0;) {
			tc->level[l].n[h] = seen ? 0 : tc->level[l].n[h] ? 1 : 0;
			seen |= tc->level[l].n[h];
		}
}

static void only_last(struct tcase *tc)
{
	for (unsigned h = 0; h < HOOK_COUNT; h++)
		for (unsigned l = 0, seen = 0; l < tc->n_levels; l++) {
			struct tc_level *v = &tc->level[l];

			if (!seen && v->n[h])
				v->slot[h][0] = v->slot[h][v->n[h] - 1];
			v->n[h] = seen ? 0 : v->n[h] ? 1 : 0;
			seen |= v->n[h];
		}
}

#define TRAIT(f, v) offsetof(struct traits, f), v
#define NO_TRAIT    SIZE_MAX, 0

static const struct rearranged {
	unsigned clause;
	void (*change)(struct tcase *tc);
	size_t trait;
	uint8_t value;
} rearranged[] = {
	{C_HOOK_CALLED, all_outside, NO_TRAIT},
	{C_HOOK_FIRST, all_outside, NO_TRAIT},
	{C_HOOK_CGROUP, all_outside, NO_TRAIT},
	{C_HOOK_CGROUP, all_on_top, NO_TRAIT},
	{C_HOOK_CGROUP, all_inside, NO_TRAIT},
	{C_HOOK_FAMILY, all_outside, NO_TRAIT},
	{C_HOOK_NONE, all_inside, NO_TRAIT},
	{C_CHAIN_ORDER, parents_first, NO_TRAIT},
	{C_CHAIN_SLOT, slots_reversed, NO_TRAIT},
	{C_CHAIN_MODE, all_multi, NO_TRAIT},
	{C_CHAIN_ALL, only_first, NO_TRAIT},
	{C_CHAIN_NEXT, only_first, NO_TRAIT},
	{C_CHAIN_STOPS, only_last, NO_TRAIT},
	{C_CHAIN_FINAL, only_first, NO_TRAIT},
	{C_CHAIN_UNDONE, NULL, TRAIT(reject, REJECT_EPERM)},
	{C_CHAIN_REJECTED_FINAL, NULL, TRAIT(reject, REJECT_KEEPS_ERRNO)},
	{C_SET_BYPASS_CHAIN, only_first, NO_TRAIT},
};

/* Clauses that no `=` can show, and who looks instead. */
static const struct {
	unsigned clause;
	const char *why;
} elsewhere[] = {
	{C_MEM_PAST,
	 "an expectation holds bytes of the buffer, not those past it: test_compare looks at the canaries"},
};

/* What a program sees under these clauses can not become a result; the traces of the programs are compared.
 */
static const struct {
	unsigned clause;
	enum broken_part part;
} only_traces[] = {
	{C_CHAIN_REJECTED_FINAL, BROKEN_RETVAL}, /* the call is EPERM whatever the program does */
};

static bool is_only_trace(unsigned clause, unsigned part)
{
	for (size_t i = 0; i < ARRAY_SIZE(only_traces); i++)
		if (only_traces[i].clause == clause && only_traces[i].part == part)
			return true;
	return false;
}

static const char *is_elsewhere(unsigned clause)
{
	for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++)
		if (elsewhere[i].clause == clause)
			return elsewhere[i].why;
	return NULL;
}

/* ---- the test ---- */

/* Does case k notice? *applied: was there anything to notice. */
static bool notices(unsigned k, struct spoil *s, int broken_part, bool *applied)
{
	struct rehearsal *r = &right;
	enum rehearsed h;

	r->named = cases[k].named;
	r->again = false;
	h = rehearse(r, &cases[k].tc);
	if (h == REHEARSED_DISAGREES)
		return false;
	r->again = true;
	r->spoil_plan = s->part == PART_PLAN ? spoil_plan : NULL;
	r->spoil_want = spoil_want;
	r->arg = s;
	if (broken_part >= 0)
		oracle_break(r->o, s->clause, (enum broken_part)broken_part);
	s->applied = 0;
	h = rehearse(r, &cases[k].tc);
	oracle_break(r->o, 0, BROKEN_ARGS);
	r->spoil_plan = NULL;
	r->spoil_want = NULL;
	*applied |= s->applied != 0;
	return h == REHEARSED_DISAGREES;
}

/* Is there a call in the case where the clause decides this part of what a program sees? */
static bool sees_by(unsigned k, unsigned clause, enum broken_part part)
{
	static struct plan plan;
	bool found = false;

	right.again = false;
	oracle_begin(right.o, &cases[k].tc);
	standin_begin(&right.standin, &cases[k].tc, STANDIN_MODEL);
	for (unsigned i = 0; i < cases[k].tc.n_calls && !found; i++) {
		struct handler_result hr;
		const struct want *w;

		oracle_plan(right.o, i, &plan);
		standin_answer(&right.standin, &cases[k].tc.call[i], &plan, &hr);
		w = oracle_predict(right.o, &hr);
		for (unsigned n = 0; n < w->n_seen; n++)
			found |= broken_clause(&w->seen[n], part) == clause;
	}
	return found;
}

static bool rearranged_notices(unsigned k, const struct profile *p, const struct rearranged *a)
{
	static struct tcase tc;
	struct profile q = *p;
	struct rehearsal r;
	enum rehearsed h;
	bool yes;

	tc = cases[k].tc;
	if (a->change)
		a->change(&tc);
	else
		*((uint8_t *)&q.traits + a->trait) = a->value;
	if (tcase_check(&tc))
		return false;
	right.named = cases[k].named;
	right.again = false;
	h = rehearse(&right, &cases[k].tc);
	assert_int_equal(rehearsal_init(&r, &q), 0);
	memcpy(r.answer, right.answer, sizeof(r.answer));
	r.again = true;
	yes = h != REHEARSED_DISAGREES && rehearse(&r, &tc) == REHEARSED_DISAGREES;
	rehearsal_fini(&r);
	return yes;
}

static unsigned checks, unnoticed;

static void complain(const struct profile *p, unsigned clause, const char *what)
{
	fprintf(stderr, "%s: no case notices if %s is wrong about %s\n", p->name, clause_info(clause)->name,
		what);
	unnoticed++;
}

static void break_clause(const struct profile *p, unsigned clause)
{
	static const char *const seen_names[BROKEN_PARTS] = {"the level and optname that a program sees",
							     "the optlen that a program sees",
							     "the window's size",
							     "the bytes that a program sees",
							     "the rest of the window",
							     "the retval that a program sees"};
	unsigned kinds = 0;
	bool any = false;

	for (unsigned part = 0; part < BROKEN_PARTS; part++) {
		bool applied = false, noticed = false;

		for (unsigned k = 0; k < n_cases && !noticed && !is_only_trace(clause, part); k++) {
			struct spoil s = {.clause = clause, .part = PART_SEEN};
			bool ignore = false;

			if (!clause_has(&cases[k].named, clause) ||
			    !scope_holds(cases[k].meta.profiles, cases[k].meta.clauses, p) ||
			    !sees_by(k, clause, (enum broken_part)part))
				continue;
			applied = true;
			noticed = notices(k, &s, (int)part, &ignore);
		}
		checks += applied;
		kinds += applied;
		any |= noticed;
		if (applied && !noticed)
			complain(p, clause, seen_names[part]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(rearranged); i++) {
		bool noticed = false;

		if (rearranged[i].clause != clause)
			continue;
		for (unsigned k = 0; k < n_cases && !noticed; k++)
			if (clause_has(&cases[k].named, clause) &&
			    scope_holds(cases[k].meta.profiles, cases[k].meta.clauses, p))
				noticed = rearranged_notices(k, p, &rearranged[i]);
		checks++;
		kinds++;
		any |= noticed;
		if (!noticed)
			complain(p, clause, "which programs run");
	}
	for (unsigned part = PART_PLAN; part < PARTS; part++) {
		bool applied = false, noticed = false;

		if (part == PART_HIT && kinds)
			break;
		for (unsigned k = 0; k < n_cases && !noticed; k++) {
			struct spoil s = {.clause = clause, .part = (enum part)part};

			if (clause_has(&cases[k].named, clause) &&
			    scope_holds(cases[k].meta.profiles, cases[k].meta.clauses, p))
				noticed = notices(k, &s, -1, &applied);
		}
		checks += applied;
		kinds += applied;
		any |= noticed;
		if (applied && !noticed)
			complain(p, clause, part_names[part]);
	}
	if (!any)
		complain(p, clause, "anything");
}

static void every_clause_is_noticed(void **state)
{
	const struct profile *p = *state;

	assert_int_equal(rehearsal_init(&right, p), 0);
	checks = unnoticed = 0;
	for (unsigned c = 1; c < C_COUNT; c++)
		if (profile_has(p, c) && !is_elsewhere(c))
			break_clause(p, c);
	rehearsal_fini(&right);
	printf("%s: %u ways of being wrong\n", p->name, checks);
	assert_true(checks > 5);
	assert_int_equal(unnoticed, 0);
}

/* The corpus agrees with the oracle wherever it says that it does, and covers every clause there. */
static void the_corpus_covers(void **state)
{
	static struct coverage v;
	unsigned bad = 0;

	(void)state;
	coverage_init(&v);
	for (unsigned k = 0; k < n_cases; k++) {
		struct coverage_case one;

		assert_int_equal(coverage_add(&v, &cases[k].tc, &cases[k].meta, &one), 0);
		if (one.wrong || !one.scope) {
			fprintf(stderr, "%s: %s\n", cases[k].path,
				one.wrong ? "the oracle disagrees" : "its expectations hold in no profile");
			bad++;
		}
	}
	for (unsigned c = 1; c < C_COUNT; c++)
		if (v.holds[c] & ~v.covered[c]) {
			fprintf(stderr, "%s has no case in some profile\n", clause_info(c)->name);
			bad++;
		}
	assert_int_equal(bad, 0);
	/* and it would be seen: */
	v.covered[C_CHAIN_NEXT] = 0;
	assert_true(v.holds[C_CHAIN_NEXT] & ~v.covered[C_CHAIN_NEXT]);
}

static void a_wrong_expectation_is_seen(void **state)
{
	static struct coverage v;
	struct coverage_case one;
	static struct tcase tc;
	unsigned seen = 0, tried = 0;

	(void)state;
	coverage_init(&v);
	for (unsigned k = 1; k < n_cases; k += 7) {
		bool expects = false;

		tc = cases[k].tc;
		for (unsigned i = 0; i < tc.n_calls; i++) {
			tc.call[i].expect.ret = tc.call[i].expect.ret ? 0 : -1;
			expects |= tc.call[i].expect.has_ret;
		}
		if (!expects) /* reached/, guest/ */
			continue;
		assert_int_equal(coverage_add(&v, &tc, &cases[k].meta, &one), 0);
		seen += one.wrong != 0;
		tried++;
	}
	assert_true(tried > 10);
	assert_true(seen + 2 >= tried); /* an option that is not modelled may have another answer */
}

/* ---- the documents ---- */

/* Calls f for each word of a list with blanks between. */
static void each_word(const char *list, void (*f)(const char *word, void *arg), void *arg)
{
	char copy[600], *save = NULL;

	assert_true(strlen(list) < sizeof(copy));
	strcpy(copy, list);
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		f(word, arg);
}

struct refs {
	const struct sentence *s;
	bool seen[2][C_COUNT]; /* by document: draft, doc */
};

static void clause_of_sentence(const char *word, void *arg)
{
	struct refs *r = arg;
	int c = clause_find(word);

	if (c < 0 || !(clause_info((unsigned)c)->in & r->s->in))
		fail_msg("\"%s\" names %s, which is no clause of its document", r->s->text, word);
	r->seen[r->s->in == IN_DOC][c] = true;
}

/* Every sentence has its clauses, or says why not; and every clause of a document is in a sentence of it. */
static void sentences_and_clauses(void **state)
{
	static struct refs r;
	unsigned n[2] = {0}, missing = 0;

	(void)state;
	for (unsigned i = 0; i < sentence_count(); i++) {
		r.s = sentence_at(i);
		assert_true(r.s->in == IN_DRAFT || r.s->in == IN_DOC);
		assert_true(!*r.s->clauses == (r.s->without != NULL));
		n[r.s->in == IN_DOC]++;
		each_word(r.s->clauses, clause_of_sentence, &r);
	}
	assert_true(n[0] > 10 && n[1] > 30);
	for (unsigned c = 1; c < C_COUNT; c++)
		for (unsigned doc = 0; doc < 2; doc++)
			if (clause_info(c)->in & (doc ? IN_DOC : IN_DRAFT) && !r.seen[doc][c]) {
				fprintf(stderr, "no sentence of the %s document stands behind %s\n",
					doc ? "published" : "first", clause_info(c)->name);
				missing++;
			}
	assert_int_equal(missing, 0);
}

struct shown {
	const char *id;
	bool kernel; /* a case whose expectations hold in some kernel */
};

static void case_of_deviation(const char *word, void *arg)
{
	struct shown *d = arg;
	char end[128];

	snprintf(end, sizeof(end), "/corpus/%s.case", word);
	for (unsigned k = 0; k < n_cases; k++) {
		size_t n = strlen(cases[k].path), m = strlen(end);

		if (n < m || strcmp(cases[k].path + n - m, end))
			continue;
		for (unsigned i = 0; i < profile_count(); i++)
			d->kernel |=
				profile_at(i)->in == IN_KERNEL &&
				scope_holds(cases[k].meta.profiles, cases[k].meta.clauses, profile_at(i));
		return;
	}
	fail_msg("%s names the case %s, which is not there", d->id, word);
}

static void deviations_have_cases(void **state)
{
	(void)state;
	assert_true(deviation_count() > 30);
	for (unsigned i = 0; i < deviation_count(); i++) {
		const struct deviation *d = deviation_at(i);
		struct shown s = {.id = d->id};

		assert_true(d->in == IN_DRAFT || d->in == IN_DOC);
		each_word(d->cases, case_of_deviation, &s);
		if (!s.kernel)
			fail_msg("%s has no case that says what a kernel does", d->id);
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(deviation_at(k)->id, d->id);
	}
}

static void load(void)
{
	glob_t g;

	if (glob(HD_SOURCE_DIR "/corpus/*/*.case", 0, NULL, &g))
		abort();
	for (size_t i = 0; i < g.gl_pathc && n_cases < MAX_CASES; i++) {
		static char text[CASE_TEXT_MAX];
		FILE *f = strstr(g.gl_pathv[i], "/bad/") || strstr(g.gl_pathv[i], "/corpus/tree/")
				  ? NULL
				  : fopen(g.gl_pathv[i], "re");
		struct diag d;
		size_t n;

		if (!f)
			continue;
		n = fread(text, 1, sizeof(text), f);
		fclose(f);
		if (tcase_parse(text, n, g.gl_pathv[i], &cases[n_cases].tc, &cases[n_cases].meta, &d)) {
			fprintf(stderr, "%s:%d: %s\n", g.gl_pathv[i], d.line, d.message);
			abort();
		}
		cases[n_cases].path = strdup(g.gl_pathv[i]);
		cases[n_cases].named = coverage_named(&cases[n_cases].meta);
		n_cases++;
	}
	globfree(&g);
}

int main(void)
{
	struct CMUnitTest tests[40];
	unsigned n = 0;

	load();
	for (unsigned i = 0; i < profile_count(); i++)
		tests[n++] = (struct CMUnitTest){profile_at(i)->name, every_clause_is_noticed, NULL, NULL,
						 (void *)profile_at(i)};
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(the_corpus_covers);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(a_wrong_expectation_is_seen);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(sentences_and_clauses);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(deviations_have_cases);
	return _cmocka_run_group_tests("catalogue", tests, n, NULL, NULL);
}
