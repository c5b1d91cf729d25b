/* SPDX-License-Identifier: MIT */
/*
 * A corpus is grown for some seconds, in memory if /dev/shm is there; then executions are counted that begin
 * with it and find little that is new, as those of a long campaign do. Counted is CPU time, the engine's own
 * included, because a driver shares the machine with others.
 */
#include "bench_driver.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define GROW_SECONDS "10"
#define EXECUTIONS   "300000"
#define CASE_BYTES   64 /* for each case of an input: two or three calls with a few programs */

static const struct {
	const char *set, *name;
	bool has_floor;
} sets[] = {
	{"address", "fuzz_oracle, libFuzzer + ASan", true},
	{"libfuzzer", "fuzz_oracle, libFuzzer, no sanitizer", false},
};

struct driver {
	char program[PATH_MAX], seeds[PATH_MAX];
	char folder[64];
	unsigned batch; /* cases an execution */
};

struct measured {
	uint64_t executions, cases, calls;
	double cpu_seconds;
};

/* The folder of this program, as in "build". False: nobody knows. */
static bool beside(char *folder, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", folder, size - 1);
	char *slash;

	if (n < 0)
		return false;
	folder[n] = '\0';
	slash = strrchr(folder, '/');
	if (slash)
		*slash = '\0';
	return slash != NULL;
}

static void exec_driver(const struct driver *d, const char *how_long, bool grow)
{
	char batch[16], max_len[32], stats[PATH_MAX], corpus[PATH_MAX];

	snprintf(batch, sizeof(batch), "%u", d->batch);
	snprintf(max_len, sizeof(max_len), "-max_len=%u", d->batch * CASE_BYTES);
	snprintf(stats, sizeof(stats), "%s/stats", d->folder);
	snprintf(corpus, sizeof(corpus), "%s/corpus", d->folder);
	setenv("HOOKDIFF_BATCH", batch, 1);
	setenv("HOOKDIFF_FUZZ_STATS", stats, 1);
	if (chdir(d->folder) || !freopen("/dev/null", "w", stdout) || !freopen("log", "w", stderr))
		_exit(127);
	execl(d->program, d->program, "-seed=1", "-len_control=0", "-entropic=0", "-reduce_inputs=0",
	      "-reload=0", max_len, how_long, corpus, grow ? d->seeds : NULL, NULL);
	_exit(127);
}

/* Waits for the driver, and adds up what it used. False: it did not end well. */
static bool run(const struct driver *d, const char *how_long, bool grow, double *cpu_seconds)
{
	struct rusage u;
	int status;
	pid_t pid;

	fflush(stdout); /* or the child writes it once more */
	pid = fork();
	if (!pid)
		exec_driver(d, how_long, grow);
	if (pid < 0 || wait4(pid, &status, 0, &u) != pid)
		return false;
	*cpu_seconds = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
		       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static bool read_stats(const struct driver *d, struct measured *m)
{
	char name[PATH_MAX], line[512];
	bool good = false;
	FILE *f;

	snprintf(name, sizeof(name), "%s/stats", d->folder);
	f = fopen(name, "re");
	if (!f)
		return false;
	if (fgets(line, sizeof(line), f))
		good = sscanf(line,
			      "{\"target\":\"fuzz_oracle\",\"executions\":%" SCNu64 ",\"cases\":%" SCNu64
			      ",\"calls\":%" SCNu64,
			      &m->executions, &m->cases, &m->calls) == 3;
	fclose(f);
	return good && m->executions && m->cases;
}

static bool measure(const struct driver *d, struct measured *m)
{
	char corpus[PATH_MAX];
	double growing;

	snprintf(corpus, sizeof(corpus), "mkdir -p %s/corpus", d->folder);
	if (system(corpus))
		return false;
	return run(d, "-max_total_time=" GROW_SECONDS, true, &growing) &&
	       run(d, "-runs=" EXECUTIONS, false, &m->cpu_seconds) && read_stats(d, m);
}

static void row(const char *name, bool has_floor, unsigned batch, const struct measured *m, bool json)
{
	const char *floor = batch == 1 ? "  floor 250,000 exec" : "  floor 500,000 cases";
	double executions = (double)m->executions / m->cpu_seconds;
	double cases = (double)m->cases / m->cpu_seconds;
	double calls = (double)m->calls / (double)m->cases;

	if (json)
		printf("{\"type\":\"bench\",\"row\":\"%s\",\"batch\":%u,\"executions_per_cpu_second\":%.0f,"
		       "\"cases_per_cpu_second\":%.0f,\"calls_per_case\":%.2f}\n",
		       name, batch, executions, cases, calls);
	else
		printf("%-37s x%u %8.0f exec %8.0f cases a CPU second, %.1f calls a case%s\n", name, batch,
		       executions, cases, calls, has_floor ? floor : "");
}

static void measure_set(struct driver *d, const char *name, bool has_floor, bool json)
{
	static const unsigned batches[] = {1, 8};
	char rm[PATH_MAX];

	for (unsigned i = 0; i < sizeof(batches) / sizeof(batches[0]); i++) {
		struct measured m = {0};

		d->batch = batches[i];
		snprintf(d->folder, sizeof(d->folder), "%s/hookdiff-bench-XXXXXX",
			 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
		if (!mkdtemp(d->folder)) {
			fprintf(stderr, "hookdiff: no temporary folder in /dev/shm or /tmp\n");
			return;
		}
		if (measure(d, &m)) {
			row(name, has_floor, d->batch, &m, json);
			snprintf(rm, sizeof(rm), "rm -rf %s", d->folder);
			if (system(rm))
				fprintf(stderr, "hookdiff: %s is left behind\n", d->folder);
		} else {
			fprintf(stderr, "hookdiff: %s did not run to its end: see %s/log\n", d->program,
				d->folder);
		}
	}
}

void bench_drivers(bool json)
{
	char folder[PATH_MAX / 2];
	struct driver d;

	if (!beside(folder, sizeof(folder)))
		return;
	snprintf(d.seeds, sizeof(d.seeds), "%s/drivers/seeds/fuzz_oracle", folder);
	for (unsigned i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		snprintf(d.program, sizeof(d.program), "%s/drivers/%s/fuzz_oracle", folder, sets[i].set);
		if (access(d.program, X_OK))
			fprintf(stderr, "SKIP: %s: %s is not there: ./quickstart drivers\n", sets[i].name,
				d.program);
		else
			measure_set(&d, sets[i].name, sets[i].has_floor, json);
	}
}
