/* SPDX-License-Identifier: MIT */
#include "engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BULK_ROUND 600 /* then another seed */
#define LF_ROUND   120 /* its fork mode reads the corpus of the others only when it starts */
#define VM_ROUND   300 /* the same of a guest, which also begins with empty memory then */
#define INPUT_MAX  "4096"
#define GUEST_SECONDS                                                                                        \
	"90"		 /* of an input; a guest in which nothing moves for 120 is given up (cmd_drive.c)    \
			  */
#define GUEST_MAX "4056" /* RECORDER_INPUT: what is kept of an input if the kernel dies of it */

static unsigned shorter(unsigned round, unsigned left)
{
	return !left || (round && round < left) ? round : left;
}

/* What our own commands are told. */
static void common_args(const struct place *p, struct command *c)
{
	command_arg(c, "--profile");
	command_arg(c, "%s", p->profile);
	if (p->waivers) {
		command_arg(c, "--waivers");
		command_arg(c, "%s", p->waivers);
	}
	if (p->kernel) {
		command_arg(c, "--kernel");
		command_arg(c, "%s", p->kernel);
	}
	if (p->unsafe)
		command_arg(c, "--unsafe");
}

static void bulk_command(const struct place *p, struct command *c)
{
	command_arg(c, "%s", p->self);
	command_arg(c, "fuzz");
	command_arg(c, "--workers");
	command_arg(c, "1");
	common_args(p, c);
	command_arg(c, "--seed");
	command_arg(c, "%llu", (unsigned long long)p->seed);
	command_arg(c, "--time");
	command_arg(c, "%u", shorter(BULK_ROUND, p->seconds));
	command_arg(c, "--out");
	command_arg(c, "%s/bulk/%s", p->folder, p->name);
}

/* What every driver is told. */
static void driver_env(const struct place *p, struct command *c)
{
	command_env(c, "HOOKDIFF_FINDINGS=%s/findings", p->folder);
	command_env(c, "HOOKDIFF_PROFILE=%s", p->profile);
	if (p->waivers)
		command_env(c, "HOOKDIFF_WAIVERS=%s", p->waivers);
}

static void driver_arg(const struct place *p, enum engine_id id, struct command *c)
{
	char path[512];

	c->failed |= engine_driver(p, id, path, sizeof(path)) != 0;
	command_arg(c, "%s", path);
}

/* hookdiff drive up to the driver's name; folder: of the campaign, where it writes to. */
static void drive_command(const struct place *p, struct command *c, const char *folder, unsigned seconds)
{
	command_arg(c, "%s", p->self);
	command_arg(c, "drive");
	common_args(p, c);
	if (seconds) {
		command_arg(c, "--time");
		command_arg(c, "%u", seconds);
	}
	command_arg(c, "--out");
	command_arg(c, "%s/%s", p->folder, folder);
	command_arg(c, "--");
	command_arg(c, "HOOKDIFF_KNOWN=%s/findings", p->folder);
	driver_arg(p, ENGINE_LIBFUZZER, c);
	command_arg(c, "-timeout=" GUEST_SECONDS);
	command_arg(c, "-max_len=" GUEST_MAX);
}

static void guest_command(const struct place *p, struct command *c)
{
	char folder[80];

	snprintf(folder, sizeof(folder), "vm/%.64s", p->name);
	drive_command(p, c, folder, shorter(VM_ROUND, p->seconds));
	command_arg(c, "-len_control=0");
	command_arg(c, "-entropic=0"); /* costs more than the cases */
	command_arg(c, "-seed=%u", (unsigned)(p->seed & 0x7fffffff) | 1);
	command_arg(c, "%s/live", p->folder);
	command_arg(c, "%s/start", p->folder);
}

static void libfuzzer_command(const struct place *p, struct command *c)
{
	if (p->kernel) {
		guest_command(p, c);
		return;
	}
	driver_arg(p, ENGINE_LIBFUZZER, c);
	command_arg(c, "-fork=1");
	command_arg(c, "-ignore_crashes=1");
	command_arg(c, "-ignore_timeouts=1");
	command_arg(c, "-ignore_ooms=1");
	command_arg(c, "-timeout=30");
	command_arg(c, "-len_control=0"); /* our mutator knows what a longer case is worth */
	command_arg(c, "-max_len=" INPUT_MAX);
	command_arg(c, "-seed=%u", (unsigned)(p->seed & 0x7fffffff) | 1);
	command_arg(c, "-max_total_time=%u", shorter(LF_ROUND, p->seconds));
	command_arg(c, "-artifact_prefix=%s/artifacts/", p->folder);
	command_arg(c, "%s/live", p->folder);
	command_arg(c, "%s/start", p->folder);
	driver_env(p, c);
}

static void afl_command(const struct place *p, struct command *c)
{
	char library[512];

	command_arg(c, "afl-fuzz");
	command_arg(c, "-i");
	command_arg(c, "%s/start", p->folder);
	command_arg(c, "-o");
	command_arg(c, "%s/afl", p->folder);
	command_arg(c, p->nth ? "-S" : "-M");
	command_arg(c, "%s-%s", p->machine, p->name);
	if (!p->nth) {
		command_arg(c, "-F"); /* only the main one looks at other fuzzers' folders */
		command_arg(c, "%s/live", p->folder);
	}
	command_arg(c, "-s");
	command_arg(c, "%u", (unsigned)(p->seed & 0x7fffffff) | 1);
	command_arg(c, "-G");
	command_arg(c, INPUT_MAX);
	command_arg(c, "-t");
	command_arg(c, "5000+");
	if (p->seconds) {
		command_arg(c, "-V");
		command_arg(c, "%u", p->seconds);
	}
	command_arg(c, "--");
	driver_arg(p, ENGINE_AFL, c);
	driver_env(p, c);
	command_env(c, "AFL_NO_UI=1");
	command_env(c, "AFL_SKIP_CPUFREQ=1");
	command_env(c, "AFL_NO_AFFINITY=1");
	command_env(c, "AFL_AUTORESUME=1");
	command_env(c, "AFL_IMPORT_FIRST=1");
	command_env(c, "AFL_SYNC_TIME=1"); /* minutes: the least there is */
	command_env(c, "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1");
	command_env(c, "AFL_IGNORE_SEED_PROBLEMS=1"); /* a seed may be a finding already */
	snprintf(library, sizeof(library), "%s/afl/libhookdiff_mutator.so", p->drivers);
	if (!access(library, R_OK)) {
		command_env(c, "AFL_CUSTOM_MUTATOR_LIBRARY=%s", library);
		command_env(c, "AFL_CUSTOM_MUTATOR_ONLY=1");
	}
}

static const struct engine engines[ENGINE_COUNT] = {
	[ENGINE_BULK] = {"bulk", NULL, BULK_ROUND, 1, true, bulk_command},
	[ENGINE_LIBFUZZER] = {"libfuzzer", "libfuzzer", LF_ROUND, 0, false, libfuzzer_command},
	[ENGINE_AFL] = {"afl", "afl", 0, 0, false, afl_command},
};

const struct engine *engine_at(enum engine_id id)
{
	return &engines[id];
}

int engine_driver(const struct place *p, enum engine_id id, char *path, size_t size)
{
	const char *set = engines[id].set;

	/* Where no kernel is asked, memory errors of our own are all there is to find. */
	if (id == ENGINE_LIBFUZZER && strcmp(p->target, "fuzz_kernel"))
		set = "asan";
	if (snprintf(path, size, "%s/%s/%s", p->drivers, set, p->target) >= (int)size)
		return -ENAMETOOLONG;
	return access(path, X_OK) ? -ENOENT : 0;
}

static bool in_path(const char *program)
{
	const char *path = getenv("PATH");
	char file[512];

	for (size_t n; path && *path; path += n + (path[n] == ':')) {
		n = strcspn(path, ":");
		snprintf(file, sizeof(file), "%.*s/%s", (int)n, path, program);
		if (!access(file, X_OK))
			return true;
	}
	return false;
}

const char *engine_missing(const struct place *p, enum engine_id id, bool can_run, char *why, size_t size)
{
	char path[512];

	if (engines[id].needs_kernel && !can_run) {
		snprintf(why, size, "cases cannot run here (hookdiff probe says why)");
		return why;
	}
	if (engines[id].set && engine_driver(p, id, path, sizeof(path))) {
		snprintf(why, size, "%s is not there: ./quickstart drivers", path);
		return why;
	}
	if (id == ENGINE_AFL && p->kernel) {
		snprintf(why, size, "AFL++ does not work in guests");
		return why;
	}
	if (id == ENGINE_AFL && !in_path("afl-fuzz")) {
		snprintf(why, size, "afl-fuzz is not installed: apt-get install afl++");
		return why;
	}
	return NULL;
}

void engine_merge(const struct place *p, struct command *c, const char *to, const char *const *from,
		  unsigned n)
{
	if (p->kernel) {
		drive_command(p, c, to, 0);
		command_arg(c, "-merge=1");
	} else {
		driver_arg(p, ENGINE_LIBFUZZER, c);
		command_arg(c, "-merge=1");
		command_arg(c, "-timeout=30");
		command_arg(c, "-max_len=" INPUT_MAX);
		command_arg(c, "-artifact_prefix=%s/artifacts/", p->folder);
		command_arg(c, "%s", to);
	}
	for (unsigned i = 0; i < n; i++)
		command_arg(c, "%s", from[i]);
	driver_env(p, c);
}
