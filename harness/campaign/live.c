/* SPDX-License-Identifier: MIT */
#include "live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../case/case_text.h"
#include "../exec/kernel.h"
#include "../report/card.h"
#include "express.h"
#include "record.h"

struct live {
	struct loop loop;
	struct case_result res;
	struct finding finding;
};

struct live *live_open(void)
{
	struct kernel_opts opts = {.own_netns = true};
	struct live *l = calloc(1, sizeof(*l));
	char err[512] = "out of memory";
	struct backend *b = l ? kernel_open(&opts, err, sizeof(err)) : NULL;
	const struct profile *p = b ? profile_for_kernel(b->release, b->version) : NULL;

	if (b && !p)
		snprintf(err, sizeof(err), "no profile covers Linux %s", b->release);
	if (!p || loop_init(&l->loop, b, p, 0)) {
		fprintf(stderr, "SKIP: %s\n", err);
		exit(2);
	}
	return l;
}

/* With HOOKDIFF_FINDINGS=DIR the finding is written there, as the commands do it. */
static void write_finding(struct live *l)
{
	const char *folder = getenv("HOOKDIFF_FINDINGS");
	struct record_opts opts = {.folder = folder,
				   .reproduce = "give the driver its input again, after those before it"};
	char stem[96];
	int err;

	if (!folder || !*folder)
		return;
	err = mkdir(folder, 0755) && errno != EEXIST
		      ? -errno
		      : record_finding(&opts, &l->loop, &l->finding, NULL, 0, NULL, stem, sizeof(stem));
	if (err)
		fprintf(stderr, "hookdiff: cannot write the finding below %s: %s\n", folder, strerror(-err));
}

static void print_card(const struct live *l)
{
	const struct finding *f = &l->finding;
	struct buf text = {0}, card = {0};

	tcase_print(&f->tc, NULL, &text);
	struct report_case rc = record_case(&l->loop, f, buf_str(&text));

	card_format(&card, &rc);
	fputs(buf_str(&card), stderr);
	buf_fini(&text);
	buf_fini(&card);
}

enum verdict live_run(struct live *l, struct tcase *tc)
{
	enum verdict v;

	express(tc, l->loop.profile);
	v = loop_case(&l->loop, tc, false, NULL, &l->res);
	if (v == V_ERROR) {
		fprintf(stderr, "hookdiff: %s\n", l->res.why);
		exit(2);
	}
	if (v != V_FAIL)
		return v;
	triage_investigate(&l->loop, tc, &l->res, &l->finding);
	print_card(l);
	write_finding(l);
	return v;
}

struct loop *live_loop(struct live *l)
{
	return &l->loop;
}

void live_close(struct live *l)
{
	l->loop.b->ops->close(l->loop.b, NULL);
	loop_fini(&l->loop);
	free(l);
}
