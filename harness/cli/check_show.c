/* SPDX-License-Identifier: MIT */
#include "check_show.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "../case/case_text.h"
#include "../report/text.h"
#include "oracle/clauses.h"
#include "oracle/isa/helpers.h"

#define SHOWN 12 /* differences without --verbose */

static const struct isa_prog *prog_of(const struct check *k, const struct check_place *p)
{
	return &k->object[k->n_profiles - 1][p->input].object->progs[p->prog];
}

/* "Linux 5.18 (call set_retval, deny.bpf.c:58)", "no kernel: ...". */
static void loads_from(const struct check *k, const struct check_place *p, struct buf *b)
{
	const struct bpf_insn *in = &prog_of(k, p)->insns[p->since_at];
	struct isa_source s;

	if (p->refused) {
		buf_printf(b, "cannot be answered for: %s", p->refused);
		return;
	}
	if (p->since == ISA_NEVER)
		buf_puts(b, "loads on no kernel");
	else
		buf_printf(b, "loads from Linux %u.%u on", p->since >> 8, p->since & 255);
	if (p->since == ISA_KERNEL_FIRST)
		return;
	buf_puts(b, ", because of ");
	if (in->code == (BPF_JMP | BPF_CALL) && !in->src_reg && isa_helper_name(in->imm))
		buf_printf(b, "the helper %s at ", isa_helper_name(in->imm));
	if (check_source(k, p, p->since_at, &s) && s.file)
		buf_printf(b, "%s:%d", s.file, s.line);
	else
		buf_printf(b, "instruction %zu", p->since_at);
}

/* A name of the object is another's text. */
static void name(struct buf *b, const char *s)
{
	for (; *s; s++)
		buf_printf(b, "%c", *s >= ' ' && *s != 0x7f ? *s : '?');
}

void check_show_program(const struct check *k, const struct check_place *p, struct buf *b)
{
	buf_printf(b, "%s: ", k->input[p->input].path);
	name(b, prog_of(k, p)->name);
	buf_printf(b, " (%s, cgroup ", p->hook == HOOK_SET ? "setsockopt" : "getsockopt");
	tcase_print_path(p->level, b);
	buf_puts(b, ")");
}

void check_show_skipped(const struct check *k, struct buf *b)
{
	for (size_t i = 0; i < k->n_given; i++)
		if (k->given[i]->skipped[0]) {
			buf_puts(b, "SKIP ");
			text_safe(b, k->given[i]->name, strlen(k->given[i]->name));
			buf_printf(b, ": %s\n", k->given[i]->skipped);
		}
}

static void call(struct buf *b, const struct tc_call *c)
{
	tcase_print_call(c, b);
}

static void outcome(struct buf *b, const struct check_outcome *o, unsigned hook)
{
	tcase_print_ret(o->ret, b);
	if (hook == HOOK_GET)
		buf_printf(b, " optlen %d", o->optlen);
	else if (!o->called)
		buf_puts(b, ", without the handler");
	if (o->assumed)
		buf_puts(b, " (the handler's answer is assumed)");
	if (o->c_ret)
		buf_printf(b, "   [%s]", clause_info(o->c_ret)->name);
}

static bool equal(const struct check_outcome *a, const struct check_outcome *b)
{
	return a->said == b->said && a->called == b->called && a->ret == b->ret && a->optlen == b->optlen &&
	       a->c_ret == b->c_ret && a->assumed == b->assumed;
}

/* "v5.3, v5.4, v5.8-v6.4": profiles with the outcome of profile `of`. */
static void profiles(const struct check *k, const struct check_split *s, unsigned of, struct buf *b)
{
	bool first = true;

	for (unsigned p = of; p < k->n_profiles; p++) {
		unsigned end = p;

		if (!equal(&s->by[p], &s->by[of]))
			continue;
		while (end + 1 < k->n_profiles && equal(&s->by[end + 1], &s->by[of]))
			end++;
		buf_printf(b, "%s%s", first ? "" : ", ", k->profile[p]->name);
		if (end > p)
			buf_printf(b, "-%s", k->profile[end]->name);
		first = false;
		p = end;
	}
}

/* Is p the first profile with its outcome? */
static bool is_first(const struct check_split *s, unsigned p)
{
	for (unsigned q = 0; q < p; q++)
		if (equal(&s->by[q], &s->by[p]))
			return false;
	return true;
}

static void show_split(const struct check *k, const struct check_split *s, struct buf *b)
{
	buf_puts(b, "  ");
	call(b, &s->call);
	if (s->count > 1)
		buf_printf(b, "   and %llu more", (unsigned long long)s->count - 1);
	buf_puts(b, "\n");
	for (unsigned p = 0; p < k->n_profiles; p++) {
		struct buf who = {0};

		if (!is_first(s, p))
			continue;
		profiles(k, s, p, &who);
		buf_printf(b, "    %-28s ", buf_str(&who));
		if (s->by[p].said)
			outcome(b, &s->by[p], s->call.hook);
		else
			buf_puts(b, "-   (a program does not load there, or nothing is promised)");
		buf_puts(b, "\n");
		buf_fini(&who);
	}
}

const char *check_show_below(enum check_below below)
{
	static const char *const texts[] = {[BELOW_NOBODY] = "",
					    [BELOW_DENIES] = ", below it a program that returns 0",
					    [BELOW_ANSWERS] = ", below it a program that sets optlen -1"};

	return texts[below];
}

static void show_find(const struct check *k, unsigned l, struct buf *b)
{
	const struct check_find *f = &k->find[l];

	buf_printf(b, "  %s: ", check_lints[l].name);
	name(b, prog_of(k, &k->place[f->place])->name);
	buf_printf(b, ": %s\n", check_lints[l].sentence);
	if (l == LINT_UNREACHED) {
		buf_printf(b, "%s", buf_str(&f->detail));
		return;
	}
	buf_puts(b, "    ");
	call(b, &f->call);
	if (l != LINT_FAULT && l != LINT_LEVEL && l != LINT_NO_MODEL) {
		buf_puts(b, " = ");
		tcase_print_ret(f->ret, b);
	}
	buf_printf(b, "   (profile %s%s%s; %llu such calls)\n    remedy: %s\n", f->profile->name,
		   check_show_below(f->below), f->assumed ? ", the handler's answer is assumed" : "",
		   (unsigned long long)f->count, check_lints[l].remedy);
	if (f->detail.n)
		buf_printf(b, "%s", buf_str(&f->detail));
}

/* ": 12 cases, 3 skipped" */
static void show_cases(const struct check *k, struct buf *b)
{
	size_t n = k->n_given - k->n_skipped;

	buf_printf(b, ": %zu case%s", n, n == 1 ? "" : "s");
	if (k->n_skipped)
		buf_printf(b, ", %zu skipped", k->n_skipped);
	buf_puts(b, "\n");
}

void check_show(const struct check *k, bool all)
{
	struct buf b = {0};
	unsigned n = 0;

	for (unsigned i = 0; i < k->n_places; i++) {
		const struct check_place *p = &k->place[i];

		check_show_program(k, p, &b);
		buf_puts(&b, " ");
		loads_from(k, p, &b);
		buf_puts(&b, "\n");
	}
	check_show_skipped(k, &b);
	buf_printf(&b, "%llu calls under each of %u profiles", (unsigned long long)k->calls, k->n_profiles);
	if (k->n_given)
		show_cases(k, &b);
	else
		buf_printf(&b, ": %u levels, %u options, %u lengths\n", k->derived.n_levels,
			   k->derived.n_optnames, k->derived.n_optlens);
	if (k->derived.dropped)
		buf_printf(&b, "%u more numbers of the programs were not tried\n", k->derived.dropped);
	buf_puts(&b, "\n");
	buf_printf(&b, "Kernels differ%s\n", k->n_splits ? " on:" : " on no call.");
	for (unsigned i = 0; i < k->n_splits && (all || i < SHOWN); i++)
		show_split(k, &k->split[i], &b);
	if (!all && k->n_splits > SHOWN)
		buf_printf(&b, "  %u more ways to differ: --verbose\n", k->n_splits - SHOWN);
	if (k->more_splits)
		buf_printf(&b, "  and others: only %u are kept\n", CHECK_SPLITS);
	for (unsigned l = 0; l < LINT_COUNT; l++)
		n += k->find[l].count != 0;
	buf_printf(&b, "\n%s\n", n ? "Mistakes and what is open:" : "No mistake was seen.");
	for (unsigned l = 0; l < LINT_COUNT; l++)
		if (k->find[l].count)
			show_find(k, l, &b);
	fputs(buf_str(&b), stdout);
	buf_fini(&b);
}

/* ---- JSON ---- */

static void add(struct json_object *o, const char *key, struct buf *b)
{
	json_object_object_add(o, key, json_object_new_string(buf_str(b)));
	buf_fini(b);
}

struct json_object *check_json_program(const struct check *k, const struct check_place *p)
{
	struct json_object *o = json_object_new_object();
	struct buf n = {0}, path = {0};

	json_object_object_add(o, "object", json_object_new_string(k->input[p->input].path));
	name(&n, prog_of(k, p)->name);
	add(o, "program", &n);
	json_object_object_add(o, "hook",
			       json_object_new_string(p->hook == HOOK_SET ? "setsockopt" : "getsockopt"));
	tcase_print_path(p->level, &path);
	add(o, "cgroup", &path);
	return o;
}

struct json_object *check_json_skipped(const struct check *k)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < k->n_given; i++) {
		const struct check_given *g = k->given[i];
		struct json_object *o;

		if (!g->skipped[0])
			continue;
		o = json_object_new_object();
		json_object_object_add(o, "case", json_object_new_string(g->name));
		json_object_object_add(o, "why", json_object_new_string(g->skipped));
		json_object_array_add(all, o);
	}
	return all;
}

static struct json_object *json_program(const struct check *k, const struct check_place *p)
{
	struct json_object *o = check_json_program(k, p);
	struct buf text = {0};
	char since[16];

	snprintf(since, sizeof(since), "%u.%u", p->since >> 8, p->since & 255);
	json_object_object_add(o, "since",
			       p->refused || p->since == ISA_NEVER ? NULL : json_object_new_string(since));
	loads_from(k, p, &text);
	add(o, "text", &text);
	return o;
}

static struct json_object *json_split(const struct check *k, const struct check_split *s)
{
	struct json_object *o = json_object_new_object(), *by = json_object_new_object();
	struct buf b = {0};

	call(&b, &s->call);
	add(o, "call", &b);
	json_object_object_add(o, "count", json_object_new_int64((int64_t)s->count));
	for (unsigned p = 0; p < k->n_profiles; p++) {
		struct json_object *one = s->by[p].said ? json_object_new_object() : NULL;

		json_object_object_add(by, k->profile[p]->name, one);
		if (!one)
			continue;
		json_object_object_add(one, "ret", json_object_new_int64(s->by[p].ret));
		if (s->call.hook == HOOK_GET)
			json_object_object_add(one, "optlen", json_object_new_int(s->by[p].optlen));
		json_object_object_add(one, "handler", json_object_new_boolean(s->by[p].called));
		json_object_object_add(one, "assumed", json_object_new_boolean(s->by[p].assumed));
		json_object_object_add(
			one, "clause",
			s->by[p].c_ret ? json_object_new_string(clause_info(s->by[p].c_ret)->name) : NULL);
	}
	json_object_object_add(o, "profiles", by);
	return o;
}

static struct json_object *json_find(const struct check *k, unsigned l)
{
	const struct check_find *f = &k->find[l];
	struct json_object *o = json_object_new_object();
	struct buf n = {0}, b = {0}, detail = {0};

	json_object_object_add(o, "lint", json_object_new_string(check_lints[l].name));
	name(&n, prog_of(k, &k->place[f->place])->name);
	add(o, "program", &n);
	json_object_object_add(o, "text", json_object_new_string(check_lints[l].sentence));
	json_object_object_add(o, "remedy", json_object_new_string(check_lints[l].remedy));
	if (l != LINT_UNREACHED) {
		call(&b, &f->call);
		add(o, "call", &b);
	}
	json_object_object_add(o, "profile", json_object_new_string(f->profile->name));
	json_object_object_add(o, "child_returns_0", json_object_new_boolean(f->below == BELOW_DENIES));
	json_object_object_add(o, "assumed", json_object_new_boolean(f->assumed));
	json_object_object_add(o, "count", json_object_new_int64((int64_t)f->count));
	if (f->detail.n) {
		buf_puts(&detail, buf_str(&f->detail));
		add(o, "detail", &detail);
	}
	return o;
}

void check_show_json(const struct check *k)
{
	struct json_object *all = json_object_new_object(), *programs = json_object_new_array(),
			   *splits = json_object_new_array(), *finds = json_object_new_array();

	for (unsigned i = 0; i < k->n_places; i++)
		json_object_array_add(programs, json_program(k, &k->place[i]));
	for (unsigned i = 0; i < k->n_splits; i++)
		json_object_array_add(splits, json_split(k, &k->split[i]));
	for (unsigned l = 0; l < LINT_COUNT; l++)
		if (k->find[l].count)
			json_object_array_add(finds, json_find(k, l));
	json_object_object_add(all, "programs", programs);
	json_object_object_add(all, "calls", json_object_new_int64((int64_t)k->calls));
	json_object_object_add(all, "skipped", json_object_new_int64((int64_t)k->n_skipped));
	json_object_object_add(all, "skips", check_json_skipped(k));
	json_object_object_add(all, "numbers_not_tried", json_object_new_int64(k->derived.dropped));
	json_object_object_add(all, "differences", splits);
	json_object_object_add(all, "mistakes", finds);
	puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(all);
}
