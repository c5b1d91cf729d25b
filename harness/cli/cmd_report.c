/* SPDX-License-Identifier: MIT */
/* hookdiff report: the records of earlier runs in a form for others, or two of them compared
 * (harness/report). */
#include "opts.h"

#include <errno.h>
#include <string.h>

#include "../report/delta.h"
#include "../report/formats.h"
#include "../report/html.h"
#include "../report/reading.h"
#include "table.h"
#include "version.h"

static int html(struct buf *out, const struct grid *g, const struct format_opts *o)
{
	return report_html(out, g, o->version);
}

static const struct format {
	const char *name;
	int (*write)(struct buf *out, const struct grid *g, const struct format_opts *o);
} formats[] = {
	{"html", html},		 {"junit", format_junit}, {"ktap", format_ktap},
	{"sarif", format_sarif}, {"kcidb", format_kcidb}, {"md", format_markdown},
};

const char *cli_format_name(unsigned i)
{
	return i < sizeof(formats) / sizeof(formats[0]) ? formats[i].name : NULL;
}

#define FORMATS "html, junit, ktap, sarif, kcidb or md"

static const struct format *find_format(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (!strcmp(formats[i].name, name))
			return &formats[i];
	return NULL;
}

static int read_all(struct reading *r, char **args, int n)
{
	char why[600];

	for (int i = 0; i < n; i++)
		if (reading_add(r, args[i], why, sizeof(why))) {
			fprintf(stderr, "hookdiff: %s\n", why);
			return EXIT_UNSURE;
		}
	if (!reading_finish(r))
		return EXIT_AGREE;
	fprintf(stderr, "hookdiff: report: out of memory\n");
	return EXIT_UNSURE;
}

/* The whole document, to --out or standard output. Returns 0, or -errno after one line on stderr. */
static int write_out(const struct cli *cli, const char *text, size_t n)
{
	FILE *f = cli->out ? fopen(cli->out, "w") : stdout;
	int err = f ? 0 : -errno;

	if (f && fwrite(text, 1, n, f) != n)
		err = -errno;
	if (f && cli->out && fclose(f) && !err)
		err = -errno;
	if (err)
		fprintf(stderr, "hookdiff: report: %s: %s\n", cli->out ? cli->out : "standard output",
			strerror(-err));
	return err;
}

static int write_format(const struct reading *r, const struct format *format, const struct cli *cli)
{
	struct format_opts o = {.version = HD_VERSION, .origin = cli->origin};
	struct buf out = {0};
	int err = format->write(&out, &r->grid, &o);

	if (!err && out.failed)
		err = -ENOMEM;
	if (err)
		fprintf(stderr, "hookdiff: report: --format %s: %s\n", format->name,
			err == -ENOSYS ? "this build has no such writer" : strerror(-err));
	else
		err = write_out(cli, out.p, out.n);
	buf_fini(&out);
	return err ? EXIT_UNSURE : EXIT_AGREE;
}

static int convert(struct cli *cli)
{
	const struct format *format = cli->format ? find_format(cli->format) : NULL;
	struct reading r;
	int code;

	if (!cli->format)
		return cli_usage("report: expected --format: " FORMATS);
	if (!format)
		return cli_usage("report: --format: expected " FORMATS ", found '%s'", cli->format);
	if (cli->json)
		return cli_usage(
			"report: --json is of `report diff`; as JSON there are --format sarif and kcidb");
	if (cli->kernels)
		return cli_usage("report: --kernels is of `report diff`");
	if (strlen(cli->origin) > 20 ||
	    cli->origin[strspn(cli->origin, "abcdefghijklmnopqrstuvwxyz0123456789_")])
		return cli_usage("report: --origin: expected at most 20 letters (a-z), digits and '_', found "
				 "'%s'",
				 cli->origin);
	reading_init(&r);
	code = read_all(&r, cli->args, cli->n_args);
	if (!code)
		code = write_format(&r, format, cli);
	reading_fini(&r);
	return code;
}

/* What --kernels names, from one of the readings: a label, a spec or a release. NULL after a complaint. */
static struct column *pick(const struct reading *r, const char *name, size_t n, int *code)
{
	struct buf there = {0};

	for (unsigned i = 0; i < r->n; i++) {
		struct column *c = r->column[i];
		const char *names[] = {c->label, c->spec, c->release};

		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			if (strlen(names[k]) == n && !strncmp(names[k], name, n))
				return c;
	}
	for (unsigned i = 0; i < r->n; i++)
		buf_printf(&there, "%s%s", i ? ", " : "", r->column[i]->label);
	*code = cli_usage("report diff: --kernels: no kernel '%.*s' there; expected one of %s", (int)n, name,
			  buf_str(&there));
	buf_fini(&there);
	return NULL;
}

/* Two kernels of the readings become the two sides. */
static int compare_kernels(const struct cli *cli, const struct reading *r, struct delta *d)
{
	const char *comma = strchr(cli->kernels, ',');
	struct column *a, *b;
	int code = EXIT_AGREE;

	if (!comma || !comma[1] || comma == cli->kernels || strchr(comma + 1, ','))
		return cli_usage("report diff: --kernels: expected two kernels, A,B, found '%s'",
				 cli->kernels);
	a = pick(r, cli->kernels, (size_t)(comma - cli->kernels), &code);
	b = a ? pick(r, comma + 1, strlen(comma + 1), &code) : NULL;
	if (!b)
		return code;
	return delta_pair(d, a, b) ? EXIT_UNSURE : EXIT_AGREE;
}

static int compare_two(struct cli *cli)
{
	struct reading old, new;
	struct delta d;
	struct buf out = {0};
	int n = cli->n_args - 1, code;

	if (cli->format)
		return cli_usage("report diff: --format does not go with it; there are text and --json");
	if (n != (cli->kernels ? 1 : 2))
		return cli_usage(cli->kernels
					 ? "report diff: expected one file or folder with --kernels A,B"
					 : "report diff: expected OLD and NEW, or one with --kernels A,B");
	reading_init(&old);
	reading_init(&new);
	delta_init(&d);
	code = read_all(&old, cli->args + 1, 1);
	if (!code && n == 2)
		code = read_all(&new, cli->args + 2, 1);
	if (!code && cli->kernels)
		code = compare_kernels(cli, &old, &d);
	else if (!code && delta_grids(&d, &old.grid, &new.grid)) {
		fprintf(stderr, "hookdiff: report diff: out of memory\n");
		code = EXIT_UNSURE;
	}
	if (!code) {
		if (cli->json)
			delta_json(&out, &d);
		else
			delta_text(&out, &d, cli->verbose);
		code = write_out(cli, buf_str(&out), out.n) ? EXIT_UNSURE : delta_exit(&d);
	}
	buf_fini(&out);
	delta_fini(&d);
	reading_fini(&old);
	reading_fini(&new);
	return code;
}

int cmd_report(struct cli *cli)
{
	return strcmp(cli->args[0], "diff") ? convert(cli) : compare_two(cli);
}
