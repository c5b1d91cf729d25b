/* SPDX-License-Identifier: MIT */
/*
 * hookdiff predict: what the oracle allows for each call of a case, without root and without a kernel. Where
 * the plain handler is modelled (case/model.h) the outcome is a value; elsewhere H stands for the handler's
 * result, and a getsockopt is shown for both of its ways: it fails with H, or it succeeds with bytes that
 * nobody knows.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "../case/model.h"
#include "../case/options.h"
#include "../report/text.h"
#include "../report/view.h"
#include "casefile.h"
#include "opts.h"
#include "oracle/clauses.h"
#include "oracle/oracle.h"
#include "oracle/profiles.h"

#define PAGE_BYTES 4096
#define MEM_BYTES  (TC_MAX_BUF + TC_PAST) /* covers every window, also of an optlen beyond the buffer */
#define SHOWN	   16			  /* leading bytes of a window or buffer */
#define H_ERRNO	   3999 /* the errno that stands for H: no kernel has it and no case says it */
#define SYMBOL	   (-(int64_t)H_ERRNO)
#define LABEL	   16

/* What comes of a case's own expectation. */
enum holds { HOLDS_AGREES, HOLDS_OPEN, HOLDS_DISAGREES, HOLDS_COUNT };

static const char *const holds_text[HOLDS_COUNT] = {
	[HOLDS_AGREES] = "the oracle agrees",
	[HOLDS_OPEN] = "open, the oracle allows other outcomes too",
	[HOLDS_DISAGREES] = "the oracle DISAGREES",
};
static const char *const holds_word[HOLDS_COUNT] = {"agrees", "open", "disagrees"};

struct predictor {
	const struct cli *cli;
	const struct profile *profile;
	struct oracle *o;
	const struct casefile *f;
	struct model model[TC_MAX_SOCKS];
	struct clause_set used;			     /* by this case */
	unsigned holds[HOLDS_COUNT];		     /* expectations of all cases */
	uint8_t before[MEM_BYTES], after[MEM_BYTES]; /* the user's memory around the handler */
};

/* One way for the handler to go, and what has been said about it so far. */
struct branch {
	char when[80]; /* "the handler fails ..."; empty if there is only one way */
	struct handler_result hr;
	bool modelled;
	struct plan plan;
	const struct want *want; /* the oracle's: valid until it plans again */
	uint32_t any;		 /* copies of what the head line says of all ways */
	int64_t ret;
	struct buf text;
	struct json_object *json;
};

/* ---- pieces of output ---- */

/* At most eight clauses of one line, each once. */
struct clauses {
	unsigned n;
	uint8_t c[8];
};

static void cite(struct predictor *p, struct clauses *l, unsigned c)
{
	if (!c || !(clause_info(c)->in & p->profile->in))
		return;
	for (unsigned i = 0; i < l->n; i++)
		if (l->c[i] == c)
			return;
	if (l->n < sizeof(l->c))
		l->c[l->n++] = (uint8_t)c;
	clause_add(&p->used, c);
}

static void label(struct branch *b, const char *s)
{
	buf_printf(&b->text, "    %s%-*s ", *b->when ? "  " : "", LABEL, s);
}

/* Ends a line with its clauses, and puts them into obj. */
static void cited(struct branch *b, struct json_object *obj, const struct clauses *l)
{
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; i < l->n; i++) {
		buf_printf(&b->text, "%s%s", i ? " " : "   [", clause_info(l->c[i])->name);
		json_object_array_add(list, json_object_new_string(clause_info(l->c[i])->name));
	}
	buf_puts(&b->text, l->n ? "]\n" : "\n");
	json_object_object_add(obj, "clauses", list);
}

static void add_text(struct json_object *obj, const char *key, struct buf *b)
{
	json_object_object_add(obj, key, json_object_new_string(buf_str(b)));
	buf_fini(b);
}

/* A number, or null where any will do; the text says "?". */
static void number(struct branch *b, struct json_object *obj, const char *name, bool any, int64_t v)
{
	if (any)
		buf_printf(&b->text, ", %s ?", name);
	else if (v == SYMBOL)
		buf_printf(&b->text, ", %s H", name);
	else
		buf_printf(&b->text, ", %s %lld", name, (long long)v);
	json_object_object_add(obj, name,
			       any	     ? NULL
			       : v == SYMBOL ? json_object_new_string("H")
					     : json_object_new_int64(v));
}

static void byte(struct buf *out, uint32_t off, int v)
{
	if (off && off % 4 == 0)
		buf_puts(out, " ");
	if (v < 0)
		buf_puts(out, "??");
	else
		buf_printf(out, "%02x", (unsigned)v);
}

static void more(struct buf *out, uint32_t n)
{
	if (n > SHOWN)
		buf_printf(out, " and %u more", n - SHOWN);
}

/* "0", "-1 EFAULT", "raw -5000", "H", "anything" */
static void result_text(const struct branch *b, struct buf *out)
{
	if (b->any & ANY_RET)
		buf_puts(out, "anything (the profile is silent)");
	else if (b->ret == SYMBOL)
		buf_puts(out, "H");
	else
		tcase_print_ret(b->ret, out);
}

static void add_option(struct branch *b, struct json_object *obj, int32_t level, int32_t optname)
{
	struct buf name = {0};

	level_print(&name, level);
	buf_puts(&b->text, buf_str(&name));
	add_text(obj, "level", &name);
	option_print(&name, level, optname);
	buf_printf(&b->text, ", %s", buf_str(&name));
	add_text(obj, "optname", &name);
}

/* ---- the parts of a call ---- */

static void show_program(struct predictor *p, struct branch *b, const struct want_seen *s,
			 struct json_object *list)
{
	struct json_object *obj = json_object_new_object();
	struct clauses l = {0};
	struct buf t = {0};

	view_program(&t, s->id);
	label(b, buf_str(&t));
	add_text(obj, "program", &t);
	if (s->any & SEEN_ANY_ARGS)
		buf_puts(&b->text, "?, ?");
	else
		add_option(b, obj, s->level, s->optname);
	number(b, obj, "optlen", s->any & SEEN_ANY_OPTLEN, s->optlen);
	number(b, obj, "size", s->any & SEEN_ANY_SIZE, s->size);
	number(b, obj, "retval", s->any & SEEN_ANY_RETVAL, s->retval);
	for (uint32_t i = 0; i < s->size && i < SHOWN; i++)
		byte(&t, i, view_want_seen(s, i));
	more(&t, s->size);
	buf_printf(&b->text, ", optval %s", t.n ? buf_str(&t) : s->any & SEEN_ANY_SIZE ? "?" : "empty");
	add_text(obj, "optval", &t);
	cite(p, &l, s->c_args);
	cite(p, &l, s->c_optlen);
	cite(p, &l, s->c_size);
	cite(p, &l, s->split ? s->c_bytes : 0);
	cite(p, &l, s->split < s->size ? s->c_tail : 0);
	cite(p, &l, s->c_retval);
	cited(b, obj, &l);
	json_object_array_add(list, obj);
}

static void show_programs(struct predictor *p, struct branch *b)
{
	const struct want *w = b->want;
	struct json_object *list = json_object_new_array(), *none;
	struct clauses l = {0};

	json_object_object_add(b->json, "programs", list);
	for (unsigned i = 0; i < w->n_seen; i++)
		show_program(p, b, &w->seen[i], list);
	json_object_object_add(b->json, "programs_open", json_object_new_boolean(w->any & ANY_SEEN_TAIL));
	if (w->any & ANY_SEEN_TAIL) {
		label(b, "programs");
		buf_puts(&b->text, w->lost ? "a program asks for something unknown: what follows is open\n"
					   : "the profile does not say what others run and see\n");
	} else if (!w->n_seen) {
		none = json_object_new_object();
		label(b, "programs");
		buf_puts(&b->text, "none runs");
		cite(p, &l, w->c_runs);
		cited(b, none, &l);
		json_object_object_add(b->json, "no_program", none);
	}
}

/* The bytes that the handler gets instead of the user's buffer. */
static void show_kernel_buf(struct branch *b, struct json_object *obj)
{
	struct buf t = {0};

	for (uint32_t i = 0; i < (uint32_t)b->plan.optlen && i < SHOWN; i++)
		byte(&t, i, b->plan.bytes[i]);
	more(&t, (uint32_t)b->plan.optlen);
	buf_printf(&b->text, ", %s", buf_str(&t));
	add_text(obj, "optval", &t);
}

static void show_handler(struct predictor *p, const struct tc_call *c, struct branch *b)
{
	struct json_object *obj = json_object_new_object();
	struct clauses l = {0};
	struct buf t = {0};

	json_object_object_add(b->json, "handler", obj);
	json_object_object_add(obj, "called",
			       b->plan.unsure ? NULL : json_object_new_boolean(b->plan.called));
	label(b, "handler");
	if (b->plan.unsure || !b->plan.called) {
		buf_puts(&b->text,
			 b->plan.unsure ? "the profile does not say whether it is called\n" : "not called\n");
		return;
	}
	add_option(b, obj, b->plan.level, b->plan.optname);
	if (b->plan.kernel_buf)
		show_kernel_buf(b, obj);
	else
		buf_puts(&b->text, ", the user's buffer");
	json_object_object_add(obj, "user_buffer", json_object_new_boolean(!b->plan.kernel_buf));
	if (c->optlen_null)
		buf_puts(&b->text, ", optlen NULL");
	else
		number(b, obj, "optlen", false, b->plan.optlen);
	if (b->hr.ret == SYMBOL)
		buf_puts(&t, "H");
	else
		tcase_print_ret(b->hr.ret, &t);
	buf_printf(&b->text, ": %s%s", buf_str(&t), b->modelled ? " (modelled)" : "");
	add_text(obj, "result", &t);
	json_object_object_add(obj, "modelled", json_object_new_boolean(b->modelled));
	cite(p, &l, c->hook == HOOK_SET ? b->want->c_ret : 0);
	cited(b, obj, &l);
}

static void show_result(struct predictor *p, const struct tc_call *c, struct branch *b)
{
	const struct want *w = b->want;
	struct json_object *obj = json_object_new_object();
	struct clauses l = {0};
	struct buf t = {0};

	result_text(b, &t);
	label(b, "result");
	buf_puts(&b->text, buf_str(&t));
	if (w->any & ANY_RET)
		buf_fini(&t);
	else
		add_text(obj, "value", &t);
	if (!(w->any & ANY_RET))
		cite(p, &l, c->hook == HOOK_SET && b->plan.called ? C_SET_RESULT : w->c_ret);
	cited(b, obj, &l);
	json_object_object_add(b->json, "result", obj);
	if (c->hook != HOOK_GET || c->optlen_null)
		return;
	obj = json_object_new_object();
	l.n = 0;
	label(b, "optlen");
	buf_printf(&b->text, w->any & ANY_OPTLEN ? "?" : "%d", w->optlen);
	json_object_object_add(obj, "value", w->any & ANY_OPTLEN ? NULL : json_object_new_int(w->optlen));
	cite(p, &l, w->any & ANY_OPTLEN ? 0 : w->c_optlen);
	cited(b, obj, &l);
	json_object_object_add(b->json, "optlen", obj);
}

/* The user's buffer afterwards; what lies past it has a clause of its own. */
static void show_buffer(struct predictor *p, const struct tc_call *c, struct branch *b)
{
	const struct want *w = b->want;
	struct json_object *obj;
	struct clauses l = {0};
	struct buf t = {0};
	bool same = true;

	if (c->buf.place == BUF_NULL)
		return;
	obj = json_object_new_object();
	for (uint32_t i = 0; i < c->buf.size; i++) {
		int v = view_want_mem(c, w, i);

		same &= v == p->before[i];
		if (i < SHOWN)
			byte(&t, i, v);
	}
	more(&t, c->buf.size);
	label(b, "buffer");
	buf_puts(&b->text, same ? "as it was" : buf_str(&t));
	add_text(obj, "bytes", &t);
	json_object_object_add(obj, "unchanged", json_object_new_boolean(same));
	cite(p, &l, w->n_out ? w->c_out : 0);
	cite(p, &l, w->n_out < c->buf.size && !(w->any & ANY_MEM) ? w->c_base : 0);
	cited(b, obj, &l);
	json_object_object_add(b->json, "buffer", obj);
}

static void show_branch(struct predictor *p, const struct tc_call *c, struct branch *b)
{
	b->json = json_object_new_object();
	if (*b->when) {
		buf_printf(&b->text, "    if %s:\n", b->when);
		json_object_object_add(b->json, "if", json_object_new_string(b->when));
	}
	if (c->hook == HOOK_GET)
		show_handler(p, c, b);
	show_programs(p, b);
	if (c->hook == HOOK_SET)
		show_handler(p, c, b);
	show_result(p, c, b);
	show_buffer(p, c, b);
	for (unsigned i = 0; i < CLAUSE_WORDS; i++)
		p->used.w[i] |= b->want->hits.w[i];
}

/* ---- the handler ---- */

/* How many bytes of the user's memory the kernel can read, or write. */
static uint32_t reach(const struct tc_buf *u, bool write)
{
	switch ((enum buf_place)u->place) {
	case BUF_PLAIN:
		return u->size + TC_PAST;
	case BUF_READONLY:
		return write ? 0 : u->size + TC_PAST;
	case BUF_EDGE:
		return u->size;
	case BUF_NULL:
	case BUF_PLACE_COUNT:
		break;
	}
	return 0;
}

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

/* The bytes that a getsockopt which succeeds most likely gives: the option's size, as far as the user has
 * room. */
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
	bool known;

	if (!m)
		return false;
	if (c->hook == HOOK_GET)
		known = model_get(m, plan->level, plan->optname, p->after, reach(&c->buf, true),
				  c->optlen_null ? NULL : &optlen, &ret);
	else if (plan->kernel_buf)
		known = model_set(m, plan->level, plan->optname, plan->bytes, (uint32_t)plan->optlen,
				  plan->optlen, &ret);
	else
		known = model_set(m, plan->level, plan->optname, p->before, reach(&c->buf, false),
				  plan->optlen, &ret);
	b->hr = handler(p, c, ret, optlen);
	b->hr.is_volatile = false;
	b->modelled = known;
	return known;
}

static bool chain_asks_retval(const struct tcase *tc, const struct tc_call *c)
{
	uint8_t ids[TC_MAX_PROGS];
	unsigned n = c->sock < tc->n_socks
			     ? tcase_effective(tc, tc->sock[c->sock].level, (enum hook)c->hook, ids)
			     : 0;

	for (unsigned k = 0; k < n; k++) {
		const struct prog *prog = tcase_prog(tc, (enum hook)c->hook, ids[k]);

		for (unsigned i = 0; i < prog->n; i++)
			if (prog->act[i].op == ACT_IF && prog->act[i].field == FIELD_RETVAL)
				return true;
	}
	return false;
}

/* Fills the ways that the handler can go; returns how many, 1 or 2. */
static unsigned branches(struct predictor *p, unsigned i, struct branch b[2])
{
	const struct tc_call *c = &p->f->tc.call[i];
	struct plan plan;

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
		 chain_asks_retval(&p->f->tc, c) ? ", an errno that no program asks for" : "");
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
	uint8_t ids[TC_MAX_PROGS];
	unsigned n;

	if (e->has_optlen && (possible(p, i, 0, e->optlen) || possible(p, i, SYMBOL, e->optlen)))
		return true;
	for (int32_t k = 0; !c->optlen_null && k <= c->optlen && k <= PAGE_BYTES; k++)
		if (possible(p, i, 0, k))
			return true;
	if (e->has_ret && possible(p, i, e->ret, c->optlen))
		return true;
	n = c->sock < TC_MAX_SOCKS ? tcase_effective(&p->f->tc, p->f->tc.sock[c->sock].level, HOOK_GET, ids)
				   : 0;
	for (unsigned k = 0; k < n; k++) {
		const struct prog *prog = tcase_prog(&p->f->tc, HOOK_GET, ids[k]);

		for (unsigned a = 0; a < prog->n; a++) /* an errno that a program asks for */
			if (prog->act[a].op == ACT_IF && prog->act[a].field == FIELD_RETVAL &&
			    possible(p, i, prog->act[a].val, c->optlen))
				return true;
	}
	return false;
}

/* "= 0 [i32 4] optlen 4", the parts that are there. */
static void said(const struct tc_expect *e, struct buf *out)
{
	buf_puts(out, "= ");
	if (e->has_ret)
		tcase_print_ret(e->ret, out);
	else
		buf_puts(out, "?");
	if (e->n_bytes) {
		buf_puts(out, " [");
		tcase_print_items(e->bytes, e->n_bytes, out);
		buf_puts(out, "]");
	}
	if (e->has_optlen)
		buf_printf(out, " optlen %d", e->optlen);
}

static void show_expectation(struct predictor *p, unsigned i, bool unknown_get, enum holds best,
			     enum holds worst, struct json_object *json)
{
	const struct tc_expect *e = &p->f->tc.call[i].expect;
	enum holds h = best == worst ? best : HOLDS_OPEN;
	struct buf t = {0};

	if (!e->has_ret && !e->has_optlen && !e->n_bytes)
		return;
	if (h == HOLDS_DISAGREES && unknown_get && some_handler(p, i))
		h = HOLDS_OPEN;
	p->holds[h]++;
	said(e, &t);
	if (json) {
		add_text(json, "expected", &t);
		json_object_object_add(json, "expectation", json_object_new_string(holds_word[h]));
		return;
	}
	printf("    %-*s %s: %s\n", LABEL, "expected", buf_str(&t), holds_text[h]);
	buf_fini(&t);
}

/* ---- calls, cases ---- */

/* The call as strace would show it, with the results of all its ways. */
static void head(const struct tc_call *c, const struct branch *b, unsigned n, struct buf *out)
{
	tcase_print_call(c, out);
	buf_puts(out, " = ");
	result_text(&b[0], out);
	if (n > 1 && (b[0].any != b[1].any || b[0].ret != b[1].ret)) {
		buf_puts(out, ", or ");
		result_text(&b[1], out);
	}
}

static void show_call(struct predictor *p, unsigned i, struct json_object *calls)
{
	const struct tc_call *c = &p->f->tc.call[i];
	struct json_object *obj = calls ? json_object_new_object() : NULL,
			   *ways = calls ? json_object_new_array() : NULL;
	enum holds best = HOLDS_DISAGREES, worst = HOLDS_AGREES, h;
	struct branch b[2];
	struct buf line = {0};
	unsigned n;

	memset(b, 0, sizeof(b));
	tc_buf_image(&c->buf, p->before, MEM_BYTES);
	memcpy(p->after, p->before, MEM_BYTES);
	n = branches(p, i, b);
	for (unsigned k = 0; k < n; k++) {
		predict(p, i, &b[k]);
		show_branch(p, c, &b[k]);
		h = holds(c, &b[k]);
		best = h < best ? h : best;
		worst = worse(worst, h);
	}
	head(c, b, n, &line);
	if (calls) {
		add_text(obj, "call", &line);
		json_object_object_add(obj, "outcomes", ways);
		json_object_array_add(calls, obj);
	} else {
		printf("\n%s\n", buf_str(&line));
		buf_fini(&line);
	}
	for (unsigned k = 0; k < n; k++) {
		if (calls)
			json_object_array_add(ways, json_object_get(b[k].json));
		else
			fputs(buf_str(&b[k].text), stdout);
		json_object_put(b[k].json);
		buf_fini(&b[k].text);
	}
	show_expectation(p, i, n > 1 || (c->hook == HOOK_GET && !b[0].modelled && b[0].plan.called), best,
			 worst, obj);
}

static void show_clauses(const struct predictor *p, struct json_object *list)
{
	if (!list)
		puts("\nclauses:");
	for (unsigned c = 1; c < C_COUNT; c++) {
		const struct clause_info *info = clause_info(c);
		struct json_object *obj;

		if (!clause_has(&p->used, c))
			continue;
		if (!list) {
			printf("  %-22s %s\n", info->name, info->sentence);
			continue;
		}
		obj = json_object_new_object();
		json_object_object_add(obj, "clause", json_object_new_string(info->name));
		json_object_object_add(obj, "sentence", json_object_new_string(info->sentence));
		json_object_array_add(list, obj);
	}
}

/* Path and title come from outside: made safe for a terminal and for JSON. */
static void show_title(const struct predictor *p, struct json_object *json)
{
	struct buf path = {0}, title = {0};

	text_safe(&path, p->f->path, strlen(p->f->path));
	text_safe(&title, p->f->meta.title, strlen(p->f->meta.title));
	if (json) {
		add_text(json, "case", &path);
		add_text(json, "title", &title);
		json_object_object_add(json, "profile", json_object_new_string(p->profile->name));
		json_object_object_add(json, "page_size", json_object_new_int(PAGE_BYTES));
		return;
	}
	printf("%s, profile %s, pages of %u bytes\n%s%s", buf_str(&path), p->profile->name, PAGE_BYTES,
	       buf_str(&title), title.n ? "\n" : "");
	buf_fini(&path);
	buf_fini(&title);
	if (p->cli->verbose) {
		tcase_print(&p->f->tc, NULL, &title);
		printf("\n%s", buf_str(&title));
		buf_fini(&title);
	}
}

static void show_case(struct predictor *p, const struct casefile *f, struct json_object *cases)
{
	struct json_object *json = cases ? json_object_new_object() : NULL,
			   *calls = cases ? json_object_new_array() : NULL,
			   *clauses = cases ? json_object_new_array() : NULL;

	p->f = f;
	p->used = (struct clause_set){0};
	for (unsigned s = 0; s < f->tc.n_socks; s++)
		model_init(&p->model[s], &f->tc.sock[s]);
	oracle_begin(p->o, &f->tc);
	show_title(p, json);
	for (unsigned i = 0; i < f->tc.n_calls; i++)
		show_call(p, i, calls);
	show_clauses(p, clauses);
	if (!cases)
		return;
	json_object_object_add(json, "calls", calls);
	json_object_object_add(json, "clauses", clauses);
	json_object_array_add(cases, json);
}

static int show_all(struct predictor *p, struct casefile **files, size_t n)
{
	struct json_object *all = p->cli->json ? json_object_new_object() : NULL,
			   *cases = all ? json_object_new_array() : NULL, *counts;

	for (size_t i = 0; i < n; i++) {
		if (i && !all)
			putchar('\n');
		show_case(p, files[i], cases);
	}
	if (all) {
		counts = json_object_new_object();
		for (unsigned h = 0; h < HOLDS_COUNT; h++)
			json_object_object_add(counts, holds_word[h], json_object_new_int((int)p->holds[h]));
		json_object_object_add(all, "cases", cases);
		json_object_object_add(all, "expectations", counts);
		puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY |
								 JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(all);
	} else {
		printf("\nexpectations of the case%s: %u agree, %u open, %u disagree\n", n == 1 ? "" : "s",
		       p->holds[HOLDS_AGREES], p->holds[HOLDS_OPEN], p->holds[HOLDS_DISAGREES]);
	}
	return p->holds[HOLDS_DISAGREES] ? EXIT_DIVERGENCE : EXIT_AGREE;
}

int cmd_predict(struct cli *cli)
{
	const struct profile *profile = cli_profile(cli, "999.0"); /* auto: the newest kernel's */
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
		code = show_all(p, files, n);
	}
	if (p)
		oracle_free(p->o);
	free(p);
	casefile_free(files, n);
	return code;
}
