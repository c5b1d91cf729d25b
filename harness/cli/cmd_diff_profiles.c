/* SPDX-License-Identifier: MIT */
/* hookdiff diff-profiles: the smallest cases on which two profiles differ (harness/profiles/contrast.h). */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "../case/case_text.h"
#include "../profiles/contrast.h"
#include "opts.h"
#include "oracle/clauses.h"

#define CASES 100000 /* generated, if --time does not say otherwise */
#define SEED  1
#define WIDTH 110

struct shown {
	const struct cli *cli;
	const struct profile *p[2];
	int column; /* of text behind a profile's name */
};

static const struct profile *operand(const char *name)
{
	const struct profile *p = profile_find(name);

	if (p)
		return p;
	fprintf(stderr, "hookdiff: diff-profiles: %s: no such profile; there are:", name);
	for (unsigned i = 0; i < profile_count(); i++)
		fprintf(stderr, " %s", profile_at(i)->name);
	fputc('\n', stderr);
	return NULL;
}

/* Words wrapped at WIDTH, every line but the first behind `column` blanks. */
static void wrapped(const char *text, int column)
{
	int at = column;

	for (const char *word = text; *word;) {
		int n = (int)strcspn(word, " ");

		if (at + 1 + n > WIDTH && at > column) {
			printf("\n%*s", column, "");
			at = column;
		} else if (at > column) {
			putchar(' ');
			at++;
		}
		printf("%.*s", n, word);
		at += n;
		word += n;
		word += strspn(word, " ");
	}
	putchar('\n');
}

static void behind_name(const struct shown *s, int side, const char *text)
{
	printf("  %-*s ", s->column - 3, s->p[side]->name);
	wrapped(text, s->column);
}

/* "SET.OPTLEN.GROW: optlen may grow ..." */
static void sentence(const struct shown *s, int side, unsigned clause)
{
	const struct clause_info *c = clause_info(clause);
	struct buf b = {0};

	if (!clause) {
		behind_name(s, side, "says nothing");
		return;
	}
	buf_printf(&b, "%s: %s", c->name, c->sentence);
	behind_name(s, side, buf_str(&b));
	buf_fini(&b);
}

static void allowed(const struct shown *s, int side, const struct contrast_find *f)
{
	struct buf b = {0};

	for (unsigned i = 0; i < f->n_rows; i++) {
		const char *text = side ? f->row[i].b : f->row[i].a;

		if (*text)
			buf_printf(&b, "%s%s", b.n ? "; " : "", text);
	}
	behind_name(s, side, b.n ? buf_str(&b) : "leaves it open");
	buf_fini(&b);
}

static void print_case(const struct contrast_find *f)
{
	struct buf b = {0};

	tcase_print(&f->tc, NULL, &b);
	for (char *line = strtok((char *)buf_str(&b), "\n"); line; line = strtok(NULL, "\n"))
		printf("      %s\n", line);
	buf_fini(&b);
	if (*f->answer)
		printf("      # the handler alone: %s\n", f->answer);
}

static void print_find(const struct shown *s, const struct contrast_find *f, unsigned number)
{
	printf("\n%u.\n", number);
	sentence(s, 0, f->key.a);
	sentence(s, 1, f->key.b);
	print_case(f);
	allowed(s, 0, f);
	allowed(s, 1, f);
}

static struct json_object *side_json(const struct shown *s, int side, const struct contrast_find *f)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	unsigned clause = side ? f->key.b : f->key.a;

	json_object_object_add(o, "profile", json_object_new_string(s->p[side]->name));
	json_object_object_add(o, "clause",
			       clause ? json_object_new_string(clause_info(clause)->name) : NULL);
	json_object_object_add(o, "sentence",
			       clause ? json_object_new_string(clause_info(clause)->sentence) : NULL);
	for (unsigned i = 0; i < f->n_rows; i++) {
		const char *text = side ? f->row[i].b : f->row[i].a;

		if (*text)
			json_object_array_add(list, json_object_new_string(text));
	}
	json_object_object_add(o, "allows", list);
	return o;
}

static struct json_object *find_json(const struct shown *s, const struct contrast_find *f)
{
	struct json_object *o = json_object_new_object();
	struct buf b = {0};

	json_object_object_add(o, "a", side_json(s, 0, f));
	json_object_object_add(o, "b", side_json(s, 1, f));
	tcase_print(&f->tc, NULL, &b);
	json_object_object_add(o, "case", json_object_new_string(buf_str(&b)));
	json_object_object_add(o, "call", json_object_new_int((int)f->call + 1));
	json_object_object_add(o, "handler", *f->answer ? json_object_new_string(f->answer) : NULL);
	buf_fini(&b);
	return o;
}

static void show_json(const struct shown *s, const struct contrast_find *f, unsigned n, unsigned real,
		      uint64_t looked)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array(),
			   *silent = json_object_new_array();

	json_object_object_add(o, "a", json_object_new_string(s->p[0]->name));
	json_object_object_add(o, "b", json_object_new_string(s->p[1]->name));
	json_object_object_add(o, "cases", json_object_new_int64((int64_t)looked));
	for (unsigned i = 0; i < n; i++)
		if (!f[i].key.silent || s->cli->verbose)
			json_object_array_add(f[i].key.silent ? silent : list, find_json(s, &f[i]));
	json_object_object_add(o, "differences", list);
	if (s->cli->verbose)
		json_object_object_add(o, "silent", silent);
	else
		json_object_put(silent);
	json_object_object_add(o, "silent_count", json_object_new_int((int)(n - real)));
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

static void show_text(const struct shown *s, const struct contrast_find *f, unsigned n, unsigned real,
		      uint64_t looked)
{
	printf("%s: %s\n%s: %s\n", s->p[0]->name, s->p[0]->what, s->p[1]->name, s->p[1]->what);
	for (unsigned i = 0; i < n; i++) {
		if (f[i].key.silent && !s->cli->verbose)
			break;
		if (i == real)
			printf("\nOnly one of the two says anything:\n");
		print_find(s, &f[i], i + 1);
	}
	printf("\n%u difference%s between %s and %s, %u place%s where only one of them says anything%s; "
	       "looked at "
	       "%llu cases\n",
	       real, real == 1 ? "" : "s", s->p[0]->name, s->p[1]->name, n - real, n - real == 1 ? "" : "s",
	       n - real && !s->cli->verbose ? " (--verbose lists them)" : "", (unsigned long long)looked);
}

int cmd_diff_profiles(struct cli *cli)
{
	struct shown s = {.cli = cli, .p = {operand(cli->args[0]), operand(cli->args[1])}};
	struct contrast_opts opts = {.seed = cli->seed_given ? cli->seed : SEED,
				     .cases = CASES,
				     .seconds = cli->seconds,
				     .silent = cli->verbose};
	struct contrast_find *found = NULL;
	struct contrast *x;
	unsigned n = 0, real = 0;
	uint64_t looked = 0;
	int err;

	if (!s.p[0] || !s.p[1])
		return EXIT_USAGE;
	x = contrast_new(s.p[0], s.p[1]);
	err = x ? contrast_search(x, &opts, &found, &n, &looked) : -1;
	contrast_free(x);
	if (err) {
		fputs("hookdiff: out of memory\n", stderr);
		free(found);
		return EXIT_UNSURE;
	}
	while (real < n && !found[real].key.silent)
		real++;
	for (int i = 0; i < 2; i++)
		if (s.column < (int)strlen(s.p[i]->name) + 3)
			s.column = (int)strlen(s.p[i]->name) + 3;
	if (cli->json)
		show_json(&s, found, n, real, looked);
	else
		show_text(&s, found, n, real, looked);
	free(found);
	return real ? EXIT_DIVERGENCE : EXIT_AGREE;
}
