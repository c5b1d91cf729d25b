/* SPDX-License-Identifier: MIT */
/* hookdiff coverage --kernel: the table of functions, and the lines that were not reached with their reasons.
 */
#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../build/source.h"
#include "../lines/reasons.h"
#include "coverage_kernel.h"

#define TEXT 160 /* bytes of a line that are shown */

struct view {
	const struct coverage_run *run;
	const struct lines_line *line;
	size_t n;
	struct reasons *reasons;
	const struct source_text *text; /* by function */
	const struct reason **why;	/* by line; NULL: none is known; owned */
	unsigned unknown, known, stale, partly;
};

/* ---- the source's text ---- */

/* --source, else the package of the kernel's own version if it is unpacked already. */
static int find_source(struct coverage_run *run, struct source_tree *t)
{
	enum image_status status;
	char why[1024];

	if (!run->cli->source) {
		/* A build with a patch has another text. */
		run->has_source = *run->im.version && !strchr(run->cli->kernel, '+') &&
				  source_unpacked(run->im.version, t);
		return EXIT_AGREE;
	}
	status = source_get(run->cli->source, t, run->cli->json, why, sizeof(why));
	if (status)
		fprintf(stderr, "%s: --source: %s\n", status == IMAGE_SKIP ? "SKIP" : "hookdiff", why);
	run->has_source = !status;
	return status ? EXIT_UNSURE : EXIT_AGREE;
}

int coverage_source(struct coverage_run *run)
{
	struct source_tree t;
	char path[PATH_MAX];
	int code = find_source(run, &t);

	run->text = calloc(coverage_function_count, sizeof(*run->text));
	if (!run->text)
		return EXIT_UNSURE;
	for (unsigned i = 0; !code && run->has_source && i < coverage_function_count; i++)
		if (lines_has(run->lines, i) && snprintf(path, sizeof(path), "%s/%s", t.dir,
							 coverage_functions[i].file) < (int)sizeof(path))
			source_read(&run->text[i], path); /* no such file: no text */
	if (run->has_source)
		snprintf(run->source_name, sizeof(run->source_name), "%s", t.name);
	return code;
}

/* ---- reasons ---- */

/* The table that was named must be there, the default one need not. */
int coverage_reasons(struct coverage_run *run)
{
	const struct cli *cli = run->cli;
	char why[512];

	if (!cli->reasons_given && access(cli->reasons, R_OK))
		return EXIT_AGREE;
	if (reasons_read(&run->reasons, cli->reasons, why, sizeof(why)))
		return cli_usage("%s", why);
	run->has_reasons = true;
	return EXIT_AGREE;
}

static bool is_stale(const struct view *v, const struct reason *r)
{
	return v->run->exact && !r->sometimes && r->reached && !r->used;
}

static void match(struct view *v)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct lines_line *l = &v->line[i];
		const char *name = coverage_functions[l->function].name;

		for (size_t r = 0; r < v->reasons->n; r++) {
			struct reason *row = &v->reasons->row[r];

			if (!reason_matches(row, name, &v->text[l->function], l->line))
				continue;
			row->reached |= l->reached;
			row->used |= !l->reached;
			if (!l->reached && !v->why[i])
				v->why[i] = row;
		}
		v->known += !l->reached && v->why[i];
		v->unknown += !l->reached && !v->why[i];
		v->partly += l->reached && !l->whole;
	}
	for (size_t r = 0; r < v->reasons->n; r++)
		v->stale += is_stale(v, &v->reasons->row[r]);
}

/* ---- text ---- */

/* "file:line  function: text" */
static void print_line(const struct view *v, const struct lines_line *l)
{
	const struct lines_function *f = &coverage_functions[l->function];
	char text[TEXT];

	printf("%s:%u  %s%s%s\n", f->file, l->line, f->name, v->text[l->function].n ? ": " : "",
	       source_line(&v->text[l->function], l->line, text, sizeof(text)));
}

static void print_functions(const struct view *v)
{
	unsigned all = 0, all_reached = 0;

	printf("%-44s %s\n", "function", "lines reached");
	for (unsigned f = 0; f < coverage_function_count; f++) {
		unsigned n = 0, reached = 0;

		for (size_t i = 0; i < v->n; i++) {
			n += v->line[i].function == f;
			reached += v->line[i].function == f && v->line[i].reached;
		}
		if (n)
			printf("%-44s %5u of %u\n", coverage_functions[f].name, reached, n);
		else if (v->run->cli->verbose)
			printf("%-44s not in this kernel\n", coverage_functions[f].name);
		all += n;
		all_reached += reached;
	}
	printf("%-44s %5u of %u\n", "all", all_reached, all);
}

static void print_unreached(const struct view *v)
{
	if (v->known + v->unknown)
		puts("\nnot reached:");
	for (size_t i = 0; i < v->n; i++) {
		if (v->line[i].reached)
			continue;
		print_line(v, &v->line[i]);
		if (v->run->has_source && v->run->has_reasons)
			printf("    %s\n", v->why[i] ? v->why[i]->why : "no reason known");
	}
	if (!v->run->cli->verbose || !v->partly)
		return;
	puts("\nreached, but not in all places that the compiler has put their instructions to:");
	for (size_t i = 0; i < v->n; i++)
		if (v->line[i].reached && !v->line[i].whole)
			print_line(v, &v->line[i]);
}

static void print_stale(const struct view *v)
{
	for (size_t r = 0; r < v->reasons->n; r++) {
		const struct reason *row = &v->reasons->row[r];

		if (is_stale(v, row))
			printf("stale: %s:%u: the line is reached: %s: %s\n", v->run->cli->reasons, row->line,
			       row->function, row->text);
	}
}

static void print_commands(const struct coverage_run *run)
{
	for (unsigned i = 0; i < run->n_commands; i++) {
		const struct coverage_command *c = &run->command[i];

		printf("%s: ", c->argv[0]);
		if (*c->verdict)
			puts(c->verdict);
		else
			printf("exit %d\n", c->exit);
	}
}

static void show_text(const struct view *v)
{
	const struct coverage_run *run = v->run;

	printf("Linux %s, %s, %.1f s\n", run->im.release, run->how, run->seconds);
	print_commands(run);
	putchar('\n');
	print_functions(v);
	print_unreached(v);
	putchar('\n');
	if (!v->run->has_source)
		printf("the text of these lines is not at hand, so no reasons: --source %s fetches it\n",
		       *run->im.version ? run->im.version : "TREE");
	else if (!v->run->has_reasons)
		printf("no table of reasons: %s is not there\n", run->cli->reasons);
	else
		printf("%u lines not reached: %u with a reason, %u without\n", v->known + v->unknown,
		       v->known, v->unknown);
	print_stale(v);
	printf("%u lines reached in part%s\n", v->partly, run->cli->verbose ? "" : " (--verbose)");
}

/* ---- JSON ---- */

static void add_text(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, json_object_new_string(value));
}

static struct json_object *line_json(const struct view *v, size_t i)
{
	const struct lines_line *l = &v->line[i];
	struct json_object *o = json_object_new_object();
	char text[TEXT];

	add_text(o, "file", coverage_functions[l->function].file);
	json_object_object_add(o, "line", json_object_new_int64(l->line));
	add_text(o, "function", coverage_functions[l->function].name);
	json_object_object_add(o, "reached", json_object_new_boolean(l->reached));
	json_object_object_add(o, "whole", json_object_new_boolean(l->whole));
	if (v->text[l->function].n)
		add_text(o, "text", source_line(&v->text[l->function], l->line, text, sizeof(text)));
	if (v->why[i])
		add_text(o, "reason", v->why[i]->why);
	return o;
}

static void show_json(const struct view *v)
{
	struct json_object *o = json_object_new_object(), *commands = json_object_new_array(),
			   *lines = json_object_new_array(), *stale = json_object_new_array();
	unsigned reached = 0;

	add_text(o, "kernel", v->run->cli->kernel);
	add_text(o, "release", v->run->im.release);
	add_text(o, "source", v->run->source_name);
	add_text(o, "how", v->run->how);
	for (unsigned i = 0; i < v->run->n_commands; i++) {
		const struct coverage_command *c = &v->run->command[i];
		struct json_object *row = json_object_new_object();

		add_text(row, "command", c->argv[0]);
		json_object_object_add(row, "exit", json_object_new_int(c->exit));
		add_text(row, "verdict", c->verdict);
		json_object_array_add(commands, row);
	}
	json_object_object_add(o, "commands", commands);
	for (size_t i = 0; i < v->n; i++) {
		reached += v->line[i].reached;
		json_object_array_add(lines, line_json(v, i));
	}
	json_object_object_add(o, "lines", json_object_new_int64((int64_t)v->n));
	json_object_object_add(o, "reached", json_object_new_int64(reached));
	json_object_object_add(o, "with_reason", json_object_new_int64(v->known));
	json_object_object_add(o, "all", lines);
	for (size_t r = 0; r < v->reasons->n; r++)
		if (is_stale(v, &v->reasons->row[r]))
			json_object_array_add(stale, json_object_new_int64((int64_t)v->reasons->row[r].line));
	json_object_object_add(o, "stale", stale);
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

/* A command that did not get to its end says less than it seems to. */
static bool all_ran(const struct coverage_run *run)
{
	for (unsigned i = 0; i < run->n_commands; i++) {
		const struct coverage_command *c = &run->command[i];

		if (c->ended && (c->exit == EXIT_AGREE || c->exit == EXIT_DIVERGENCE))
			continue;
		fprintf(stderr,
			"hookdiff: %s in the guest: exit %d%s%s: lines that it would reach are missing "
			"here\n%s",
			c->argv[0], c->exit, *c->verdict ? ", " : "", c->verdict, buf_str(&c->messages));
		return false;
	}
	return true;
}

int coverage_show(struct coverage_run *run)
{
	struct view v = {.run = run, .reasons = &run->reasons, .text = run->text};
	int code = EXIT_AGREE;

	v.line = lines_all(run->lines, &v.n);
	v.why = calloc(v.n + 1, sizeof(*v.why));
	if (!v.why)
		return EXIT_UNSURE;
	match(&v);
	if (run->cli->json)
		show_json(&v);
	else
		show_text(&v);
	if (!all_ran(run))
		code = EXIT_UNSURE;
	else if (run->has_source && run->has_reasons && (v.unknown || v.stale))
		code = EXIT_DIVERGENCE;
	free(v.why);
	return code;
}
