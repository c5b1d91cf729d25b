/* SPDX-License-Identifier: MIT */
#include "document.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "../report/text.h"

static void add_text(struct json_object *o, const char *key, const char *s)
{
	struct buf safe = {0};

	text_safe(&safe, s, strlen(s));
	json_object_object_add(o, key, json_object_new_string(buf_str(&safe)));
	buf_fini(&safe);
}

/* The same, left out if there is nothing. */
static void add_some(struct json_object *o, const char *key, const char *s)
{
	if (s && *s)
		add_text(o, key, s);
}

static void add_int(struct json_object *o, const char *key, uint64_t n)
{
	json_object_object_add(o, key, json_object_new_int64((int64_t)n));
}

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

		add_text(o, "command", cmd->name);
		add_text(o, "verdict", cmd->summed ? cmd->verdict : "ERROR");
		if (cmd->ended)
			json_object_object_add(o, "exit", json_object_new_int(cmd->exit));
		add_int(o, "cases", cmd->cases);
		add_int(o, "calls", cmd->calls);
		add_int(o, "pass", cmd->pass);
		add_int(o, "fail", cmd->fail);
		add_int(o, "waived", cmd->waived);
		add_int(o, "skipped", cmd->skipped);
		add_int(o, "inconclusive", cmd->inconclusive);
		add_int(o, "error", cmd->error);
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

		add_text(o, "cell", cell_word(grid_cell(c, k)));
		add_int(o, "calls", c->clause[k].calls);
		add_int(o, "fail", c->clause[k].fail);
		add_int(o, "waived", c->clause[k].waived);
		json_object_object_add(all, name_of(k), o);
	}
	return all;
}

static struct json_object *behaves(const struct column_finding *f)
{
	struct json_object *all = json_object_new_array();

	for (unsigned i = 0; i < f->n_behaves; i++) {
		struct json_object *o = json_object_new_object();

		add_text(o, "profile", f->behaves[i].profile->name);
		add_text(o, "clause", name_of(f->behaves[i].clause));
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

		add_text(o, "verdict", f->verdict);
		add_some(o, "clause", name_of(f->clause));
		add_text(o, "hook", f->hook);
		add_text(o, "field", f->field);
		add_some(o, "rule", name_of(f->rule));
		add_some(o, "where", f->where);
		add_some(o, "case", f->text);
		add_some(o, "reproduce", f->reproduce);
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

	add_text(o, "spec", c->spec);
	add_text(o, "label", c->label);
	add_some(o, "package", c->package);
	add_some(o, "release", c->release);
	add_some(o, "uname_version", c->version);
	add_some(o, "profile", c->profile ? c->profile->name : NULL);
	add_some(o, "own_profile", c->own ? c->own->name : NULL);
	add_some(o, "evidence", c->profile ? evidence_name(c->profile->evidence) : NULL);
	add_text(o, "verdict", column_verdict(c, &why));
	add_some(o, "why", buf_str(&why));
	add_some(o, "running", c->running);
	add_some(o, "running_file", c->running_file);
	add_some(o, "console", c->console);
	for (unsigned i = 0; i < c->n_splats; i++)
		json_object_array_add(splats, json_object_new_string(c->splat[i]));
	json_object_object_add(o, "splats", splats);
	add_some(o, "jsonl", file);
	json_object_object_add(o, "seconds", seconds(c));
	add_int(o, "peak_rss", c->peak_rss);
	add_bool(o, "kvm", c->kvm);
	add_int(o, "strange_lines", c->strange);
	json_object_object_add(o, "commands", commands(c));
	json_object_object_add(o, "clauses", clauses(c));
	json_object_object_add(o, "findings", findings(c));
	buf_fini(&why);
	return o;
}

static void add_changes(struct json_object *o, const struct grid *g)
{
	struct json_object *expected = json_object_new_array(), *unexpected = json_object_new_array();

	for (unsigned i = 0; i + 1 < g->n; i++)
		for (unsigned c = 0; c < C_COUNT; c++) {
			enum change change = grid_change(g, i, c);
			bool surprise = grid_unexpected(g, i, c);
			struct json_object *row;

			if (change == CHANGE_NONE && !surprise)
				continue;
			row = json_object_new_object();
			add_text(row, "from", g->column[i]->label);
			add_text(row, "to", g->column[i + 1]->label);
			add_text(row, "clause", name_of(c));
			if (surprise) {
				add_text(row, "was", cell_word(grid_cell(g->column[i], c)));
				add_text(row, "is", cell_word(grid_cell(g->column[i + 1], c)));
			} else {
				add_text(row, "change", change_word(change));
			}
			json_object_array_add(surprise ? unexpected : expected, row);
		}
	json_object_object_add(o, "expected", expected);
	json_object_object_add(o, "unexpected", unexpected);
}

static struct json_object *waivers(const struct grid *g)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; g->waivers && i < g->waivers->n; i++) {
		const struct waiver *w = &g->waivers->row[i];
		struct json_object *o = json_object_new_object();
		bool judged;

		add_int(o, "line", (uint64_t)w->line);
		add_text(o, "clause", name_of(w->clause));
		add_text(o, "kernels", w->kernel);
		add_text(o, "reason", w->reason);
		add_text(o, "link", w->link);
		add_text(o, "owner", w->owner);
		add_int(o, "used", grid_waiver_used(g, w, &judged));
		add_bool(o, "judged", judged);
		add_bool(o, "expired", waiver_expired(w, g->now));
		json_object_array_add(all, o);
	}
	return all;
}

void document_format(struct buf *out, const struct grid *g, const char *version, int argc, char **argv,
		     const char *const *files)
{
	struct json_object *o = json_object_new_object(), *kernels = json_object_new_array();
	struct json_object *words = json_object_new_array();
	char seed[24];
	int code;

	add_text(o, "type", "matrix-result");
	add_text(o, "version", version);
	for (int i = 0; i < argc; i++) {
		struct buf safe = {0};

		text_safe(&safe, argv[i], strlen(argv[i]));
		json_object_array_add(words, json_object_new_string(buf_str(&safe)));
		buf_fini(&safe);
	}
	json_object_object_add(o, "argv", words);
	if (g->seed_given) { /* as a string: JSON's numbers lose bits above 2^53 */
		snprintf(seed, sizeof(seed), "%llu", (unsigned long long)g->seed);
		add_text(o, "seed", seed);
	}
	add_text(o, "verdict", grid_verdict(g, &code));
	json_object_object_add(o, "exit", json_object_new_int(code));
	for (unsigned i = 0; i < g->n; i++)
		json_object_array_add(kernels, kernel(g->column[i], files ? files[i] : NULL));
	json_object_object_add(o, "kernels", kernels);
	add_changes(o, g);
	json_object_object_add(o, "waivers", waivers(g));
	buf_puts(out,
		 json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	buf_puts(out, "\n");
	json_object_put(o);
}
