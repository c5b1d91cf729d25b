/* SPDX-License-Identifier: MIT */
#include "html.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/names.h"
#include "grid_json.h"
#include "html_doc.h"
#include "page.h"
#include "text.h"

static const char *const trim_words[TRIM_COUNT] = {
	[TRIM_BYTES] = "bytes of a memory that are far from the first difference",
	[TRIM_OTHER] = "memories in which no byte differs",
	[TRIM_COMMANDS] =
		"memories in which no byte differs, and commands where the text of the case is here",
	[TRIM_AGREEING] = "memories in which no byte differs, and cases that agree",
	[TRIM_SIDES] =
		"cases that agree, and both sides of a call for findings that are like one that has them",
	[TRIM_RECORDS] = "all but the first findings and cases of each kernel",
};

/* Does label n stand there already, before n? */
static bool label_taken(const struct page *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!strcmp(p->label[i], p->label[n]))
			return true;
	return false;
}

/* How often column i's short name stands in the grid: several runs may be of one kernel. */
static unsigned same_label(const struct grid *g, unsigned i)
{
	unsigned n = 0;

	for (unsigned k = 0; k < g->n; k++)
		n += !strcmp(g->column[k]->label, g->column[i]->label);
	return n;
}

/* The kernel's short name; where it stands more than once with profile and command, and last with a number.
 */
static void name_columns(struct page *p)
{
	for (unsigned i = 0; i < p->g->n; i++) {
		const struct column *c = p->g->column[i];
		char *label = p->label[i];
		size_t size = sizeof(p->label[0]);
		int n = snprintf(label, size, "%s", c->label);

		if (same_label(p->g, i) > 1) {
			if (c->profile && c->profile != c->own)
				n += snprintf(label + n, size - (size_t)n, " %.24s", c->profile->name);
			if (c->n_commands)
				n += snprintf(label + n, size - (size_t)n, " %s", c->command[0].name);
		}
		for (unsigned k = 2; label_taken(p, i); k++)
			snprintf(label + n, size - (size_t)n, " #%u", k);
	}
}

static struct json_object *names(struct page *p)
{
	struct json_object *o = json_object_new_object(), *errnos = json_object_new_object();
	char key[32];

	for (const struct name *n = names_errno; n->name; n++) {
		snprintf(key, sizeof(key), "%lld", (long long)n->value);
		if (!json_object_object_get_ex(errnos, key, NULL))
			json_object_object_add(errnos, key, json_object_new_string(n->name));
	}
	json_object_object_add(o, "levels", p->levels);
	json_object_object_add(o, "options", p->options);
	json_object_object_add(o, "errnos", errnos);
	return o;
}

static void add_trimmed(struct json_object *o, const struct page *p)
{
	struct buf words = {0};

	if (p->trim == TRIM_NONE)
		return;
	buf_printf(&words, "To stay below %u MB this page leaves something out: %s", HTML_MAX_BYTES / 1000000,
		   trim_words[p->trim]);
	if (p->left_out) {
		buf_puts(&words, "; ");
		text_count(&words, (uint64_t)p->left_out);
		buf_puts(&words, " records are not here");
	}
	buf_puts(&words, ". The JSON lines of the runs hold all of it.");
	html_text(o, "trimmed", buf_str(&words));
	buf_fini(&words);
}

static struct json_object *document(struct page *p, const char *version)
{
	const struct grid *g = p->g;
	struct json_object *o = json_object_new_object(), *columns = json_object_new_array();
	const char *argv = NULL;
	bool matrix = false;
	char seed[24];

	p->pool = json_object_new_array();
	p->records = json_object_new_array();
	p->pool_index = json_object_new_object();
	p->kinds = json_object_new_object();
	p->levels = json_object_new_object();
	p->options = json_object_new_object();
	p->left_out = 0;
	for (unsigned i = 0; i < g->n; i++) {
		matrix |= g->column[i]->in_matrix;
		if (!argv)
			argv = g->column[i]->argv;
		json_object_array_add(columns, html_column(g->column[i], p->label[i]));
		html_records(p, i);
	}
	html_text(o, "version", version);
	html_text(o, "kind", matrix ? "matrix" : "report");
	html_text(o, "verdict", grid_verdict(g, NULL));
	html_text(o, "argv", argv);
	if (g->seed_given) {
		snprintf(seed, sizeof(seed), "%llu", (unsigned long long)g->seed);
		html_text(o, "seed", seed);
	}
	add_trimmed(o, p);
	json_object_object_add(o, "profiles", html_profiles());
	json_object_object_add(o, "clauses", html_clauses());
	json_object_object_add(o, "columns", columns);
	grid_put_changes(o, g, GRID_NUMBERS);
	json_object_object_add(o, "records", p->records);
	json_object_object_add(o, "pool", p->pool);
	json_object_object_add(o, "names", names(p));
	json_object_object_add(o, "waivers", grid_waivers(g));
	html_documents(o);
	json_object_put(p->pool_index);
	json_object_put(p->kinds);
	return o;
}

/*
 * Appends JSON so that no part of it means anything to an HTML parser, whatever the strings hold: these
 * characters stand in strings only, where \u says the same.
 */
static void put_escaped(struct buf *out, const char *s)
{
	for (size_t n; *s; s += n) {
		n = strcspn(s, "<>&\xe2");
		buf_add(out, s, n);
		s += n;
		n = 1;
		if (*s == '<' || *s == '>' || *s == '&')
			buf_printf(out, "\\u%04x", (unsigned)*s);
		else if (!strncmp(s, "\xe2\x80\xa8", 3) || !strncmp(s, "\xe2\x80\xa9", 3))
			buf_puts(out, s[2] == '\xa8' ? "\\u2028" : "\\u2029"), n = 3;
		else if (*s)
			buf_add(out, s, 1);
		else
			return;
	}
}

/* Writes the document as JSON, as it may stand in a page. */
static bool put_document(struct page *p, struct buf *data, const char *version)
{
	struct json_object *o = document(p, version);
	const char *text =
		json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	buf_reset(data);
	if (text)
		put_escaped(data, text);
	json_object_put(o);
	return text && !data->failed;
}

/* The step after one that made `is` bytes of data, of which there should be `room`. False if there is none.
 */
static bool trim_more(struct page *p, size_t is, size_t room)
{
	size_t most = 0;

	if (p->trim < TRIM_RECORDS - 1) {
		p->trim++;
		return true;
	}
	if (p->trim == TRIM_RECORDS) {
		p->most = p->most / 3 * 2;
		return p->most;
	}
	p->trim = TRIM_RECORDS;
	for (unsigned i = 0; i < p->g->n; i++) {
		const struct column *c = p->g->column[i];
		size_t n = c->n_cases > c->n_findings ? c->n_cases : c->n_findings;

		most = n > most ? n : most;
	}
	p->most = (size_t)((double)most * (double)room / (double)is) + 1;
	return true;
}

int report_html(struct buf *out, const struct grid *g, const char *version)
{
	struct page p = {.g = g, .most = SIZE_MAX};
	size_t room = HTML_MAX_BYTES - page_head_size - page_tail_size;
	struct buf data = {0};
	bool ok;

	p.label = calloc(g->n + 1, sizeof(*p.label));
	if (!p.label)
		return -ENOMEM;
	name_columns(&p);
	do
		ok = put_document(&p, &data, version);
	while (ok && data.n > room && trim_more(&p, data.n, room));
	free(p.label);
	buf_add(out, page_head, page_head_size);
	buf_add(out, data.p, data.n);
	buf_add(out, page_tail, page_tail_size);
	buf_fini(&data);
	return ok && !out->failed ? 0 : -ENOMEM;
}
