/* SPDX-License-Identifier: MIT */
#include "lint.h"

#include <string.h>

#include "../case/options.h"
#include "../mutate/boundary.h"
#include "oracle/clauses.h"
#include "oracle/isa/disasm.h"

const struct check_lint_row check_lints[LINT_COUNT] = {
#define LINT(id, name, sentence, remedy) [LINT_##id] = {name, sentence, remedy},
#include "lints.def"
};

static unsigned place_of(const struct check *k, unsigned hook, unsigned id)
{
	for (unsigned i = 0; i < k->n_places; i++)
		if (k->place[i].hook == hook && k->place[i].id == id)
			return i;
	return 0;
}

static void see(struct check *k, enum check_lint l, unsigned place)
{
	k->last_seen |= 1u << l;
	k->last_place[l] = place;
}

static bool is_errno(int32_t v)
{
	return v < 0 && v >= -4095;
}

static bool source(void *owner, size_t insn, struct isa_source *s)
{
	const void *const *p = owner;

	return check_source(p[0], p[1], insn, s);
}

static void fault(struct check *k, const struct byte_run *r, unsigned place)
{
	const void *pair[2] = {k, &k->place[place]};
	bool modelled = isa_vm_fault(r->object->vm)->kind != FAULT_NO_MODEL;
	enum check_lint l = modelled ? LINT_FAULT : LINT_NO_MODEL;
	struct buf *b = &k->find[l].detail;

	see(k, l, place);
	if (b->n)
		return;
	isa_fault_print(b, r->object->vm, source, pair);
	if (!b->n)
		buf_puts(b, r->text);
}

/* One run of one program. */
static void ran(void *owner, const struct byte_run *r)
{
	struct check *k = owner;
	const struct oracle_entry *a = r->before, *b = r->after;
	unsigned place = place_of(k, a->hook, a->id);
	bool wrote_optlen = b->wrote & WROTE_OPTLEN, wrote_retval = b->wrote & WROTE_RETVAL;

	if (r->ret != 1 || b->wrote) {
		k->special = true;
		k->last_place[LINT_LEVEL] = place;
	}
	if (k->quiet)
		return;
	if (r->ret == ORACLE_LOST)
		fault(k, r, place);
	if (k->below && a->retval < 0 && b->retval >= 0)
		k->last_place[LINT_UNDONE] = place;
	if (k->below == BELOW_ANSWERS && a->optlen == -1 && b->optlen != -1)
		k->last_place[LINT_BYPASS] = place;
	if (k->below) /* only LINT_UNDONE and LINT_BYPASS are looked for */
		return;
	if (r->ret == 1 && a->size == PAGE && a->optlen > PAGE && !wrote_optlen && !wrote_retval)
		see(k, LINT_LARGE, place);
	if (r->ret == 1 && wrote_optlen && b->optlen > 0 && (uint32_t)b->optlen > b->size)
		see(k, LINT_GROWN, place);
	if (r->ret == 0 && wrote_retval &&
	    (!is_errno(b->retval) || k->profile[k->at_profile]->traits.reject == REJECT_EPERM))
		see(k, LINT_RETURN, place);
	if (a->hook == HOOK_SET && r->ret == 1 && b->wrote & (WROTE_OPTLEN | WROTE_BYTES))
		k->last_place[LINT_SHORT] = place;
	if (wrote_retval)
		k->last_place[LINT_RETVAL] = place;
}

void lint_watch(struct check *k)
{
	k->chain.ran = ran;
	k->chain.owner = k;
}

/* Did the programs give the handler less than the option has, although the caller gave enough? */
static bool is_short(const struct tc_call *c, const struct plan *plan)
{
	const struct option_info *info = option_find(plan->level, plan->optname);

	if (c->hook != HOOK_SET || !plan->called || !plan->kernel_buf || !info || plan->optlen >= c->optlen)
		return false;
	return (info->kind == OPT_INT || info->kind == OPT_BOOL || info->kind == OPT_U64 ||
		info->kind == OPT_STRUCT) &&
	       plan->optlen < info->size && c->optlen >= info->size;
}

static bool is_refused(const struct want *w)
{
	return w->c_ret == C_GET_RETVAL_ORIGINAL || w->c_ret == C_GET_RETVAL_RAW ||
	       w->c_ret == C_SET_RETVAL_RAW || w->c_ret == C_SET_RETVAL_POSITIVE;
}

static void keep(struct check *k, enum check_lint l, const struct tc_call *c, int64_t ret)
{
	struct check_find *f = &k->find[l];

	if (f->count++)
		return;
	f->call = *c;
	f->ret = ret;
	f->profile = k->profile[k->at_profile];
	f->place = k->last_place[l];
	f->below = k->below;
	f->assumed = k->assumed;
}

void lint_call(struct check *k, const struct tc_call *c, const struct plan *plan, const struct want *w)
{
	bool lost = w->lost;

	if (!lost && !k->below && is_short(c, plan))
		k->last_seen |= 1u << LINT_SHORT;
	if (!lost && !k->below && is_refused(w))
		k->last_seen |= 1u << LINT_RETVAL;
	/* If the handler has failed, a denial leaves its errno as it is: nobody above can tell. */
	if (!lost && k->below == BELOW_ANSWERS && plan->called)
		k->last_seen |= 1u << LINT_BYPASS;
	if (!lost && k->below == BELOW_DENIES && w->ret >= 0 && k->handler >= 0)
		k->last_seen |= 1u << LINT_UNDONE;
	for (unsigned l = 0; l < LINT_COUNT; l++)
		if (k->last_seen >> l & 1)
			keep(k, (enum check_lint)l, c, w->ret);
}

void lint_level(struct check *k, unsigned hook, int32_t level, int32_t optname)
{
	struct tc_call c = {.hook = (uint8_t)hook, .level = level, .optname = optname, .optlen = 4};

	c.buf.size = 4;
	c.buf.fill = hook == HOOK_SET ? 0 : TC_FILL;
	keep(k, LINT_LEVEL, &c, 0);
}

/* The part that differs first: expect_holds looks at the result, the length, the bytes. */
static const char *part(const struct tc_expect *e, const struct want *w)
{
	if (e->has_ret && e->ret != w->ret)
		return "result";
	return e->has_optlen && e->optlen != w->optlen ? "optlen" : "optval";
}

void lint_expect(struct check *k, const struct tc_call *c, const struct want *w, const char *name,
		 const struct diff *d)
{
	struct check_find *f = &k->find[LINT_EXPECT];
	const char *what = part(&c->expect, w);

	for (unsigned i = k->n_places; i-- > 0;)
		if (k->place[i].hook == c->hook)
			k->last_place[LINT_EXPECT] = i;
	if (!f->count) {
		f->name = name;
		buf_printf(&f->detail, "    %s: %s", name, what);
		if (!strcmp(what, "optval"))
			buf_printf(&f->detail, "[%u]", d->offset);
		buf_printf(&f->detail, ": expected %lld, found %lld\n", (long long)d->want,
			   (long long)d->got);
	}
	keep(k, LINT_EXPECT, c, w->ret);
}

void lint_unreached(struct check *k, unsigned place, uint32_t insn, const char *why)
{
	struct check_find *f = &k->find[LINT_UNREACHED];
	const struct check_place *p = &k->place[place];
	const struct isa_prog *prog = &k->object[k->n_profiles - 1][p->input].object->progs[p->prog];
	static const struct tc_call none;
	struct isa_source s;

	k->last_place[LINT_UNREACHED] = place;
	if (!f->count) {
		buf_printf(&f->detail, "    %s\n      %u: ", why, insn);
		isa_disasm(&f->detail, prog->insns, prog->n_insns, insn);
		buf_puts(&f->detail, "\n");
		if (check_source(k, p, insn, &s) && s.file)
			buf_printf(&f->detail, "      %s:%d: %s\n", s.file, s.line, s.text);
	}
	keep(k, LINT_UNREACHED, &none, 0);
}
