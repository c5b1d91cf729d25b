/* SPDX-License-Identifier: MIT */
/*
 * Loading progs/interp.bpf.c: every combination of its feature switches must pass the verifier, or a kernel
 * with other features than this one would refuse it; and a refusal must say why in one sentence. Needs root;
 * otherwise exit 77.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "harness/exec/bpfobj.h"
#include "harness/exec/probe.h"

static void every_switch_verifies(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct bpfobj o;
		char err[512];

		assert_int_equal(bpfobj_init(&o, err, sizeof(err)), 0);
		/* a kernel without the helpers is never asked for them, and one that clamps accepts the clamp
		 */
		if (o.traits.has_retval_helpers)
			o.traits.has_retval_helpers = i & 1;
		o.traits.clamp_set_retval |= i >> 1;
		for (unsigned h = 0; h < HD_HOOKS; h++) {
			unsigned id = i * 7 + h;
			int fd = bpfobj_prog(&o, h, id, err, sizeof(err));

			if (fd < 0)
				fail_msg("%s", err);
			assert_int_equal(bpfobj_prog(&o, h, id, err, sizeof(err)), fd); /* loaded once */
		}
		bpfobj_fini(&o);
	}
}

static void a_refusal_says_why(void **state)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	struct bpfobj o;
	char err[512];
	int keep;

	(void)state;
	assert_int_equal(bpfobj_init(&o, err, sizeof(err)), 0);
	keep = o.map_fd;
	o.map_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "small", 4, 64, 1, &opts); /* the traces do not fit */
	assert_true(o.map_fd >= 0);
	assert_true(bpfobj_prog(&o, 1, 3, err, sizeof(err)) < 0);
	print_message("%s\n", err);
	assert_non_null(strstr(err, "cannot load the setsockopt program: Permission denied: "));
	assert_non_null(strstr(err, "invalid access to map value"));
	assert_null(strchr(err, '\n'));
	close(o.map_fd);
	o.map_fd = keep;
	assert_true(bpfobj_prog(&o, 1, 3, err, sizeof(err)) >= 0); /* and the next try works */
	bpfobj_fini(&o);
}

static void probe_rows(void **state)
{
	static struct probe_result out[PROBE_MAX];
	unsigned n = probe_run(out);

	(void)state;
	assert_true(n > 15);
	assert_null(probe_blocker(out, n));
	for (unsigned i = 0; i < n; i++) {
		assert_non_null(out[i].name);
		assert_true(out[i].text[0]);
		assert_true(out[i].state == PROBE_INFO || out[i].remedy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_switch_verifies),
		cmocka_unit_test(a_refusal_says_why),
		cmocka_unit_test(probe_rows),
	};
	char err[512];

	if (!probe_can_run(err, sizeof(err))) {
		printf("skipped: %s\n", err);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
