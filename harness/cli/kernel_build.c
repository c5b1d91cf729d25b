/* SPDX-License-Identifier: MIT */
#include "kernel_build.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>
#include <unistd.h>

int kernel_recipe(const struct cli *cli, struct build_recipe *r)
{
	const struct cli_list *lists[] = {&cli->config, &cli->patch};

	if (cli->arch && strcmp(cli->arch, "x86") && strcmp(cli->arch, "um"))
		return cli_usage("%s: --arch: expected x86 or um, found '%s'", cli->argv[1], cli->arch);
	for (unsigned i = 0; i < 2; i++)
		for (unsigned k = 0; k < lists[i]->n; k++)
			if (access(lists[i]->item[k], R_OK))
				return cli_usage("%s: --%s: %s: %s", cli->argv[1], i ? "patch" : "config",
						 lists[i]->item[k], strerror(errno));
	r->um = cli->arch && !strcmp(cli->arch, "um");
	r->kcov = cli->kcov;
	r->kasan = cli->kasan;
	r->config = cli->config.item;
	r->n_config = cli->config.n;
	r->patch = cli->patch.item;
	r->n_patch = cli->patch.n;
	return EXIT_AGREE;
}

static void print_json(const char *spec, const struct build_result *b)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "kernel", json_object_new_string(spec));
	json_object_object_add(o, "release", json_object_new_string(b->im.release));
	json_object_object_add(o, "boot", json_object_new_string(b->im.boot));
	json_object_object_add(o, "built", json_object_new_boolean(b->step == BUILD_DONE));
	json_object_object_add(o, "objects", json_object_new_int64(b->objects));
	json_object_object_add(o, "ccache", json_object_new_boolean(b->ccache));
	json_object_object_add(o, "seconds", json_object_new_double(b->seconds));
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

int kernel_build(struct cli *cli)
{
	struct build_recipe r = {.quiet = cli->json};
	struct build_result b;
	enum image_status status;
	char why[1024], spec[PATH_MAX + 8];
	int code;

	if (cli->n_args != 2)
		return cli_usage("kernel build: expected one SOURCE, found %d", cli->n_args - 1);
	r.source = cli->args[1];
	code = kernel_recipe(cli, &r);
	if (code)
		return code;
	status = build_kernel(&r, &b, why, sizeof(why));
	if (status) {
		fprintf(stderr, "hookdiff: kernel build: %s%s\n", status == IMAGE_SKIP ? "SKIP: " : "", why);
		return EXIT_UNSURE;
	}
	snprintf(spec, sizeof(spec), "%s%s", *b.name ? "build:" : "", *b.name ? b.name : b.im.boot);
	if (cli->json)
		print_json(spec, &b);
	else if (b.step == BUILD_NOTHING)
		printf("%s: Linux %s, built before\n", spec, b.im.release);
	else
		printf("%s: Linux %s, %u objects in %.1f s%s\n", spec, b.im.release, b.objects, b.seconds,
		       b.ccache ? " with ccache" : "; ccache makes the next build ten times faster");
	return EXIT_AGREE;
}
