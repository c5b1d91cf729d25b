/* SPDX-License-Identifier: MIT */
#include "paths.h"

#include <stdio.h>
#include <string.h>

#include "../case/case_text.h"

static const char *const ways[VIA_COUNT] = {[VIA_SYSCALL] = "system call",
					    [VIA_URING] = "io_uring",
					    [VIA_COMPAT] = "32-bit call",
					    [VIA_HELPER] = "helper"};

/* Between loop and backend: writes down what came of the case's calls. */
static struct {
	struct backend_ops ops;
	const struct backend_ops *real;
	const struct tcase *tc;
	struct path_call *call;
} tap;

static void tap_call(struct backend *b, const struct tc_call *c, struct outcome *got)
{
	tap.real->call(b, c, got);
	if (c >= tap.tc->call && c < tap.tc->call + tap.tc->n_calls) {
		struct path_call *pc = &tap.call[c - tap.tc->call];

		pc->made = true;
		pc->ret = got->ret;
		pc->optlen = got->optlen;
		pc->runs = got->runs;
	}
}

static void note_clauses(const struct tcase *tc, unsigned call, const struct plan *plan,
			 const struct handler_result *hr, const struct want *w, void *arg)
{
	struct path_call *pc = (struct path_call *)arg + call;

	(void)tc, (void)plan, (void)hr;
	pc->unsure = w->any & ANY_RET;
	pc->c_ret = w->c_ret;
	pc->c_runs = w->c_runs;
}

static enum verdict one_way(struct loop *lp, struct tcase *tc, struct path_call *call,
			    struct case_result *res)
{
	struct backend *b = lp->b;
	bool readback = lp->readback;
	enum verdict v;

	tap.real = b->ops;
	tap.ops = *b->ops;
	tap.ops.call = tap_call;
	tap.tc = tc;
	tap.call = call;
	b->ops = &tap.ops;
	lp->observe = note_clauses;
	lp->observe_arg = call;
	lp->readback = false; /* what it reads are no calls of the case */
	v = loop_case(lp, tc, true, NULL, res);
	lp->observe = NULL;
	lp->readback = readback;
	b->ops = tap.real;
	return v;
}

static bool has_usual_len(const struct tc_call *c)
{
	return !c->optlen_null && !c->optlen_ro && !c->len_across && !c->len_in;
}

/* Where a way has no place for a call it stays a system call. */
static bool goes_by(const struct tc_call *c, enum call_via via)
{
	if (via == VIA_HELPER)
		return tc_helper_fits(c) && has_usual_len(c);
	return tc_via_has_pointer(via) || has_usual_len(c);
}

static void all_by(struct tcase *tc, enum call_via via)
{
	for (unsigned i = 0; i < tc->n_calls; i++) {
		struct tc_call *c = &tc->call[i];

		memset(&c->expect, 0, sizeof(c->expect));
		c->meanwhile = MEANWHILE_NOTHING;
		c->via = goes_by(c, via) ? (uint8_t)via : VIA_SYSCALL;
	}
}

enum verdict paths_run(struct loop *lp, struct tcase *tc, struct paths *p, struct case_result *res)
{
	static struct tcase way; /* large */
	enum verdict worst = V_SKIP;

	memset(p, 0, sizeof(*p));
	for (unsigned via = 0; via < VIA_COUNT; via++) {
		way = *tc;
		all_by(&way, (enum call_via)via);
		p->verdict[via] = one_way(lp, &way, p->call[via], res);
		if (p->verdict[via] == V_FAIL || p->verdict[via] == V_ERROR) {
			*tc = way;
			return p->verdict[via];
		}
		if (p->verdict[via] != V_PASS)
			snprintf(p->why[via], sizeof(p->why[via]), "%s", res->why);
		if (worst == V_SKIP || p->verdict[via] == V_INCONCLUSIVE)
			worst = p->verdict[via];
	}
	return worst;
}

static void print_cell(const struct paths *p, unsigned via, unsigned i, bool get, struct buf *out)
{
	const struct path_call *pc = &p->call[via][i];
	struct buf cell = {0};

	if (p->verdict[via] == V_SKIP || !pc->made) {
		buf_puts(&cell, "-");
	} else {
		tcase_print_ret(pc->ret, &cell);
		if (get && tc_via_has_pointer(via))
			buf_printf(&cell, " optlen %d", pc->optlen);
		buf_printf(&cell, ", %u program%s%s", pc->runs, pc->runs == 1 ? "" : "s",
			   pc->unsure ? " *" : "");
	}
	buf_printf(out, "  %-32s", buf_str(&cell));
	buf_fini(&cell);
}

static void print_clauses(const struct paths *p, unsigned i, struct buf *out)
{
	const struct path_call *plain = &p->call[VIA_SYSCALL][i];

	for (unsigned via = VIA_SYSCALL + 1; via < VIA_COUNT; via++) {
		const struct path_call *pc = &p->call[via][i];

		if (!pc->made || !plain->made ||
		    (pc->ret == plain->ret && pc->runs == plain->runs && pc->optlen == plain->optlen))
			continue;
		buf_printf(out, "      %s: %s", ways[via],
			   clause_info(pc->c_ret ? pc->c_ret : pc->c_runs)->name);
		if (pc->c_runs && pc->c_runs != pc->c_ret && pc->runs != plain->runs)
			buf_printf(out, " %s", clause_info(pc->c_runs)->name);
		if (plain->c_ret)
			buf_printf(out, ", where the system call has %s", clause_info(plain->c_ret)->name);
		buf_puts(out, "\n");
	}
}

void paths_print(const struct tcase *tc, const struct paths *p, struct buf *out)
{
	buf_puts(out, "    ");
	for (unsigned via = 0; via < VIA_COUNT; via++)
		buf_printf(out, "  %-32s", ways[via]);
	buf_puts(out, "\n");
	for (unsigned i = 0; i < tc->n_calls; i++) {
		struct tc_call c = tc->call[i];

		c.via = VIA_SYSCALL;
		buf_printf(out, "%2u  ", i + 1);
		tcase_print_call(&c, out);
		buf_puts(out, "\n    ");
		for (unsigned via = 0; via < VIA_COUNT; via++)
			print_cell(p, via, i, c.hook == HOOK_GET && !c.optlen_null, out);
		buf_puts(out, "\n");
		print_clauses(p, i, out);
	}
	for (unsigned via = 0; via < VIA_COUNT; via++)
		if (p->why[via][0])
			buf_printf(out, "    %s: %s\n", ways[via], p->why[via]);
}
