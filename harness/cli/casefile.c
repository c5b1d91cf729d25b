/* SPDX-License-Identifier: MIT */
#include "casefile.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "opts.h"
#include "oracle/attach.h"
#include "oracle/scope.h"
#include "session.h"

/* Reads at most CASE_TEXT_MAX + 1 bytes, so that the parser sees what is too long. NULL with errno. */
static char *read_text(const char *path, size_t *len)
{
	char *text = malloc(CASE_TEXT_MAX + 1);
	FILE *f = fopen(path, "re");
	struct stat st;

	if (!text || !f || fstat(fileno(f), &st))
		goto fail;
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		goto fail;
	}
	*len = fread(text, 1, CASE_TEXT_MAX + 1, f);
	if (ferror(f))
		goto fail;
	fclose(f);
	return text;
fail:
	if (f)
		fclose(f);
	free(text);
	return NULL;
}

/* A misspelt profile or clause would quietly change where the expectations hold. */
static int check_scope(const char *path, const struct case_meta *m, bool operations)
{
	const char *word, *why;
	uint32_t has, lacks;
	size_t n;

	why = attach_needs(m->needs, &has, &lacks, &word, &n);
	if (!why && !operations && m->needs[0])
		why = "only a case with operations (its first word is `tree`) can have needs";
	if (why)
		return cli_usage("%s: '%.*s' in the line `# needs`: %s", path, n > 64 ? 64 : (int)n, word,
				 why);

	why = scope_check(m->profiles, m->clauses, &word, &n);
	if (!why)
		return EXIT_AGREE;
	return cli_usage("%s: '%.*s' in the line `# %s`: %s (hookdiff clauses lists them)", path,
			 n > 64 ? 64 : (int)n, word,
			 word >= m->profiles && word < m->profiles + sizeof(m->profiles) ? "profiles"
											 : "clauses",
			 why);
}

static int parse(const char *text, size_t len, const char *path, struct casefile *out, struct diag *d)
{
	if (!tree_text_is(text, len))
		return tcase_parse(text, len, path, &out->tc, &out->meta, d);
	out->tree = malloc(sizeof(*out->tree));
	tcase_init(&out->tc);
	if (out->tree)
		return tree_parse(text, len, path, out->tree, &out->meta, d);
	diag_set(d, path, 0, 0, "out of memory");
	return -ENOMEM;
}

int casefile_load(const char *path, struct casefile *out)
{
	struct diag d = {0};
	size_t len = 0;
	char *text = read_text(path, &len);
	int code = EXIT_AGREE;

	if (!text)
		return cli_usage("cannot read the case %s: %s", path, strerror(errno));
	if (parse(text, len, path, out, &d)) {
		cli_diag(&d, text, len);
		code = EXIT_USAGE;
	} else {
		code = check_scope(path, &out->meta, out->tree != NULL);
	}
	free(text);
	out->path = strdup(path);
	return code;
}

struct list {
	struct casefile **files;
	size_t n, cap;
};

static int add(struct list *l, const char *path)
{
	struct casefile *f = calloc(1, sizeof(*f));

	if (f && l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		struct casefile **more = realloc(l->files, cap * sizeof(*more));

		if (!more) {
			free(f);
			f = NULL;
		} else {
			l->files = more;
			l->cap = cap;
		}
	}
	if (!f)
		return cli_usage("out of memory");
	l->files[l->n++] = f;
	return casefile_load(path, f);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int add_tree(struct list *l, char *path)
{
	char *roots[] = {path, NULL};
	FTS *tree = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	int code = EXIT_AGREE;
	size_t before = l->n;
	FTSENT *e;

	if (!tree)
		return cli_usage("cannot read %s: %s", path, strerror(errno));
	while ((e = fts_read(tree))) {
		const char *dot = strrchr(e->fts_name, '.');

		bool is_case = dot && !strcmp(dot, ".case");

		if (e->fts_info == FTS_D && e->fts_level > 0 && !strcmp(e->fts_name, "bad")) {
#ifndef HD_GUEST /* the host has said it */
			fprintf(stderr, "%s: passed over (bad/ holds what must be refused)\n", e->fts_path);
#endif
			fts_set(tree, e, FTS_SKIP);
		}
		if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR || (e->fts_info == FTS_NS && is_case))
			code = cli_usage("cannot read %s: %s", e->fts_path, strerror(e->fts_errno));
		if (is_case && (e->fts_info == FTS_SLNONE || e->fts_info == FTS_DEFAULT))
			code = cli_usage("cannot read the case %s: expected a file, found %s", e->fts_path,
					 e->fts_info == FTS_SLNONE ? "a link to nothing" : "something else");
		if (e->fts_info == FTS_F && is_case && add(l, e->fts_path))
			code = EXIT_USAGE;
	}
	fts_close(tree);
	if (l->n == before && code == EXIT_AGREE)
		return cli_usage("no *.case file below %s", path);
	return code;
}

int casefile_load_all(char **args, int n_args, struct casefile ***files, size_t *n)
{
	struct list l = {0};
	int code = EXIT_AGREE;

	for (int i = 0; i < n_args; i++) {
		struct stat st;
		int one;

		if (!stat(args[i], &st) && S_ISDIR(st.st_mode))
			one = add_tree(&l, args[i]);
		else
			one = add(&l, args[i]);
		if (one)
			code = one;
	}
	*files = l.files;
	*n = l.n;
	return code;
}

void casefile_scope(struct casefile **files, size_t n, const struct profile *p)
{
	for (size_t i = 0; i < n; i++) {
		struct casefile *f = files[i];

		if (f->tree || scope_holds(f->meta.profiles, f->meta.clauses, p))
			continue;
		f->elsewhere = true;
		for (unsigned k = 0; k < f->tc.n_calls; k++)
			f->tc.call[k].expect = (struct tc_expect){0};
	}
}

void casefile_free_one(struct casefile *f)
{
	free(f->path);
	free(f->tree);
	free(f);
}

void casefile_scope_trees(struct casefile **files, size_t n, const struct profile *p,
			  const struct attach_epoch *e)
{
	for (size_t i = 0; i < n; i++) {
		struct tree *t = files[i]->tree;

		if (!t || scope_tree_holds(files[i]->meta.profiles, files[i]->meta.clauses,
					   files[i]->meta.needs, p, e))
			continue;
		files[i]->elsewhere = true;
		for (unsigned k = 0; k < t->n_steps; k++) {
			t->step[k].has_ret = false;
			t->step[k].answer = (struct tree_answer){0};
		}
		for (unsigned k = 0; k < t->n_calls; k++)
			t->call[k].expect = (struct tc_expect){0};
	}
}

int casefile_load_calls(char **args, int n_args, struct casefile ***files, size_t *n)
{
	int code = casefile_load_all(args, n_args, files, n);
	size_t keep = 0;

	for (size_t i = 0; i < *n; i++) {
		struct casefile *f = (*files)[i];

		for (int a = 0; f->tree && a < n_args; a++)
			if (!strcmp(args[a], f->path))
				code = cli_usage(
					"%s is a case with operations, which this command does not take "
					"(run does)",
					f->path);
		if (!f->tree) {
			(*files)[keep++] = f;
			continue;
		}
		casefile_free_one(f);
	}
	*n = keep;
	return code;
}

void casefile_free(struct casefile **files, size_t n)
{
	for (size_t i = 0; i < n; i++)
		casefile_free_one(files[i]);
	free(files);
}
