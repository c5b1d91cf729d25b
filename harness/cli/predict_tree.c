/* SPDX-License-Identifier: MIT */
/*
 * Cases with operations: what each step must do, and which programs run for each call. What comes of a call's
 * values is left to `run`: it depends on a handler that no model follows over a whole case.
 */
#include <stdio.h>
#include <string.h>

#include "../report/text.h"
#include "oracle/tree.h"
#include "predict.h"

/* The author's expectation of the step against the model's. */
static enum holds judge(const struct tree_step *s, const struct tree_want *w)
{
	const struct tree_answer *a = &s->answer;
	bool ok = !s->has_ret || s->ret == w->ret || (w->either && s->ret == w->other);

	if (a->has_ids)
		ok = ok && a->n_ids == w->n && !memcmp(a->ids, w->progs, w->n);
	ok = ok && (!a->has_flags || a->flags == w->flags) && (!a->has_count || a->count == w->count) &&
	     (!a->has_revision || (w->has_revision && a->revision == w->revision));
	return ok ? HOLDS_AGREES : HOLDS_DISAGREES;
}

static void result(const struct tree_step *s, const struct tree_want *w, struct buf *b)
{
	if (s->op == TREE_CALL) {
		buf_puts(b, w->bad_socket ? "on no socket" : w->n ? "runs " : "runs no program");
		tree_print_progs(w->progs, w->n, b);
		return;
	}
	tcase_print_ret(w->ret, b);
	if (w->either) {
		buf_puts(b, " or ");
		tcase_print_ret(w->other, b);
	}
	if (!w->answers)
		return;
	buf_puts(b, " [");
	tree_print_progs(w->progs, w->n, b);
	buf_printf(b, "] flags 0x%x count %u", w->flags, w->count);
	if (w->has_revision)
		buf_printf(b, " revision %u", w->revision);
}

static struct json_object *show(const struct tree *t, const struct tree_step *s, const struct tree_want *w,
				bool wrong, bool json)
{
	struct buf step = {0}, what = {0};
	struct json_object *o = json ? json_object_new_object() : NULL;
	const char *clause =
		s->op == TREE_CALL ? clause_info(w->c_order)->name : clause_info(w->clause)->name;

	tree_print_step(t, s, &step);
	result(s, w, &what);
	if (!json) {
		printf("%s\n\t%s  (%s)%s\n", buf_str(&step), buf_str(&what), clause,
		       wrong ? "\n\tthe case expects something else" : "");
	} else {
		json_object_object_add(o, "step", json_object_new_string(buf_str(&step)));
		json_object_object_add(o, "want", json_object_new_string(buf_str(&what)));
		json_object_object_add(o, "clause", json_object_new_string(clause));
	}
	buf_fini(&step);
	buf_fini(&what);
	return o;
}

/* The way of attaching of the newest kernels that the profile holds for. */
static const struct attach_epoch *epoch_of(const struct profile *p)
{
	unsigned first, last;
	char release[32];

	if (!profile_kernels(p, &first, &last))
		return NULL;
	snprintf(release, sizeof(release), "%u.%u.254", last >> 8, last & 0xff);
	return attach_for_kernel(release, NULL);
}

void predict_tree(struct predictor *p, const struct casefile *f, struct json_object *cases)
{
	static struct tree_model m; /* large */
	const struct attach_epoch *epoch = epoch_of(p->profile);
	struct json_object *json = cases ? json_object_new_object() : NULL,
			   *steps = cases ? json_object_new_array() : NULL;
	struct tree_want w;

	p->f = f;
	predict_show_title(p, json);
	if (!epoch && !cases)
		puts("no rules of attaching are known for this profile");
	if (epoch)
		tree_begin(&m, epoch, f->tree);
	for (unsigned i = 0; epoch && i < f->tree->n_steps; i++) {
		const struct tree_step *s = &f->tree->step[i];
		struct json_object *o;
		enum holds h;

		tree_next(&m, i, &w);
		h = judge(s, &w);
		if (s->op != TREE_CALL && (s->has_ret || s->answer.has_ids || s->answer.has_count))
			p->holds[h]++;
		o = show(f->tree, s, &w, s->op != TREE_CALL && h == HOLDS_DISAGREES, cases);
		if (cases)
			json_object_array_add(steps, o);
	}
	if (!cases)
		return;
	json_object_object_add(json, "steps", steps);
	json_object_array_add(cases, json);
}

void predict_scope_trees(struct casefile **files, size_t n, const struct profile *p)
{
	const struct attach_epoch *epoch = epoch_of(p);

	if (epoch)
		casefile_scope_trees(files, n, p, epoch);
}
