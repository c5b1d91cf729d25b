/* SPDX-License-Identifier: MIT */
/* The page's evidence: findings and cases, as much of them as there is room for. */
#include <stdio.h>
#include <string.h>

#include "../case/options.h"
#include "html_doc.h"

#define TRIM_WINDOW 32	 /* bytes of a memory that are kept */
#define TRIM_TEXT   2048 /* bytes of a case's text, from TRIM_RECORDS on */

/* A number that may be anything (null) or absent. */
static void add_number(struct json_object *o, const char *key, const struct column_number *n)
{
	if (n->is == NUMBER_ANY)
		json_object_object_add(o, key, NULL);
	else if (n->is == NUMBER_KNOWN)
		json_object_object_add(o, key, json_object_new_int64(n->n));
}

/* The number of a row of the pool that equals v, which is taken over. */
static struct json_object *pooled(struct page *p, struct json_object *v)
{
	const char *text = json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN);
	struct json_object *at = NULL;

	if (!text)
		return NULL;
	if (json_object_object_get_ex(p->pool_index, text, &at)) {
		at = json_object_get(at);
		json_object_put(v);
		return at;
	}
	at = json_object_new_int64((int64_t)json_object_array_length(p->pool));
	json_object_object_add(p->pool_index, text, json_object_get(at));
	json_object_array_add(p->pool, v);
	return at;
}

static void add_pooled(struct page *p, struct json_object *o, const char *key, const char *s)
{
	if (s && *s)
		json_object_object_add(o, key, pooled(p, html_safe(s)));
}

/* Bytes of a memory as far as they are wanted here: everything, or a window around offset `mark` (-1: its
 * begin). */
static void add_bytes(struct page *p, struct json_object *o, const struct column_bytes *b, int64_t mark)
{
	uint64_t n = b->hex ? strlen(b->hex) / 2 : 0, from = 0, keep = n;

	if (!n || (p->trim >= TRIM_OTHER && mark < 0))
		return;
	if (p->trim >= TRIM_BYTES && n > TRIM_WINDOW) {
		keep = TRIM_WINDOW;
		if (mark >= 0 && (uint64_t)mark >= b->from + TRIM_WINDOW / 2)
			from = (uint64_t)mark - b->from - TRIM_WINDOW / 2;
		from &= ~7ull; /* whole rows */
		if (from > n - keep)
			from = (n - keep) & ~7ull;
		if (keep > n - from)
			keep = n - from;
		html_bool(o, "cut", true);
	}
	json_object_object_add(o, "optval", json_object_new_string_len(b->hex + 2 * from, (int)(2 * keep)));
	html_some(o, "optval_from", b->from + from);
}

static void note_names(struct page *p, const struct column_program *s)
{
	struct buf name = {0};
	char key[32];

	if (s->level.is != NUMBER_KNOWN)
		return;
	snprintf(key, sizeof(key), "%lld", (long long)s->level.n);
	level_print(&name, (int32_t)s->level.n);
	json_object_object_add(p->levels, key, json_object_new_string(buf_str(&name)));
	if (s->optname.is == NUMBER_KNOWN) {
		buf_reset(&name);
		snprintf(key, sizeof(key), "%lld:%lld", (long long)s->level.n, (long long)s->optname.n);
		option_print(&name, (int32_t)s->level.n, (int32_t)s->optname.n);
		json_object_object_add(p->options, key, json_object_new_string(buf_str(&name)));
	}
	buf_fini(&name);
}

static struct json_object *side_object(struct page *p, const struct column_finding *f,
				       const struct column_side *s)
{
	struct json_object *o = json_object_new_object(), *programs = json_object_new_array();
	int64_t offset = f->offset.is == NUMBER_KNOWN ? f->offset.n : -1;
	int64_t at = f->program.is == NUMBER_KNOWN ? f->program.n : -1;

	add_number(o, "ret", &s->ret);
	add_number(o, "optlen", &s->optlen);
	add_number(o, "runs", &s->runs);
	add_bytes(p, o, &s->optval, !strcmp(f->field, "optval") ? offset : -1);
	for (unsigned i = 0; i < s->n_programs; i++) {
		const struct column_program *k = &s->program[i];
		struct json_object *row = json_object_new_object();

		html_text(row, "program", k->name);
		add_number(row, "level", &k->level);
		add_number(row, "optname", &k->optname);
		add_number(row, "optlen", &k->optlen);
		add_number(row, "retval", &k->retval);
		add_number(row, "size", &k->size);
		add_bytes(p, row, &k->optval, at == i && !strcmp(f->field, "seen.optval") ? offset : -1);
		note_names(p, k);
		json_object_array_add(programs, row);
	}
	json_object_object_add(o, "programs", programs);
	return o;
}

/* Is this the first finding of its clause, hook and field? */
static bool first_of_kind(struct page *p, const struct column_finding *f)
{
	char key[64];

	snprintf(key, sizeof(key), "%u %s %s", f->clause, f->hook, f->field);
	if (json_object_object_get_ex(p->kinds, key, NULL))
		return false;
	json_object_object_add(p->kinds, key, json_object_new_boolean(true));
	return true;
}

static struct json_object *behaves(const struct column_finding *f)
{
	struct json_object *all = json_object_new_array();

	for (unsigned i = 0; i < f->n_behaves; i++) {
		struct json_object *row = json_object_new_array();

		json_object_array_add(row, json_object_new_string(f->behaves[i].profile->name));
		html_append(row, f->behaves[i].clause);
		json_object_array_add(all, row);
	}
	return all;
}

static void add_place(struct page *p, struct json_object *o, const struct column *c, const char *path,
		      uint64_t index, unsigned command)
{
	if (path)
		add_pooled(p, o, "path", path);
	else
		html_int(o, "index", index);
	if (!path && command < c->n_commands)
		html_text(o, "cmd", c->command[command].name);
}

static void add_case_text(struct page *p, struct json_object *o, const char *text)
{
	size_t n = text ? strlen(text) : 0;
	struct buf cut = {0};

	if (p->trim < TRIM_RECORDS || n <= TRIM_TEXT) {
		add_pooled(p, o, "case", text);
		return;
	}
	for (n = TRIM_TEXT; n && text[n - 1] != '\n';)
		n--;
	buf_printf(&cut, "%.*s# cut here for the size of the page\n", (int)n, text);
	add_pooled(p, o, "case", buf_str(&cut));
	html_bool(o, "small", false);
	buf_fini(&cut);
}

/* What many findings have in common: a row of the pool. */
static struct json_object *common(struct page *p, const struct column *c, const struct column_finding *f)
{
	struct json_object *o = json_object_new_object();
	const struct waiver *waiver = grid_waiver(p->g, c, f);

	html_text(o, "v", f->verdict);
	html_int(o, "c", f->clause);
	html_text(o, "hook", f->hook);
	html_text(o, "field", f->field);
	add_pooled(p, o, "why", f->why);
	if (waiver)
		html_int(o, "waiver", (uint64_t)(waiver - p->g->waivers->row));
	add_number(o, "call", &f->call);
	add_number(o, "program", &f->program);
	add_number(o, "offset", &f->offset);
	add_number(o, "wv", &f->want_value);
	add_number(o, "gv", &f->got_value);
	add_number(o, "reruns", &f->reruns);
	add_number(o, "failed", &f->failed);
	if (f->state)
		html_bool(o, "state", true);
	if (f->behaves_known)
		json_object_object_add(o, "like", pooled(p, behaves(f)));
	return pooled(p, o);
}

static void put_finding(struct page *p, unsigned k, const struct column *c, const struct column_finding *f)
{
	struct json_object *o = json_object_new_object();
	bool sides = p->trim < TRIM_SIDES || first_of_kind(p, f);

	html_int(o, "k", k);
	json_object_object_add(o, "s", common(p, c, f));
	add_place(p, o, c, f->path, f->index, f->command);
	if (f->cases > 1)
		html_int(o, "cases", f->cases);
	if (f->want && f->got && sides) {
		json_object_object_add(o, "want", pooled(p, side_object(p, f, f->want)));
		json_object_object_add(o, "got", pooled(p, side_object(p, f, f->got)));
	} else if (f->want && f->got) {
		html_bool(o, "trimmed", true);
	}
	add_case_text(p, o, f->text);
	if (p->trim < TRIM_COMMANDS || !f->text) /* the page makes one from the text */
		html_text(o, "repro", f->reproduce);
	json_object_array_add(p->records, o);
}

/* The numbers of the clauses that a case's header names, but for the one at fault. */
static void add_about(struct json_object *o, const char *names, unsigned clause)
{
	struct json_object *about = NULL;

	for (const char *s = names ? names : ""; *(s += strspn(s, " "));) {
		size_t n = strcspn(s, " ");
		char name[64];
		int c;

		snprintf(name, sizeof(name), "%.*s", (int)n, s);
		c = clause_find(name);
		s += n;
		if (c <= 0 || (unsigned)c == clause)
			continue;
		if (!about)
			about = json_object_new_array();
		html_append(about, (uint64_t)c);
	}
	if (about)
		json_object_object_add(o, "about", about);
}

static bool is_of(const struct column_finding *f, const struct column_case *x)
{
	if (f->command != x->command || !f->path != !x->path)
		return false;
	return f->path ? !strcmp(f->path, x->path) : f->index == x->index;
}

static void put_case(struct page *p, unsigned k, const struct column *c, const struct column_case *x,
		     size_t first, unsigned findings)
{
	bool has = x->finding >= 0 && (unsigned)x->finding < findings;
	struct json_object *o, *same;

	if (p->trim >= TRIM_AGREEING && !strcmp(x->verdict, "PASS")) {
		p->left_out++;
		return;
	}
	o = json_object_new_object();
	html_int(o, "k", k);
	add_place(p, o, c, x->path, x->index, x->command);
	same = json_object_new_object();
	html_text(same, "v", x->verdict);
	html_int(same, "c", x->clause);
	add_pooled(p, same, "why", x->why);
	add_about(same, x->clauses, x->clause);
	json_object_object_add(o, "s", pooled(p, same));
	if (has)
		html_int(o, "f", first + (unsigned)x->finding);
	json_object_array_add(p->records, o);
}

/* The findings of a column, and then its other cases. */
void html_records(struct page *p, unsigned k)
{
	const struct column *c = p->g->column[k];
	size_t limit = p->most, cases = 0;
	size_t first = json_object_array_length(p->records);
	unsigned findings = c->n_findings < limit ? c->n_findings : (unsigned)limit;

	for (unsigned i = 0; i < findings; i++)
		put_finding(p, k, c, &c->finding[i]);
	p->left_out += c->n_findings - findings;
	for (size_t i = 0; i < c->n_cases; i++) {
		const struct column_case *x = &c->cases[i];

		if (x->finding >= 0 && (unsigned)x->finding < findings && is_of(&c->finding[x->finding], x)) {
			struct json_object *at =
				json_object_array_get_idx(p->records, first + (unsigned)x->finding);

			if (!json_object_object_get_ex(at, "about", NULL))
				add_about(at, x->clauses, x->clause);
			continue;
		}
		if (cases >= limit) {
			p->left_out++;
			continue;
		}
		put_case(p, k, c, x, first, findings);
		cases++;
	}
}
