/* SPDX-License-Identifier: MIT */
#include "bisect.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../case/case_text.h"
#include "../exec/feature.h"
#include "../kernels/files.h"
#include "casefile.h"
#include "oracle/clauses.h"

#define HASH_START 0xcbf29ce484222325ull

static uint64_t hash(uint64_t h, const char *p, size_t n) /* FNV-1a */
{
	while (n--)
		h = (h ^ (unsigned char)*p++) * 0x100000001b3ull;
	return h;
}

static bool names_clause(const struct case_meta *m, const char *id)
{
	size_t n = strlen(id);

	for (const char *w = m->clauses; *w; w += strspn(w, " ")) {
		size_t len = strcspn(w, " ");

		if (len == n && !strncmp(w, id, n))
			return true;
		w += len;
	}
	return false;
}

/* Keeps the cases that name the clause. */
static int pick_clause(struct judge *j)
{
	size_t kept = 0;

	if (clause_find(j->what) <= 0)
		return cli_usage("bisect: --clause %s: no such clause; hookdiff clauses lists them", j->what);
	for (size_t i = 0; i < j->n_files; i++) {
		struct casefile *f = j->files[i];

		if (names_clause(&f->meta, j->what)) {
			j->files[kept++] = f;
		} else {
			casefile_free_one(f);
		}
	}
	j->n_files = kept;
	if (!kept)
		return cli_usage("bisect: --clause %s: no case below %s names it in its header", j->what,
				 j->cases);
	return EXIT_AGREE;
}

static int read_cases(struct judge *j)
{
	uint64_t h = HASH_START;

	for (size_t i = 0; i < j->n_files; i++) {
		struct buf text = {0};
		int ret = file_read(j->files[i]->path, &text);

		if (ret)
			return cli_usage("bisect: %s: %s", j->files[i]->path, strerror(-ret));
		h = hash(h, j->files[i]->path, strlen(j->files[i]->path) + 1);
		h = hash(h, buf_str(&text), text.n);
		if (j->n_files == 1)
			buf_add(&j->text, text.p, text.n);
		buf_fini(&text);
	}
	snprintf(j->content, sizeof(j->content), "%016llx", (unsigned long long)h);
	return EXIT_AGREE;
}

static int open_feature(struct judge *j, const struct cli *cli)
{
	j->kind = "feature";
	j->what = cli->feature;
	j->absent_is_good = *cli->feature == '!';
	j->feature = cli->feature + j->absent_is_good;
	if (cli->case_path || cli->clause)
		return cli_usage("bisect: expected one of --case, --clause and --feature, found two");
	return cli_feature(j->feature) < 0 ? EXIT_USAGE : EXIT_AGREE;
}

int judge_open(struct judge *j, const struct cli *cli)
{
	char *path;
	int code;

	memset(j, 0, sizeof(*j));
	if (cli->feature)
		return open_feature(j, cli);
	if (!cli->case_path && !cli->clause)
		return cli_usage("bisect: expected --case FILE, --clause ID or --feature NAME: what tells "
				 "good from bad");
	j->kind = cli->clause ? "clause" : "case";
	j->cases = cli->case_path ? cli->case_path : "corpus";
	j->what = cli->clause ? cli->clause : j->cases;
	path = (char *)j->cases;
	code = casefile_load_all(&path, 1, &j->files, &j->n_files);
	if (!code && cli->clause)
		code = pick_clause(j);
	if (!code)
		code = read_cases(j);
	return code;
}

int judge_place(struct judge *j, const char *dir)
{
	static char folder[PATH_MAX];

	if (strcmp(j->kind, "clause"))
		return EXIT_AGREE;
	if (snprintf(folder, sizeof(folder), "%s/cases", dir) >= (int)sizeof(folder))
		return cli_usage("%s: the path is too long", dir);
	if (mkdir(folder, 0755) && errno != EEXIST)
		return cli_usage("cannot make the folder %s: %s", folder, strerror(errno));
	for (size_t i = 0; i < j->n_files; i++) {
		const char *name = strrchr(j->files[i]->path, '/');
		char path[PATH_MAX];
		struct buf text = {0};
		int ret = file_read(j->files[i]->path, &text);

		snprintf(path, sizeof(path), "%.3800s/%03zu-%.200s", folder, i,
			 name ? name + 1 : j->files[i]->path);
		if (!ret)
			ret = file_write(path, buf_str(&text), text.n);
		buf_fini(&text);
		if (ret)
			return cli_usage("cannot copy %s to %s: %s", j->files[i]->path, path, strerror(-ret));
	}
	j->cases = folder;
	return EXIT_AGREE;
}

void judge_fini(struct judge *j)
{
	buf_fini(&j->text);
	casefile_free(j->files, j->n_files);
}
