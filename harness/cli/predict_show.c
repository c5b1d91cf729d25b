/* SPDX-License-Identifier: MIT */
/* How a prediction is shown: the lines of a call and their JSON. */
#include "predict.h"

#include <stdio.h>
#include <string.h>

#include "../case/options.h"
#include "../report/text.h"
#include "../report/view.h"

#define SHOWN 16 /* leading bytes of a window or buffer */
#define LABEL 16

static const char *const holds_text[HOLDS_COUNT] = {
	[HOLDS_AGREES] = "the oracle agrees",
	[HOLDS_OPEN] = "open, the oracle allows other outcomes too",
	[HOLDS_DISAGREES] = "the oracle DISAGREES",
};
static const char *const holds_word[HOLDS_COUNT] = {"agrees", "open", "disagrees"};

/* ---- pieces of output ---- */

/* At most eight clauses of one line, each once. */
struct clauses {
	unsigned n;
	uint8_t c[8];
};

static void cite(struct predictor *p, struct clauses *l, unsigned c)
{
	if (!c || !profile_has(p->profile, c))
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
	if (!tc_call_has_len(c))
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

void predict_show_branch(struct predictor *p, const struct tc_call *c, struct branch *b)
{
	bool first = c->hook == HOOK_GET && profile_has(p->profile, C_GET_AFTER);

	b->json = json_object_new_object();
	if (*b->when) {
		buf_printf(&b->text, "    if %s:\n", b->when);
		json_object_object_add(b->json, "if", json_object_new_string(b->when));
	}
	if (first)
		show_handler(p, c, b);
	show_programs(p, b);
	if (!first)
		show_handler(p, c, b);
	show_result(p, c, b);
	show_buffer(p, c, b);
	for (unsigned i = 0; i < CLAUSE_WORDS; i++)
		p->used.w[i] |= b->want->hits.w[i];
}

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

void predict_show_call(const struct tc_call *c, struct branch *b, unsigned n, enum holds h,
		       struct json_object *json)
{
	struct json_object *ways = json ? json_object_new_array() : NULL;
	struct buf t = {0};

	head(c, b, n, &t);
	if (json) {
		add_text(json, "call", &t);
		json_object_object_add(json, "outcomes", ways);
	} else {
		printf("\n%s\n", buf_str(&t));
		buf_fini(&t);
	}
	for (unsigned k = 0; k < n; k++) {
		if (json)
			json_object_array_add(ways, json_object_get(b[k].json));
		else
			fputs(buf_str(&b[k].text), stdout);
		json_object_put(b[k].json);
		buf_fini(&b[k].text);
	}
	if (!predict_expects(&c->expect))
		return;
	tcase_print_answer(&c->expect, &t);
	if (json) {
		add_text(json, "expected", &t);
		json_object_object_add(json, "expectation", json_object_new_string(holds_word[h]));
	} else {
		printf("    %-*s %s: %s\n", LABEL, "expected", buf_str(&t), holds_text[h]);
		buf_fini(&t);
	}
}

void predict_show_clauses(const struct predictor *p, struct json_object *list)
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
void predict_show_title(const struct predictor *p, struct json_object *json)
{
	struct buf path = {0}, title = {0};

	text_safe(&path, p->f->path, strlen(p->f->path));
	text_safe(&title, p->f->meta.title, strlen(p->f->meta.title));
	if (json) {
		add_text(json, "case", &path);
		add_text(json, "title", &title);
		json_object_object_add(json, "profile", json_object_new_string(p->profile->name));
		json_object_object_add(json, "page_size", json_object_new_int(PAGE_BYTES));
		json_object_object_add(json, "expectations_hold", json_object_new_boolean(!p->f->elsewhere));
		return;
	}
	printf("%s, profile %s, pages of %u bytes\n%s%s", buf_str(&path), p->profile->name, PAGE_BYTES,
	       buf_str(&title), title.n ? "\n" : "");
	if (p->f->elsewhere)
		printf("its expectations are for other profiles: %s%s\n",
		       p->f->meta.profiles[0] ? p->f->meta.profiles : "those with all of ",
		       p->f->meta.profiles[0] ? "" : p->f->meta.clauses);
	buf_fini(&path);
	buf_fini(&title);
	if (p->cli->verbose) {
		tcase_print(&p->f->tc, NULL, &title);
		printf("\n%s", buf_str(&title));
		buf_fini(&title);
	}
}

void predict_show_counts(const struct predictor *p, bool many, struct json_object *json)
{
	if (json) {
		for (unsigned h = 0; h < HOLDS_COUNT; h++)
			json_object_object_add(json, holds_word[h], json_object_new_int((int)p->holds[h]));
		return;
	}
	printf("\nexpectations of the case%s: %u agree, %u open, %u disagree\n", many ? "s" : "",
	       p->holds[HOLDS_AGREES], p->holds[HOLDS_OPEN], p->holds[HOLDS_DISAGREES]);
}
