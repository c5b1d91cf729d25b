/* SPDX-License-Identifier: MIT */
/* hookdiff check: what the programs of BPF objects do to calls, for every kernel, without root, or on one
 * kernel (harness/check). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "../check/live.h"
#include "../exec/probe.h"
#include "casefile.h"
#include "check_calls.h"
#include "check_show.h"
#include "in_vm.h"

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

static bool is_case(const char *arg)
{
	size_t n = strlen(arg);
	struct stat st;

	return (n > 5 && !strcmp(arg + n - 5, ".case")) || (!stat(arg, &st) && S_ISDIR(st.st_mode));
}

/* OBJECT[:PROGRAM][@PATH]: how long OBJECT is. A case is a path from end to end. */
static size_t path_length(const char *operand)
{
	if (is_case(operand))
		return strlen(operand);

	const char *at = strrchr(operand, '@'), *end = at ? at : operand + strlen(operand), *colon;

	for (colon = end; colon > operand && *colon != ':' && *colon != '/';)
		colon--;
	return (size_t)((*colon == ':' ? colon : end) - operand);
}

/* in->path is owned by the caller. */
static int parse(const char *arg, struct check_input *in)
{
	const char *at = strrchr(arg, '@');
	size_t n = path_length(arg), end = at ? (size_t)(at - arg) : strlen(arg);

	in->level = at ? levels(at + 1) : 1;
	if (!in->level)
		return cli_usage("check: %s: expected @a, @a/b, @a/b/c ... up to %u levels, found '%s'", arg,
				 TC_MAX_LEVELS, at);
	if (n < end) {
		if (end == n + 1 || end - n > sizeof(in->prog))
			return cli_usage("check: %s: expected the name of a program after ':'", arg);
		memcpy(in->prog, arg + n + 1, end - n - 1);
	}
	in->path = strndup(arg, n);
	return in->path ? EXIT_AGREE : cli_usage("out of memory");
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

/* ---- operands ---- */

struct command {
	struct cli *cli;
	struct check *k;
	struct casefile **files;
	size_t n_files;
	struct tcase calls; /* of --calls */
};

static int read_operands(struct command *c)
{
	struct cli *cli = c->cli;
	char **cases = calloc((size_t)cli->n_args + 1, sizeof(*cases));
	int code = EXIT_AGREE, n_cases = 0;

	if (!cases)
		return cli_usage("out of memory");
	for (int i = 0; !code && i < cli->n_args; i++) {
		if (is_case(cli->args[i])) {
			cases[n_cases++] = cli->args[i];
			continue;
		}
		if (c->k->n_inputs == CHECK_OBJECTS)
			code = cli_usage("check: more than %u objects", CHECK_OBJECTS);
		else
			code = parse(cli->args[i], &c->k->input[c->k->n_inputs]);
		if (!code)
			code = load(&c->k->input[c->k->n_inputs++]);
	}
	if (!code && !c->k->n_inputs)
		code = cli_usage("check: expected an object (.bpf.o), found only cases");
	if (!code && n_cases)
		code = casefile_load_all(cases, n_cases, &c->files, &c->n_files);
	free(cases);
	return code;
}

/* Adds the cases and --calls once the objects are open. */
static int give(struct command *c)
{
	int code = EXIT_AGREE, ret = 0;

	for (size_t i = 0; i < c->n_files && !ret; i++) {
		const struct casefile *f = c->files[i];

		ret = f->tree ? check_skip(c->k, f->path, "a case with operations, which run takes")
			      : check_give(c->k, f->path, &f->tc, &f->meta);
	}
	if (!ret && c->cli->calls) {
		code = check_calls(c->cli->calls, c->k->n_levels, &c->calls);
		if (!code)
			ret = check_give(c->k, "--calls", &c->calls, NULL);
	}
	if (!ret)
		return code;
	fputs("hookdiff: out of memory\n", stderr);
	return EXIT_UNSURE;
}

/* --profiles: the kernels' rows that it names, in the table's order. */
static int pick_profiles(const char *names, struct check_kernel *out, unsigned *n)
{
	struct check_kernel all[CHECK_PROFILES];
	unsigned n_all = check_kernels(all);
	bool want[CHECK_PROFILES] = {false};

	for (const char *s = names, *end; strcmp(names, "all") && *s; s = end + (*end == ',')) {
		unsigned i = 0;

		end = s + strcspn(s, ",");
		while (i < n_all && (strlen(all[i].profile->name) != (size_t)(end - s) ||
				     strncmp(all[i].profile->name, s, (size_t)(end - s))))
			i++;
		if (i == n_all)
			return cli_usage("check: --profiles: expected all, or kernels' profiles that "
					 "`hookdiff clauses` lists, found '%.*s'",
					 (int)(end - s), s);
		want[i] = true;
	}
	*n = 0;
	for (unsigned i = 0; i < n_all; i++)
		if (want[i] || !strcmp(names, "all"))
			out[(*n)++] = all[i];
	return EXIT_AGREE;
}

/* ---- the two ways to run ---- */

static int predict(struct command *c)
{
	struct check_kernel kernels[CHECK_PROFILES];
	struct check *k = c->k;
	char err[512];
	unsigned n = 0;
	int code = pick_profiles(c->cli->profiles, kernels, &n);

	if (!code && check_open(k, kernels, n, err, sizeof(err)))
		code = cli_usage("check: %s", err);
	if (!code)
		code = give(c);
	if (code)
		return code;
	check_run(k);
	if (c->cli->json)
		check_show_json(k);
	else
		check_show(k, c->cli->verbose);
	return check_found(k) ? EXIT_DIVERGENCE : check_unsure(k) ? EXIT_UNSURE : EXIT_AGREE;
}

/* On this machine's kernel, or the guest's. */
static int prove(struct command *c)
{
	static struct check_live live; /* large */
	struct check_kernel kernel;
	unsigned major = 0, minor = 0;
	struct utsname u;
	char why[512];
	int code;

	uname(&u);
	kernel.profile = profile_for_kernel(u.release, u.version);
	if (!kernel.profile || sscanf(u.release, "%u.%u", &major, &minor) != 2) {
		fprintf(stderr, "SKIP: no profile covers Linux %s\n", u.release);
		return EXIT_UNSURE;
	}
	kernel.kernel = ISA_KERNEL(major, minor);
	if (check_open(c->k, &kernel, 1, why, sizeof(why)))
		return cli_usage("check: %s", why);
	code = give(c);
	if (code)
		return code;
	if (!probe_can_run(why, sizeof(why))) {
		fprintf(stderr, "SKIP: %s\n", why);
		return EXIT_UNSURE;
	}
#ifdef HD_GUEST /* nothing can be hurt */
	c->cli->unsafe = true;
#endif
	live.unsafe = c->cli->unsafe;
	check_live(c->k, &live);
	if (c->cli->json)
		check_prove_json(c->k, &live, u.release);
	else
		check_prove_show(c->k, &live, u.release);
	check_live_fini(&live);
	return check_prove_exit(c->k, &live);
}

static int run(struct command *c)
{
	struct cli *cli = c->cli;
	int code = read_operands(c);

	if (code)
		return code;
	if (!cli->kernel)
		return predict(c);
	if (strcmp(cli->profiles, "all"))
		return cli_usage(
			"check: expected --profiles or --kernel, found both: a kernel has one profile");
	if (!in_vm(cli) || !strcmp(cli->kernel, "host"))
		return prove(c);
	if (cli->calls && !strcmp(cli->calls, "-"))
		return cli_usage("check: --calls -: expected a file or the calls themselves with --kernel %s",
				 cli->kernel);
	if (cli->calls && check_calls_is_file(cli->calls))
		cli->also.item[cli->also.n++] = cli->calls;
	cli->path_length = path_length;
	return in_vm_run(cli);
}

int cmd_check(struct cli *cli)
{
	struct command c = {.cli = cli, .k = calloc(1, sizeof(*c.k))};
	int code;

	if (!c.k) {
		fputs("hookdiff: out of memory\n", stderr);
		return EXIT_UNSURE;
	}
	code = run(&c);
	for (unsigned i = 0; i < CHECK_OBJECTS; i++)
		free((char *)c.k->input[i].path);
	check_fini(c.k);
	free(c.k);
	casefile_free(c.files, c.n_files);
	return code;
}
