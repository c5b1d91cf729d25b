/* SPDX-License-Identifier: MIT */
/*
 * hookdiff predict: what the oracle allows for each call of a case, without root and without a kernel. Where
 * the plain handler is modelled (case/model.h) the outcome is a value; elsewhere H stands for the handler's
 * result, and a getsockopt is shown for both of its ways: it fails with H, or it succeeds with bytes that
 * nobody knows.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../case/options.h"
#include "../report/view.h"
#include "predict.h"

/* ---- the handler ---- */

static struct handler_result handler(struct predictor *p, const struct tc_call *c, int64_t ret,
				     int32_t optlen)
{
	return (struct handler_result){
		.ret = ret,
		.optlen = optlen,
		.is_volatile = ret == 0 && c->hook == HOOK_GET,
		.mem = c->buf.place == BUF_NULL ? NULL : p->after,
	};
}

/* How many bytes a getsockopt that succeeds most likely gives: the option's size, if there is room for it. */
static int32_t nominal(const struct tc_call *c)
{
	const struct option_info *info = option_find(c->level, c->optname);

	return info && info->size && info->size < c->optlen ? info->size : c->optlen;
}

/* The model's answer as the only branch; false if there is none. Changes the model's state: once a call. */
static bool ask_model(struct predictor *p, const struct tc_call *c, const struct plan *plan, struct branch *b)
{
	struct model *m = c->sock < TC_MAX_SOCKS ? &p->model[c->sock] : NULL;
	int32_t optlen = c->optlen;
	int64_t ret = 0;
	bool known, touched = false;

	if (!m)
		return false;
	if (c->hook == HOOK_GET)
		known = model_get(m, plan->level, plan->optname, p->after, tc_buf_reach(&c->buf, true),
				  c->optlen_null ? NULL : &optlen, &ret);
	else if (plan->kernel_buf)
		known = model_set(m, plan->level, plan->optname, plan->bytes, (uint32_t)plan->optlen,
				  plan->optlen, &ret);
	else
		known = model_set(m, plan->level, plan->optname, p->before, tc_buf_reach(&c->buf, false),
				  plan->optlen, &ret);
	if (c->hook == HOOK_GET && known) {
		touched = model_touches(c, ret, optlen);
		model_read_only(c, p->after, &ret, &optlen);
		model_overlap(c, p->after, ret, &optlen);
	}
	b->hr = handler(p, c, ret, optlen);
	b->hr.is_volatile = false;
	b->hr.touched = touched;
	b->modelled = known;
	return known;
}

/* The k-th value that a program of the call's chain compares retval with; false past the last. */
static bool asked_retval(const struct tcase *tc, const struct tc_call *c, unsigned k, int32_t *val)
{
	uint8_t ids[TC_MAX_PROGS];
	unsigned n = c->sock < tc->n_socks
			     ? tcase_effective(tc, tc->sock[c->sock].level, (enum hook)c->hook, ids)
			     : 0;

	for (unsigned i = 0; i < n; i++) {
		const struct prog *prog = tcase_prog(tc, (enum hook)c->hook, ids[i]);

		for (unsigned a = 0; a < prog->n; a++)
			if (prog->act[a].op == ACT_IF && prog->act[a].field == FIELD_RETVAL && k-- == 0) {
				*val = prog->act[a].val;
				return true;
			}
	}
	return false;
}

/* Fills the ways that the handler can go; returns how many, 1 or 2. */
static unsigned branches(struct predictor *p, unsigned i, struct branch b[2])
{
	const struct tc_call *c = &p->f->tc.call[i];
	struct plan plan;
	int32_t val;

	oracle_plan(p->o, i, &plan);
	if (plan.unsure && c->sock < TC_MAX_SOCKS)
		model_forget(&p->model[c->sock]);
	if (!plan.called)
		return 1;
	if (ask_model(p, c, &plan, &b[0]))
		return 1;
	b[0].hr = handler(p, c, SYMBOL, c->optlen);
	if (c->hook == HOOK_SET || c->optlen_null || c->optlen < 0)
		return 1;
	snprintf(b[0].when, sizeof(b[0].when), "the handler fails with H%s",
		 asked_retval(&p->f->tc, c, 0, &val) ? ", an errno that no program asks for" : "");
	snprintf(b[1].when, sizeof(b[1].when), "the handler succeeds with %d bytes that only a kernel knows",
		 nominal(c));
	b[1].hr = handler(p, c, 0, nominal(c));
	return 2;
}

static void predict(struct predictor *p, unsigned i, struct branch *b)
{
	oracle_plan(p->o, i, &b->plan);
	b->want = oracle_predict(p->o, &b->hr);
	b->any = b->want->any;
	b->ret = b->want->ret;
}

/* ---- the case's own expectation ---- */

static enum holds worse(enum holds a, enum holds b)
{
	return a > b ? a : b;
}

/* Does what b wants leave room for the expectation? */
static enum holds holds(const struct tc_call *c, const struct branch *b)
{
	const struct tc_expect *e = &c->expect;
	const struct want *w = b->want;
	enum holds h = HOLDS_AGREES;

	if (e->has_ret && (w->any & ANY_RET || (w->ret == SYMBOL && e->ret <= 0 && e->ret >= -4095)))
		h = worse(h, HOLDS_OPEN);
	else if (e->has_ret && e->ret != w->ret)
		return HOLDS_DISAGREES;
	if (e->has_optlen && w->any & ANY_OPTLEN)
		h = worse(h, HOLDS_OPEN);
	else if (e->has_optlen && e->optlen != w->optlen)
		return HOLDS_DISAGREES;
	for (unsigned i = 0; i < e->n_bytes; i++) {
		int v = view_want_mem(c, w, i);

		if (v >= 0 && v != e->bytes[i])
			return HOLDS_DISAGREES;
		h = worse(h, v < 0 ? HOLDS_OPEN : HOLDS_AGREES);
	}
	return h;
}

static bool possible(struct predictor *p, unsigned i, int64_t ret, int32_t optlen)
{
	const struct tc_call *c = &p->f->tc.call[i];
	struct branch b = {.hr = handler(p, c, ret, optlen)};

	if (ret < -4095 || ret > 0)
		return false;
	predict(p, i, &b);
	return holds(c, &b) != HOLDS_DISAGREES;
}

/* Is there a result of an unknown getsockopt handler that would lead to what is expected? */
static bool some_handler(struct predictor *p, unsigned i)
{
	const struct tc_call *c = &p->f->tc.call[i];
	const struct tc_expect *e = &c->expect;
	int32_t val;

	if (e->has_optlen && (possible(p, i, 0, e->optlen) || possible(p, i, SYMBOL, e->optlen)))
		return true;
	for (int32_t k = 0; !c->optlen_null && k <= c->optlen && k <= PAGE_BYTES; k++)
		if (possible(p, i, 0, k))
			return true;
	if (e->has_ret && possible(p, i, e->ret, c->optlen))
		return true;
	for (unsigned k = 0; asked_retval(&p->f->tc, c, k, &val); k++)
		if (possible(p, i, val, c->optlen))
			return true;
	return false;
}

/* ---- calls, cases ---- */

static void predict_call(struct predictor *p, unsigned i, struct json_object *calls)
{
	const struct tc_call *c = &p->f->tc.call[i];
	struct json_object *json = calls ? json_object_new_object() : NULL;
	enum holds best = HOLDS_DISAGREES, worst = HOLDS_AGREES, h;
	struct branch b[2];
	unsigned n;
	bool unknown_get;

	memset(b, 0, sizeof(b));
	tc_buf_image(&c->buf, p->before, MEM_BYTES);
	memcpy(p->after, p->before, MEM_BYTES);
	n = branches(p, i, b);
	for (unsigned k = 0; k < n; k++) {
		predict(p, i, &b[k]);
		predict_show_branch(p, c, &b[k]);
		h = holds(c, &b[k]);
		best = h < best ? h : best;
		worst = worse(worst, h);
	}
	h = best == worst ? best : HOLDS_OPEN;
	unknown_get = n > 1 || (c->hook == HOOK_GET && !b[0].modelled && b[0].plan.called);
	if (h == HOLDS_DISAGREES && unknown_get && some_handler(p, i))
		h = HOLDS_OPEN;
	p->holds[h] += predict_expects(&c->expect);
	predict_show_call(c, b, n, h, json);
	if (calls)
		json_object_array_add(calls, json);
}

static void predict_case(struct predictor *p, const struct casefile *f, struct json_object *cases)
{
	struct json_object *json = cases ? json_object_new_object() : NULL,
			   *calls = cases ? json_object_new_array() : NULL,
			   *clauses = cases ? json_object_new_array() : NULL;

	p->f = f;
	p->used = (struct clause_set){0};
	for (unsigned s = 0; s < f->tc.n_socks; s++)
		model_init(&p->model[s], &f->tc.sock[s]);
	oracle_begin(p->o, &f->tc);
	predict_show_title(p, json);
	for (unsigned i = 0; i < f->tc.n_calls; i++)
		predict_call(p, i, calls);
	predict_show_clauses(p, clauses);
	if (!cases)
		return;
	json_object_object_add(json, "calls", calls);
	json_object_object_add(json, "clauses", clauses);
	json_object_array_add(cases, json);
}

static int predict_all(struct predictor *p, struct casefile **files, size_t n)
{
	struct json_object *all = p->cli->json ? json_object_new_object() : NULL,
			   *cases = all ? json_object_new_array() : NULL, *counts;

	for (size_t i = 0; i < n; i++) {
		if (i && !all)
			putchar('\n');
		if (files[i]->tree)
			predict_tree(p, files[i], cases);
		else
			predict_case(p, files[i], cases);
	}
	if (all) {
		counts = json_object_new_object();
		predict_show_counts(p, n > 1, counts);
		json_object_object_add(all, "cases", cases);
		json_object_object_add(all, "expectations", counts);
		puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY |
								 JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(all);
	} else {
		predict_show_counts(p, n > 1, NULL);
	}
	return p->holds[HOLDS_DISAGREES] ? EXIT_DIVERGENCE : EXIT_AGREE;
}

int cmd_predict(struct cli *cli)
{
	const struct profile *profile =
		cli_profile(cli, "7.3", NULL); /* auto: the newest kernel that has one */
	struct predictor *p = calloc(1, sizeof(*p));
	struct casefile **files = NULL;
	size_t n = 0;
	int code = EXIT_USAGE;

	if (profile)
		code = casefile_load_all(cli->args, cli->n_args, &files, &n);
	if (!code && p) {
		p->cli = cli;
		p->profile = profile;
		p->o = oracle_new(profile, PAGE_BYTES);
	}
	if (!code && (!p || !p->o)) {
		fputs("hookdiff: out of memory\n", stderr);
		code = EXIT_UNSURE;
	} else if (!code) {
		casefile_scope(files, n, profile);
		predict_scope_trees(files, n, profile);
		code = predict_all(p, files, n);
	}
	if (p)
		oracle_free(p->o);
	free(p);
	casefile_free(files, n);
	return code;
}
