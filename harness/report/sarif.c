/* SPDX-License-Identifier: MIT */
#include "formats.h"

#include <ctype.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "json_out.h"
#include "rows.h"
#include "story.h"

#define DOCUMENT "https://docs.kernel.org/bpf/prog_cgroup_sockopt.html"
#define SOURCE	 "https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/kernel/bpf/cgroup.c"

#define NO_CLAUSE "EXPECTATION" /* rule of a case's own expectation */

static struct json_object *message(const char *text)
{
	struct json_object *o = json_object_new_object();

	out_text(o, "text", text);
	return o;
}

static struct json_object *rule(unsigned clause)
{
	const struct clause_info *info = clause ? clause_info(clause) : NULL;
	struct json_object *o = json_object_new_object();
	struct buf help = {0};

	out_text(o, "id", info ? info->name : NO_CLAUSE);
	json_object_object_add(o, "shortDescription",
			       message(info ? info->sentence : "A case's own expectation does not hold"));
	buf_printf(&help, "%s. Source: %s.",
		   info ? info->sentence : "What stands after `=` in the case must come true",
		   info ? info->source : "the case");
	json_object_object_add(o, "help", message(buf_str(&help)));
	if (info)
		out_text(o, "helpUri",
			 strstr(info->source, "doc,") || info->in == IN_DOC ? DOCUMENT : SOURCE);
	buf_fini(&help);
	return o;
}

/* Bytes of a path that a URI takes as they are. */
static void put_uri(struct buf *out, const char *path)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/!$&'()*+,;=@";

	while (!strncmp(path, "./", 2))
		path += 2;
	for (; *path; path++) {
		if (strchr(plain, *path))
			buf_add(out, path, 1);
		else
			buf_printf(out, "%%%02X", (unsigned char)*path);
	}
}

/* From the last folder `corpus` on, so that it is no place of one machine: NULL if there is none. */
static const char *below_corpus(const char *path)
{
	const char *from = NULL;

	for (const char *p = path; (p = strstr(p, "/corpus/")); p++)
		from = p + 1;
	return from;
}

/* Where the commands put a generated case in a run's folder (campaign: triage_stem(), operations_stem()). */
static void put_file(struct buf *out, const struct column_finding *f)
{
	const char *rule = f->clause ? clause_info(f->clause)->name : "expectation";
	struct buf name = {0};

	if (f->hook[0])
		buf_printf(&name, "%s-%.3s-%s-%s", rule, f->hook, f->kind[0] ? f->kind : "unknown", f->field);
	else
		buf_printf(&name, "%s-%s", rule, f->field);
	for (char *p = name.p; p && *p; p++)
		*p = *p == '/' || (*p == '.' && !f->hook[0]) ? '-' : (char)tolower((unsigned char)*p);
	buf_puts(out, "findings/");
	put_uri(out, buf_str(&name));
	buf_puts(out, "/case.case");
	buf_fini(&name);
}

static struct json_object *physical_location(const struct column_finding *f)
{
	const char *path = f->path && f->path[0] == '/' ? below_corpus(f->path) : f->path;
	struct json_object *o = json_object_new_object(), *artifact = json_object_new_object();
	struct json_object *region = json_object_new_object();
	struct buf uri = {0};

	if (path) {
		put_uri(&uri, path);
		out_text(artifact, "uriBaseId", "SRCROOT");
	} else if (f->path) {
		buf_puts(&uri, "file://");
		put_uri(&uri, f->path);
	} else {
		put_file(&uri, f);
	}
	out_text(artifact, "uri", buf_str(&uri));
	out_count(region, "startLine", 1);
	json_object_object_add(o, "artifactLocation", artifact);
	json_object_object_add(o, "region", region);
	buf_fini(&uri);
	return o;
}

/* GitHub refuses a file in which any result has no physical location, so a generated case has one too. */
static struct json_object *location(const struct column_finding *f)
{
	struct json_object *o = json_object_new_object();
	struct buf b = {0};

	json_object_object_add(o, "physicalLocation", physical_location(f));
	if (!f->path) {
		struct json_object *logical = json_object_new_array(), *one = json_object_new_object();

		buf_puts(&b, "hookdiff.finding.");
		story_key(&b, f);
		out_text(one, "fullyQualifiedName", buf_str(&b));
		out_text(one, "kind", "function");
		json_object_array_add(logical, one);
		json_object_object_add(o, "logicalLocations", logical);
		json_object_object_add(o, "message", message(f->where ? f->where : ""));
	}
	buf_fini(&b);
	return o;
}

/*
 * Of what the finding is, not of where or when: its key and the smallest case without comments, which name
 * the kernel. Without a case its place in the corpus stands in.
 */
static uint64_t fingerprint(const struct column_finding *f)
{
	struct buf b = {0};
	uint64_t h;

	story_key(&b, f);
	h = rows_hash_text(ROWS_HASH, buf_str(&b));
	buf_fini(&b);
	if (!f->text)
		return rows_hash_text(h, f->path);
	for (const char *line = f->text; *line;) {
		size_t n = strcspn(line, "\n");

		if (*line != '#')
			h = rows_hash(h, line, n + (line[n] == '\n'));
		line += n + (line[n] == '\n');
	}
	return h;
}

/* A waiver: its reason, and where and who explains it. */
static struct json_object *suppressions(const struct grid *g, const struct column *c,
					const struct column_finding *f)
{
	struct json_object *all = json_object_new_array(), *one = json_object_new_object();
	const struct waiver *w = grid_waiver(g, c, f);
	struct buf b = {0};

	buf_puts(&b, f->why ? f->why : "known");
	if (w)
		buf_printf(&b, " (%s, owner %s)", w->link, w->owner);
	out_text(one, "kind", "external");
	out_text(one, "status", "accepted");
	out_text(one, "justification", buf_str(&b));
	json_object_array_add(all, one);
	buf_fini(&b);
	return all;
}

static struct json_object *result(const struct grid *g, const struct column *c,
				  const struct column_finding *f, unsigned rule_index)
{
	struct json_object *o = json_object_new_object(), *locations = json_object_new_array();
	struct json_object *prints = json_object_new_object(), *more = json_object_new_object();
	bool waived = strcmp(f->verdict, "FAIL");
	struct buf b = {0};
	char hex[20];

	out_text(o, "ruleId", f->clause ? clause_info(f->clause)->name : NO_CLAUSE);
	json_object_object_add(o, "ruleIndex", json_object_new_int((int)rule_index));
	out_text(o, "kind", "fail");
	out_text(o, "level", waived ? "note" : "error");
	story_line(&b, f);
	buf_printf(&b, " on Linux %s", c->release);
	if (f->clause)
		buf_printf(&b, "; the rule: %s", clause_info(f->clause)->sentence);
	json_object_object_add(o, "message", message(buf_str(&b)));
	json_object_array_add(locations, location(f));
	json_object_object_add(o, "locations", locations);
	snprintf(hex, sizeof(hex), "%016llx", (unsigned long long)fingerprint(f));
	out_text(prints, "hookdiffFinding/v1", hex);
	out_text(prints, "primaryLocationLineHash", hex); /* the only one that GitHub looks at */
	json_object_object_add(o, "partialFingerprints", prints);
	json_object_object_add(o, "occurrenceCount", json_object_new_int64((int64_t)f->cases));
	if (waived)
		json_object_object_add(o, "suppressions", suppressions(g, c, f));
	buf_reset(&b);
	story_format(&b, c, f);
	out_text(more, "card", buf_str(&b));
	out_some(more, "case", f->text);
	out_some(more, "reproduce", f->reproduce);
	json_object_object_add(o, "properties", more);
	buf_fini(&b);
	return o;
}

static struct json_object *invocations(const struct column *c)
{
	struct json_object *all = json_object_new_array();

	for (unsigned i = 0; i < c->n_commands; i++) {
		const struct column_command *cmd = &c->command[i];
		struct json_object *o = json_object_new_object();

		out_some(o, "commandLine", cmd->argv);
		out_some(o, "startTimeUtc", cmd->start);
		json_object_object_add(o, "exitCode", json_object_new_int(cmd->exit));
		json_object_object_add(o, "executionSuccessful",
				       json_object_new_boolean(cmd->summed && strcmp(cmd->verdict, "ERROR")));
		json_object_array_add(all, o);
	}
	return all;
}

/*
 * "hookdiff/6.12.117/": up to the last slash it is the analysis' category, of which a file may hold one run.
 * The second run of a kernel is hookdiff/6.12.117-2/.
 */
static void put_category(struct buf *out, const struct grid *g, unsigned at)
{
	unsigned before = 0;

	for (unsigned i = 0; i < at; i++)
		before += !strcmp(g->column[i]->label, g->column[at]->label);
	buf_printf(out, "hookdiff/%s", g->column[at]->label);
	if (before)
		buf_printf(out, "-%u", before + 1);
	buf_puts(out, "/");
}

static struct json_object *run(const struct grid *g, unsigned at, const struct format_opts *opts)
{
	const struct column *c = g->column[at];
	struct json_object *o = json_object_new_object(), *tool = json_object_new_object();
	struct json_object *driver = json_object_new_object(), *rules = json_object_new_array();
	struct json_object *results = json_object_new_array(), *more = json_object_new_object();
	struct json_object *details = json_object_new_object();
	unsigned index[C_COUNT] = {0}, n = 0; /* from 1 */
	struct buf b = {0};

	for (unsigned i = 0; i < c->n_findings; i++) {
		const struct column_finding *f = &c->finding[i];

		if (!index[f->clause]) {
			index[f->clause] = ++n;
			json_object_array_add(rules, rule(f->clause));
		}
		json_object_array_add(results, result(g, c, f, index[f->clause] - 1));
	}
	out_text(driver, "name", "hookdiff");
	out_text(driver, "version", c->tool[0] ? c->tool : opts->version);
	json_object_object_add(driver, "rules", rules);
	json_object_object_add(tool, "driver", driver);
	json_object_object_add(o, "tool", tool);
	put_category(&b, g, at);
	out_text(details, "id", buf_str(&b));
	json_object_object_add(o, "automationDetails", details);
	json_object_object_add(o, "invocations", invocations(c));
	json_object_object_add(o, "results", results);
	out_text(o, "columnKind", "utf16CodeUnits");
	out_some(more, "kernel", c->release);
	out_some(more, "uname_version", c->version);
	out_some(more, "profile", c->profile ? c->profile->name : NULL);
	buf_reset(&b);
	out_text(more, "verdict", column_verdict(c, &b));
	out_some(more, "why", buf_str(&b));
	json_object_object_add(more, "more_findings", json_object_new_int((int)c->more_findings));
	json_object_object_add(o, "properties", more);
	buf_fini(&b);
	return o;
}

int format_sarif(struct buf *out, const struct grid *g, const struct format_opts *opts)
{
	struct json_object *o = json_object_new_object(), *runs = json_object_new_array();

	out_text(o, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	out_text(o, "version", "2.1.0");
	for (unsigned i = 0; i < g->n; i++)
		json_object_array_add(runs, run(g, i, opts));
	json_object_object_add(o, "runs", runs);
	return out_document(out, o);
}
