/* SPDX-License-Identifier: MIT */
#include "document.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "../report/grid_json.h"
#include "../report/json_out.h"
#include "../report/text.h"

static void add_seconds(struct json_object *o, const char *key, double s)
{
	char digits[32];

	snprintf(digits, sizeof(digits), "%.3f", s);
	json_object_object_add(o, key, json_object_new_double_s(s, digits));
}

static void add_bool(struct json_object *o, const char *key, bool b)
{
	json_object_object_add(o, key, json_object_new_boolean(b));
}

static const char *name_of(unsigned clause)
{
	return clause ? clause_info(clause)->name : "";
}

static struct json_object *commands(const struct column *c)
{
	struct json_object *all = json_object_new_array();

	for (unsigned i = 0; i < c->n_commands; i++) {
		const struct column_command *cmd = &c->command[i];
		struct json_object *o = json_object_new_object();

		out_text(o, "command", cmd->name);
		out_text(o, "verdict", cmd->summed ? cmd->verdict : "ERROR");
		if (cmd->ended)
			json_object_object_add(o, "exit", json_object_new_int(cmd->exit));
		out_count(o, "cases", cmd->cases);
		out_count(o, "calls", cmd->calls);
		out_count(o, "pass", cmd->pass);
		out_count(o, "fail", cmd->fail);
		out_count(o, "waived", cmd->waived);
		out_count(o, "skipped", cmd->skipped);
		out_count(o, "inconclusive", cmd->inconclusive);
		out_count(o, "error", cmd->error);
		add_seconds(o, "seconds", cmd->seconds);
		json_object_array_add(all, o);
	}
	return all;
}

static struct json_object *clauses(const struct column *c)
{
	struct json_object *all = json_object_new_object();

	for (unsigned k = 1; k < C_COUNT; k++) {
		struct json_object *o = json_object_new_object();

		out_text(o, "cell", cell_word(grid_cell(c, k)));
		out_count(o, "calls", c->clause[k].calls);
		out_count(o, "fail", c->clause[k].fail);
		out_count(o, "waived", c->clause[k].waived);
		json_object_object_add(all, name_of(k), o);
	}
	return all;
}

static struct json_object *behaves(const struct column_finding *f)
{
	struct json_object *all = json_object_new_array();

	for (unsigned i = 0; i < f->n_behaves; i++) {
		struct json_object *o = json_object_new_object();

		out_text(o, "profile", f->behaves[i].profile->name);
		out_text(o, "clause", name_of(f->behaves[i].clause));
		json_object_array_add(all, o);
	}
	return all;
}

static struct json_object *findings(const struct column *c)
{
	struct json_object *all = json_object_new_array();

	for (unsigned i = 0; i < c->n_findings; i++) {
		const struct column_finding *f = &c->finding[i];
		struct json_object *o = json_object_new_object();

		out_text(o, "verdict", f->verdict);
		out_some(o, "clause", name_of(f->clause));
		out_text(o, "hook", f->hook);
		out_text(o, "field", f->field);
		out_some(o, "rule", name_of(f->rule));
		out_some(o, "where", f->where);
		out_some(o, "case", f->text);
		out_some(o, "reproduce", f->reproduce);
		if (f->behaves_known)
			json_object_object_add(o, "behaves_like", behaves(f));
		json_object_array_add(all, o);
	}
	return all;
}

static struct json_object *seconds(const struct column *c)
{
	struct json_object *o = json_object_new_object();

	add_seconds(o, "boot", c->boot);
	add_seconds(o, "total", c->seconds);
	for (unsigned i = 0; i < c->n_commands; i++)
		add_seconds(o, c->command[i].name, c->command[i].seconds);
	return o;
}

static struct json_object *kernel(const struct column *c, const char *file)
{
	struct json_object *o = json_object_new_object(), *splats = json_object_new_array();
	struct buf why = {0};

	out_text(o, "spec", c->spec);
	out_text(o, "label", c->label);
	out_some(o, "package", c->package);
	out_some(o, "release", c->release);
	out_some(o, "uname_version", c->version);
	out_some(o, "profile", c->profile ? c->profile->name : NULL);
	out_some(o, "own_profile", c->own ? c->own->name : NULL);
	out_some(o, "evidence", c->profile ? evidence_name(c->profile->evidence) : NULL);
	out_text(o, "verdict", column_verdict(c, &why));
	out_some(o, "why", buf_str(&why));
	out_some(o, "running", c->running);
	out_some(o, "running_file", c->running_file);
	out_some(o, "console", c->console);
	for (unsigned i = 0; i < c->n_splats; i++)
		json_object_array_add(splats, json_object_new_string(c->splat[i]));
	json_object_object_add(o, "splats", splats);
	out_some(o, "jsonl", file);
	json_object_object_add(o, "seconds", seconds(c));
	out_count(o, "peak_rss", c->peak_rss);
	add_bool(o, "kvm", c->kvm);
	out_count(o, "strange_lines", c->strange);
	json_object_object_add(o, "commands", commands(c));
	json_object_object_add(o, "clauses", clauses(c));
	json_object_object_add(o, "findings", findings(c));
	buf_fini(&why);
	return o;
}

void document_format(struct buf *out, const struct grid *g, const char *version, int argc, char **argv,
		     const char *const *files)
{
	struct json_object *o = json_object_new_object(), *kernels = json_object_new_array();
	struct json_object *words = json_object_new_array();
	char seed[24];
	int code;

	out_text(o, "type", "matrix-result");
	out_text(o, "version", version);
	for (int i = 0; i < argc; i++) {
		struct buf safe = {0};

		text_safe(&safe, argv[i], strlen(argv[i]));
		json_object_array_add(words, json_object_new_string(buf_str(&safe)));
		buf_fini(&safe);
	}
	json_object_object_add(o, "argv", words);
	if (g->seed_given) { /* as a string: JSON's numbers lose bits above 2^53 */
		snprintf(seed, sizeof(seed), "%llu", (unsigned long long)g->seed);
		out_text(o, "seed", seed);
	}
	out_text(o, "verdict", grid_verdict(g, &code));
	json_object_object_add(o, "exit", json_object_new_int(code));
	for (unsigned i = 0; i < g->n; i++)
		json_object_array_add(kernels, kernel(g->column[i], files ? files[i] : NULL));
	json_object_object_add(o, "kernels", kernels);
	grid_put_changes(o, g, GRID_WORDS);
	json_object_object_add(o, "waivers", grid_waivers(g));
	buf_puts(out,
		 json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	buf_puts(out, "\n");
	json_object_put(o);
}
