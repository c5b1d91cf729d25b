/* SPDX-License-Identifier: MIT */
#include "race.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../exec/bpf_uapi.h"

struct race {
	const struct race_opts *o;
	struct race_result *res;
	struct world world;
	struct expect expect;
	struct scene_run run;
	char name[16];
};

/* ---- who else uses the hooks ---- */

static unsigned count_attached(int dir, unsigned depth)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	unsigned n = 0;

	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		uint32_t cnt = 0;

		hd_prog_query(dir, hd_attach_type(h), 0, NULL, &cnt);
		n += cnt;
	}
	for (struct dirent *e; d && depth && (e = readdir(d));)
		if (e->d_type == DT_DIR && e->d_name[0] != '.') {
			int below = openat(dir, e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

			n += below < 0 ? 0 : count_attached(below, depth - 1);
			if (below >= 0)
				close(below);
		}
	if (d)
		closedir(d);
	return n;
}

static void look_elsewhere(struct race_result *res)
{
	char path[PATH_MAX], err[200];
	int dir;

	if (cgroup_mount(path, sizeof(path), err, sizeof(err)))
		return;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return;
	res->elsewhere = count_attached(dir, 32);
	res->key_known = true;
	close(dir);
}

/* ---- what is left ---- */

/* Waits for what the kernel frees in its own time. */
static int count_after(const struct race *r, int dir, struct census *after)
{
	double end = clock_now() + r->o->settle_seconds;
	int ret;

	for (;;) {
		ret = census_take(after, r->name, dir);
		if (ret || clock_now() > end)
			return ret;
		if (dir >= 0 ? after->cgroups <= r->res->before.cgroups : census_same(&r->res->before, after))
			return 0;
		usleep(50000);
	}
}

/* RACE_WRONG_LEAK */
static void leak(struct race *r)
{
	struct cgroup made;

	if (!cgroup_make(&made, r->world.base.base.dir, "leak"))
		hd_link_create(made.dir, r->world.prog[0], hd_attach_type(HOOK_GET), 0);
}

/* ---- rounds ---- */

static bool can_run(const struct race_opts *o, unsigned i)
{
	return (o->epoch->has & scene_at(i)->needs) == scene_at(i)->needs;
}

static int one_round(struct race *r, unsigned scene, uint64_t round)
{
	const struct race_opts *o = r->o;
	struct round_opts ro = {.epoch = o->epoch,
				.seed = o->seed,
				.round = round,
				.seconds = o->round_seconds,
				.threads = o->threads,
				.early = o->early,
				.wrong = o->wrong,
				.wrong_rule = o->wrong_rule,
				.stop_at_finding = o->stop_at_finding,
				.finding = o->finding,
				.arg = o->arg};

	return round_run(&r->world, &r->expect, &r->run, scene_at(scene), &ro, &r->res->scene[scene]);
}

static int rounds(struct race *r)
{
	double end = clock_now() + r->o->seconds;
	uint64_t round = 0;
	bool any = false;

	do {
		for (unsigned i = 0; scene_at(i); i++) {
			int ret;

			round++;
			r->res->lacks[i] = !can_run(r->o, i);
			if (!(r->o->scenes >> i & 1) || r->res->lacks[i])
				continue;
			any = true;
			if (r->o->only_round && r->o->only_round != round)
				continue;
			ret = one_round(r, i, round);
			if (ret) {
				snprintf(r->res->error, sizeof(r->res->error), "%.250s", r->world.error);
				return ret;
			}
			if (r->o->stop_at_finding && r->res->scene[i].findings)
				return 0;
		}
	} while (any && clock_now() < end && (!r->o->only_round || round < r->o->only_round));
	return 0;
}

bool race_early(const char *release)
{
	unsigned major = 0, minor = 0, patch = 0;

	if (sscanf(release, "%u.%u.%u", &major, &minor, &patch) < 2)
		return false;
	if (major != 6)
		return major < 6;
	if (minor == 6 || minor == 10)
		return patch < (minor == 6 ? 51 : 10);
	return minor < 11;
}

static int opened(struct race *r)
{
	int dir = r->world.base.base.dir, ret;
	struct census c;

	ret = expect_init(&r->expect, r->o->profile, &r->run.tree);
	if (ret) {
		snprintf(r->res->error, sizeof(r->res->error), "%s", r->expect.error);
		return ret;
	}
	look_elsewhere(r->res);
	ret = census_take(&c, r->name, dir);
	r->res->before.cgroups = c.cgroups;
	if (!ret)
		ret = rounds(r);
	expect_fini(&r->expect);
	if (!ret && r->o->wrong == RACE_WRONG_LEAK)
		leak(r);
	if (!ret)
		ret = count_after(r, dir, &c);
	r->res->after.cgroups = c.cgroups;
	return ret;
}

int race_run(const struct race_opts *o, struct race_result *res)
{
	struct race *r = calloc(1, sizeof(*r));
	double begin = clock_now();
	unsigned cgroups;
	int ret;

	memset(res, 0, sizeof(*res));
	if (!r) {
		snprintf(res->error, sizeof(res->error), "out of memory");
		return -ENOMEM;
	}
	r->o = o;
	r->res = res;
	snprintf(r->name, sizeof(r->name), "hdrace%u", (unsigned)getpid());
	ret = census_take(&res->before, r->name, -1);
	scene_begin(&r->run, scene_at(0), o->epoch, o->seed, 0);
	if (!ret)
		ret = world_open(&r->world, &r->run.tree, r->name, o->delay);
	if (ret)
		snprintf(res->error, sizeof(res->error), "%.250s",
			 r->world.error[0] ? r->world.error : strerror(-ret));
	else
		ret = opened(r);
	world_close(&r->world);
	cgroups = res->after.cgroups;
	if (!ret)
		ret = count_after(r, -1, &res->after);
	res->after.cgroups = cgroups;
	res->leaked = !census_same(&res->before, &res->after);
	res->seconds = clock_now() - begin;
	for (unsigned i = 0; i < RACE_SCENES; i++)
		race_counts_add(&res->total, &res->scene[i]);
	free(r);
	return ret;
}
