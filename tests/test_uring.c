/* SPDX-License-Identifier: MIT */
/* Which cases io_uring can tell the result of: -EAGAIN and -EIOCBQUEUED (-529) it keeps for itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/diag.h"
#include "harness/case/case_text.h"
#include "harness/exec/uring.h"

static bool carries(const char *programs)
{
	static struct tcase tc;
	char text[256];
	struct diag d;

	snprintf(text, sizeof(text), "cgroup a\ncgroup a/b { %s }\n", programs);
	if (tcase_parse(text, strlen(text), "row", &tc, NULL, &d))
		fail_msg("%s in %s", d.message, text);
	return uring_can_carry(&tc);
}

static void test_reserved(void **state)
{
	(void)state;
	assert_true(carries("setsockopt: return 1"));
	assert_true(carries("setsockopt: set_retval(-12)"));
	assert_true(carries("setsockopt: optlen = -11"));
	assert_true(carries("getsockopt: if retval == -529 { return 0 }"));
	assert_false(carries("setsockopt: set_retval(-11)"));
	assert_false(carries("setsockopt: set_retval(-529)"));
	assert_false(carries("getsockopt: retval = -529"));
	assert_false(carries("getsockopt: return 1 getsockopt: optlen = 1; retval = -11"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_reserved)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
