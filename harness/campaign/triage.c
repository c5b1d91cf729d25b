/* SPDX-License-Identifier: MIT */
#include "triage.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "../case/options.h"
#include "../mutate/shrink.h"

static const char *const kind_names[OPT_KIND_COUNT] = {
	[OPT_NONE] = "unknown", [OPT_INT] = "int",	 [OPT_BOOL] = "bool",	  [OPT_BYTE] = "byte",
	[OPT_U64] = "u64",	[OPT_STRING] = "string", [OPT_STRUCT] = "struct", [OPT_LARGE] = "large",
};

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
		 key->hook == HOOK_SET ? "set" : "get", kind_names[key->option],
		 diff_field_name((enum diff_field)key->field));
	for (; *buf; buf++)
		*buf = (char)tolower((unsigned char)*buf);
}

struct check {
	struct loop *lp;
	struct triage_key key;
	struct case_result res;
	struct tcase tc; /* loop_case may change its argument */
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
		for (unsigned i = 0; i < 100 && !still_fails(&f->tc, &k); i++)
			; /* leave a failing run's details behind */
		f->res = k.res;
	}
	saved.o = lp->o;
	*lp = saved;
	lp->freshen = freshen;
}
