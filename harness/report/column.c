/* SPDX-License-Identifier: MIT */
#include "column.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/buf.h"
#include "column_case.h"
#include "column_json.h"
#include "column_waivers.h"

#define LINE_MAX_BYTES (4u << 20) /* of one record; a longer line is no record */

/* The words of a spec that make a version: "debian:6.12.95-1" -> "6.12.95". */
static void version_of(const char *s, char *out, size_t n)
{
	size_t digits = s ? strspn(s, "0123456789.") : 0;

	while (digits && s[digits - 1] == '.')
		digits--;
	snprintf(out, n, "%.*s", digits < n ? (int)digits : (int)n - 1, s ? s : "");
}

static void relabel(struct column *c)
{
	const char *debian = strstr(c->version, "Debian "), *colon = strchr(c->spec, ':');

	if (!strcmp(c->spec, "host")) {
		snprintf(c->label, sizeof(c->label), "host");
		return;
	}
	version_of(debian ? debian + strlen("Debian ") : c->package, c->label, sizeof(c->label));
	if (!c->label[0])
		version_of(c->release, c->label, sizeof(c->label));
	if (!c->label[0] && colon)
		version_of(colon + 1, c->label, sizeof(c->label));
	if (!c->label[0]) { /* the path of a file or a folder */
		const char *slash = strrchr(c->spec, '/');

		snprintf(c->label, sizeof(c->label), "%.12s", slash && slash[1] ? slash + 1 : c->spec);
	}
}

void column_init(struct column *c, const char *spec)
{
	memset(c, 0, sizeof(*c));
	snprintf(c->spec, sizeof(c->spec), "%s", spec);
	relabel(c);
}

void column_name(struct column *c, const char *spec)
{
	cut_text(c->spec, sizeof(c->spec), spec);
	relabel(c);
}

void column_fini(struct column *c)
{
	for (unsigned i = 0; i < c->n_findings; i++) {
		free(c->finding[i].where);
		free(c->finding[i].text);
		free(c->finding[i].reproduce);
		finding_details_fini(&c->finding[i]);
	}
	for (unsigned i = 0; i < c->n_splats; i++) {
		free(c->splat[i]);
		free(c->splat_running[i]);
	}
	for (unsigned i = 0; i < c->n_commands; i++)
		free(c->command[i].argv);
	cases_fini(c);
	waivers_fini(&c->waivers);
	free(c->finding);
	free(c->console);
	free(c->running_file);
	free(c->argv);
	memset(c, 0, sizeof(*c));
}

static void take_boot(struct column *c, struct json_object *o)
{
	record_take(c->release, sizeof(c->release), o, "release");
	record_take(c->version, sizeof(c->version), o, "version");
	c->profile = profile_find(record_text(o, "profile"));
	c->own = profile_for_kernel(c->release, c->version);
	c->boot = record_number(o, "seconds");
	c->kvm = json_object_get_boolean(record_member(o, "kvm"));
	relabel(c);
}

/* The command that runs now: the last one that has begun, if it has not ended. */
static struct column_command *current(struct column *c)
{
	return c->n_commands && !c->command[c->n_commands - 1].ended ? &c->command[c->n_commands - 1] : NULL;
}

static void take_run(struct column *c, struct json_object *o)
{
	struct column_command *cmd = current(c);

	if (!cmd || cmd->begun) { /* the one before it ended without a word */
		if (c->n_commands == COLUMN_COMMANDS) {
			c->strange++;
			return;
		}
		cmd = &c->command[c->n_commands++];
	}
	cmd->begun = true;
	record_take(cmd->name, sizeof(cmd->name), o, "command");
	record_time(cmd->start, sizeof(cmd->start), o, "start");
	record_take(cmd->seed, sizeof(cmd->seed), o, "seed");
	cmd->argv = record_words(o, "argv", true);
	record_take(c->arch, sizeof(c->arch), o, "arch");
	c->page_size = record_count(o, "page_size");
	if (!c->tool[0])
		record_take(c->tool, sizeof(c->tool), o, "version");
	if (!c->profile)
		c->profile = profile_find(record_text(o, "profile"));
	if (!c->release[0]) {
		record_take(c->release, sizeof(c->release), o, "kernel");
		record_take(c->version, sizeof(c->version), o, "uname_version");
		c->own = profile_for_kernel(c->release, c->version[0] ? c->version : NULL);
		relabel(c);
	}
}

/* The number of the command that a record is of. */
static unsigned current_command(const struct column *c)
{
	return c->n_commands ? c->n_commands - 1 : 0;
}

static unsigned clause_of(struct json_object *o, const char *key)
{
	int clause = clause_find(record_text(o, key));

	return clause > 0 ? (unsigned)clause : C_NONE;
}

static void take_behaves(struct column_finding *f, struct json_object *rows)
{
	f->behaves_known = json_object_is_type(rows, json_type_array);
	if (!f->behaves_known)
		return;
	for (size_t i = 0; i < json_object_array_length(rows) && f->n_behaves < REPORT_BEHAVES; i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		const struct profile *p = profile_find(record_text(row, "profile"));

		if (!p)
			continue;
		f->behaves[f->n_behaves].profile = p;
		f->behaves[f->n_behaves++].clause = clause_of(row, "clause");
	}
}

/* Where a record says what differed: of a case with operations, in its step. */
static struct json_object *differed(struct json_object *o)
{
	struct json_object *step = record_member(o, "step");

	return step ? step : o;
}

/* A finding is kept once for each verdict, clause, hook, field and rule: the first case that showed it. */
static int take_finding(struct column *c, struct json_object *o, unsigned clause, size_t bytes)
{
	struct column_finding f = {.clause = clause, .rule = clause_of(o, "rule")}, *grown;
	char where[128];

	record_take(f.verdict, sizeof(f.verdict), o, "verdict");
	record_take(f.hook, sizeof(f.hook), o, "hook");
	record_take(f.field, sizeof(f.field), differed(o), "field");
	for (unsigned i = 0; i < c->n_findings; i++)
		if (c->finding[i].clause == clause && !strcmp(c->finding[i].verdict, f.verdict) &&
		    !strcmp(c->finding[i].hook, f.hook) && !strcmp(c->finding[i].field, f.field) &&
		    (!f.rule || c->finding[i].rule == f.rule)) {
			c->finding[i].cases++;
			return (int)i;
		}
	grown = c->n_findings < COLUMN_FINDINGS && c->kept + bytes <= COLUMN_BYTES
			? realloc(c->finding, (c->n_findings + 1) * sizeof(f))
			: NULL;
	if (!grown) {
		c->more_findings++;
		return -1;
	}
	c->kept += bytes;
	c->finding = grown;
	f.cases = 1;
	f.command = current_command(c);
	f.where = record_long(o, "path");
	if (!f.where) {
		snprintf(where, sizeof(where), "case %llu of %s",
			 (unsigned long long)record_count(o, "index"),
			 c->n_commands ? c->command[f.command].name : "a run");
		f.where = strdup(where);
	}
	f.text = record_long(o, "case");
	f.reproduce = record_long(o, "reproduce");
	take_behaves(&f, record_member(o, "behaves_like"));
	finding_details(&f, o);
	c->finding[c->n_findings] = f;
	return (int)c->n_findings++;
}

static void take_case(struct column *c, struct json_object *o, size_t bytes)
{
	const char *verdict = record_text(o, "verdict");
	unsigned clause = clause_of(differed(o), "clause");
	int finding = -1;

	if (!strcmp(verdict, "FAIL") || !strcmp(verdict, "XFAIL")) {
		if (*verdict == 'F')
			c->clause[clause].failed_cases++;
		else
			c->clause[clause].waived_cases++;
		finding = take_finding(c, o, clause, bytes);
	} else if (!strcmp(verdict, "SKIP")) {
		struct json_object *names = record_member(o, "clauses");

		if (!c->skip_why[0])
			record_take(c->skip_why, sizeof(c->skip_why), o, "why");
		for (size_t i = 0;
		     json_object_is_type(names, json_type_array) && i < json_object_array_length(names);
		     i++) {
			struct json_object *name = json_object_array_get_idx(names, i);
			int k = json_object_is_type(name, json_type_string)
					? clause_find(json_object_get_string(name))
					: -1;

			if (k > 0)
				c->clause[k].skipped = true;
		}
	}
	case_keep(c, o, clause, finding, current_command(c));
}

static void take_controls(struct column *c, struct json_object *controls)
{
	static const char *const hooks[HOOK_COUNT] = {[HOOK_GET] = "getsockopt", [HOOK_SET] = "setsockopt"};

	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		c->ran_ok[h] += record_count(record_member(controls, "ran_ok"), hooks[h]);
		c->control_bad += record_count(record_member(controls, "ran_bad"), hooks[h]) +
				  record_count(record_member(controls, "silent_bad"), hooks[h]);
	}
}

static void take_summary(struct column *c, struct json_object *o)
{
	struct column_command *cmd = current(c);
	struct json_object *clauses = record_member(o, "clauses");

	if (!cmd || cmd->summed) {
		c->strange++;
		return;
	}
	cmd->summed = true;
	record_take(cmd->verdict, sizeof(cmd->verdict), o, "verdict");
	if (!c->in_matrix)
		cmd->exit = (int)(record_count(o, "exit") & 0xff);
	cmd->cases = record_count(o, "cases");
	cmd->calls = record_count(o, "calls");
	cmd->pass = record_count(o, "pass");
	cmd->fail = record_count(o, "fail");
	cmd->waived = record_count(o, "waived");
	cmd->skipped = record_count(o, "skipped");
	cmd->inconclusive = record_count(o, "inconclusive");
	cmd->error = record_count(o, "error");
	cmd->findings = record_count(o, "findings");
	cmd->silent = record_count(o, "silent");
	cmd->own_seconds = record_number(o, "seconds");
	take_controls(c, record_member(o, "controls"));
	waivers_keep(c, record_member(o, "waivers"));
	if (!json_object_is_type(clauses, json_type_object))
		return;
	json_object_object_foreach(clauses, name, row)
	{
		int k = clause_find(name);

		if (k <= 0) {
			c->strange++; /* of a newer hookdiff, or nonsense */
			continue;
		}
		c->clause[k].calls += record_count(row, "calls");
		c->clause[k].fail += record_count(row, "fail");
		c->clause[k].waived += record_count(row, "waived");
	}
}

static void take_ended(struct column *c, struct json_object *o)
{
	struct column_command *cmd = current(c);
	struct json_object *code = record_member(o, "exit");

	if (!cmd) { /* it said nothing at all */
		if (c->n_commands == COLUMN_COMMANDS) {
			c->strange++;
			return;
		}
		cmd = &c->command[c->n_commands++];
		record_take(cmd->name, sizeof(cmd->name), o, "command");
	}
	cmd->ended = true;
	cmd->exit = json_object_is_type(code, json_type_int) ? json_object_get_int(code) : 2;
	cmd->seconds = record_number(o, "seconds");
}

static void take_splat(struct column *c, struct json_object *o)
{
	char *s = c->n_splats < COLUMN_SPLATS ? record_long(o, "text") : NULL;

	if (!s) {
		c->more_splats++;
		return;
	}
	c->splat_running[c->n_splats] = record_long(o, "running");
	c->splat[c->n_splats++] = s;
}

static void take_end(struct column *c, struct json_object *o)
{
	const char *end = record_text(o, "end");

	if (c->end != COLUMN_RUNNING) {
		c->strange++;
		return;
	}
	c->end = !strcmp(end, "done") ? COLUMN_DONE : !strcmp(end, "skip") ? COLUMN_SKIP : COLUMN_ERROR;
	record_take(c->why, sizeof(c->why), o, "why");
	record_take(c->running, sizeof(c->running), o, "running");
	c->running_sweep = !strcmp(record_text(o, "source"), "sweep");
	c->running_fuzz = !strcmp(record_text(o, "source"), "fuzz");
	c->running_index = strtoull(record_text(o, "index"), NULL, 10);
	c->running_seed = strtoull(record_text(o, "seed"), NULL, 10);
	c->console = record_long(o, "console");
	if (record_number(o, "boot") > 0)
		c->boot = record_number(o, "boot");
	c->seconds = record_number(o, "seconds");
	c->peak_rss = record_count(o, "peak_rss");
}

static void take_image(struct column *c, struct json_object *o)
{
	record_take(c->package, sizeof(c->package), o, "package");
	if (!c->release[0])
		record_take(c->release, sizeof(c->release), o, "release");
	c->fetch = record_number(o, "seconds");
	relabel(c);
}

static void take_message(struct column *c, struct json_object *o)
{
	record_take(c->said, sizeof(c->said), o, "text");
}

static void take_matrix(struct column *c, struct json_object *o)
{
	if (c->in_matrix) {
		c->strange++;
		return;
	}
	c->in_matrix = true;
	if (!c->spec[0]) {
		record_take(c->spec, sizeof(c->spec), o, "spec");
		relabel(c);
	}
	record_take(c->tool, sizeof(c->tool), o, "version");
	c->argv = record_words(o, "argv", true);
}

/* What a bisect reads for itself. */
static void ignore(struct column *c, struct json_object *o)
{
	(void)c;
	(void)o;
}

static const struct {
	const char *type;
	void (*take)(struct column *c, struct json_object *o);
} records[] = {
	{"run", take_run},   {"summary", take_summary}, {"matrix", take_matrix}, {"image", take_image},
	{"boot", take_boot}, {"message", take_message}, {"splat", take_splat},	 {"ended", take_ended},
	{"end", take_end},   {"feature", ignore},
};

void column_line(struct column *c, const char *line, size_t n)
{
	struct json_tokener *t = n && n <= LINE_MAX_BYTES ? json_tokener_new_ex(16) : NULL;
	struct json_object *o = t ? json_tokener_parse_ex(t, line, (int)n) : NULL;
	const char *type;
	size_t i = 0, of = sizeof(records) / sizeof(records[0]);

	if (o && (json_tokener_get_error(t) != json_tokener_success || json_tokener_get_parse_end(t) != n)) {
		json_object_put(o);
		o = NULL;
	}
	type = record_text(o, "type");
	while (i < of && strcmp(type, records[i].type))
		i++;
	if (!strcmp(type, "case"))
		take_case(c, o, n);
	else if (i < of)
		records[i].take(c, o);
	else
		c->strange++;
	json_object_put(o);
	if (t)
		json_tokener_free(t);
}

/* One line of at most LINE_MAX_BYTES, of a longer one only its length. 0 at the end, also of a line without
 * one. */
static size_t read_line(FILE *f, char *line, bool *whole)
{
	size_t n = 0;
	int ch;

	while ((ch = getc_unlocked(f)) != EOF) {
		if (n < LINE_MAX_BYTES)
			line[n] = (char)ch;
		n++;
		if (ch == '\n')
			break;
	}
	*whole = n && ch == '\n';
	return n;
}

static int read_lines(struct column *c, FILE *f, uint64_t *offset, bool last)
{
	char *line = malloc(LINE_MAX_BYTES);
	bool whole;
	size_t n;

	if (!line)
		return -ENOMEM;
	while ((n = read_line(f, line, &whole)) && (whole || last)) {
		if (offset)
			*offset += n;
		if (n - whole <= LINE_MAX_BYTES)
			column_line(c, line, n - whole);
		else
			c->strange++;
	}
	free(line);
	return ferror(f) ? -EIO : 0;
}

int column_read(struct column *c, const char *path, uint64_t *offset)
{
	FILE *f = fopen(path, "re");
	int err = 0;

	if (!f)
		return -errno;
	if (fseeko(f, (off_t)*offset, SEEK_SET))
		err = -errno;
	if (!err)
		err = read_lines(c, f, offset, false);
	fclose(f);
	return err;
}

int column_stream(struct column *c, FILE *f)
{
	return read_lines(c, f, NULL, true);
}

void column_close(struct column *c, const char *why)
{
	bool whole = c->n_commands && !c->in_matrix;

	if (c->end != COLUMN_RUNNING)
		return;
	for (unsigned i = 0; i < c->n_commands; i++)
		whole = whole && c->command[i].begun && c->command[i].summed;
	if (whole && !why) {
		c->end = COLUMN_DONE;
		return;
	}
	c->end = COLUMN_ERROR;
	snprintf(c->why, sizeof(c->why), "%s", why ? why : "its report has no end: the run was cut short");
}

/* Three numbers, each below 2^20, as one. */
static uint64_t version_number(const char *s)
{
	unsigned v[3] = {0};

	if (sscanf(s, "%u.%u.%u", &v[0], &v[1], &v[2]) < 1)
		return 0;
	return (uint64_t)(v[0] & 0xfffff) << 40 | (uint64_t)(v[1] & 0xfffff) << 20 | (v[2] & 0xfffff);
}

int column_order(const struct column *a, const struct column *b)
{
	/* "host" has its version in the release; a package's is in the label, where Debian's stable number
	 * is. */
	uint64_t x = version_number(strcmp(a->label, "host") ? a->label : a->release);
	uint64_t y = version_number(strcmp(b->label, "host") ? b->label : b->release);

	return x < y ? -1 : x > y ? 1 : strcmp(a->spec, b->spec);
}
