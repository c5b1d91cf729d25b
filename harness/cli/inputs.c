/* SPDX-License-Identifier: MIT */
#include "inputs.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "opts.h"

#define INPUT_BYTES (1 << 20)

struct reader {
	struct inputs *in;
	struct casefile one; /* scratch, large */
	int code;
};

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n >= m && !strcmp(name + n - m, end);
}

bool inputs_is_object(const char *operand)
{
	return strlen(operand) > strlen(".bpf.o") && ends_with(operand, ".bpf.o");
}

/* What stands in folders of inputs and is none: findings' other files, AFL++'s own, hidden ones. */
static bool is_other(const char *name)
{
	static const char *const ends[] = {".md", ".txt", ".json", ".jsonl",  ".c",
					   ".h",  ".log", ".dict", ".options"};
	static const char *const names[] = {"fuzzer_stats", "plot_data",      "fuzz_bitmap",
					    "cmdline",	    "fastresume.bin", "target_hash",
					    "fuzzer_setup", "waivers",	      "splats"};

	if (*name == '.')
		return true;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends_with(name, ends[i]))
			return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* The text of a case begins with a letter, # or a blank; seeds in binary form keep the name of their text. */
static bool is_text(const char *path)
{
	FILE *f = fopen(path, "re");
	int first = f ? getc(f) : EOF;

	if (f)
		fclose(f);
	return ends_with(path, ".case") && (first == EOF || first >= ' ' || (first >= '\t' && first <= '\r'));
}

static void take_text(struct reader *r, const char *path)
{
	memset(&r->one, 0, sizeof(r->one));
	if (casefile_load(path, &r->one) == EXIT_AGREE) {
		r->in->text(r->in->arg, path, &r->one);
		r->in->texts++;
	} else {
		r->code = EXIT_USAGE;
	}
	free(r->one.path);
	free(r->one.tree);
}

static void take_input(struct reader *r, const char *path)
{
	static uint8_t bytes[INPUT_BYTES];
	FILE *f = fopen(path, "re");
	size_t n = 0;

	if (f)
		n = fread(bytes, 1, sizeof(bytes), f);
	if (!f || ferror(f))
		r->code = cli_usage("cannot read %s: %s", path, strerror(errno));
	if (f)
		fclose(f);
	r->in->binaries += n != 0;
	if (n)
		r->in->input(r->in->arg, path, bytes, n);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void take_tree(struct reader *r, char *path)
{
	char *roots[] = {path, NULL};
	FTS *tree = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	FTSENT *e;

	if (!tree) {
		r->code = cli_usage("cannot read %s: %s", path, strerror(errno));
		return;
	}
	while ((e = fts_read(tree))) {
		if (e->fts_info == FTS_D && e->fts_level > 0 &&
		    (*e->fts_name == '.' || !strcmp(e->fts_name, "bad")))
			fts_set(tree, e, FTS_SKIP);
		if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR || e->fts_info == FTS_NS)
			r->code = cli_usage("cannot read %s: %s", e->fts_path, strerror(e->fts_errno));
		if (e->fts_info != FTS_F)
			continue;
		if (is_text(e->fts_path))
			take_text(r, e->fts_path);
		else if (is_other(e->fts_name))
			r->in->passed_over++;
		else
			take_input(r, e->fts_path);
	}
	fts_close(tree);
}

int inputs_read(struct inputs *in, char **args, int n)
{
	static struct reader r;

	r.in = in;
	r.code = EXIT_AGREE;
	for (int i = 0; i < n; i++) {
		char *path = args[i];
		struct stat st;

		if (stat(path, &st))
			r.code = cli_usage("cannot read %s: %s", path, strerror(errno));
		else if (S_ISDIR(st.st_mode))
			take_tree(&r, path);
		else if (is_text(path))
			take_text(&r, path);
		else
			take_input(&r, path);
	}
	return r.code;
}
