/* SPDX-License-Identifier: MIT */
#include "kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROBE_SECONDS 4 /* a real KVM needs less than one */

/* XDG_CACHE_HOME/hookdiff/kvm, with its folders made. False: no place for it. */
static bool cache_path(char *out, size_t size)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	int n;

	if (cache && *cache == '/')
		n = snprintf(out, size, "%s", cache);
	else if (home && *home == '/')
		n = snprintf(out, size, "%s/.cache", home);
	else
		return false;
	if (n < 0 || (size_t)n + 16 > size)
		return false;
	mkdir(out, 0700);
	strcat(out, "/hookdiff");
	if (mkdir(out, 0755) && errno != EEXIST)
		return false;
	strcat(out, "/kvm");
	return true;
}

/* Identifies this boot of this host. */
static bool boot_id(char out[64])
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	bool ok = f && fgets(out, 64, f);

	if (f)
		fclose(f);
	if (ok)
		out[strcspn(out, "\n")] = 0;
	return ok;
}

/* What an earlier probe of this boot found: 1, 0, or -1 for nothing. */
static int cached(const char *path, const char *id)
{
	char line[128], want[80];
	FILE *f = fopen(path, "re");
	int found = -1;

	if (!f)
		return -1;
	if (fgets(line, sizeof(line), f))
		for (int works = 0; works < 2; works++) {
			snprintf(want, sizeof(want), "%.63s %s\n", id, works ? "works" : "fails");
			if (!strcmp(line, want))
				found = works;
		}
	fclose(f);
	return found;
}

static void remember(const char *path, const char *id, bool works)
{
	char temporary[PATH_MAX];
	FILE *f;

	if (snprintf(temporary, sizeof(temporary), "%s.%d", path, getpid()) >= (int)sizeof(temporary))
		return;
	f = fopen(temporary, "we");
	if (!f)
		return;
	fprintf(f, "%s %s\n", id, works ? "works" : "fails");
	if (fclose(f) || rename(temporary, path))
		unlink(temporary);
}

static bool probe(const struct vm_job *job)
{
	struct vm_job empty = {.kernel = job->kernel,
			       .guest = job->guest,
			       .accel = VM_ACCEL_KVM,
			       .memory = job->memory,
			       .timeout = PROBE_SECONDS};
	struct vm_result r;
	enum vm_end end = vm_run(&empty, NULL, &r);

	vm_result_fini(&r);
	return end == VM_DONE;
}

bool kvm_wanted(const struct vm_job *job)
{
	char path[PATH_MAX], id[64];
	int known;
	bool works;

	if (job->accel != VM_ACCEL_AUTO)
		return job->accel == VM_ACCEL_KVM;
	if (access("/dev/kvm", R_OK | W_OK) || !boot_id(id) || !cache_path(path, sizeof(path)))
		return false; /* a probe that cannot be remembered would be made each time */
	known = cached(path, id);
	if (known >= 0)
		return known;
	works = probe(job);
	remember(path, id, works);
	return works;
}
