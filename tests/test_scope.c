/* SPDX-License-Identifier: MIT */
/* Where the expectations of a case hold: the lines `# profiles` and `# clauses` against the tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "oracle/clauses.h"
#include "oracle/profiles.h"
#include "oracle/scope.h"

static bool in(const char *profiles, const char *clauses, const char *profile)
{
	return scope_holds(profiles, clauses, profile_find(profile));
}

/* The word that scope_check does not like, or "". */
static const char *bad(const char *profiles, const char *clauses)
{
	static char copy[300];
	const char *word;
	size_t n = 0;

	if (!scope_check(profiles, clauses, &word, &n))
		return "";
	snprintf(copy, sizeof(copy), "%.*s", (int)n, word);
	return copy;
}

static void named_profiles(void **state)
{
	(void)state;
	assert_true(in("doc", "", "doc"));
	assert_false(in("doc", "", "v6.7"));
	assert_true(in(" doc  v6.7 ", "", "v6.7"));
	assert_false(in("docs", "", "doc"));
	assert_false(in("do", "", "doc"));
	/* the line decides, whatever the clauses say */
	assert_true(in("v6.7", "SET.OPTLEN.BOUND", "v6.7"));
	assert_false(in("v6.7", "CHAIN.ORDER", "doc"));
}

static void ranges(void **state)
{
	const char *kernel[64] = {NULL};
	char text[64];
	int n = 0;

	(void)state;
	for (unsigned i = 0; i < profile_count() && n < 64; i++)
		if (profile_at(i)->in == IN_KERNEL)
			kernel[n++] = profile_at(i)->name;
	if (n == 0)
		fail_msg("there is no kernel's profile");
	for (int a = 0; a < n; a++)
		for (int b = 0; b < n; b++) {
			snprintf(text, sizeof(text), "%s..%s", kernel[a], kernel[b]);
			assert_string_equal(bad(text, ""), a <= b ? "" : text);
			assert_false(in(text, "", "doc"));
			for (int k = 0; k < n; k++)
				assert_int_equal(in(text, "", kernel[k]), k >= a && k <= b);
		}
	assert_false(in("doc..v6.7", "", "v6.7"));
	assert_false(in("doc..doc", "", "doc"));
	assert_true(in("v6.7..", "", "v6.7"));
	assert_true(in("v6.7..", "", kernel[n - 1]));
	assert_false(in("v6.7..", "", "v6.5"));
	assert_false(in("..v6.5", "", "v6.7"));
	assert_true(in("..v6.5", "", kernel[0]));
	for (int k = 0; k < n; k++)
		assert_true(in("..", "", kernel[k]));
	assert_false(in("..", "", "doc"));
	assert_true(in("v6.7..v6.7 doc", "", "doc"));
}

static void by_clauses(void **state)
{
	(void)state;
	assert_true(in("", "", "doc"));
	assert_true(in("", "", "v6.7"));
	assert_true(in("", "CHAIN.ORDER", "doc"));
	assert_true(in("", "CHAIN.ORDER SET.OPTLEN.BOUND", "doc"));
	assert_false(in("", "CHAIN.ORDER SET.OPTLEN.BOUND", "v6.7"));
	assert_false(in("", "CHAIN.ORDER SET.OPTLEN.GROW", "doc"));
	assert_true(in("", "CHAIN.ORDER SET.OPTLEN.GROW", "v5.4"));
	assert_false(in("", "CHAIN.ORDER SET.OPTLEN.GROW", "v5.3"));
	assert_false(in("", "CHAIN.ORDER NO.SUCH", "v6.7"));
}

static void unknown_words(void **state)
{
	char longest[200];

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_string_equal(bad("", ""), "");
	assert_string_equal(bad("doc v6.7 v6.7..v6.7", "CHAIN.ORDER SET.ARGS"), "");
	assert_string_equal(bad("doc v9.9", ""), "v9.9");
	assert_string_equal(bad("v6.7..doc", ""), "v6.7..doc");
	assert_string_equal(bad("v6.7..v9.9", ""), "v6.7..v9.9");
	assert_string_equal(bad("v6.7.. .. ..v6.5", ""), "");
	assert_string_equal(bad("v6.7..v6.5", ""), "v6.7..v6.5");
	assert_string_equal(bad("doc", "CHAIN.ORDER CHAIN"), "CHAIN");
	assert_string_equal(bad(longest, ""), longest);
	assert_string_equal(bad("", longest), longest);
	assert_false(in(longest, "", "doc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(named_profiles),
		cmocka_unit_test(ranges),
		cmocka_unit_test(by_clauses),
		cmocka_unit_test(unknown_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
