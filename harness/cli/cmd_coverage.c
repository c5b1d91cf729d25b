/* SPDX-License-Identifier: MIT */
/*
 * hookdiff coverage: the clause situations that a corpus reaches, and those that something else reached and
 * the corpus does not (harness/profiles/reached.h). Text cases and inputs of the fuzz drivers.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "../case/case_bin.h"
#include "../mutate/batch.h"
#include "../profiles/reached.h"
#include "coverage_kernel.h"
#include "inputs.h"
#include "opts.h"

#define GENERATED 1000000 /* cases, if --cases does not say otherwise */
#define FEW_LINES 6	  /* of what a clause misses, without --verbose */

struct job {
	const struct cli *cli;
	struct reached *r;
	struct inputs in;
	struct tcase tc; /* scratch, large */
	uint64_t cases;
	int code;
};

static void take_text(void *arg, const char *path, const struct casefile *f)
{
	struct job *j = arg;

	(void)path;
	if (f->tree)
		return;
	reached_case(j->r, &f->tc);
	j->cases++;
}

static void take_input(void *arg, const char *path, const uint8_t *bytes, size_t n)
{
	struct job *j = arg;
	size_t took;

	(void)path;
	for (unsigned i = 0; i < BATCH_MAX && (took = case_bin_take(bytes, n, &j->tc)); i++) {
		reached_case(j->r, &j->tc);
		j->cases++;
		bytes += took;
		n -= took;
	}
}

static int read_corpus(struct job *j)
{
	int code;

	j->in = (struct inputs){.text = take_text, .input = take_input, .arg = j};
	code = inputs_read(&j->in, j->cli->args, j->cli->n_args);
	if (!code && !j->cases)
		code = cli_usage("coverage: no case in %s%s", j->cli->args[0],
				 j->cli->n_args > 1 ? " and the others" : "");
	j->code = code;
	return code;
}

/* ---- what is missing ---- */

static bool is_missing(uint8_t by)
{
	return by == BY_ANYTHING;
}

/* "user PAGE_SIZE: left 0, -1; user 0: left shorter" of one outcome and shape; how many in *n. */
static void missing_boundaries(const uint8_t *by, struct buf *b, unsigned *n)
{
	for (unsigned u = 0; u < SIT_USERS; u++) {
		bool first = true;

		for (unsigned l = 0; l < SIT_LEFTS; l++) {
			if (!is_missing(by[u * SIT_LEFTS + l]))
				continue;
			if (first)
				buf_printf(b, "%suser's %s: left ", b->n ? "; " : "", sit_user_names[u]);
			buf_printf(b, "%s%s", first ? "" : " | ", sit_left_names[l]);
			first = false;
			(*n)++;
		}
	}
}

static void print_missing(const struct job *j, unsigned clause)
{
	unsigned lines = 0, hidden = 0;
	struct buf says = {0};

	for (unsigned i = 0; i < SIT_COARSE; i++) {
		const char *outcome = sit_outcome_names[i / SIT_SHAPES],
			   *shape = sit_shape_names[i % SIT_SHAPES];
		struct buf b = {0};
		unsigned n = 0;

		missing_boundaries(j->r->decides[clause] + (size_t)i * SIT_USERS * SIT_LEFTS, &b, &n);
		if (n && lines >= FEW_LINES && !j->cli->verbose)
			hidden += n;
		else if (n && lines++ < UINT32_MAX)
			printf("    decides %s, %s; %s\n", outcome, shape, buf_str(&b));
		buf_fini(&b);
		if (is_missing(j->r->says[clause][i]))
			buf_printf(&says, "%s%s, %s", says.n ? "; " : "", outcome, shape);
	}
	if (hidden)
		printf("    and %u more in which it decides (--verbose)\n", hidden);
	if (says.n)
		printf("    has a say: %s\n", buf_str(&says));
	buf_fini(&says);
}

/* ---- text ---- */

static void print_counts(struct reached_count c)
{
	if (c.anything)
		printf(" %6u of %-6u", c.corpus, c.anything);
	else
		printf(" %16s", "-");
}

static void add(struct reached_count *sum, struct reached_count c)
{
	sum->corpus += c.corpus;
	sum->anything += c.anything;
}

/* Clauses of the profile that nothing reached: what could is not among what was tried. */
static void print_nowhere(const struct job *j)
{
	bool first = true;

	for (unsigned c = 1; c < C_COUNT; c++) {
		if (!profile_has(j->r->profile, c) || reached_says(j->r, c).anything ||
		    reached_decides(j->r, c).anything)
			continue;
		printf("%s%s", first ? "reached by nothing: " : ", ", clause_info(c)->name);
		first = false;
	}
	if (!first)
		putchar('\n');
}

static void show_text(const struct job *j)
{
	struct reached_count decides = {0}, says = {0}, clauses = {0};

	printf("profile %s; %llu cases in %llu text files and %llu inputs\n", j->r->profile->name,
	       (unsigned long long)j->cases, (unsigned long long)j->in.texts,
	       (unsigned long long)j->in.binaries);
	if (j->in.passed_over)
		printf("%llu other files were passed over\n", (unsigned long long)j->in.passed_over);
	printf("\n%-22s %16s %16s\n", "clause situations", "decides", "has a say");
	for (unsigned c = 1; c < C_COUNT; c++) {
		struct reached_count d = reached_decides(j->r, c), s = reached_says(j->r, c);

		if (!profile_has(j->r->profile, c) || (!s.anything && !d.anything))
			continue;
		printf("%-22s", clause_info(c)->name);
		print_counts(d);
		print_counts(s);
		putchar('\n');
		if (j->cli->missing)
			print_missing(j, c);
		add(&decides, d);
		add(&says, s);
		add(&clauses, (struct reached_count){s.corpus || d.corpus, 1});
	}
	printf("%-22s", "all");
	print_counts(decides);
	print_counts(says);
	printf("\n%u of %u clauses\n", clauses.corpus, clauses.anything);
	print_nowhere(j);
	printf("N of M: of the M that this corpus, the %llu cases of the boundary sweep or %llu generated "
	       "ones (seed %d)\n"
	       "reach, each with every answer of the handler that counts. More generated cases (--cases) "
	       "find more.\n",
	       (unsigned long long)j->r->swept, (unsigned long long)j->r->generated, REACHED_SEED);
}

/* ---- JSON ---- */

static struct json_object *count_json(struct reached_count c)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "corpus", json_object_new_int((int)c.corpus));
	json_object_object_add(o, "anything", json_object_new_int((int)c.anything));
	return o;
}

static struct json_object *situation_json(unsigned coarse)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "outcome", json_object_new_string(sit_outcome_names[coarse / SIT_SHAPES]));
	json_object_object_add(o, "shape", json_object_new_string(sit_shape_names[coarse % SIT_SHAPES]));
	return o;
}

static void missing_json(const struct reached *r, unsigned clause, struct json_object *row)
{
	struct json_object *decides = json_object_new_array(), *says = json_object_new_array();

	for (unsigned i = 0; i < SIT_FULL; i++) {
		struct json_object *o;

		if (!is_missing(r->decides[clause][i]))
			continue;
		o = situation_json(i / (SIT_USERS * SIT_LEFTS));
		json_object_object_add(o, "user",
				       json_object_new_string(sit_user_names[i / SIT_LEFTS % SIT_USERS]));
		json_object_object_add(o, "left", json_object_new_string(sit_left_names[i % SIT_LEFTS]));
		json_object_array_add(decides, o);
	}
	for (unsigned i = 0; i < SIT_COARSE; i++)
		if (is_missing(r->says[clause][i]))
			json_object_array_add(says, situation_json(i));
	json_object_object_add(row, "missing_decides", decides);
	json_object_object_add(row, "missing_says", says);
}

static void show_json(const struct job *j)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();

	json_object_object_add(o, "profile", json_object_new_string(j->r->profile->name));
	json_object_object_add(o, "cases", json_object_new_int64((int64_t)j->cases));
	json_object_object_add(o, "swept", json_object_new_int64((int64_t)j->r->swept));
	json_object_object_add(o, "generated", json_object_new_int64((int64_t)j->r->generated));
	json_object_object_add(o, "seed", json_object_new_int(REACHED_SEED));
	for (unsigned c = 1; c < C_COUNT; c++) {
		struct json_object *row;

		if (!profile_has(j->r->profile, c))
			continue;
		row = json_object_new_object();
		json_object_object_add(row, "clause", json_object_new_string(clause_info(c)->name));
		json_object_object_add(row, "decides", count_json(reached_decides(j->r, c)));
		json_object_object_add(row, "says", count_json(reached_says(j->r, c)));
		if (j->cli->missing)
			missing_json(j->r, c, row);
		json_object_array_add(list, row);
	}
	json_object_object_add(o, "clauses", list);
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

int cmd_coverage(struct cli *cli)
{
	const struct profile *p = cli_profile(cli, "7.3", NULL); /* auto: the newest kernel that has one */
	static struct job j;					 /* large */

	if (!p)
		return EXIT_USAGE;
	if (cli->kernel)
		return coverage_kernel(cli);
	if (cli->keep)
		return cli_usage("coverage: expected --kernel with --keep, found none");
	if (!cli->n_args)
		return cli_usage("coverage: expected a CORPUS, or --kernel");
	j.cli = cli;
	j.r = reached_new(p);
	if (!j.r) {
		fputs("hookdiff: out of memory\n", stderr);
		return EXIT_UNSURE;
	}
	if (read_corpus(&j) == EXIT_AGREE) {
		reached_search(j.r, cli->cases ? cli->cases : GENERATED);
		if (cli->json)
			show_json(&j);
		else
			show_text(&j);
	}
	reached_free(j.r);
	return j.code;
}
