/* SPDX-License-Identifier: MIT */
#include "formats.h"

#include <errno.h>
#include <libxml/xmlwriter.h>
#include <string.h>

#include "rows.h"
#include "story.h"

/*
 * XML knows characters that no escape can bring in. Control characters are gone already (text.h); what is
 * left are the two noncharacters at the end of the plane.
 */
static void put_xml(struct buf *out, const char *s)
{
	for (; *s; s++) {
		if (!strncmp(s, "\xef\xbf\xbe", 3) || !strncmp(s, "\xef\xbf\xbf", 3)) {
			buf_printf(out, "\\xef\\xbf\\x%02x", (unsigned char)s[2]);
			s += 2;
		} else {
			buf_add(out, s, 1);
		}
	}
}

static void attribute(xmlTextWriterPtr w, const char *name, const char *value)
{
	struct buf b = {0};

	put_xml(&b, value);
	xmlTextWriterWriteAttribute(w, BAD_CAST name, BAD_CAST buf_str(&b));
	buf_fini(&b);
}

static void number(xmlTextWriterPtr w, const char *name, size_t n)
{
	xmlTextWriterWriteFormatAttribute(w, BAD_CAST name, "%zu", n);
}

static void content(xmlTextWriterPtr w, const char *s)
{
	struct buf b = {0};

	put_xml(&b, s);
	xmlTextWriterWriteString(w, BAD_CAST buf_str(&b));
	buf_fini(&b);
}

static void property(xmlTextWriterPtr w, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	xmlTextWriterStartElement(w, BAD_CAST "property");
	attribute(w, "name", name);
	attribute(w, "value", value);
	xmlTextWriterEndElement(w);
}

static void properties(xmlTextWriterPtr w, const struct column *c)
{
	struct buf b = {0};
	char text[64];

	xmlTextWriterStartElement(w, BAD_CAST "properties");
	property(w, "kernel", c->release);
	property(w, "uname_version", c->version);
	property(w, "arch", c->arch);
	property(w, "spec", c->spec);
	property(w, "package", c->package);
	property(w, "profile", c->profile ? c->profile->name : "unknown");
	property(w, "own_profile", c->own ? c->own->name : "unknown");
	property(w, "evidence", c->profile ? evidence_name(c->profile->evidence) : NULL);
	property(w, "hookdiff", c->tool);
	property(w, "verdict", column_verdict(c, &b));
	property(w, "why", buf_str(&b));
	snprintf(text, sizeof(text), "%llu", (unsigned long long)c->ran_ok[HOOK_GET]);
	property(w, "controls.getsockopt", text);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)c->ran_ok[HOOK_SET]);
	property(w, "controls.setsockopt", text);
	for (unsigned i = 0; i < c->n_commands; i++) {
		property(w, "command", c->command[i].argv);
		property(w, "seed", c->command[i].seed);
	}
	xmlTextWriterEndElement(w);
	buf_fini(&b);
}

/* <failure> or <error>: the line as its message, everything that is known as its text. */
static void trouble(xmlTextWriterPtr w, const struct column *c, const struct row *row)
{
	struct buf b = {0};

	xmlTextWriterStartElement(w, BAD_CAST(row->result == ROW_FAIL ? "failure" : "error"));
	attribute(w, "type", row->clause ? clause_info(row->clause)->name : row_word(row->result));
	attribute(w, "message", row->why ? row->why : row_word(row->result));
	if (row->finding)
		story_format(&b, c, row->finding);
	else if (row->kind == ROW_KERNEL && row->result == ROW_FAIL)
		for (unsigned i = 0; i < c->n_splats; i++)
			buf_printf(&b, "%s\n", c->splat[i]);
	else if (row->kind == ROW_KERNEL && c->console)
		buf_puts(&b, c->console);
	content(w, buf_str(&b));
	xmlTextWriterEndElement(w);
	buf_fini(&b);
}

static void testcase(xmlTextWriterPtr w, const struct column *c, const struct row *row)
{
	const char *dot = strrchr(row->id, '.');
	struct buf group = {0};

	/* The group is what reports fold: hookdiff.case.set; ids of clauses have dots of their own. */
	if (row->kind == ROW_CLAUSE || row->kind == ROW_FINDING) {
		dot = strchr(row->id, '.');
		dot = strchr(dot + 1, '.');
	}
	buf_add(&group, row->id, (size_t)(dot - row->id));
	xmlTextWriterStartElement(w, BAD_CAST "testcase");
	attribute(w, "name", row->id);
	attribute(w, "classname", buf_str(&group));
	xmlTextWriterWriteFormatAttribute(w, BAD_CAST "time", "%.3f", row->seconds);
	switch (row->result) {
	case ROW_SKIP:
	case ROW_XFAIL:
		xmlTextWriterStartElement(w, BAD_CAST "skipped");
		if (row->result == ROW_XFAIL)
			content(w, "XFAIL: ");
		content(w, row->why ? row->why : "");
		xmlTextWriterEndElement(w);
		break;
	case ROW_FAIL:
	case ROW_UNSURE:
	case ROW_ERROR:
		trouble(w, c, row);
		break;
	case ROW_PASS:
	case ROW_ABSENT:
	case ROW_RESULTS:
		break;
	}
	xmlTextWriterEndElement(w);
	buf_fini(&group);
}

static size_t written(const struct rows *rows)
{
	return rows->n - rows->count[ROW_ABSENT];
}

static void testsuite(xmlTextWriterPtr w, const struct column *c, const struct rows *rows, unsigned id)
{
	struct buf b = {0};
	double seconds = c->seconds;
	char stamp[20] = "";

	for (unsigned i = 0; i < c->n_commands && c->seconds <= 0; i++)
		seconds += c->command[i].own_seconds;
	xmlTextWriterStartElement(w, BAD_CAST "testsuite");
	attribute(w, "name", c->label[0] ? c->label : c->spec);
	xmlTextWriterWriteFormatAttribute(w, BAD_CAST "id", "%u", id);
	number(w, "tests", written(rows));
	number(w, "failures", rows->count[ROW_FAIL]);
	number(w, "errors", rows->count[ROW_ERROR] + rows->count[ROW_UNSURE]);
	number(w, "skipped", rows->count[ROW_SKIP] + rows->count[ROW_XFAIL]);
	xmlTextWriterWriteFormatAttribute(w, BAD_CAST "time", "%.3f", seconds);
	if (c->n_commands && c->command[0].start[0]) { /* without the zone: UTC */
		memcpy(stamp, c->command[0].start, 19);
		attribute(w, "timestamp", stamp);
	}
	properties(w, c);
	for (size_t i = 0; i < rows->n; i++)
		if (rows->row[i].result != ROW_ABSENT)
			testcase(w, c, &rows->row[i]);
	for (unsigned i = 0; i < c->n_splats; i++)
		buf_printf(&b, "%s\n", c->splat[i]);
	if (b.n) {
		xmlTextWriterStartElement(w, BAD_CAST "system-err");
		content(w, buf_str(&b));
		xmlTextWriterEndElement(w);
	}
	xmlTextWriterEndElement(w);
	buf_fini(&b);
}

static int write_suites(xmlTextWriterPtr w, const struct grid *g)
{
	struct rows *rows = calloc(g->n ? g->n : 1, sizeof(*rows));
	size_t tests = 0, failures = 0, errors = 0;
	int err = rows ? 0 : -ENOMEM;

	for (unsigned i = 0; i < g->n && !err; i++) {
		err = rows_make(&rows[i], g->column[i]);
		tests += written(&rows[i]);
		failures += rows[i].count[ROW_FAIL];
		errors += rows[i].count[ROW_ERROR] + rows[i].count[ROW_UNSURE];
	}
	if (!err) {
		xmlTextWriterStartElement(w, BAD_CAST "testsuites");
		attribute(w, "name", "hookdiff");
		number(w, "tests", tests);
		number(w, "failures", failures);
		number(w, "errors", errors);
		for (unsigned i = 0; i < g->n; i++)
			testsuite(w, g->column[i], &rows[i], i);
		xmlTextWriterEndElement(w);
	}
	for (unsigned i = 0; rows && i < g->n; i++)
		rows_fini(&rows[i]);
	free(rows);
	return err;
}

int format_junit(struct buf *out, const struct grid *g, const struct format_opts *o)
{
	xmlBufferPtr bytes = xmlBufferCreate();
	xmlTextWriterPtr w = bytes ? xmlNewTextWriterMemory(bytes, 0) : NULL;
	int err = w ? 0 : -ENOMEM;

	(void)o;
	if (!err) {
		xmlTextWriterSetIndent(w, 1);
		xmlTextWriterStartDocument(w, NULL, "UTF-8", NULL);
		err = write_suites(w, g);
		if (xmlTextWriterEndDocument(w) < 0)
			err = -ENOMEM;
		xmlFreeTextWriter(w);
	}
	if (!err)
		buf_add(out, xmlBufferContent(bytes), (size_t)xmlBufferLength(bytes));
	if (bytes)
		xmlBufferFree(bytes);
	return err;
}
