/* SPDX-License-Identifier: MIT */
/* hookdiff report: the records of earlier runs in a form for others (harness/report). */
#include "opts.h"

#include <errno.h>
#include <string.h>

#include "../report/html.h"
#include "../report/reading.h"
#include "version.h"

static const struct {
	const char *name;
	int (*write)(struct buf *out, const struct grid *g, const char *version);
} formats[] = {
	{"html", report_html},
};

static int write_format(const struct reading *r, unsigned format)
{
	struct buf out = {0};
	int err = formats[format].write(&out, &r->grid, HD_VERSION);

	if (!err && out.failed)
		err = -ENOMEM;
	if (err)
		fprintf(stderr, "hookdiff: report: --format %s: %s\n", formats[format].name,
			err == -ENOSYS ? "this build has no such writer" : strerror(-err));
	else
		fwrite(out.p, 1, out.n, stdout);
	buf_fini(&out);
	return err ? EXIT_UNSURE : EXIT_AGREE;
}

int cmd_report(struct cli *cli)
{
	struct reading r;
	char why[512];
	unsigned format = 0;
	int code = EXIT_AGREE;

	if (!cli->format)
		return cli_usage("report: expected --format html");
	while (format < sizeof(formats) / sizeof(formats[0]) && strcmp(formats[format].name, cli->format))
		format++;
	if (format == sizeof(formats) / sizeof(formats[0]))
		return cli_usage("report: --format: expected html, found '%s'", cli->format);
	reading_init(&r);
	for (int i = 0; i < cli->n_args && !code; i++)
		if (reading_add(&r, cli->args[i], why, sizeof(why))) {
			fprintf(stderr, "hookdiff: %s\n", why);
			code = EXIT_UNSURE;
		}
	reading_sort(&r);
	if (!code)
		code = write_format(&r, format);
	reading_fini(&r);
	return code;
}
