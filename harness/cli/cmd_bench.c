/* SPDX-License-Identifier: MIT */
/*
 * hookdiff bench: what a case costs beside the system calls that it cannot do without. All rows are measured in
 * one run, in short windows taken in turn, because a machine's speed drifts; the ratio is the median of the ratios
 * of neighbouring windows, the times are the best and the median window.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../campaign/loop.h"
#include "../exec/bare.h"
#include "../exec/kernel.h"
#include "../mutate/gen.h"
#include "session.h"

#define POOL 64        /* cases that the rows without generation repeat: they stay in the cache */
#define PER_WINDOW 512 /* cases of a window */
#define MAX_WINDOWS 4000

enum row { ROW_BARE, ROW_CASE, ROW_GENERATED, ROW_COUNT };

struct bench {
	struct loop loop;
	struct gen gen;
	struct tcase pool[POOL], made;
	struct bare_case bare[POOL];
	uint8_t bytes[POOL][4096];
	uint8_t user[1 << 17];
	struct shadow shadow;
	uint64_t index;
	double ns[ROW_COUNT][MAX_WINDOWS];
	unsigned windows;
};

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Generates the pool, and keeps the plan of each setsockopt for the bare calls. */
static void fill_pool(struct bench *b)
{
	for (unsigned i = 0; i < POOL; i++) {
		struct plan *p = &b->bare[i].set;

		gen_case(&b->gen, b->index++, &b->pool[i]);
		oracle_begin(b->loop.o, &b->pool[i]);
		oracle_plan(b->loop.o, 0, p);
		if (p->kernel_buf) {
			memcpy(b->bytes[i], p->bytes, (size_t)p->optlen);
			p->bytes = b->bytes[i];
		}
		b->bare[i].tc = &b->pool[i];
		b->bare[i].user = b->user;
		b->bare[i].get_optlen = b->pool[i].call[1].optlen;
	}
}

static void window(struct bench *b, enum row row)
{
	for (unsigned i = 0; i < PER_WINDOW; i++) {
		unsigned k = i % POOL;

		switch (row) {
		case ROW_BARE:
			kernel_bare(b->loop.b, &b->bare[k]);
			break;
		case ROW_CASE:
			loop_case(&b->loop, &b->pool[k], false, &b->shadow, NULL);
			break;
		case ROW_GENERATED:
			gen_case(&b->gen, b->index++, &b->made);
			loop_case(&b->loop, &b->made, false, &b->shadow, NULL);
			break;
		case ROW_COUNT:
			break;
		}
	}
}

static void measure(struct bench *b, double seconds)
{
	double end = now_ns() + seconds * 1e9;

	while (b->windows < MAX_WINDOWS && (b->windows < 50 || now_ns() < end)) {
		if (b->windows % 50 == 0)
			fill_pool(b);
		for (unsigned r = 0; r < ROW_COUNT; r++) {
			double start;

			if (r == ROW_BARE) /* its calls leave the pair unequal: the next case gets a new one */
				loop_case(&b->loop, &b->pool[0], true, &b->shadow, NULL);
			start = now_ns();
			window(b, (enum row)r);
			b->ns[r][b->windows] = (now_ns() - start) / PER_WINDOW;
			if (r == ROW_BARE)
				loop_case(&b->loop, &b->pool[0], true, &b->shadow, NULL);
		}
		b->windows++;
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *v, unsigned n)
{
	qsort(v, n, sizeof(*v), by_value);
	return v[n / 2];
}

/* Resident memory of this process in KiB. */
static long resident(void)
{
	long pages = 0, total;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f) {
		if (fscanf(f, "%ld %ld", &total, &pages) != 2)
			pages = 0;
		fclose(f);
	}
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void print_row(const char *name, double best, double mid, double ratio, const char *floor, bool json)
{
	if (json)
		printf("{\"type\":\"bench\",\"row\":\"%s\",\"ns_best\":%.1f,\"ns_median\":%.1f,\"bare_over_row\":%.4f}\n", name, best, mid, ratio);
	else
		printf("%-42s %8.0f %8.0f %10.0f   %5.1f %%  %s\n", name, best, mid, 1e9 / mid, 100 * ratio, floor);
}

static void report(struct bench *b, const struct cli *cli)
{
	static const char *const names[ROW_COUNT] = {"bare: map writes and 4 system calls", "case: + oracle, twins, all compared",
						     "case with its generation"};
	static const char *const floors[ROW_COUNT] = {"", "floor 85 %", "floor 75 %"};
	static double ratio[MAX_WINDOWS];
	double ratios[ROW_COUNT] = {1};

	if (!cli->json)
		printf("%-42s %8s %8s %10s   %s\n", "ns a case (1 set + 1 get, 3 levels)", "best", "median", "cases/s", "bare/row");
	for (unsigned r = 1; r < ROW_COUNT; r++) {
		for (unsigned i = 0; i < b->windows; i++)
			ratio[i] = b->ns[ROW_BARE][i] / b->ns[r][i];
		ratios[r] = median(ratio, b->windows);
	}
	for (unsigned r = 0; r < ROW_COUNT; r++) {
		double mid = median(b->ns[r], b->windows);

		print_row(names[r], b->ns[r][0], mid, ratios[r], floors[r], cli->json);
	}
}

/* The whole generator on all topologies, for the memory that a bulk worker needs. */
static void measure_memory(struct bench *b, const struct cli *cli)
{
	static struct gen g; /* large */
	static struct shadow shadow[TOPOLOGIES][SOCK_ROWS][TC_MAX_LEVELS + 1];
	double start = now_ns(), ns;
	const unsigned n = 200000;

	gen_init(&g, cli->seed ? cli->seed : 1);
	for (unsigned i = 0; i < n; i++) {
		gen_case(&g, i, &b->made);
		loop_case(&b->loop, &b->made, false, &shadow[g.topology][g.socket][g.level], NULL);
	}
	ns = (now_ns() - start) / n;
	if (cli->json)
		printf("{\"type\":\"bench\",\"row\":\"bulk\",\"ns_mean\":%.1f,\"resident_kib\":%ld}\n", ns, resident());
	else
		printf("%-42s %8s %8.0f %10.0f\nresident memory of a bulk worker: %.1f MiB (ceiling 64 MiB)\n", "fuzz: all topologies, sockets and corners", "",
		       ns, 1e9 / ns, (double)resident() / 1024);
}

int cmd_bench(struct cli *cli)
{
	struct kernel_opts k = {.reuse = (unsigned)cli->reuse, .own_netns = true};
	static struct bench b; /* large */
	struct session s;
	struct backend *backend;
	char err[512];
	int code = session_check(&s, cli);

	if (code)
		return code;
	backend = kernel_open(&k, err, sizeof(err));
	if (!backend || loop_init(&b.loop, backend, s.profile, 0)) {
		fprintf(stderr, "hookdiff: %s\n", backend ? "out of memory" : err);
		return EXIT_UNSURE;
	}
	if (!cli->json)
		printf("Linux %s, profile %s, one core\n", s.release, s.profile->name);
	b.loop.freshen = value_next;
	gen_init(&b.gen, cli->seed ? cli->seed : 1);
	b.gen.bench = true;
	memset(b.user, 0x5a, sizeof(b.user));
	measure(&b, cli->seconds ? (double)cli->seconds : 10);
	report(&b, cli);
	measure_memory(&b, cli);
	code = b.loop.failed ? EXIT_DIVERGENCE : EXIT_AGREE;
	if (b.loop.failed)
		fprintf(stderr, "hookdiff: %llu cases diverged while they were timed: the figures mean nothing\n", (unsigned long long)b.loop.failed);
	backend->ops->close(backend, NULL);
	loop_fini(&b.loop);
	session_close(&s);
	return code;
}
