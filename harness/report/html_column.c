/* SPDX-License-Identifier: MIT */
/* The page's small parts, the contract, and a column without its records. */
#include <stdio.h>
#include <string.h>

#include "html_doc.h"
#include "text.h"

struct json_object *html_safe(const char *s)
{
	struct json_object *o;
	struct buf safe = {0};

	text_safe(&safe, s, strlen(s));
	o = json_object_new_string_len(buf_str(&safe), (int)safe.n);
	buf_fini(&safe);
	return o;
}

void html_text(struct json_object *o, const char *key, const char *s)
{
	if (s && *s)
		json_object_object_add(o, key, html_safe(s));
}

void html_int(struct json_object *o, const char *key, uint64_t n)
{
	json_object_object_add(o, key, json_object_new_int64((int64_t)n));
}

void html_some(struct json_object *o, const char *key, uint64_t n)
{
	if (n)
		html_int(o, key, n);
}

void html_seconds(struct json_object *o, const char *key, double s)
{
	char digits[32];

	snprintf(digits, sizeof(digits), "%.3f", s);
	json_object_object_add(o, key, json_object_new_double_s(s, digits));
}

void html_bool(struct json_object *o, const char *key, bool b)
{
	json_object_object_add(o, key, json_object_new_boolean(b));
}

void html_append(struct json_object *array, uint64_t n)
{
	json_object_array_add(array, json_object_new_int64((int64_t)n));
}

static const char *family(unsigned in)
{
	return in & IN_KERNEL ? "kernel" : in & IN_DOC ? "doc" : "draft";
}

struct json_object *html_profiles(void)
{
	struct json_object *all = json_object_new_array();

	for (unsigned i = 0; i < profile_count(); i++) {
		const struct profile *p = profile_at(i);
		struct json_object *o = json_object_new_object();

		html_text(o, "name", p->name);
		html_text(o, "family", family(p->in));
		html_text(o, "what", p->what);
		html_text(o, "releases", p->releases);
		html_text(o, "evidence", evidence_name(p->evidence));
		json_object_array_add(all, o);
	}
	return all;
}

struct json_object *html_clauses(void)
{
	struct json_object *all = json_object_new_array();

	for (unsigned c = 0; c < C_COUNT; c++) {
		const struct clause_info *info = c ? clause_info(c) : NULL;
		struct json_object *o = json_object_new_object(), *in = json_object_new_array();
		struct buf holds = {0};

		for (unsigned f = IN_KERNEL; info && f <= IN_DRAFT; f <<= 1)
			if (info->in & f)
				json_object_array_add(in, json_object_new_string(family(f)));
		for (unsigned i = 0; info && i < profile_count(); i++)
			buf_puts(&holds, profile_has(profile_at(i), c) ? "1" : "0");
		json_object_object_add(o, "id", json_object_new_string(info ? info->name : ""));
		json_object_object_add(o, "in", in);
		json_object_object_add(o, "rule", json_object_new_string(info ? info->sentence : ""));
		json_object_object_add(o, "source", json_object_new_string(info ? info->source : ""));
		json_object_object_add(o, "holds", json_object_new_string(buf_str(&holds)));
		json_object_array_add(all, o);
		buf_fini(&holds);
	}
	return all;
}

static struct json_object *commands(const struct column *c)
{
	struct json_object *all = json_object_new_array();

	for (unsigned i = 0; i < c->n_commands; i++) {
		const struct column_command *cmd = &c->command[i];
		struct json_object *o = json_object_new_object();

		html_text(o, "command", cmd->name);
		html_text(o, "verdict", cmd->summed ? cmd->verdict : "ERROR");
		if (cmd->ended)
			json_object_object_add(o, "exit", json_object_new_int(cmd->exit));
		html_int(o, "cases", cmd->cases);
		html_int(o, "calls", cmd->calls);
		html_some(o, "fail", cmd->fail);
		html_some(o, "waived", cmd->waived);
		html_some(o, "skipped", cmd->skipped);
		html_some(o, "inconclusive", cmd->inconclusive);
		html_some(o, "error", cmd->error);
		html_some(o, "silent", cmd->silent);
		html_seconds(o, "seconds", cmd->seconds > 0 ? cmd->seconds : cmd->own_seconds);
		html_text(o, "start", cmd->start);
		html_text(o, "seed", cmd->seed);
		html_text(o, "argv", cmd->argv);
		json_object_array_add(all, o);
	}
	return all;
}

static struct json_object *cells(const struct column *c)
{
	struct json_object *all = json_object_new_array();

	for (unsigned k = 0; k < C_COUNT; k++) {
		const struct column_clause *x = &c->clause[k];
		struct json_object *row = json_object_new_array();

		json_object_array_add(row, json_object_new_string(cell_word(grid_cell(c, k))));
		html_append(row, x->calls);
		html_append(row, x->fail);
		html_append(row, x->waived);
		html_append(row, x->failed_cases);
		json_object_array_add(all, row);
	}
	return all;
}

static void add_controls(struct json_object *o, const struct column *c)
{
	struct buf b = {0};

	if (c->ran_ok[HOOK_GET] || c->ran_ok[HOOK_SET] || c->control_bad) {
		text_count(&b, c->ran_ok[HOOK_GET]);
		buf_puts(&b, " getsockopt, ");
		text_count(&b, c->ran_ok[HOOK_SET]);
		buf_puts(&b, " setsockopt, ");
		text_count(&b, c->control_bad);
		buf_puts(&b, " wrong");
		html_text(o, "controls", buf_str(&b));
	}
	buf_fini(&b);
}

struct json_object *html_column(const struct column *c, const char *label)
{
	struct json_object *o = json_object_new_object(), *splats = json_object_new_array();
	struct buf why = {0};

	html_text(o, "label", label);
	html_text(o, "spec", c->spec);
	html_text(o, "package", c->package);
	html_text(o, "release", c->release);
	html_text(o, "uname", c->version);
	html_text(o, "arch", c->arch);
	html_text(o, "tool", c->tool);
	html_some(o, "page_size", c->page_size);
	html_text(o, "profile", c->profile ? c->profile->name : NULL);
	html_text(o, "own_profile", c->own ? c->own->name : NULL);
	html_text(o, "verdict", column_verdict(c, &why));
	html_text(o, "why", buf_str(&why));
	html_text(o, "running", c->running);
	html_text(o, "console", c->console);
	for (unsigned i = 0; i < c->n_splats; i++)
		json_object_array_add(splats, html_safe(c->splat[i]));
	json_object_object_add(o, "splats", splats);
	html_some(o, "more_splats", c->more_splats);
	if (c->boot > 0) {
		html_seconds(o, "boot", c->boot);
		html_bool(o, "kvm", c->kvm);
	}
	if (c->seconds > 0)
		html_seconds(o, "seconds", c->seconds);
	html_some(o, "peak_rss", c->peak_rss);
	html_some(o, "strange", c->strange);
	html_bool(o, "in_matrix", c->in_matrix);
	add_controls(o, c);
	json_object_object_add(o, "commands", commands(c));
	json_object_object_add(o, "cells", cells(c));
	buf_fini(&why);
	return o;
}
