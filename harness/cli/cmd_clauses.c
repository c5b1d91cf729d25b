/* SPDX-License-Identifier: MIT */
/*
 * hookdiff clauses: the catalogue (oracle/clauses.def) for a terminal, as Markdown or as JSON. --profile
 * picks the clauses that hold in that profile's family.
 */
#include "opts.h"

#include <json-c/json.h>
#include <string.h>

#include "clauses_md.h"
#include "oracle/clauses.h"
#include "oracle/profiles.h"
#include "uncovered.h"

static const char *in_name(unsigned in)
{
	switch (in) {
	case IN_KERNEL:
		return "kernel";
	case IN_DOC:
		return "doc";
	case IN_DRAFT:
		return "draft";
	case IN_BOTH:
		return "kernel, doc";
	case IN_KERNEL | IN_DRAFT:
		return "kernel, draft";
	case IN_DOC | IN_DRAFT:
		return "doc, draft";
	case IN_ALL:
		return "kernel, doc, draft";
	}
	return "none";
}

/* A prefix ends at a dot or at the end of the id: SET matches SET.ARGS, GET.LARGE does not match GET.LARGER.
 */
static bool has_prefix(const char *name, const char *prefix)
{
	size_t n = strlen(prefix);

	while (n && prefix[n - 1] == '.')
		n--;
	return !strncasecmp(name, prefix, n) && (!name[n] || name[n] == '.');
}

static bool picked(const struct cli *cli, unsigned clause, const struct profile *p)
{
	const struct clause_info *c = clause_info(clause);

	if (p && !profile_has(p, clause))
		return false;
	for (int i = 0; i < cli->n_args; i++)
		if (has_prefix(c->name, cli->args[i]))
			return true;
	return !cli->n_args;
}

/* Text in columns: words are wrapped at `width` with `indent` blanks in front of every line but the first. */
static void print_wrapped(const char *text, int indent, int width)
{
	int column = indent;

	for (const char *word = text; *word;) {
		int n = (int)strcspn(word, " ");

		if (column + n > width && column > indent) {
			printf("\n%*s", indent, "");
			column = indent;
		}
		printf("%.*s", n, word);
		column += n;
		word += n;
		if (*word == ' ') {
			word++;
			if (column + 1 + (int)strcspn(word, " ") <= width) {
				putchar(' ');
				column++;
			} else {
				column = width;
			}
		}
	}
	putchar('\n');
}

static void print_text(const struct clause_info *c)
{
	printf("%-22s ", c->name);
	print_wrapped(c->sentence, 23, 110);
	printf("%23s[%s] ", "", in_name(c->in));
	print_wrapped(c->source, 23 + (int)strlen(in_name(c->in)) + 3, 110);
}

static struct json_object *to_json(const struct clause_info *c)
{
	struct json_object *row = json_object_new_object(), *profiles = json_object_new_array();

	if (c->in & IN_KERNEL)
		json_object_array_add(profiles, json_object_new_string("kernel"));
	if (c->in & IN_DOC)
		json_object_array_add(profiles, json_object_new_string("doc"));
	json_object_object_add(row, "clause", json_object_new_string(c->name));
	json_object_object_add(row, "profiles", profiles);
	json_object_object_add(row, "sentence", json_object_new_string(c->sentence));
	json_object_object_add(row, "source", json_object_new_string(c->source));
	return row;
}

static int check_prefixes(const struct cli *cli)
{
	for (int i = 0; i < cli->n_args; i++) {
		bool found = false;

		for (unsigned c = 1; c < C_COUNT && !found; c++)
			found = has_prefix(clause_info(c)->name, cli->args[i]);
		if (!found)
			return cli_usage(
				"clauses: expected the beginning of a clause's id such as SET or GET.LARGE, "
				"found '%s'",
				cli->args[i]);
	}
	return 0;
}

int cmd_clauses(struct cli *cli)
{
	struct json_object *all = NULL;
	const struct profile *p = NULL;
	unsigned n = 0;

	if (cli->json && cli->markdown)
		return cli_usage("clauses: expected --json or --markdown, found both");
	if (cli->uncovered && (cli->json || cli->markdown))
		return cli_usage("clauses: --uncovered is text only");
	if (cli->uncovered)
		return uncovered(cli);
	if (cli->markdown && (cli->n_args || strcmp(cli->profile, "auto")))
		return cli_usage("clauses: --markdown prints the whole catalogue: no PREFIX, no --profile");
	if (cli->markdown)
		return clauses_md();
	if (check_prefixes(cli))
		return EXIT_USAGE;
	if (strcmp(cli->profile, "auto")) {
		p = cli_profile(cli, "", NULL);
		if (!p)
			return EXIT_USAGE;
	}

	if (cli->json) {
		all = json_object_new_array();
	}
	for (unsigned c = 1; c < C_COUNT; c++) {
		const struct clause_info *info = clause_info(c);

		if (!picked(cli, c, p))
			continue;
		n++;
		if (cli->json)
			json_object_array_add(all, to_json(info));
		else
			print_text(info);
	}
	if (cli->json) {
		puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY |
								 JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(all);
	} else {
		printf("\n%u %s; profiles:\n", n, n == 1 ? "clause" : "clauses");
		for (unsigned i = 0; i < profile_count(); i++) {
			const struct profile *row = profile_at(i);

			printf("  %-9s %s [%s%s%s]\n", row->name, row->what,
			       row->releases ? row->releases : "", row->releases ? "; " : "",
			       evidence_name(row->evidence));
		}
	}
	return EXIT_AGREE;
}
