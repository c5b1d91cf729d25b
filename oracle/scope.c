/* SPDX-License-Identifier: MIT */
#include "scope.h"

#include <string.h>

#include "attach.h"
#include "clauses.h"
#include "profiles.h"

#define WORD_MAX 64

/* Copies the next word of *s and moves past it; false at the end. A longer word than fits is no word known.
 */
static bool next_word(const char **s, const char **word, size_t *n, char copy[WORD_MAX])
{
	*s += strspn(*s, " ");
	*n = strcspn(*s, " ");
	*word = *s;
	*s += *n;
	copy[0] = '\0';
	if (*n < WORD_MAX) {
		memcpy(copy, *word, *n);
		copy[*n] = '\0';
	}
	return *n != 0;
}

/* The row of a kernel's profile; of "" the first or the last one; or -1. */
static int kernel_row(const char *name, bool last)
{
	int row = -1;

	for (unsigned i = 0; i < profile_count(); i++)
		if (profile_at(i)->in == IN_KERNEL && (!*name || !strcmp(profile_at(i)->name, name))) {
			row = (int)i;
			if (!last)
				break;
		}
	return row;
}

/* Splits "v5.4..v5.18" in place into rows; false if it is no such range. */
static bool range(char *word, int *lo, int *hi)
{
	char *dots = strstr(word, "..");

	if (!dots)
		return false;
	*dots = '\0';
	*lo = kernel_row(word, false);
	*hi = kernel_row(dots + 2, true);
	return *lo >= 0 && *hi >= *lo;
}

const char *scope_check(const char *profiles, const char *clauses, const char **word, size_t *n)
{
	char copy[WORD_MAX];
	int lo, hi;

	while (next_word(&profiles, word, n, copy)) {
		bool dots = strstr(copy, "..");

		if (dots && !range(copy, &lo, &hi))
			return "no range of kernel profiles";
		if (!dots && !profile_find(copy))
			return "no such profile";
	}
	while (next_word(&clauses, word, n, copy))
		if (clause_find(copy) < 0)
			return "no such clause";
	return NULL;
}

/* Does the line `# profiles`, which is not empty, name p? */
static bool names(const char *profiles, const struct profile *p)
{
	char copy[WORD_MAX];
	const char *word;
	int lo, hi;
	size_t n;

	while (next_word(&profiles, &word, &n, copy)) {
		if (!strcmp(copy, p->name))
			return true;
		if (range(copy, &lo, &hi))
			for (int i = lo; i <= hi; i++)
				if (p->in == IN_KERNEL && !strcmp(profile_at((unsigned)i)->name, p->name))
					return true;
	}
	return false;
}

bool scope_holds(const char *profiles, const char *clauses, const struct profile *p)
{
	char copy[WORD_MAX];
	const char *word;
	size_t n;

	if (profiles[strspn(profiles, " ")])
		return names(profiles, p);
	while (next_word(&clauses, &word, &n, copy)) {
		int c = clause_find(copy);

		if (c < 0 || !profile_has(p, (unsigned)c))
			return false;
	}
	return true;
}

bool scope_tree_holds(const char *profiles, const char *clauses, const char *needs, const struct profile *p,
		      const struct attach_epoch *e)
{
	bool named = profiles[strspn(profiles, " ")];
	uint32_t has, lacks;
	char copy[WORD_MAX];
	const char *word;
	size_t n;

	if (p->in != IN_KERNEL || (named && !names(profiles, p)) ||
	    attach_needs(needs, &has, &lacks, &word, &n) || (e->has & has) != has || e->has & lacks)
		return false;
	while (next_word(&clauses, &word, &n, copy)) {
		int c = clause_find(copy);
		uint32_t need = c > C_CALLS_END ? clause_info((unsigned)c)->when.values : 0;

		if (c < 0 || (e->has & need) != need)
			return false;
		if (c <= C_CALLS_END && !named && !profile_has(p, (unsigned)c))
			return false;
	}
	return true;
}
