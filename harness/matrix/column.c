/* SPDX-License-Identifier: MIT */
#include "column.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/buf.h"
#include "../report/text.h"

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

void column_fini(struct column *c)
{
	for (unsigned i = 0; i < c->n_findings; i++) {
		free(c->finding[i].where);
		free(c->finding[i].text);
		free(c->finding[i].reproduce);
	}
	for (unsigned i = 0; i < c->n_splats; i++)
		free(c->splat[i]);
	free(c->finding);
	free(c->console);
	free(c->running_file);
	memset(c, 0, sizeof(*c));
}

static struct json_object *member(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	return json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, key, &v) ? v : NULL;
}

/* A member that is a string, else "". Borrowed. */
static const char *text(struct json_object *o, const char *key)
{
	struct json_object *v = member(o, key);

	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
}

/* A count: anything but a number from 0 on is 0. */
static uint64_t count(struct json_object *o, const char *key)
{
	struct json_object *v = member(o, key);
	int64_t n = json_object_is_type(v, json_type_int) ? json_object_get_int64(v) : 0;

	return n > 0 ? (uint64_t)n : 0;
}

static double number(struct json_object *o, const char *key)
{
	struct json_object *v = member(o, key);
	double d = json_object_is_type(v, json_type_double) || json_object_is_type(v, json_type_int)
			   ? json_object_get_double(v)
			   : 0;

	return d >= 0 && d < 1e9 ? d : 0;
}

/* Copies a member that people will see, made safe to print. */
static void take(char *out, size_t n, struct json_object *o, const char *key)
{
	struct buf safe = {0};
	const char *s = text(o, key);

	text_safe(&safe, s, strlen(s));
	snprintf(out, n, "%s", buf_str(&safe));
	for (; *out; out++)
		if (*out == '\n' || *out == '\t')
			*out = ' ';
	buf_fini(&safe);
}

/* The same, of any length and with its newlines; NULL if there is none. To be freed. */
static char *take_long(struct json_object *o, const char *key)
{
	struct buf safe = {0};
	const char *s = text(o, key);
	char *copy;

	if (!*s)
		return NULL;
	text_safe(&safe, s, strlen(s));
	copy = strdup(buf_str(&safe));
	buf_fini(&safe);
	return copy;
}

static void take_boot(struct column *c, struct json_object *o)
{
	take(c->release, sizeof(c->release), o, "release");
	take(c->version, sizeof(c->version), o, "version");
	c->profile = profile_find(text(o, "profile"));
	c->own = profile_for_kernel(c->release, c->version);
	c->boot = number(o, "seconds");
	c->kvm = json_object_get_boolean(member(o, "kvm"));
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
	take(cmd->name, sizeof(cmd->name), o, "command");
	if (!c->profile)
		c->profile = profile_find(text(o, "profile"));
	if (!c->release[0]) {
		take(c->release, sizeof(c->release), o, "kernel");
		c->own = profile_for_kernel(c->release, NULL);
		relabel(c);
	}
}

static unsigned clause_of(struct json_object *o, const char *key)
{
	int clause = clause_find(text(o, key));

	return clause > 0 ? (unsigned)clause : C_NONE;
}

static void take_behaves(struct column_finding *f, struct json_object *rows)
{
	f->behaves_known = json_object_is_type(rows, json_type_array);
	if (!f->behaves_known)
		return;
	for (size_t i = 0; i < json_object_array_length(rows) && f->n_behaves < REPORT_BEHAVES; i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		const struct profile *p = profile_find(text(row, "profile"));

		if (!p)
			continue;
		f->behaves[f->n_behaves].profile = p;
		f->behaves[f->n_behaves++].clause = clause_of(row, "clause");
	}
}

/* A finding is kept once for each verdict, clause, hook, field and rule: the first case that showed it. */
static void take_finding(struct column *c, struct json_object *o, unsigned clause)
{
	struct column_finding f = {.clause = clause, .rule = clause_of(o, "rule")}, *grown;
	const struct column_command *cmd = current(c);
	char where[128];

	take(f.verdict, sizeof(f.verdict), o, "verdict");
	take(f.hook, sizeof(f.hook), o, "hook");
	take(f.field, sizeof(f.field), o, "field");
	for (unsigned i = 0; i < c->n_findings; i++)
		if (c->finding[i].clause == clause && !strcmp(c->finding[i].verdict, f.verdict) &&
		    !strcmp(c->finding[i].hook, f.hook) && !strcmp(c->finding[i].field, f.field) &&
		    (!f.rule || c->finding[i].rule == f.rule))
			return;
	grown = c->n_findings < COLUMN_FINDINGS ? realloc(c->finding, (c->n_findings + 1) * sizeof(f)) : NULL;
	if (!grown) {
		c->more_findings++;
		return;
	}
	c->finding = grown;
	f.where = take_long(o, "path");
	if (!f.where) {
		snprintf(where, sizeof(where), "case %llu of %s", (unsigned long long)count(o, "index"),
			 cmd ? cmd->name : "a run");
		f.where = strdup(where);
	}
	f.text = take_long(o, "case");
	f.reproduce = take_long(o, "reproduce");
	take_behaves(&f, member(o, "behaves_like"));
	c->finding[c->n_findings++] = f;
}

static void take_case(struct column *c, struct json_object *o)
{
	const char *verdict = text(o, "verdict");
	unsigned clause = clause_of(o, "clause");

	if (!strcmp(verdict, "FAIL") || !strcmp(verdict, "XFAIL")) {
		if (*verdict == 'F')
			c->clause[clause].failed_cases++;
		else
			c->clause[clause].waived_cases++;
		take_finding(c, o, clause);
	} else if (!strcmp(verdict, "SKIP")) {
		struct json_object *names = member(o, "clauses");

		if (!c->skip_why[0])
			take(c->skip_why, sizeof(c->skip_why), o, "why");
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
}

static void take_controls(struct column *c, struct json_object *controls)
{
	static const char *const hooks[HOOK_COUNT] = {[HOOK_GET] = "getsockopt", [HOOK_SET] = "setsockopt"};

	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		c->ran_ok[h] += count(member(controls, "ran_ok"), hooks[h]);
		c->control_bad += count(member(controls, "ran_bad"), hooks[h]) +
				  count(member(controls, "silent_bad"), hooks[h]);
	}
}

static void take_waivers(struct column *c, struct json_object *rows)
{
	for (size_t i = 0; json_object_is_type(rows, json_type_array) && i < json_object_array_length(rows);
	     i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		uint64_t line = count(row, "line");

		c->waiver_used[line < COLUMN_WAIVERS ? line : COLUMN_WAIVERS] += count(row, "used");
	}
}

static void take_summary(struct column *c, struct json_object *o)
{
	struct column_command *cmd = current(c);
	struct json_object *clauses = member(o, "clauses");

	if (!cmd || cmd->summed) {
		c->strange++;
		return;
	}
	cmd->summed = true;
	take(cmd->verdict, sizeof(cmd->verdict), o, "verdict");
	cmd->cases = count(o, "cases");
	cmd->calls = count(o, "calls");
	cmd->pass = count(o, "pass");
	cmd->fail = count(o, "fail");
	cmd->waived = count(o, "waived");
	cmd->skipped = count(o, "skipped");
	cmd->inconclusive = count(o, "inconclusive");
	cmd->error = count(o, "error");
	take_controls(c, member(o, "controls"));
	take_waivers(c, member(o, "waivers"));
	if (!json_object_is_type(clauses, json_type_object))
		return;
	json_object_object_foreach(clauses, name, row)
	{
		int k = clause_find(name);

		if (k <= 0) {
			c->strange++; /* of a newer hookdiff, or nonsense */
			continue;
		}
		c->clause[k].calls += count(row, "calls");
		c->clause[k].fail += count(row, "fail");
		c->clause[k].waived += count(row, "waived");
	}
}

static void take_ended(struct column *c, struct json_object *o)
{
	struct column_command *cmd = current(c);
	struct json_object *code = member(o, "exit");

	if (!cmd) { /* it said nothing at all */
		if (c->n_commands == COLUMN_COMMANDS) {
			c->strange++;
			return;
		}
		cmd = &c->command[c->n_commands++];
		take(cmd->name, sizeof(cmd->name), o, "command");
	}
	cmd->ended = true;
	cmd->exit = json_object_is_type(code, json_type_int) ? json_object_get_int(code) : 2;
	cmd->seconds = number(o, "seconds");
}

static void take_splat(struct column *c, struct json_object *o)
{
	char *s = c->n_splats < COLUMN_SPLATS ? take_long(o, "text") : NULL;

	if (s)
		c->splat[c->n_splats++] = s;
	else
		c->more_splats++;
}

static void take_end(struct column *c, struct json_object *o)
{
	const char *end = text(o, "end");

	if (c->end != COLUMN_RUNNING) {
		c->strange++;
		return;
	}
	c->end = !strcmp(end, "done") ? COLUMN_DONE : !strcmp(end, "skip") ? COLUMN_SKIP : COLUMN_ERROR;
	take(c->why, sizeof(c->why), o, "why");
	take(c->running, sizeof(c->running), o, "running");
	c->running_sweep = !strcmp(text(o, "source"), "sweep");
	c->running_fuzz = !strcmp(text(o, "source"), "fuzz");
	c->running_index = strtoull(text(o, "index"), NULL, 10);
	c->running_seed = strtoull(text(o, "seed"), NULL, 10);
	c->console = take_long(o, "console");
	if (number(o, "boot") > 0)
		c->boot = number(o, "boot");
	c->seconds = number(o, "seconds");
	c->peak_rss = count(o, "peak_rss");
}

static void take_image(struct column *c, struct json_object *o)
{
	take(c->package, sizeof(c->package), o, "package");
	if (!c->release[0])
		take(c->release, sizeof(c->release), o, "release");
	c->fetch = number(o, "seconds");
	relabel(c);
}

static void take_message(struct column *c, struct json_object *o)
{
	take(c->said, sizeof(c->said), o, "text");
}

static void ignore(struct column *c, struct json_object *o)
{
	(void)c;
	(void)o;
}

static const struct {
	const char *type;
	void (*take)(struct column *c, struct json_object *o);
} records[] = {
	{"case", take_case},   {"run", take_run},   {"summary", take_summary}, {"matrix", ignore},
	{"image", take_image}, {"boot", take_boot}, {"message", take_message}, {"splat", take_splat},
	{"ended", take_ended}, {"end", take_end},
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
	type = text(o, "type");
	while (i < of && strcmp(type, records[i].type))
		i++;
	if (i < of)
		records[i].take(c, o);
	else
		c->strange++;
	json_object_put(o);
	if (t)
		json_tokener_free(t);
}

int column_read(struct column *c, const char *path, uint64_t *offset)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	int err = 0;

	if (!f)
		return -errno;
	if (fseeko(f, (off_t)*offset, SEEK_SET))
		err = -errno;
	while (!err && (n = getline(&line, &size, f)) > 0 && line[n - 1] == '\n') {
		*offset += (uint64_t)n;
		column_line(c, line, (size_t)n - 1);
	}
	free(line);
	fclose(f);
	return err;
}

void column_close(struct column *c, const char *why)
{
	if (c->end != COLUMN_RUNNING)
		return;
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
