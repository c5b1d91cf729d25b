/* SPDX-License-Identifier: MIT */
/* `hookdiff check --kernel`: what the kernel took, and where it did not do what the interpreter says. */
#include <json-c/json.h>
#include <stdio.h>

#include "../case/case_text.h"
#include "check_show.h"
#include "oracle/clauses.h"
#include "oracle/isa/helpers.h"

/* ---- one program ---- */

static const char *verdict(const struct check_live *l, unsigned i)
{
	if (!l->prog[i])
		return "not tried: the interpreter cannot answer for it";
	if (l->prog[i]->fd >= 0)
		return l->unexpected[i]
			       ? "FAIL: the kernel takes it, although it is said to load from a later "
				 "one on only"
			       : "loaded";
	return l->unexpected[i] ? "FAIL: refused" : "refused, as said: it needs a later kernel";
}

static void show_programs(const struct check *k, const struct check_live *l, struct buf *b)
{
	for (unsigned i = 0; i < k->n_places; i++) {
		check_show_program(k, &k->place[i], b);
		buf_printf(b, " %s", verdict(l, i));
		if (l->prog[i] && l->prog[i]->why[0])
			buf_printf(b, ": %s", l->prog[i]->why);
		else if (k->place[i].refused)
			buf_printf(b, ": %s", k->place[i].refused);
		buf_puts(b, "\n");
	}
}

/* ---- what the interpreter cannot know ---- */

/* Helpers whose answer is the running task's, the clock's or the socket's. */
static bool asks_world(int32_t helper)
{
	static const int32_t ids[] = {5,  7,  8,   14,	15,  16,  17,  42,  49,	 57, 80,
				      96, 98, 122, 123, 125, 128, 160, 186, 187, 208};

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (ids[i] == helper)
			return true;
	return false;
}

static const char *world_helper(const struct check *k)
{
	for (unsigned i = 0; i < k->n_places; i++) {
		const struct isa_prog *p = &k->object[0][k->place[i].input].object->progs[k->place[i].prog];

		for (uint32_t n = 0; n < p->n_insns; n++)
			if (p->insns[n].code == (BPF_JMP | BPF_CALL) && !p->insns[n].src_reg &&
			    asks_world(p->insns[n].imm))
				return isa_helper_name(p->insns[n].imm);
	}
	return NULL;
}

/* ---- text ---- */

static void show_diff(const struct live_diff *d, struct buf *b)
{
	buf_puts(b, "FAIL ");
	if (d->name)
		buf_printf(b, "%s: ", d->name);
	if (d->has_after) {
		tcase_print_call(&d->after, b);
		buf_puts(b, d->state ? ", and read back without the programs: " : ", then ");
	}
	tcase_print_call(&d->call, b);
	buf_puts(b, check_show_below(d->below));
	buf_printf(b, "\n     %s", diff_field_name(d->diff.field));
	if (d->diff.field == DIFF_MEM || d->diff.field == DIFF_EXPECT)
		buf_printf(b, "[%u]", d->diff.offset);
	buf_printf(b, ": %s says %lld, the kernel gave %lld",
		   d->diff.field == DIFF_EXPECT ? "the case" : "the interpreter", (long long)d->diff.want,
		   (long long)d->diff.got);
	buf_puts(b, " (in all: ");
	tcase_print_ret(d->want_ret, b);
	buf_printf(b, " optlen %d, ", d->want_optlen);
	tcase_print_ret(d->got_ret, b);
	buf_printf(b, " optlen %d)", d->got_optlen);
	if (d->diff.clause)
		buf_printf(b, "   [%s]", clause_info(d->diff.clause)->name);
	buf_printf(b, "; %llu such cases\n", (unsigned long long)d->count);
}

static void show_rest(const struct check *k, const struct check_live *l, struct buf *b)
{
	check_show_skipped(k, b);
	if (l->kept_off)
		buf_printf(b, "%llu cases were not run: an option that can hurt this machine (--unsafe)\n",
			   (unsigned long long)l->kept_off);
	if (l->skipped)
		buf_printf(b, "%llu cases cannot be run here: %s\n", (unsigned long long)l->skipped, l->why);
	if (l->undecided)
		buf_printf(b, "%llu cases of which nothing can be said\n", (unsigned long long)l->undecided);
	if (l->faults)
		buf_printf(b,
			   "FAIL %llu cases in which a program does what no verifier takes, says the "
			   "interpreter\n%s",
			   (unsigned long long)l->faults, buf_str(&k->find[LINT_FAULT].detail));
	if (l->n_diffs && world_helper(k))
		buf_printf(b, "A difference may come from %s: the interpreter does not ask this machine.\n",
			   world_helper(k));
}

static bool no_control(const struct check_live *l)
{
	for (unsigned h = 0; h < HOOK_COUNT; h++)
		if (l->controls.ran_bad[h] || l->controls.silent_bad[h])
			return true;
	return false;
}

void check_prove_show(const struct check *k, const struct check_live *l, const char *release)
{
	struct buf b = {0};

	show_programs(k, l, &b);
	buf_printf(&b, "Linux %s, profile %s: %llu cases, %llu calls compared; %llu cases differ\n", release,
		   k->profile[0]->name, (unsigned long long)l->cases, (unsigned long long)l->calls,
		   (unsigned long long)l->failed);
	show_rest(k, l, &b);
	for (unsigned i = 0; i < l->n_diffs; i++)
		show_diff(&l->diff[i], &b);
	if (no_control(l))
		buf_puts(&b,
			 "INCONCLUSIVE: a control shows that a hook did not run, or ran where it must not\n");
	fputs(buf_str(&b), stdout);
	if (l->error[0])
		fprintf(stderr, "hookdiff: %s\n", l->error);
	buf_fini(&b);
}

int check_prove_exit(const struct check *k, const struct check_live *l)
{
	bool found = l->failed || l->faults;

	for (unsigned i = 0; i < k->n_places; i++)
		found |= l->unexpected[i];
	if (found)
		return EXIT_DIVERGENCE;
	return l->error[0] || no_control(l) || !l->cases ? EXIT_UNSURE : EXIT_AGREE;
}

/* ---- JSON ---- */

static void add_text(struct json_object *o, const char *key, struct buf *b)
{
	json_object_object_add(o, key, json_object_new_string(buf_str(b)));
	buf_fini(b);
}

static void add_number(struct json_object *o, const char *key, int64_t n)
{
	json_object_object_add(o, key, json_object_new_int64(n));
}

static struct json_object *json_diff(const struct live_diff *d)
{
	struct json_object *o = json_object_new_object();
	struct buf call = {0}, after = {0};

	tcase_print_call(&d->call, &call);
	add_text(o, "call", &call);
	if (d->has_after) {
		tcase_print_call(&d->after, &after);
		add_text(o, "after", &after);
	}
	if (d->name)
		json_object_object_add(o, "case", json_object_new_string(d->name));
	json_object_object_add(o, "read_back", json_object_new_boolean(d->state));
	json_object_object_add(o, "child_returns_0", json_object_new_boolean(d->below == BELOW_DENIES));
	json_object_object_add(o, "field", json_object_new_string(diff_field_name(d->diff.field)));
	add_number(o, "offset", d->diff.offset);
	add_number(o, "want", d->diff.want);
	add_number(o, "got", d->diff.got);
	json_object_object_add(o, "clause",
			       d->diff.clause ? json_object_new_string(clause_info(d->diff.clause)->name)
					      : NULL);
	add_number(o, "count", (int64_t)d->count);
	return o;
}

void check_prove_json(const struct check *k, const struct check_live *l, const char *release)
{
	struct json_object *all = json_object_new_object(), *programs = json_object_new_array(),
			   *diffs = json_object_new_array();

	for (unsigned i = 0; i < k->n_places; i++) {
		struct json_object *o = check_json_program(k, &k->place[i]);

		json_object_object_add(o, "loaded",
				       json_object_new_boolean(l->prog[i] && l->prog[i]->fd >= 0));
		json_object_object_add(o, "expected", json_object_new_boolean(!l->unexpected[i]));
		json_object_object_add(o, "text", json_object_new_string(verdict(l, i)));
		if (l->prog[i] && l->prog[i]->why[0])
			json_object_object_add(o, "why", json_object_new_string(l->prog[i]->why));
		json_object_array_add(programs, o);
	}
	for (unsigned i = 0; i < l->n_diffs; i++)
		json_object_array_add(diffs, json_diff(&l->diff[i]));
	json_object_object_add(all, "kernel", json_object_new_string(release));
	json_object_object_add(all, "profile", json_object_new_string(k->profile[0]->name));
	json_object_object_add(all, "programs", programs);
	add_number(all, "cases", (int64_t)l->cases);
	add_number(all, "calls", (int64_t)l->calls);
	add_number(all, "differ", (int64_t)l->failed);
	add_number(all, "faults", (int64_t)l->faults);
	add_number(all, "kept_off", (int64_t)l->kept_off);
	add_number(all, "skipped", (int64_t)(l->skipped + k->n_skipped));
	json_object_object_add(all, "skips", check_json_skipped(k));
	add_number(all, "nothing_said", (int64_t)l->undecided);
	json_object_object_add(all, "differences", diffs);
	json_object_object_add(all, "error", l->error[0] ? json_object_new_string(l->error) : NULL);
	puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(all);
}
