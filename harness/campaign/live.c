/* SPDX-License-Identifier: MIT */
#include "live.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/recorder.h"
#include "../case/case_text.h"
#include "../exec/kernel.h"
#include "../report/card.h"
#include "../report/waivers.h"
#include "express.h"
#include "record.h"

#define RACED_TURNS 2 /* a driver comes by again; 300 threads would be its whole time */

struct live {
	struct loop loop;
	struct case_result res;
	struct finding finding;
	bool written; /* the last case's divergence is in HOOKDIFF_FINDINGS, or waived */
	struct waivers waivers;
};

/* The file that HOOKDIFF_WAIVERS names, if it does. */
static int load_waivers(struct live *l, char *err, size_t size)
{
	const char *path = getenv("HOOKDIFF_WAIVERS");
	struct diag d = {0};
	int e = path && *path ? waivers_load(&l->waivers, path, &d) : 0;

	if (e)
		snprintf(err, size, "HOOKDIFF_WAIVERS: %.200s:%d: %s", path, d.line, d.message);
	return e;
}

struct live *live_open(void)
{
	struct kernel_opts opts = {.own_netns = true};
	struct live *l = calloc(1, sizeof(*l));
	char err[512] = "out of memory";
	struct backend *b = l ? kernel_open(&opts, err, sizeof(err)) : NULL;
	const char *name = getenv("HOOKDIFF_PROFILE");
	const struct profile *p = !b	 ? NULL
				  : name ? profile_find(name)
					 : profile_for_kernel(b->release, b->version);

	if (b && !p && name)
		snprintf(err, sizeof(err), "HOOKDIFF_PROFILE: expected the name of a profile, found %.100s",
			 name);
	else if (b && !p)
		snprintf(err, sizeof(err), "no profile covers Linux %s", b->release);
	if (!p || load_waivers(l, err, sizeof(err)) || loop_init(&l->loop, b, p, 0)) {
		fprintf(stderr, "SKIP: %s\n", err);
		exit(2);
	}
	return l;
}

/* The folder of HOOKDIFF_FINDINGS; NULL: findings are not written. */
static const char *findings_folder(void)
{
	const char *folder = getenv("HOOKDIFF_FINDINGS");

	return folder && *folder ? folder : NULL;
}

/* Was a divergence with this key written before, by us, by another driver, or in HOOKDIFF_KNOWN? */
static bool is_known(const struct triage_key *key)
{
	const char *const folders[] = {findings_folder(), getenv("HOOKDIFF_KNOWN")};
	char stem[96], path[PATH_MAX];

	if (!folders[0])
		return false;
	triage_stem(key, stem, sizeof(stem));
	for (unsigned i = 0; i < 2; i++)
		if (folders[i] &&
		    snprintf(path, sizeof(path), "%s/%s", folders[i], stem) < (int)sizeof(path) &&
		    !access(path, F_OK))
			return true;
	return false;
}

/* As the commands do it. */
static void write_finding(struct live *l)
{
	const char *folder = findings_folder();
	struct record_opts opts = {.folder = folder,
				   .reproduce = "give the driver its input again, after those before it"};
	char stem[96];
	int err;

	if (!folder)
		return;
	err = mkdir(folder, 0755) && errno != EEXIST
		      ? -errno
		      : record_finding(&opts, &l->loop, &l->finding, NULL, 0, NULL, stem, sizeof(stem));
	if (err)
		fprintf(stderr, "hookdiff: cannot write the finding below %s: %s\n", folder, strerror(-err));
	else
		l->written = true;
	recorder_wait(); /* before anything that may end this machine */
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
	l->loop.raced_turns = RACED_TURNS;
	v = loop_case(&l->loop, tc, false, NULL, &l->res);
	l->loop.raced_turns = 0;
	if (v == V_ERROR) {
		fprintf(stderr, "hookdiff: %s\n", l->res.why);
		exit(2);
	}
	l->written = false;
	if (v != V_FAIL)
		return v;
	struct triage_key key = triage_key(tc, &l->res);

	if (is_known(&key) ||
	    waivers_match(&l->waivers, key.clause, (enum hook)key.hook, l->loop.b->release)) {
		l->written = true;
		return v;
	}
	triage_investigate(&l->loop, tc, &l->res, &l->finding);
	print_card(l);
	write_finding(l);
	return v;
}

bool live_written(const struct live *l)
{
	return l->written;
}

struct loop *live_loop(struct live *l)
{
	return &l->loop;
}

void live_close(struct live *l)
{
	l->loop.b->ops->close(l->loop.b, NULL);
	waivers_fini(&l->waivers);
	loop_fini(&l->loop);
	free(l);
}
