/* SPDX-License-Identifier: MIT */
#include "formats.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "column_json.h"
#include "json_out.h"
#include "rows.h"
#include "story.h"

#define EXCERPT 16384 /* of a log, in a test: the schema's limit */

struct kcidb {
	const struct format_opts *opts;
	const struct grid *g;
	const struct column *c;
	struct json_object *checkouts, *builds, *tests, *issues, *incidents;
	char checkout[64], build[64];
	uint64_t run; /* of what makes this run of this kernel unlike another */
};

static void put_id(const struct kcidb *k, char *out, size_t n, const char *what, uint64_t hash)
{
	snprintf(out, n, "%.20s:%s-%016llx", k->opts->origin, what, (unsigned long long)hash);
}

static void begin(struct json_object *o, const struct kcidb *k, const char *id)
{
	out_text(o, "id", id);
	out_text(o, "origin", k->opts->origin);
}

static void add_kernel(struct kcidb *k)
{
	const struct column *c = k->c;
	struct json_object *checkout = json_object_new_object(), *build = json_object_new_object();
	struct json_object *misc = json_object_new_object();
	struct buf b = {0};
	uint64_t h =
		rows_hash_text(rows_hash_text(rows_hash_text(ROWS_HASH, c->release), c->version), c->package);

	/* Equal kernels are one checkout and one build, whoever runs them when. */
	put_id(k, k->checkout, sizeof(k->checkout), "source", h);
	h = rows_hash_text(h, c->arch);
	put_id(k, k->build, sizeof(k->build), "kernel", h);
	h = rows_hash_text(rows_hash_text(h, c->tool), c->profile ? c->profile->name : "");
	for (unsigned i = 0; i < c->n_commands; i++)
		h = rows_hash_text(rows_hash_text(rows_hash_text(h, c->command[i].start), c->command[i].seed),
				   c->command[i].argv);
	k->run = h;
	buf_printf(&b, "Linux %s", c->release[0] ? c->release : c->spec);
	if (c->package[0])
		buf_printf(&b, ", package version %s", c->package);
	begin(checkout, k, k->checkout);
	out_text(checkout, "comment", buf_str(&b));
	begin(build, k, k->build);
	out_text(build, "checkout_id", k->checkout);
	out_text(build, "comment", buf_str(&b));
	if (c->arch[0] && !c->arch[strspn(c->arch, "abcdefghijklmnopqrstuvwxyz0123456789_")])
		out_text(build, "architecture", c->arch);
	out_some(misc, "release", c->release);
	out_some(misc, "uname_version", c->version);
	out_some(misc, "spec", c->spec);
	json_object_object_add(build, "misc", misc);
	json_object_array_add(k->checkouts, checkout);
	json_object_array_add(k->builds, build);
	buf_fini(&b);
}

/* FAIL, ERROR, MISS, PASS, DONE, SKIP: the schema's words, in its order of priority. */
static const char *status(const struct row *row)
{
	switch (row->result) {
	case ROW_FAIL:
	case ROW_XFAIL: /* the waiver is an issue, and this an incident of it */
		return "FAIL";
	case ROW_ERROR: /* a case's error is that case's; else the harness did not get there */
		return row->kind == ROW_CASE ? "ERROR" : "MISS";
	case ROW_UNSURE:
		return "DONE";
	case ROW_PASS:
		return "PASS";
	case ROW_SKIP:
	case ROW_ABSENT:
	case ROW_RESULTS:
		break;
	}
	return "SKIP";
}

/* Where the waiver explains itself: the schema takes an address only, not a path of this project. */
static void add_link(struct json_object *issue, const struct waiver *w)
{
	struct json_object *misc = json_object_new_object();

	if (!strncmp(w->link, "https://", 8) || !strncmp(w->link, "http://", 7))
		out_text(issue, "report_url", w->link);
	out_text(misc, "link", w->link);
	out_text(misc, "owner", w->owner);
	out_text(misc, "kernels", w->kernel);
	json_object_object_add(issue, "misc", misc);
}

static void add_issue(struct kcidb *k, const struct row *row, const char *test)
{
	struct json_object *issue = json_object_new_object(), *incident = json_object_new_object();
	struct json_object *culprit = json_object_new_object();
	const struct waiver *w = row->finding ? grid_waiver(k->g, k->c, row->finding) : NULL;
	const char *why = row->finding && row->finding->why ? row->finding->why : "known divergence";
	const char *name = row->clause ? clause_info(row->clause)->name : "expectation";
	uint64_t h = rows_hash_text(rows_hash_text(ROWS_HASH, name), why);
	char issue_id[64], id[64];
	struct buf b = {0};

	put_id(k, issue_id, sizeof(issue_id), "waiver", h);
	begin(issue, k, issue_id);
	out_count(issue, "version", 1);
	buf_printf(&b, "%s: %s", name, why);
	out_text(issue, "comment", buf_str(&b));
	json_object_object_add(culprit, "code", json_object_new_boolean(true));
	json_object_object_add(issue, "culprit", culprit);
	if (w)
		add_link(issue, w);
	json_object_array_add(k->issues, issue);
	put_id(k, id, sizeof(id), "incident", rows_hash_text(rows_hash_text(k->run, row->id), issue_id));
	begin(incident, k, id);
	out_text(incident, "issue_id", issue_id);
	out_count(incident, "issue_version", 1);
	out_text(incident, "test_id", test);
	json_object_object_add(incident, "present", json_object_new_boolean(true));
	json_object_array_add(k->incidents, incident);
	buf_fini(&b);
}

static struct json_object *environment(const struct kcidb *k)
{
	struct json_object *o = json_object_new_object(), *misc = json_object_new_object();
	const struct column *c = k->c;

	out_text(o, "comment",
		 !c->in_matrix || !strcmp(c->spec, "host") ? "the machine itself"
		 : c->kvm				   ? "QEMU with KVM"
							   : "QEMU without KVM");
	if (c->page_size)
		out_count(misc, "page_size", c->page_size);
	out_some(misc, "profile", c->profile ? c->profile->name : NULL);
	out_some(misc, "profile_evidence", c->profile ? evidence_name(c->profile->evidence) : NULL);
	json_object_object_add(o, "misc", misc);
	return o;
}

static void excerpt(struct json_object *o, const struct kcidb *k, const struct row *row)
{
	char cut[EXCERPT + 1];
	struct buf b = {0};

	if (row->finding && row->result != ROW_SKIP)
		story_format(&b, k->c, row->finding);
	else if (row->kind == ROW_KERNEL && row->result == ROW_FAIL)
		for (unsigned i = 0; i < k->c->n_splats; i++)
			buf_printf(&b, "%s\n", k->c->splat[i]);
	else if (row->kind == ROW_KERNEL && row->result == ROW_ERROR && k->c->console)
		buf_puts(&b, k->c->console);
	if (b.n) {
		cut_text(cut, sizeof(cut), buf_str(&b));
		out_text(o, "log_excerpt", cut);
	}
	buf_fini(&b);
}

static void add_test(struct kcidb *k, const struct row *row)
{
	struct json_object *o = json_object_new_object(), *misc = json_object_new_object();
	const struct column *c = k->c;
	const struct column_command *cmd = row->command;
	char id[64];

	if (!cmd && row->c && row->c->command < c->n_commands)
		cmd = &c->command[row->c->command];
	if (!cmd && c->n_commands)
		cmd = &c->command[0];
	put_id(k, id, sizeof(id), "test", rows_hash_text(k->run, row->id));
	begin(o, k, id);
	out_text(o, "build_id", k->build);
	out_text(o, "path", row->id);
	out_text(o, "status", status(row));
	out_some(o, "comment", row->why);
	json_object_object_add(o, "environment", environment(k));
	out_some(o, "start_time", cmd ? cmd->start : NULL);
	if (row->seconds > 0) {
		char digits[32];

		snprintf(digits, sizeof(digits), "%.3f", row->seconds);
		json_object_object_add(o, "duration", json_object_new_double_s(row->seconds, digits));
	}
	if (row->command && row->command->summed) {
		struct json_object *number = json_object_new_object();

		out_count(number, "value", row->command->cases);
		out_text(number, "unit", "cases");
		json_object_object_add(o, "number", number);
	}
	excerpt(o, k, row);
	out_text(misc, "verdict", row_word(row->result));
	if (row->clause)
		out_text(misc, "clause", clause_info(row->clause)->name);
	if (row->finding) {
		out_some(misc, "case", row->finding->text);
		out_some(misc, "reproduce", row->finding->reproduce);
	}
	out_some(misc, "command", cmd ? cmd->argv : NULL);
	json_object_object_add(o, "misc", misc);
	json_object_array_add(k->tests, o);
	if (row->result == ROW_XFAIL)
		add_issue(k, row, id);
}

/* One object of each id: two runs of one kernel share its build, two tests the issue. */
static struct json_object *unique(struct json_object *all)
{
	struct json_object *seen = json_object_new_object(), *once = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(all); i++) {
		struct json_object *o = json_object_array_get_idx(all, i);
		const char *id = record_text(o, "id");

		if (json_object_object_get_ex(seen, id, NULL))
			continue;
		json_object_object_add(seen, id, NULL);
		json_object_array_add(once, json_object_get(o));
	}
	json_object_put(seen);
	json_object_put(all);
	return once;
}

int format_kcidb(struct buf *out, const struct grid *g, const struct format_opts *opts)
{
	struct json_object *o = json_object_new_object(), *version = json_object_new_object();
	struct kcidb k = {.opts = opts,
			  .g = g,
			  .checkouts = json_object_new_array(),
			  .builds = json_object_new_array(),
			  .tests = json_object_new_array(),
			  .issues = json_object_new_array(),
			  .incidents = json_object_new_array()};
	int err = 0;

	out_count(version, "major", 5);
	out_count(version, "minor", 3);
	json_object_object_add(o, "version", version);
	for (unsigned i = 0; i < g->n && !err; i++) {
		struct rows rows;

		k.c = g->column[i];
		err = rows_make(&rows, k.c);
		if (err)
			break;
		add_kernel(&k);
		for (size_t n = 0; n < rows.n; n++)
			if (rows.row[n].result != ROW_ABSENT)
				add_test(&k, &rows.row[n]);
		rows_fini(&rows);
	}
	json_object_object_add(o, "checkouts", unique(k.checkouts));
	json_object_object_add(o, "builds", unique(k.builds));
	json_object_object_add(o, "tests", unique(k.tests));
	json_object_object_add(o, "issues", unique(k.issues));
	json_object_object_add(o, "incidents", unique(k.incidents));
	if (err) {
		json_object_put(o);
		return err;
	}
	return out_document(out, o);
}
