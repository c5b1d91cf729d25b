/* SPDX-License-Identifier: MIT */
/*
 * Straight-line instructions against the interpreter and the oracle, on this kernel: the same cases on both
 * kinds of program, every result and everything that each program saw held against the oracle's want. The
 * generated cases are not the fuzzer's: their programs are made of every action, condition and width.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "harness/base/rng.h"
#include "harness/campaign/express.h"
#include "harness/campaign/loop.h"
#include "harness/case/case_text.h"
#include "harness/emit/insn.h"
#include "harness/exec/kernel.h"
#include "harness/exec/kernel_impl.h"
#include "harness/exec/probe.h"

#define RANDOM_CASES 20000
#define SEED	     77

static struct backend *backend;
static struct loop loop;

static int32_t pick(struct rng *r, const int32_t *v, unsigned n)
{
	return v[rng_below(r, n)];
}

#define PICK(r, ...) pick(r, (const int32_t[]){__VA_ARGS__}, sizeof((const int32_t[]){__VA_ARGS__}) / 4)

static uint32_t offset(struct rng *r)
{
	return (uint32_t)PICK(r, 0, 1, 2, 3, 4, 12, 13, 15, 16, 31, 60, 4092, 4095, 4096, 32767, 32768,
			      0xfff0, 0xffff);
}

static int32_t value(struct rng *r)
{
	return PICK(r, 0, 1, 4, 16, -1, -2, 3, 8, 64, 4096, INT32_MAX, INT32_MIN, -22, -4095, 0x01020304,
		    255);
}

/* The value as a write of so many bytes may have it. */
static int32_t narrow(unsigned width, int32_t v)
{
	return width == 1 ? v & 255 : width == 2 ? v & 65535 : v;
}

static void random_act(struct rng *r, enum hook hook, struct act *a, unsigned left)
{
	static const uint8_t ops[] = {ACT_IF,	      ACT_IF,	       ACT_IF,	   ACT_OPTLEN,
				      ACT_BYTES,      ACT_BYTES,       ACT_LEVEL,  ACT_RETVAL,
				      ACT_SET_RETVAL, ACT_KEEP_RETVAL, ACT_RETURN, ACT_OPTNAME};

	*a = (struct act){.op = ops[rng_below(r, sizeof(ops))], .val = value(r)};
	switch (a->op) {
	case ACT_IF:
		a->field = (uint8_t)rng_below(r, FIELD_COUNT);
		a->cmp = (uint8_t)rng_below(r, CMP_COUNT);
		a->n = (uint8_t)rng_below(r, left);
		a->off = a->field == FIELD_BYTE ? offset(r) : 0;
		if (a->field == FIELD_BYTE)
			a->val &= 255;
		if (a->field == FIELD_LEVEL)
			a->val = PICK(r, SOL_SOCKET, 0, 6);
		break;
	case ACT_LEVEL:
	case ACT_OPTNAME:
		if (hook == HOOK_GET)
			a->op = ACT_OPTLEN;
		else
			a->val = a->op == ACT_LEVEL ? PICK(r, SOL_SOCKET, 0x4b48)
						    : PICK(r, SO_PRIORITY, SO_KEEPALIVE);
		break;
	case ACT_BYTES:
		a->n = (uint8_t)PICK(r, 1, 2, 4);
		a->off = offset(r);
		if (a->off > 65536u - a->n)
			a->off = 65536u - a->n;
		a->val = narrow(a->n, a->val);
		break;
	case ACT_RETVAL:
		if (hook == HOOK_SET)
			a->op = ACT_SET_RETVAL;
		break;
	case ACT_RETURN:
		a->val &= 1;
		break;
	default:
		break;
	}
}

/* An if ends inside of the one around it: prog_check wants that. */
static void nest(struct prog *p)
{
	uint32_t end[ACT_MAX + 1] = {p->n};
	unsigned depth = 0;

	for (uint32_t i = 0; i < p->n; i++) {
		struct act *a = &p->act[i];

		while (depth && end[depth] <= i)
			depth--;
		if (a->op != ACT_IF)
			continue;
		if (i + 1 + a->n > end[depth])
			a->n = (uint8_t)(end[depth] - i - 1);
		end[++depth] = i + 1 + a->n;
	}
}

static void random_prog(struct rng *r, enum hook hook, struct prog *p)
{
	memset(p, 0, sizeof(*p));
	p->n = rng_below(r, ACT_MAX + 1);
	p->ret = rng_below(r, 4) != 0;
	for (uint32_t i = 0; i < p->n; i++)
		random_act(r, hook, &p->act[i], p->n - i);
	nest(p);
	for (uint32_t i = 0; i < p->n; i++)
		if (p->act[i].op == ACT_IF && !p->act[i].n)
			p->act[i] = (struct act){.op = ACT_OPTLEN, .val = 4};
}

static void random_case(struct rng *r, struct tcase *tc)
{
	tcase_init(tc);
	tc->n_levels = 2;
	for (unsigned l = 0; l < 2; l++)
		for (unsigned h = 0; h < HOOK_COUNT; h++) {
			tc->level[l].n[h] = 1;
			tc->level[l].slot[h][0].mode = MODE_MULTI;
			random_prog(r, (enum hook)h, &tc->level[l].slot[h][0].prog);
		}
	tc->n_socks = 1;
	tc->sock[0] = (struct tc_sock){.level = 2, .family = AF_INET, .type = SOCK_STREAM};
	tc->n_calls = 2;
	for (unsigned i = 0; i < 2; i++) {
		struct tc_call *c = &tc->call[i];

		memset(c, 0, sizeof(*c));
		c->hook = i ? HOOK_GET : HOOK_SET;
		c->level = SOL_SOCKET;
		c->optname = SO_PRIORITY;
		c->optlen = PICK(r, 4, 4, 0, 1, 16, 17, 64, 4096, 5000);
		c->buf.size = (uint32_t)c->optlen;
		c->buf.fill = TC_FILL;
		c->buf.n_data = c->buf.size < 4 ? 0 : 4;
		memcpy(c->buf.data, (const uint8_t[]){1, 0, 0, 0}, 4);
	}
}

static void explain(const struct tcase *tc, const struct case_result *res)
{
	struct buf b = {0};

	tcase_print(tc, NULL, &b);
	print_message("%s%s %s: want %lld, got %lld %s\n", buf_str(&b),
		      backend->straight ? "straight-line" : "interpreter", diff_field_name(res->diff.field),
		      (long long)res->diff.want, (long long)res->diff.got, res->why);
	buf_fini(&b);
}

static enum verdict run(struct tcase *tc, bool straight, struct case_result *res)
{
	backend->straight = straight;
	return loop_case(&loop, tc, false, NULL, res);
}

static void check_as(struct tcase *tc, bool straight)
{
	static struct case_result res; /* large */
	enum verdict v = run(tc, straight, &res);

	if (v != V_PASS)
		explain(tc, &res);
	assert_int_equal(v, V_PASS);
}

/* Both must agree with the oracle, so with each other. Expects the case to be one that the kernel takes. */
static void check(struct tcase *tc)
{
	express(tc, loop.profile);
	if (tcase_check(tc))
		fail_msg("%s", tcase_check(tc));
	check_as(tc, false);
	check_as(tc, true);
}

static void test_random_programs(void **state)
{
	static struct tcase tc; /* large */
	struct rng r;
	unsigned n = getenv("HOOKDIFF_TEST_QUICK") ? RANDOM_CASES / 10 : RANDOM_CASES;

	(void)state;
	for (unsigned i = 0; i < n; i++) {
		rng_seed(&r, SEED, i);
		random_case(&r, &tc);
		check(&tc);
	}
}

/*
 * As in a kernel without bpf_probe_read_kernel, where bytes are recorded in loops: every rest of eight, short
 * ones and around the last that a trace holds.
 */
static void test_recorded_in_loops(void **state)
{
	static struct tcase tc; /* large */
	struct bpfobj_traits *traits = &((struct kernel *)backend)->set.obj.traits;
	bool has = traits->has_probe_read;
	struct rng r;

	(void)state;
	rng_seed(&r, SEED, 0);
	traits->has_probe_read = false;
	for (unsigned i = 0; i < 80; i++) {
		random_case(&r, &tc);
		for (unsigned l = 0; l < 2; l++)
			for (unsigned h = 0; h < HOOK_COUNT; h++)
				tc.level[l].slot[h][0].prog = (struct prog){.ret = 1};
		for (unsigned k = 0; k < 2; k++) {
			tc.call[k].buf.size = i < 48 ? i : 4096 - 64 + i;
			tc.call[k].buf.n_data = 0;
			tc.call[k].buf.fill = (uint8_t)(i + 1); /* nothing of the last case will do */
			tc.call[k].optlen = (int32_t)tc.call[k].buf.size;
		}
		express(&tc, loop.profile);
		check_as(&tc, true);
	}
	traits->has_probe_read = has;
}

/* One program of three actions: something that shows, the action, something that shows only after it. */
static void check_act(enum hook hook, const struct act *a)
{
	static struct tcase tc; /* large */
	struct rng r;
	struct prog *p;

	rng_seed(&r, SEED, 0);
	for (unsigned place = 0; place < 2; place++) {
		random_case(&r, &tc);
		for (unsigned l = 0; l < 2; l++)
			for (unsigned h = 0; h < HOOK_COUNT; h++)
				tc.level[l].slot[h][0].prog = (struct prog){.ret = 1};
		for (unsigned i = 0; i < 2; i++) {
			tc.call[i].optlen = 20;
			tc.call[i].buf.size = 20;
		}
		p = &tc.level[1].slot[hook][0].prog;
		p->n = place ? 3 : 2;
		p->act[0] = *a;
		p->act[1] = (struct act){.op = ACT_BYTES, .n = 1, .off = 5, .val = 0x5a};
		p->act[2] = (struct act){.op = ACT_BYTES, .n = 2, .off = 7, .val = 0x1234};
		if (a->op == ACT_IF)
			p->act[0].n = 1;
		check(&tc);
	}
}

static void test_every_action(void **state)
{
	static const int32_t values[] = {0, 1, -1, 4, 19, 20, 21, 255, INT32_MAX, INT32_MIN};

	(void)state;
	for (unsigned h = 0; h < HOOK_COUNT; h++)
		for (unsigned v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
			for (unsigned f = 0; f < FIELD_COUNT; f++)
				for (unsigned cmp = 0; cmp < CMP_COUNT; cmp++)
					check_act((enum hook)h,
						  &(struct act){.op = ACT_IF,
								.field = (uint8_t)f,
								.cmp = (uint8_t)cmp,
								.off = f == FIELD_BYTE ? v * 5 : 0,
								.val = f == FIELD_BYTE ? values[v] & 255
										       : values[v]});
			for (unsigned n = 1; n <= 4; n *= 2)
				check_act((enum hook)h,
					  &(struct act){.op = ACT_BYTES,
							.n = (uint8_t)n,
							.off = 12 + v,
							.val = narrow(n, values[v] ^ 0x01020304)});
			check_act((enum hook)h, &(struct act){.op = ACT_OPTLEN, .val = values[v]});
			check_act((enum hook)h, &(struct act){.op = ACT_SET_RETVAL, .val = values[v]});
			check_act((enum hook)h, &(struct act){.op = ACT_KEEP_RETVAL});
			check_act((enum hook)h, &(struct act){.op = ACT_RETURN, .val = (int32_t)v & 1});
			if (h == HOOK_GET) {
				check_act(HOOK_GET, &(struct act){.op = ACT_RETVAL, .val = values[v]});
			} else {
				check_act(HOOK_SET, &(struct act){.op = ACT_LEVEL, .val = values[v]});
				check_act(HOOK_SET,
					  &(struct act){.op = ACT_OPTNAME, .val = 9 + values[v] % 4});
			}
		}
}

/* What stands behind a return is not translated: the verifier refuses what nothing leads to. */
static void test_unreachable(void **state)
{
	struct prog p = {.n = 3, .ret = 1};
	struct insn_opts opts = {.hook = HOOK_GET};
	struct insn_list l;

	(void)state;
	p.act[0] = (struct act){.op = ACT_RETURN, .val = 0};
	p.act[1] = (struct act){.op = ACT_OPTLEN, .val = 1};
	p.act[2] = (struct act){.op = ACT_RETURN, .val = 1};
	insn_translate(&p, &opts, &l);
	assert_int_equal(l.insn[l.n - 1].code, BPF_JMP | BPF_EXIT);
	assert_int_equal(l.insn[l.n - 2].code, BPF_ALU64 | BPF_MOV | BPF_K);
	assert_int_equal(l.insn[l.n - 2].imm, 0);
	assert_true(l.n <= 3);
}

/* The first exit ends a program in the kernel's table of tests: it must be the last instruction. */
static void test_one_exit(void **state)
{
	struct rng r;
	struct prog p;
	struct insn_list l;

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		struct insn_opts opts = {.hook = i & 1};
		unsigned exits = 0;

		rng_seed(&r, SEED, i);
		random_prog(&r, opts.hook, &p);
		insn_translate(&p, &opts, &l);
		assert_true(l.n <= INSN_MAX);
		for (unsigned k = 0; k < l.n; k++) {
			exits += l.insn[k].code == (BPF_JMP | BPF_EXIT);
			if (BPF_CLASS(l.insn[k].code) == BPF_JMP && BPF_OP(l.insn[k].code) != BPF_CALL)
				assert_true(l.insn[k].off >= 0 &&
					    k + 1 + (unsigned)l.insn[k].off <=
						    l.n - (l.insn[k].code != (BPF_JMP | BPF_EXIT)));
		}
		assert_int_equal(exits, 1);
		assert_int_equal(l.insn[l.n - 1].code, BPF_JMP | BPF_EXIT);
	}
}

static void test_print(void **state)
{
	static const struct insn_style style = {"offsetof(struct bpf_sockopt, %s)", "BPF_FUNC_%s"};
	struct prog p = {.n = 3, .ret = 1};
	struct insn_opts opts = {.hook = HOOK_SET};
	struct insn_list l;
	struct buf b = {0};

	(void)state;
	p.act[0] = (struct act){.op = ACT_IF, .field = FIELD_OPTLEN, .cmp = CMP_LT, .n = 1, .val = 4};
	p.act[1] = (struct act){.op = ACT_OPTLEN, .val = -1};
	p.act[2] = (struct act){.op = ACT_SET_RETVAL, .val = -22};
	insn_translate(&p, &opts, &l);
	for (unsigned i = 0; i < l.n; i++) {
		insn_print(&l.insn[i], &style, &b);
		buf_puts(&b, "\n");
	}
	assert_string_equal(buf_str(&b),
			    "BPF_MOV64_REG(BPF_REG_6, BPF_REG_1)\n"
			    "BPF_LDX_MEM(BPF_W, BPF_REG_0, BPF_REG_6, offsetof(struct bpf_sockopt, optlen))\n"
			    "BPF_JMP32_IMM(BPF_JSGE, BPF_REG_0, 4, 2)\n"
			    "BPF_MOV64_IMM(BPF_REG_1, -1)\n"
			    "BPF_STX_MEM(BPF_W, BPF_REG_6, BPF_REG_1, offsetof(struct bpf_sockopt, optlen))\n"
			    "BPF_MOV64_IMM(BPF_REG_1, -22)\n"
			    "BPF_EMIT_CALL(BPF_FUNC_set_retval)\n"
			    "BPF_MOV64_IMM(BPF_REG_0, 1)\n"
			    "BPF_EXIT_INSN()\n");
	buf_fini(&b);
}

static int open_kernel(void **state)
{
	struct kernel_opts opts = {.own_netns = true};
	const struct profile *p;
	char err[512];

	(void)state;
	backend = kernel_open(&opts, err, sizeof(err));
	if (!backend) {
		print_message("%s\n", err);
		return -1;
	}
	p = profile_for_kernel(backend->release, backend->version);
	return p ? loop_init(&loop, backend, p, 0) : -1;
}

static int close_kernel(void **state)
{
	(void)state;
	backend->ops->close(backend, NULL);
	loop_fini(&loop);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unreachable),
		cmocka_unit_test(test_one_exit),
		cmocka_unit_test(test_print),
	};
	const struct CMUnitTest live[] = {
		cmocka_unit_test(test_every_action),
		cmocka_unit_test(test_random_programs),
		cmocka_unit_test(test_recorded_in_loops),
	};
	char why[400];
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	if (!probe_can_run(why, sizeof(why))) {
		printf("SKIP of the live half: %s\n", why);
		return failed ? failed : 77;
	}
	return failed + cmocka_run_group_tests(live, open_kernel, close_kernel);
}
