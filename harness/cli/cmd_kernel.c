/* SPDX-License-Identifier: MIT */
/* hookdiff kernel: the packaged kernels that can be booted, and where they are (harness/kernels/image.h). */
#include "opts.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

static void add_string(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, json_object_new_string(value));
}

static void print_json(const struct catalog *c)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < c->n; i++) {
		const struct catalog_row *r = &c->row[i];
		struct json_object *o = json_object_new_object();

		add_string(o, "spec", r->spec);
		add_string(o, "version", r->version);
		add_string(o, "flavour", r->flavour);
		add_string(o, "suite", r->suite);
		json_object_object_add(o, "cached", json_object_new_boolean(r->cached));
		json_object_object_add(o, "complete", json_object_new_boolean(!r->missing));
		json_object_object_add(o, "bytes", json_object_new_int64((int64_t)r->size));
		json_object_array_add(all, o);
	}
	puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(all);
}

static int list(struct cli *cli)
{
	struct catalog c;
	char why[1024];
	int code = EXIT_AGREE;

	if (cli->n_args > 1)
		return cli_usage("kernel list: expected no operand, found '%s'", cli->args[1]);
	if (catalog_read(&c, cli->refresh, cli->verbose, cli->json, why, sizeof(why))) {
		fprintf(stderr, "hookdiff: kernel list: %s\n", why);
		code = EXIT_UNSURE;
	} else if (*why) {
		fprintf(stderr, "hookdiff: kernel list: %s\n", why);
	}
	if (cli->json) {
		print_json(&c);
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
