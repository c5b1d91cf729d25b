/* SPDX-License-Identifier: MIT */
#include "coverage_keep.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../case/case_bin.h"
#include "../case/case_text.h"
#include "../case/options.h"
#include "../crash/symbol.h"
#include "../kernels/files.h"
#include "../mutate/batch.h"
#include "../mutate/fit.h"
#include "../mutate/shrink.h"
#include "../lines/cover.h"
#include "../profiles/selfcheck.h"
#include "inputs.h"

#define PLACES	  3   /* that a kept case names */
#define QUESTIONS 150 /* of each shrinker */

/* ---- into a folder ---- */

static int make_folder(struct keep *k)
{
	snprintf(k->folder, sizeof(k->folder), "/tmp/hookdiff-cases.XXXXXX");
	if (mkdtemp(k->folder))
		return EXIT_AGREE;
	*k->folder = 0;
	fprintf(stderr, "hookdiff: cannot make a folder below /tmp: %s\n", strerror(errno));
	return EXIT_UNSURE;
}

static void part_of(const struct keep *k, size_t part, char *path, size_t size)
{
	snprintf(path, size, "%s/%03zu", k->folder, part);
}

static void put(struct keep *k, const struct tcase *tc, const struct case_meta *meta)
{
	struct buf text = {0};
	char path[PATH_MAX];
	int ret;

	part_of(k, k->n / KEEP_PART, path, sizeof(path));
	ret = k->n % KEEP_PART ? 0 : dir_make(path);
	snprintf(path + strlen(path), sizeof(path) - strlen(path), "/%06zu.case", k->n);
	tcase_print(tc, meta, &text);
	if (!ret)
		ret = text.failed ? -ENOMEM : file_write(path, buf_str(&text), text.n);
	buf_fini(&text);
	k->n++;
	if (ret && !k->code) {
		fprintf(stderr, "hookdiff: cannot write %s: %s\n", path, strerror(-ret));
		k->code = EXIT_UNSURE;
	}
}

static void put_text(void *arg, const char *path, const struct casefile *f)
{
	(void)path;
	if (!f->tree) /* those have operations, and no driver of ours makes them */
		put(arg, &f->tc, &f->meta);
}

static void put_input(void *arg, const char *path, const uint8_t *bytes, size_t n)
{
	static struct tcase tc; /* large */
	struct keep *k = arg;
	size_t took;

	(void)path;
	k->inputs++;
	for (unsigned i = 0; i < BATCH_MAX && (took = case_bin_take(bytes, n, &tc)); i++) {
		if (tc.n_calls) {
			fit_input(&tc, selfcheck_pick(bytes, took));
			put(k, &tc, NULL);
		}
		bytes += took;
		n -= took;
	}
}

int keep_unpack(struct keep *k, const struct cli *cli)
{
	struct inputs in = {.text = put_text, .input = put_input, .arg = k};

	k->code = make_folder(k);
	for (int i = 0; !k->code && i < cli->n_args; i++)
		if (!inputs_is_object(cli->args[i]) && inputs_read(&in, cli->args + i, 1))
			k->code = EXIT_USAGE;
	return k->code;
}

void keep_fini(struct keep *k)
{
	if (*k->folder)
		dir_remove(k->folder);
}

int keep_run(const struct keep *k, const struct keep_kernel *on, struct buf *blocks)
{
	char path[PATH_MAX];
	int code = EXIT_AGREE;

	for (size_t at = 0, n; !code && at < k->n; at += n) {
		n = k->n - at < KEEP_PART ? k->n - at : KEEP_PART;
		fprintf(stderr, "coverage: cases %zu to %zu of %zu\n", at + 1, at + n, k->n);
		part_of(k, at / KEEP_PART, path, sizeof(path));
		code = on->run(on->arg, path, n, blocks);
	}
	return code;
}

/* ---- the chosen ---- */

struct chosen {
	struct cover_set alone; /* what no other one of them has; the cover's */
	struct shrinker *sh;
	const struct tcase *asked; /* the candidate that is under way; NULL: none */
	struct tcase *hooked;	   /* the best with a program for each call, if that is as good; owned */
};

struct keeping {
	const struct cli *cli;
	const struct keep_kernel *on;
	struct cover c;
	struct chosen *one; /* owned */
	size_t n;
};

static int told(int ret)
{
	if (ret)
		fprintf(stderr, "hookdiff: --keep: %s\n", strerror(-ret));
	return ret ? EXIT_UNSURE : EXIT_AGREE;
}

/* The blocks of a folder's cases. */
static int look(const struct keeping *g, const char *folder, size_t n, struct cover *out)
{
	struct buf blocks = {0};
	int code = g->on->run(g->on->arg, folder, n, &blocks);

	if (!code && (blocks.failed || cover_read(buf_str(&blocks), out))) {
		fprintf(stderr, "hookdiff: --keep: out of memory\n");
		code = EXIT_UNSURE;
	}
	buf_fini(&blocks);
	return code;
}

static int load(const char *path, struct tcase *tc)
{
	struct buf text = {0};
	struct diag d = {0};
	int ret = file_read(path, &text);

	if (!ret)
		ret = tcase_parse(buf_str(&text), text.n, path, tc, NULL, &d);
	buf_fini(&text);
	return ret;
}

/* A shrinker for each set that is needed. */
static int open_chosen(struct keeping *g)
{
	static const struct shrink_opts opts = {.max_calls = QUESTIONS};
	size_t *weight = calloc(g->c.n + 1, sizeof(*weight));
	bool *needed = calloc(g->c.n + 1, sizeof(*needed));
	static struct tcase tc; /* large */
	int ret = weight && needed ? 0 : -ENOMEM;

	for (size_t i = 0; !ret && i < g->c.n; i++)
		weight[i] = dir_size(g->c.set[i].name);
	g->one = calloc(ret ? 1 : cover_choose(&g->c, weight, needed) + 1, sizeof(*g->one));
	ret = g->one ? ret : -ENOMEM;
	for (size_t i = 0; !ret && i < g->c.n; i++) {
		struct chosen *o = &g->one[g->n];

		if (!needed[i])
			continue;
		for (size_t k = 0; k < g->c.n; k++)
			if (needed[k] && i != k)
				cover_set_without(&g->c.set[i], &g->c.set[k]);
		o->alone = g->c.set[i];
		ret = load(g->c.set[i].name, &tc);
		if (!ret)
			o->sh = shrink_open(&tc, &opts, NULL);
		if (!ret && !o->sh)
			ret = -ENOMEM;
		g->n += !ret;
	}
	free(weight);
	free(needed);
	return ret;
}

/* ---- smaller ones ---- */

static void path_of(const char *folder, size_t i, char *path, size_t size)
{
	snprintf(path, size, "%s/%06zu.case", folder, i);
}

/* A candidate of each, as files. Returns how many, or -errno. */
static int ask(struct keeping *g, const char *folder)
{
	struct buf text = {0};
	char path[PATH_MAX];
	int n = 0, ret = 0;

	for (size_t i = 0; !ret && i < g->n; i++) {
		g->one[i].asked = shrink_next(g->one[i].sh);
		path_of(folder, i, path, sizeof(path));
		unlink(path);
		if (!g->one[i].asked)
			continue;
		buf_reset(&text);
		tcase_print(g->one[i].asked, NULL, &text);
		ret = text.failed ? -ENOMEM : file_write(path, buf_str(&text), text.n);
		n++;
	}
	buf_fini(&text);
	return ret ? ret : n;
}

/* Does the file of number i still reach what it is kept for? */
static bool still_does(const struct keeping *g, const char *folder, size_t i, const struct cover *seen)
{
	char path[PATH_MAX];

	path_of(folder, i, path, sizeof(path));
	for (size_t k = 0; k < seen->n; k++)
		if (!strcmp(seen->set[k].name, path))
			return cover_set_within(&g->one[i].alone, &seen->set[k]);
	return false;
}

/* All of them at a time, a guest for each round: a boot is short, and there are as many rounds as questions.
 */
static int make_small(struct keeping *g, const char *folder)
{
	struct cover seen;
	int n, code = EXIT_AGREE;

	for (unsigned round = 0; !code && (n = ask(g, folder)) > 0; round++) {
		if (round % 10 == 0)
			fprintf(stderr, "coverage: round %u, %d of %zu cases may become smaller\n", round, n,
				g->n);
		code = look(g, folder, (size_t)n, &seen);
		if (code)
			code = look(g, folder, (size_t)n,
				    &seen); /* guests of a busy machine fail now and then */
		if (code) {
			fprintf(stderr, "coverage: the cases are kept as small as they are by now\n");
			return EXIT_AGREE;
		}
		for (size_t i = 0; i < g->n; i++)
			if (g->one[i].asked)
				shrink_tell(g->one[i].sh, still_does(g, folder, i, &seen));
		cover_fini(&seen);
	}
	if (!code && n < 0) {
		fprintf(stderr, "hookdiff: --keep: cannot write to %s: %s\n", folder, strerror(-n));
		code = EXIT_UNSURE;
	}
	return code;
}

/* A hook that is called and has no program gets one that lets everything through. */
static void give_programs(struct tcase *tc)
{
	bool has[HOOK_COUNT] = {false}, called[HOOK_COUNT] = {false};

	for (unsigned i = 0; i < tc->n_calls; i++)
		called[tc->call[i].hook] = true;
	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned h = 0; h < HOOK_COUNT; h++)
			has[h] |= tc->level[l].n[h] != 0;
	for (unsigned h = 0; h < HOOK_COUNT; h++)
		if (called[h] && !has[h] && tc->n_levels) {
			tc->level[0].slot[h][0] = (struct tc_slot){.mode = MODE_MULTI, .prog.ret = 1};
			tc->level[0].n[h] = 1;
		}
}

/* It is by hooks that kernels are compared: each case gets them back, if it still reaches what it should. */
static int hook(struct keeping *g, const char *folder)
{
	struct cover seen;
	struct buf text = {0};
	char path[PATH_MAX];
	int ret = 0, code;

	for (size_t i = 0; !ret && i < g->n; i++) {
		struct chosen *o = &g->one[i];

		o->hooked = malloc(sizeof(*o->hooked));
		if (!o->hooked) {
			ret = -ENOMEM;
			break;
		}
		*o->hooked = *shrink_best(o->sh);
		give_programs(o->hooked);
		buf_reset(&text);
		tcase_print(o->hooked, NULL, &text);
		path_of(folder, i, path, sizeof(path));
		ret = text.failed ? -ENOMEM : file_write(path, buf_str(&text), text.n);
	}
	buf_fini(&text);
	code = ret ? told(ret) : look(g, folder, g->n, &seen);
	if (code)
		return code;
	for (size_t i = 0; i < g->n; i++)
		if (tcase_check(g->one[i].hooked) || !still_does(g, folder, i, &seen)) {
			free(g->one[i].hooked);
			g->one[i].hooked = NULL;
		}
	cover_fini(&seen);
	return EXIT_AGREE;
}

/* ---- into files ---- */

/* "set-tcp-congestion", of the first call. */
static void name_of(const struct tcase *tc, char *name, size_t size)
{
	const struct tc_call *c = &tc->call[0];
	const struct option_info *o = option_find(c->level, c->optname);

	snprintf(name, size, "%s-%s", c->hook == HOOK_SET ? "set" : "get", o ? o->name : "unknown");
	for (char *p = name; *p; p++)
		*p = isalnum((unsigned char)*p) ? (char)tolower((unsigned char)*p) : '-';
}

/* DIR/NAME.case, or DIR/NAME-2.case and so on. */
static void free_name(const char *dir, const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s/%s.case", dir, name);
	for (unsigned i = 2; !access(path, F_OK) && i < 10000; i++)
		snprintf(path, size, "%s/%s-%u.case", dir, name, i);
}

static void header(struct buf *out, const struct cover_set *s, const struct keep_kernel *on)
{
	struct crash_place place[PLACES] = {{{0}}};
	unsigned n = s->n < PLACES ? (unsigned)s->n : PLACES;
	const char *before = " ";
	char why[256];

	buf_printf(out, "# Of the corpus only this one reaches");
	crash_lines(on->elf, s->pc, n, place, why, sizeof(why));
	for (unsigned i = 0; i < n; i++) {
		const char *lines = buf_str(&place[i].lines);

		if (*lines)
			buf_printf(out, "%s%.*s", before, (int)strcspn(lines, "\n"), lines);
		before = *lines ? ", " : before;
		buf_fini(&place[i].lines);
	}
	buf_printf(out, "%s%zu blocks of Linux %s.\n", *before == ',' ? ": " : " ", s->n, on->release);
}

static int write_all(const struct keeping *g)
{
	int ret = dir_make(g->cli->keep);

	for (size_t i = 0; !ret && i < g->n; i++) {
		const struct tcase *tc = g->one[i].hooked ? g->one[i].hooked : shrink_best(g->one[i].sh);
		char name[128], path[PATH_MAX];
		struct buf out = {0};

		name_of(tc, name, sizeof(name));
		free_name(g->cli->keep, name, path, sizeof(path));
		header(&out, &g->one[i].alone, g->on);
		tcase_print(tc, NULL, &out);
		ret = out.failed ? -ENOMEM : file_write(path, buf_str(&out), out.n);
		buf_fini(&out);
	}
	return ret;
}

/* What each of the cases is alone with, run twice: blocks that come by chance are none of its own. */
static int look_at_all(struct keeping *g, const struct keep *k, const char *base)
{
	struct cover again = {.n = 0}, known;
	struct buf blocks[2] = {{0}, {0}};
	int code = keep_run(k, g->on, &blocks[0]);

	if (!code)
		code = keep_run(k, g->on, &blocks[1]);
	if (!code)
		code = told(cover_read(buf_str(&blocks[0]), &g->c));
	if (!code)
		code = told(cover_read(buf_str(&blocks[1]), &again));
	buf_fini(&blocks[0]);
	buf_fini(&blocks[1]);
	if (code)
		return code;
	cover_both(&g->c, &again);
	cover_fini(&again);
	code = told(cover_read(base, &known));
	if (!code) {
		cover_without(&g->c, &known.base);
		for (size_t i = 0; i < known.n; i++)
			cover_without(&g->c, &known.set[i]);
		cover_fini(&known);
	}
	return code;
}

int keep_write(const struct keep *k, const struct cli *cli, const char *base, const struct keep_kernel *on)
{
	struct keeping g = {.cli = cli, .on = on};
	struct keep small = {.n = 0};
	int code = look_at_all(&g, k, base);

	if (!code)
		code = told(open_chosen(&g));
	if (!code)
		code = make_folder(&small);
	if (!code)
		code = make_small(&g, small.folder);
	if (!code)
		code = hook(&g, small.folder);
	if (!code)
		code = told(write_all(&g));
	if (!code)
		fprintf(cli->json ? stderr : stdout, "kept %zu of %zu cases in %s\n\n", g.n, k->n, cli->keep);
	keep_fini(&small);
	for (size_t i = 0; i < g.n; i++) {
		shrink_close(g.one[i].sh);
		free(g.one[i].hooked);
	}
	free(g.one);
	cover_fini(&g.c);
	return code;
}
