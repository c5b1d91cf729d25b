/* SPDX-License-Identifier: MIT */
#include "trial.h"

#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../oracle/clauses.h"
#include "../base/clock.h"
#include "../case/case_text.h"
#include "../matrix/fleet.h"
#include "../report/column.h"
#include "../report/text.h"

#define PATHS	   4096
#define LINE_BYTES (4u << 20)

/* ---- the lines of a test ---- */

static struct json_object *member(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	if (json_object_is_type(o, json_type_object))
		json_object_object_get_ex(o, key, &v);
	return v;
}

static const char *text(struct json_object *o, const char *key)
{
	struct json_object *v = member(o, key);

	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
}

/* One line of text that is safe to print. */
static void take(char *out, size_t n, const char *s)
{
	struct buf safe = {0};

	text_safe(&safe, s, strlen(s));
	snprintf(out, n, "%s", buf_str(&safe));
	for (; *out; out++)
		if (*out == '\n' || *out == '\t')
			*out = ' ';
	buf_fini(&safe);
}

/* Calls fn for each record until it says that it has seen enough. */
static void each_record(const char *file, bool (*fn)(void *arg, const char *type, struct json_object *o),
			void *arg)
{
	FILE *f = fopen(file, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	bool more = f;

	while (more && (n = getline(&line, &size, f)) > 0) {
		struct json_tokener *t = n <= (ssize_t)LINE_BYTES ? json_tokener_new_ex(16) : NULL;
		struct json_object *o = t ? json_tokener_parse_ex(t, line, (int)n) : NULL;

		if (o)
			more = fn(arg, text(o, "type"), o);
		json_object_put(o);
		if (t)
			json_tokener_free(t);
	}
	free(line);
	if (f)
		fclose(f);
}

/* The clause of a record of a divergence, "" if there is none: of a case with operations its step has it. */
static const char *clause_name(struct json_object *o)
{
	const char *clause = text(o, "clause");

	return *clause ? clause : text(member(o, "step"), "clause");
}

static unsigned clause_of(struct json_object *o)
{
	int clause = clause_find(clause_name(o));

	return clause > 0 ? (unsigned)clause : C_NONE;
}

/*
 * "SET.OPTLEN.ZERO, call 1 (getsockopt), ret: want 0, got -14". Of a case with operations the smallest one
 * has its step in words, "QUERY.LIST, step 4 (query(a, setsockopt)), ids: want ..., got ...", the case itself
 * a sentence.
 */
static void describe(char *out, size_t n, struct json_object *o)
{
	struct json_object *step = member(o, "step");
	const char *clause = clause_name(o);
	char words[512];

	if (step && !*text(step, "text"))
		snprintf(words, sizeof(words), "%s", text(o, "why"));
	else if (step)
		snprintf(words, sizeof(words), "%s, step %d (%.150s), %s: want %.60s, got %.60s",
			 *clause ? clause : "the case's own expectation",
			 json_object_get_int(member(step, "number")), text(step, "text"), text(step, "field"),
			 text(step, "want"), text(step, "got"));
	else
		snprintf(words, sizeof(words), "%s, call %d (%s)%s, %s: want %lld, got %lld",
			 *clause ? clause : "the case's own expectation",
			 json_object_get_int(member(o, "call")) + 1, text(o, "hook"),
			 json_object_get_boolean(member(o, "state")) ? " and the state after it" : "",
			 text(o, "field"), (long long)json_object_get_int64(member(o, "want_value")),
			 (long long)json_object_get_int64(member(o, "got_value")));
	take(out, n, words);
}

/* A path below this folder without the folder: the commands get absolute ones. */
static const char *from_here(const char *path)
{
	char here[PATH_MAX];
	size_t n = getcwd(here, sizeof(here)) ? strlen(here) : 0;

	return n > 1 && !strncmp(path, here, n) && path[n] == '/' ? path + n + 1 : path;
}

struct tally {
	struct trial_result *r;
	bool first, image; /* these records were there */
	bool itself;	   /* r->why is of the case as it stands */
	unsigned n;
	struct {
		char *path;
		unsigned failed;
	} path[PATHS];
};

static void count_failure(struct tally *t, const char *path)
{
	unsigned i = 0;

	while (i < t->n && strcmp(t->path[i].path, path))
		i++;
	if (i == PATHS)
		return;
	if (i == t->n) {
		t->path[i].path = strdup(path);
		if (!t->path[i].path)
			return;
		t->path[t->n++].failed = 0;
	}
	if (++t->path[i].failed > t->r->failed)
		t->r->failed = t->path[i].failed;
}

static bool tally_record(void *arg, const char *type, struct json_object *o)
{
	struct tally *t = arg;
	struct trial_result *r = t->r;
	const char *verdict = text(o, "verdict");

	t->first |= !strcmp(type, "matrix");
	t->image |= !strcmp(type, "image");
	if (!strcmp(type, "run")) {
		take(r->profile, sizeof(r->profile), text(o, "profile"));
		if (!*r->release)
			take(r->release, sizeof(r->release), text(o, "kernel"));
		if (!*r->version)
			take(r->version, sizeof(r->version), text(o, "uname_version"));
	} else if (!strcmp(type, "boot")) {
		take(r->release, sizeof(r->release), text(o, "release"));
		take(r->version, sizeof(r->version), text(o, "version"));
	} else if (!strcmp(type, "feature")) {
		take(r->feature, sizeof(r->feature), text(o, "state"));
		take(r->why, sizeof(r->why), text(o, "found"));
	} else if (!strcmp(type, "case") && !strcmp(verdict, "FAIL")) {
		/* The first record is of the smallest case, the later ones are of the case itself. */
		if (!r->failed || (!t->itself && !*text(o, "reproduce"))) {
			t->itself = r->failed;
			describe(r->why, sizeof(r->why), o);
			take(r->path, sizeof(r->path), from_here(text(o, "path")));
			r->clause = clause_of(o);
		}
		count_failure(t, text(o, "path"));
	} else if (!strcmp(type, "case") && strcmp(verdict, "PASS") && !r->failed && !*r->why) {
		char words[300];

		snprintf(words, sizeof(words), "%s: %s", verdict, text(o, "why"));
		take(r->why, sizeof(r->why), words);
	}
	return true;
}

/*
 * A kernel that is here and cannot be booted for want of QEMU, and lines that could not be written, are the
 * same for every version.
 */
static void read_lines(const struct trial *t, const struct column *c, struct trial_result *r)
{
	struct tally *tally = calloc(1, sizeof(*tally));

	if (!tally) {
		r->fatal = true;
		return;
	}
	tally->r = r;
	each_record(t->file, tally_record, tally);
	r->fatal = !tally->first || (c->end == COLUMN_SKIP && tally->image);
	for (unsigned i = 0; i < tally->n; i++)
		free(tally->path[i].path);
	free(tally);
}

/* ---- evidence ---- */

struct searched {
	struct buf *out;
	unsigned clause;
};

static void put_side(struct buf *out, const char *name, struct json_object *side)
{
	struct json_object *ret = member(side, "ret"), *optlen = member(side, "optlen");
	const char *optval = text(side, "optval");

	buf_printf(out, "  %s  ", name);
	if (ret)
		tcase_print_ret(json_object_get_int64(ret), out);
	else
		buf_puts(out, "any result");
	if (optlen)
		buf_printf(out, ", optlen %d", json_object_get_int(optlen));
	if (*optval) {
		buf_puts(out, ", optval ");
		text_safe(out, optval, strnlen(optval, 64));
		if (strlen(optval) > 64)
			buf_puts(out, "...");
	}
	buf_puts(out, "\n");
}

static bool evidence_record(void *arg, const char *type, struct json_object *o)
{
	struct searched *e = arg;
	struct buf safe = {0};
	char words[300];

	if (strcmp(type, "case") || strcmp(text(o, "verdict"), "FAIL"))
		return true;
	e->clause = clause_of(o);
	if (*text(o, "case")) {
		text_safe(&safe, text(o, "case"), strlen(text(o, "case")));
		buf_puts(e->out, "The smallest case that shows it:\n\n");
		for (const char *line = buf_str(&safe); *line;) {
			size_t n = strcspn(line, "\n");

			buf_printf(e->out, "    %.*s\n", (int)n, line);
			line += n + (line[n] == '\n');
		}
		buf_puts(e->out, "\n");
	}
	describe(words, sizeof(words), o);
	buf_printf(e->out, "%s\n", words);
	if (!member(o, "step")) {
		put_side(e->out, "want", member(o, "want"));
		put_side(e->out, "got ", member(o, "got"));
	}
	if (e->clause)
		buf_printf(e->out, "  rule  %s\n        (%s)\n", clause_info(e->clause)->sentence,
			   clause_info(e->clause)->source);
	buf_fini(&safe);
	return false;
}

unsigned trial_evidence(const char *file, struct buf *out)
{
	struct searched e = {.out = out, .clause = C_NONE};

	each_record(file, evidence_record, &e);
	return e.clause;
}

/* ---- the test ---- */

static void no_answer(struct trial_result *r, const char *why)
{
	r->verdict = BISECT_SKIP;
	if (why && *why)
		snprintf(r->why, sizeof(r->why), "%s", why);
	if (!*r->why)
		snprintf(r->why, sizeof(r->why), "it ended without a word");
}

static void judge_feature(const struct trial *t, struct trial_result *r)
{
	if (strcmp(r->feature, "present") && strcmp(r->feature, "absent")) {
		no_answer(r, NULL);
		return;
	}
	r->runs = t->runs;
	r->verdict = !t->good_feature || !strcmp(r->feature, t->good_feature) ? BISECT_GOOD : BISECT_BAD;
	r->failed = r->verdict == BISECT_BAD ? t->runs : 0;
}

static void judge_cases(const struct trial *t, const struct column *c, struct trial_result *r)
{
	const struct column_command *cmd = &c->command[0];

	if (c->n_commands && cmd->exit == 64) { /* no profile for the release, or a file went away */
		r->fatal = true;
		no_answer(r, c->said);
	} else if (!c->n_commands || !cmd->summed) {
		no_answer(r, c->said);
	} else if (r->failed) {
		r->verdict = BISECT_BAD;
		r->runs = t->runs;
	} else if (!strcmp(cmd->verdict, "PASS") && !cmd->exit) {
		r->verdict = BISECT_GOOD;
		r->runs = t->runs;
		*r->why = 0;
	} else {
		no_answer(r, *r->why ? NULL : cmd->verdict);
	}
}

static void judge(const struct trial *t, const struct column *c, struct trial_result *r)
{
	r->clause = C_NONE;
	read_lines(t, c, r);
	if (c->end != COLUMN_DONE) {
		r->failed = 0; /* the run was cut short: what it said so far may be of a dying kernel */
		no_answer(r, c->why);
		return;
	}
	if (t->feature)
		judge_feature(t, r);
	else
		judge_cases(t, c, r);
	if (r->verdict == BISECT_SKIP)
		r->failed = 0;
	if (r->failed > r->runs)
		r->failed = r->runs;
}

void trial_run(const struct trial *t, struct trial_result *r)
{
	struct job job = {.spec = t->spec,
			  .file = t->file,
			  .cases = t->feature ? NULL : t->cases,
			  .feature = t->feature,
			  .backend = t->backend,
			  .patience = t->patience,
			  .repeat = t->runs,
			  .no_waivers = true,
			  .profile = t->profile,
			  .out = t->folder,
			  .version = t->hookdiff,
			  .argc = t->argc,
			  .argv = t->argv};
	struct column *c = calloc(1, sizeof(*c));
	double start = clock_now();

	memset(r, 0, sizeof(*r));
	if (!c) {
		r->fatal = true;
		no_answer(r, "out of memory");
		return;
	}
	column_init(c, t->spec);
	r->interrupted = fleet_run(&job, c, 1, 1, NULL);
	judge(t, c, r);
	r->seconds = clock_now() - start;
	column_fini(c);
	free(c);
}
