/* SPDX-License-Identifier: MIT */
#include "coverage.h"

#include <errno.h>
#include <string.h>

#include "oracle/scope.h"
#include "rehearsal.h"

void coverage_init(struct coverage *v)
{
	memset(v, 0, sizeof(*v));
	for (unsigned i = 0; i < profile_count() && i < COVERAGE_PROFILES; i++)
		for (unsigned c = 1; c < C_COUNT; c++)
			if (profile_has(profile_at(i), c))
				v->holds[c] |= 1u << i;
}

struct clause_set coverage_named(const struct case_meta *meta)
{
	struct clause_set named = {{0}};
	char copy[sizeof(meta->clauses)], *save = NULL;

	memcpy(copy, meta->clauses, sizeof(copy));
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		int c = clause_find(word);

		if (c > 0)
			clause_add(&named, (unsigned)c);
	}
	return named;
}

int coverage_add(struct coverage *v, const struct tcase *tc, const struct case_meta *meta,
		 struct coverage_case *one)
{
	memset(one, 0, sizeof(*one));
	one->named = coverage_named(meta);
	v->cases++;
	for (unsigned i = 0; i < profile_count() && i < COVERAGE_PROFILES; i++) {
		struct rehearsal r;
		enum rehearsed h;

		if (!scope_holds(meta->profiles, meta->clauses, profile_at(i)))
			continue;
		if (rehearsal_init(&r, profile_at(i)))
			return -ENOMEM;
		r.named = one->named;
		h = rehearse(&r, tc);
		one->scope |= 1u << i;
		one->wrong |= h == REHEARSED_DISAGREES ? 1u << i : 0;
		one->open |= h == REHEARSED_OPEN ? 1u << i : 0;
		for (unsigned k = 0; k < r.n_calls; k++) {
			if (!rehearsal_expects(&tc->call[k].expect) || r.call[k] != REHEARSED_AGREES)
				continue;
			for (unsigned c = 1; c < C_COUNT; c++)
				if (clause_has(&one->named, c) && clause_has(&r.hits[k], c)) {
					v->covered[c] |= 1u << i;
					clause_add(&one->covers, c);
				}
		}
		rehearsal_fini(&r);
	}
	return 0;
}
