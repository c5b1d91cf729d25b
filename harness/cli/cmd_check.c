/* SPDX-License-Identifier: MIT */
/* hookdiff check: what the programs of BPF objects do to calls, for every kernel, without root
 * (harness/check). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../check/check.h"
#include "check_show.h"

#define MAX_OBJECT (16u << 20)

/* "a/b/c": how many levels; 0: it is no such path. */
static unsigned levels(const char *path)
{
	unsigned n = 0;

	for (char want = 'a';; want++) {
		if (n == TC_MAX_LEVELS || path[0] != want)
			return 0;
		n++;
		if (!path[1])
			return n;
		if (path[1] != '/')
			return 0;
		path += 2;
	}
}

/* OBJECT[:PROGRAM][@PATH]; the words are cut apart in place. */
static int parse(char *arg, struct check_input *in)
{
	char *at = strrchr(arg, '@'), *colon;

	in->level = 1;
	if (at) {
		*at = 0;
		in->level = levels(at + 1);
		if (!in->level)
			return cli_usage("check: %s@%s: expected a, a/b, a/b/c ... up to %u levels", arg,
					 at + 1, TC_MAX_LEVELS);
	}
	colon = strrchr(arg, ':');
	if (colon && !strchr(colon, '/')) {
		*colon = 0;
		if (!colon[1] || strlen(colon + 1) >= sizeof(in->prog))
			return cli_usage("check: %s: expected the name of a program after ':', found '%s'",
					 arg, colon + 1);
		strcpy(in->prog, colon + 1);
	}
	in->path = arg;
	return EXIT_AGREE;
}

static int load(struct check_input *in)
{
	FILE *f = fopen(in->path, "re");
	size_t n;

	in->bytes = f ? malloc(MAX_OBJECT + 1) : NULL;
	if (!in->bytes) {
		int err = errno;

		if (f)
			fclose(f);
		return cli_usage("check: %s: %s", in->path, strerror(err));
	}
	n = fread(in->bytes, 1, MAX_OBJECT + 1, f);
	if (ferror(f)) {
		fclose(f);
		return cli_usage("check: %s: cannot be read", in->path);
	}
	fclose(f);
	in->n = n;
	return EXIT_AGREE;
}

int cmd_check(struct cli *cli)
{
	struct check *k = calloc(1, sizeof(*k));
	char err[512];
	int code = EXIT_AGREE;

	if (!k) {
		fputs("hookdiff: out of memory\n", stderr);
		return EXIT_UNSURE;
	}
	if (cli->n_args > CHECK_OBJECTS)
		code = cli_usage("check: %d objects: expected at most %u", cli->n_args, CHECK_OBJECTS);
	for (int i = 0; !code && i < cli->n_args; i++) {
		code = parse(cli->args[i], &k->input[k->n_inputs]);
		if (!code)
			code = load(&k->input[k->n_inputs++]);
	}
	if (!code && check_open(k, err, sizeof(err)))
		code = cli_usage("check: %s", err);
	if (!code) {
		check_run(k);
		if (cli->json)
			check_show_json(k);
		else
			check_show(k, cli->verbose);
		code = check_found(k) ? EXIT_DIVERGENCE : check_unsure(k) ? EXIT_UNSURE : EXIT_AGREE;
	}
	check_fini(k);
	free(k);
	return code;
}
