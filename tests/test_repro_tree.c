/* SPDX-License-Identifier: MIT */
/*
 * C programs of cases with operations, as text: whatever step is the last one, they compile without a
 * warning. What they show on a kernel is in test_findings.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/case/tree_text.h"
#include "harness/emit/repro_tree.h"

/* Every operation, every way of a call, a thread and the groups: a part of the runtime for each. */
static const char text[] = "tree a a/b\n"
			   "program p1 getsockopt { return 1 }\n"
			   "program p2 setsockopt { optval[0] = u8 3; return 1 }\n"
			   "s = socket(AF_INET, SOCK_STREAM, 0) in a/b\n"
			   "attach(a, p1, multi)\n"
			   "l1 = link(a/b, p2)\n"
			   "setsockopt(s, SOL_IP, IP_TOS, i32 8, optlen 4)\n"
			   "setsockopt(s, SOL_IP, IP_TOS, i32 8, optlen 4) via io_uring\n"
			   "setsockopt(s, SOL_IP, IP_TOS, i32 8, optlen 4) via compat\n"
			   "setsockopt(s, SOL_IP, IP_TOS, i32 8, optlen 4) via helper\n"
			   "getsockopt(s, SOL_IP, IP_TOS, buf 4, optlen 4) held optlen 2\n"
			   "getsockopt(s, SOL_SOCKET, SO_PEERGROUPS, buf 8, optlen 8)\n"
			   "query(a, getsockopt, effective array)\n"
			   "update(l1, p2, old p2)\n"
			   "link_detach(l1)\n"
			   "close(l1)\n"
			   "detach(a, p1)\n"
			   "mkdir(a/b/c)\n"
			   "move(a/b/c)\n"
			   "move(outside)\n"
			   "rmdir(a/b/c)\n"
			   "close(s)\n";

static struct tree tree;
static struct repro_tree r;

/* Is it C that gives no warning? gcc looks for functions without a caller only when it makes code. */
static bool compiles(const char *compiler, const struct buf *source)
{
	char command[200];
	FILE *cc;

	snprintf(command, sizeof(command), "%s -Wall -Wextra -Werror -S -o /dev/null -x c -", compiler);
	cc = popen(command, "w");
	assert_non_null(cc);
	assert_int_equal(fwrite(source->p, 1, source->n, cc), source->n);
	return pclose(cc) == 0;
}

static void any_last_step(void **state)
{
	static const char *const compilers[] = {"gcc", "clang"};
	unsigned tried = 0;

	(void)state;
	assert_int_equal(tree_parse(text, sizeof(text) - 1, "text", &tree, NULL, NULL), 0);
	for (unsigned i = 0; i < 2; i++) {
		char look[64];

		snprintf(look, sizeof(look), "command -v %s >/dev/null", compilers[i]);
		if (system(look))
			continue;
		tried++;
		for (unsigned n = 1 + i; n <= tree.n_steps; n += 2) {
			struct buf source = {0};

			r = (struct repro_tree){.t = &tree,
						.title = "a test",
						.origin = "nobody.",
						.record = n % 2,
						.n_steps = n};
			assert_true(repro_tree_can(&r));
			repro_tree_print(&r, &source);
			if (!compiles(compilers[i], &source))
				fail_msg("%s, the first %u steps", compilers[i], n);
			buf_fini(&source);
		}
	}
	if (!tried) {
		print_message("SKIP: neither gcc nor clang is here\n");
		skip();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_last_step),
	};

	return cmocka_run_group_tests_name("repro_tree", tests, NULL, NULL);
}
