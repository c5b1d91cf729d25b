/* SPDX-License-Identifier: MIT */
/* hookdiff kernel: the packaged kernels that can be booted, and where they are (harness/kernels/image.h). */
#include "opts.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/build/kept.h"
#include "harness/kernels/image.h"
#include "harness/kernels/catalog.h"
#include "../base/clock.h"
#include "kernel_build.h"

static void print_size(const struct catalog_row *r)
{
	printf("  %-7s %6llu MB\n",
	       r->cached    ? "cached"
	       : r->missing ? "partly"
			    : "-",
	       (r->size + 500000) / 1000000);
}

static void print_table(const struct catalog *c)
{
	printf("%-20s %-26s %-11s %-20s  %-7s %9s\n", "SPEC", "VERSION", "FLAVOUR", "SUITE", "HERE", "SIZE");
	for (size_t i = 0; i < c->n; i++) {
		const struct catalog_row *r = &c->row[i];

		printf("%-20s %-26s %-11s %-20s", r->spec, r->version, r->flavour, r->suite);
		print_size(r);
	}
}

/* What kernel build has kept. */
static void print_builds(const struct kept_build *r, size_t n)
{
	int spec = 20, release = 7;

	for (size_t i = 0; i < n; i++) {
		spec = (int)strlen(r[i].spec) > spec ? (int)strlen(r[i].spec) : spec;
		release = (int)strlen(r[i].release) > release ? (int)strlen(r[i].release) : release;
	}
	if (n)
		printf("%-*s  %-*s  %9s  %s\n", spec, "BUILT HERE", release, "RELEASE", "SIZE", "FOLDER");
	for (size_t i = 0; i < n; i++)
		printf("%-*s  %-*s  %6llu MB  %s\n", spec, r[i].spec, release, r[i].release,
		       (r[i].size + 500000) / 1000000, r[i].folder);
}

static void add_string(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, json_object_new_string(value));
}

/* What rows of both kinds have. */
static struct json_object *add_row(struct json_object *all, const char *spec, const char *version,
				   const char *flavour, const char *suite)
{
	struct json_object *o = json_object_new_object();

	add_string(o, "spec", spec);
	add_string(o, "version", version);
	add_string(o, "flavour", flavour);
	add_string(o, "suite", suite);
	json_object_array_add(all, o);
	return o;
}

static void add_here(struct json_object *o, bool cached, bool complete, unsigned long long bytes)
{
	json_object_object_add(o, "cached", json_object_new_boolean(cached));
	json_object_object_add(o, "complete", json_object_new_boolean(complete));
	json_object_object_add(o, "bytes", json_object_new_int64((int64_t)bytes));
}

static void print_json(const struct catalog *c, const struct kept_build *b, size_t n)
{
	struct json_object *all = json_object_new_array(), *o;

	for (size_t i = 0; i < c->n; i++) {
		const struct catalog_row *r = &c->row[i];

		o = add_row(all, r->spec, r->version, r->flavour, r->suite);
		add_here(o, r->cached, !r->missing, r->size);
	}
	for (size_t i = 0; i < n; i++) {
		o = add_row(all, b[i].spec, b[i].version, b[i].flavour, "build");
		add_here(o, true, true, b[i].size);
		add_string(o, "release", b[i].release);
		add_string(o, "folder", b[i].folder);
	}
	puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(all);
}

static int list(struct cli *cli)
{
	struct kept_build *builds;
	struct catalog c;
	char why[1024];
	int code = EXIT_AGREE;
	size_t n_builds;

	if (cli->n_args > 1)
		return cli_usage("kernel list: expected no operand, found '%s'", cli->args[1]);
	if (catalog_read(&c, cli->refresh, cli->verbose, cli->json, why, sizeof(why))) {
		fprintf(stderr, "hookdiff: kernel list: %s\n", why);
		code = EXIT_UNSURE;
	} else if (*why) {
		fprintf(stderr, "hookdiff: kernel list: %s\n", why);
	}
	if (kept_builds(&builds, &n_builds, cli->verbose, why, sizeof(why))) {
		fprintf(stderr, "hookdiff: kernel list: %s\n", why);
		code = EXIT_UNSURE;
	}
	if (cli->json) {
		print_json(&c, builds, n_builds);
	} else if (c.n) {
		print_table(&c);
		if (c.when) {
			char when[32];
			struct tm tm;

			localtime_r(&c.when, &tm);
			strftime(when, sizeof(when), "%F %R", &tm);
			printf("package lists of %s; kernels are kept in %s\n", when, c.dir);
		}
	}
	if (!cli->json)
		print_builds(builds, n_builds);
	free(builds);
	for (const char *line = cli->verbose ? buf_str(&c.notes) : ""; *line;
	     line += strcspn(line, "\n"), line += *line == '\n')
		fprintf(stderr, "hookdiff: apt-get says: %.*s\n", (int)strcspn(line, "\n"), line);
	catalog_fini(&c);
	return code;
}

/* One line on stderr and the exit code of a kernel that is not to be had. */
static int refuse(enum image_status status, const char *why)
{
	fprintf(stderr, "hookdiff: %s%s\n", status == IMAGE_SKIP ? "SKIP: " : "", why);
	return EXIT_UNSURE;
}

static int get(struct cli *cli)
{
	struct json_object *all = cli->json ? json_object_new_array() : NULL;
	int code = EXIT_AGREE;

	for (int i = 1; i < cli->n_args; i++) {
		struct kernel_image im;
		char why[1024];
		double start = clock_now();
		enum image_status status = image_get(cli->args[i], &im, cli->json, why, sizeof(why));
		struct json_object *o;

		if (status) {
			code = refuse(status, why);
			continue;
		}
		if (!cli->json) {
			printf("%s: %s%srelease %s, %s in %.1f s\n", cli->args[i],
			       *im.version ? im.version : "", *im.version ? ", " : "",
			       *im.release ? im.release : "unknown", im.fetched ? "fetched" : "found",
			       clock_now() - start);
			fflush(stdout);
			continue;
		}
		o = json_object_new_object();
		add_string(o, "spec", cli->args[i]);
		add_string(o, "version", im.version);
		add_string(o, "release", im.release);
		add_string(o, "boot", im.boot);
		add_string(o, "modules", im.modules);
		json_object_object_add(o, "fetched", json_object_new_boolean(im.fetched));
		json_object_object_add(o, "seconds", json_object_new_double(clock_now() - start));
		json_object_array_add(all, o);
	}
	if (all) {
		puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY |
								 JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(all);
	}
	return code;
}

static int path(struct cli *cli)
{
	struct kernel_image im;
	enum image_status status;
	char why[1024];

	if (cli->n_args != 2)
		return cli_usage("kernel path: expected one SPEC, found %d", cli->n_args - 1);
	status = image_get(cli->args[1], &im, !cli->verbose, why, sizeof(why));
	if (status)
		return refuse(status, why);
	puts(im.boot);
	return EXIT_AGREE;
}

int cmd_kernel(struct cli *cli)
{
	char why[512];

	if (!strcmp(cli->args[0], "build"))
		return kernel_build(cli);
	if (cli->arch || cli->kcov || cli->kasan || cli->patch.n || cli->config.n)
		return cli_usage("kernel %s: --arch, --kcov, --kasan, --patch and --config are for build",
				 cli->args[0]);
	if (!strcmp(cli->args[0], "list"))
		return list(cli);
	for (int i = 1; i < cli->n_args; i++)
		if (!image_spec_valid(cli->args[i], why, sizeof(why)))
			return cli_usage("kernel %s: %s", cli->args[0], why);
	if (!strcmp(cli->args[0], "path"))
		return path(cli);
	if (strcmp(cli->args[0], "get"))
		return cli_usage("kernel: expected list, get, path or build, found '%s'", cli->args[0]);
	if (cli->n_args < 2)
		return cli_usage("kernel get: expected SPEC..., found nothing (hookdiff kernel --help)");
	return get(cli);
}
