/* SPDX-License-Identifier: MIT */
/*
 * The set of what may come of a getsockopt whose optlen changes meanwhile (campaign/raced.c): a kernel of our
 * own gives each moment's outcome, which must be allowed, and outcomes of no moment, which must not. Then
 * this machine's kernel, against sets with moments left out.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "harness/campaign/loop.h"
#include "harness/case/case_text.h"
#include "harness/exec/kernel.h"

enum { OLD = 8, NEW = 2, VALUE = 4, KEPT = -100 };

/* What this kernel does: the lengths that it takes at each of its readings, and what stands there at the end.
 */
static struct script {
	const char *what;
	int32_t sampled, handler, answered; /* answered, last: KEPT: nobody wrote in between */
	int32_t last;
	bool wrong; /* no moment gives that */
} script;

static uint8_t mem[2][512];
static struct hd_trace trace[HD_PROGS];
static const uint8_t order[1];

static int32_t answer(const struct tc_call *c, int32_t optlen, uint8_t *out)
{
	static const uint8_t value[VALUE] = {0x20, 0x21, 0x22, 0x23};
	int32_t n = optlen < VALUE ? optlen : VALUE;

	tc_buf_image(&c->buf, out, c->buf.size + TC_PAST);
	memcpy(out, value, (size_t)n);
	return n;
}

static int s_begin(struct backend *b, const struct tcase *tc, bool fresh)
{
	return 0;
}

static void s_load(struct backend *b, const struct tcase *tc)
{
}

static void s_handler(struct backend *b, const struct tc_call *c, const struct plan *p,
		      struct handler_result *hr)
{
	*hr = (struct handler_result){.mem = mem[1]};
	hr->optlen = answer(c, c->optlen, mem[1]);
}

static void s_call(struct backend *b, const struct tc_call *c, struct outcome *got)
{
	int32_t len = answer(c, script.handler, mem[0]);
	struct hd_trace *t = &trace[0];

	if (script.answered != KEPT)
		len = script.answered;
	*t = (struct hd_trace){.level = c->level, .optname = c->optname, .optlen = len};
	t->size = (uint32_t)script.sampled;
	memcpy(t->bytes, mem[0], (size_t)(len < script.sampled ? len : script.sampled));
	*got = (struct outcome){.mem = mem[0], .order = order, .trace = trace, .runs = 1, .optlen = len};
	if (len > script.sampled)
		got->ret = -EFAULT;
	if (script.last != KEPT)
		got->optlen = script.last;
}

static void s_end(struct backend *b, bool irregular)
{
}

static const struct backend_ops ops = {.name = "script",
				       .begin = s_begin,
				       .load = s_load,
				       .handler = s_handler,
				       .call = s_call,
				       .end = s_end};

static const char text[] = "cgroup a { getsockopt: return 1 }\n"
			   "s = socket(AF_INET, SOCK_STREAM) in a\n"
			   "getsockopt(s, SOL_IP, IP_TOS, buf 8, optlen 8) racing optlen 2\n";

static enum verdict run(struct backend *b, const char *profile, uint8_t without,
			uint64_t raced[RACED_MOMENTS + 1])
{
	static struct loop lp; /* large */
	static struct case_result res;
	static struct tcase tc;
	struct diag d;
	enum verdict v;

	assert_int_equal(tcase_parse(text, strlen(text), "raced", &tc, NULL, &d), 0);
	assert_int_equal(loop_init(&lp, b, profile_find(profile), 4096), 0);
	lp.raced_without = without;
	v = loop_case(&lp, &tc, true, NULL, &res);
	if (v == V_FAIL)
		assert_int_equal(res.diff.clause, C_GET_OPTLEN_LATER);
	assert_int_equal(tc.call[0].optlen, OLD);
	assert_int_equal(tc.call[0].meanwhile, MEANWHILE_RACING);
	if (raced)
		memcpy(raced, lp.raced, sizeof(lp.raced));
	loop_fini(&lp);
	return v;
}

static void set_is_tight(void **state)
{
	static const struct script scripts[] = {
		{"before", NEW, NEW, KEPT, KEPT, false},
		{"sampled", OLD, NEW, KEPT, KEPT, false},
		{"lost", OLD, OLD, KEPT, KEPT, false},
		{"answered", OLD, OLD, NEW, KEPT, false},
		{"after", OLD, OLD, KEPT, NEW, false},
		{"the window is of the new length, the answer to the old one", NEW, OLD, KEPT, KEPT, true},
		{"it changes twice: before the handler, and back", OLD, NEW, OLD, KEPT, true},
		{"the old length stands there after all", OLD, NEW, KEPT, OLD, true},
		{"the new one is sampled, and stands there without a reason", NEW, NEW, KEPT, OLD, true},
		{"a third length is read back", OLD, OLD, 3, KEPT, true},
		{"a third length stands there", OLD, OLD, KEPT, 3, true},
		{"a third length is sampled", 5, OLD, KEPT, KEPT, true},
	};
	struct backend b = {.ops = &ops, .page_size = 4096};

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		enum verdict v;

		script = scripts[i];
		v = run(&b, "v6.19", 0, NULL);
		if (v != (script.wrong ? V_FAIL : V_PASS))
			fail_msg("%s: %s", script.what, script.wrong ? "allowed" : "refused");
		if (!script.wrong && run(&b, "v6.19", (uint8_t)(1 << i), NULL) != V_FAIL)
			fail_msg("%s: allowed although nobody thinks of that moment", script.what);
	}
}

/* Oracles that know of one length only meet a call that had the other. */
static void kernel_is_faster(void **state)
{
	static const unsigned known[] = {RACED_LOST, RACED_BEFORE, RACED_AFTER};
	struct kernel_opts opts = {.own_netns = true};
	uint64_t raced[RACED_MOMENTS + 1] = {0};
	char err[512];
	struct backend *b = kernel_open(&opts, err, sizeof(err));
	const struct profile *p = b ? profile_for_kernel(b->release, b->version) : NULL;

	if (!b || !p) {
		fprintf(stderr, "SKIP: %s\n", b ? "no profile is known for this kernel" : err);
		if (b)
			b->ops->close(b, NULL);
		skip();
		return; /* skip() does not, which a checker cannot see */
	}
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(run(b, p->name, 0, raced), V_PASS);
	printf("one call of 300: %u before, %u sampled, %u lost, %u answered, %u after, %u one of several\n",
	       (unsigned)raced[0], (unsigned)raced[1], (unsigned)raced[2], (unsigned)raced[3],
	       (unsigned)raced[4], (unsigned)raced[5]);
	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		enum verdict v = V_PASS;

		for (unsigned n = 0; n < 20 && v == V_PASS; n++)
			v = run(b, p->name, (uint8_t)(0x1f & ~(1u << known[i])), NULL);
		assert_int_equal(v, V_FAIL);
	}
	b->ops->close(b, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_is_tight),
		cmocka_unit_test(kernel_is_faster),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
