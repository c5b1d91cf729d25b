/* SPDX-License-Identifier: MIT */
/*
 * hookdiff bench: what a case costs beside the system calls that it cannot do without. All rows are measured
 * in one run, in short windows taken in turn, because a machine's speed drifts; the ratio is the median of
 * the ratios of neighbouring windows, the times are the quartiles and the median over the windows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../campaign/loop.h"
#include "../exec/bare.h"
#include "../exec/kernel.h"
#include "../case/case_bin.h"
#include "../mutate/gen.h"
#include "../profiles/selfcheck.h"
#include "bench_driver.h"
#include "bench_isa.h"
#include "session.h"

#define PER_WINDOW  512
#define MAX_WINDOWS 4000

/*
 * Every window generates its cases as it goes, because repeated ones would be learnt by the branch predictors
 * and a pool of different ones does not fit the cache. What a row leaves out is measured by itself and
 * subtracted.
 */
enum row { ROW_GENERATE, ROW_PLAN, ROW_BARE, ROW_CASE, ROW_COUNT };

struct bench {
	struct loop loop;
	struct gen gen;
	struct tcase tc;
	uint8_t bytes[4096], value[2 * 4096];
	uint8_t answer[1 << 17];
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

/* Plans the setsockopt of the case, and lays out what the bare calls need of it. */
static void plan_bare(struct bench *b, struct bare_case *c)
{
	oracle_begin(b->loop.o, &b->tc);
	oracle_plan(b->loop.o, 0, &c->set);
	if (c->set.kernel_buf) {
		memcpy(b->bytes, c->set.bytes, (size_t)c->set.optlen);
		c->set.bytes = b->bytes;
	}
	tc_buf_image(&b->tc.call[0].buf, b->value,
		     b->tc.call[0].buf.size < sizeof(b->value) ? b->tc.call[0].buf.size : sizeof(b->value));
	c->value = b->value;
	c->tc = &b->tc;
	c->answer = b->answer;
	c->get_optlen = b->tc.call[1].optlen;
}

static void window(struct bench *b, enum row row)
{
	struct bare_case bare;

	for (unsigned i = 0; i < PER_WINDOW; i++) {
		gen_case(&b->gen, b->index++, &b->tc);
		if (row == ROW_PLAN || row == ROW_BARE)
			plan_bare(b, &bare);
		if (row == ROW_BARE)
			kernel_bare(b->loop.b, &bare);
		if (row == ROW_CASE)
			loop_case(&b->loop, &b->tc, false, &b->shadow, NULL);
	}
}

static void measure(struct bench *b, double seconds)
{
	double end = now_ns() + seconds * 1e9;

	while (b->windows < MAX_WINDOWS && (b->windows < 50 || now_ns() < end)) {
		for (unsigned r = 0; r < ROW_COUNT; r++) {
			double start;

			if (r == ROW_BARE || r == ROW_CASE) { /* the bare calls leave the pair unequal: each
								 begins with a new one */
				gen_case(&b->gen, b->index++, &b->tc);
				loop_case(&b->loop, &b->tc, true, &b->shadow, NULL);
			}
			start = now_ns();
			window(b, (enum row)r);
			b->ns[r][b->windows] = (now_ns() - start) / PER_WINDOW;
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

/* Median and quartiles; of a difference of two windows the best means nothing. ns is sorted on the way. */
static void print_row(const char *name, double *ns, unsigned n, double ratio, const char *floor, bool json)
{
	double mid = median(ns, n);

	if (json)
		printf("{\"type\":\"bench\",\"row\":\"%s\",\"ns_quartiles\":[%.1f,%.1f,%.1f],\"bare_over_"
		       "row\":%.4f}\n",
		       name, ns[n / 4], mid, ns[n - n / 4 - 1], ratio);
	else if (ratio > 0)
		printf("%-42s %8.0f %8.0f %8.0f %10.0f   %5.1f %%  %s\n", name, ns[n / 4], mid,
		       ns[n - n / 4 - 1], 1e9 / mid, 100 * ratio, floor);
	else
		printf("%-42s %8.0f %8.0f %8.0f\n", name, ns[n / 4], mid, ns[n - n / 4 - 1]);
}

static void report(struct bench *b, const struct cli *cli)
{
	static double bare[MAX_WINDOWS], alone[MAX_WINDOWS], whole[MAX_WINDOWS], made[MAX_WINDOWS];
	static double part[MAX_WINDOWS], part_whole[MAX_WINDOWS];
	double ratio, ratio_whole;
	unsigned n = b->windows;

	for (unsigned i = 0; i < n; i++) {
		made[i] = b->ns[ROW_GENERATE][i];
		bare[i] = b->ns[ROW_BARE][i] - b->ns[ROW_PLAN][i];
		alone[i] = b->ns[ROW_CASE][i] - b->ns[ROW_GENERATE][i];
		whole[i] = b->ns[ROW_CASE][i];
		part[i] = bare[i] / alone[i];
		part_whole[i] = bare[i] / whole[i];
	}
	ratio = median(part, n);
	ratio_whole = median(part_whole, n);
	if (!cli->json)
		printf("%-42s %8s %8s %8s %10s   %s\n", "ns a case (1 set + 1 get, 3 levels)", "25 %",
		       "median", "75 %", "cases/s", "bare/row");
	print_row("bare: map writes and 4 system calls", bare, n, 1, "", cli->json);
	print_row("case: + oracle, twins, all compared", alone, n, ratio, "floor 85 %", cli->json);
	print_row("case with its generation", whole, n, ratio_whole, "floor 75 %", cli->json);
	print_row("generation alone", made, n, 0, "", cli->json);
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
		gen_case(&g, i, &b->tc);
		loop_case(&b->loop, &b->tc, false, &shadow[g.topology][g.socket][g.level], NULL);
	}
	ns = (now_ns() - start) / n;
	if (cli->json)
		printf("{\"type\":\"bench\",\"row\":\"bulk\",\"ns_mean\":%.1f,\"resident_kib\":%ld}\n", ns,
		       resident());
	else
		printf("%-42s %8s %8.0f %8s %10.0f\nresident memory of a bulk worker: %.1f MiB (ceiling 64 "
		       "MiB)\n",
		       "fuzz: all topologies, sockets and corners", "", ns, "", 1e9 / ns,
		       (double)resident() / 1024);
}

/*
 * What fuzz_oracle does for each input of one case, without an engine: decode, predict under the profiles
 * that the case picks, check (profiles/selfcheck.h). Inputs are the generator's, made before the clock
 * starts.
 */
static void measure_oracle(struct bench *b, const struct cli *cli)
{
	enum { INPUTS = 4096, ROUNDS = 60 };
	static uint8_t input[INPUTS][512];
	static size_t size[INPUTS];
	static double ns[ROUNDS];
	struct selfcheck *s = selfcheck_new();
	unsigned found = 0;

	if (!s)
		return;
	for (unsigned i = 0; i < INPUTS; i++) {
		gen_case(&b->gen, b->index++, &b->tc);
		size[i] = case_bin_encode(&b->tc, input[i], sizeof(input[i]));
	}
	for (unsigned r = 0; r < ROUNDS; r++) {
		double start = now_ns();

		for (unsigned i = 0; i < INPUTS; i++) {
			case_bin_take(input[i], size[i], &b->tc);
			found += selfcheck_case(s, &b->tc, selfcheck_pick(input[i], size[i]) + r) != NULL;
		}
		ns[r] = (now_ns() - start) / INPUTS;
	}
	print_row("oracle alone: decode, predict, check", ns, ROUNDS, 0, "", cli->json);
	if (found)
		fprintf(stderr, "hookdiff: the oracle broke its invariants in %u cases: see fuzz_oracle\n",
			found);
	selfcheck_free(s);
}

int cmd_bench(struct cli *cli)
{
	struct kernel_opts k = {.reuse = (unsigned)cli->reuse, .own_netns = true};
	static struct bench b; /* large */
	struct session s;
	struct backend *backend;
	char err[512];
	int code;

	if (!bench_isa(cli->json)) {
		fprintf(stderr, "hookdiff: the BPF interpreter did not finish its loop, or the unchecked one "
				"found another result\n");
		return EXIT_UNSURE;
	}
	code = session_check(&s, cli);
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
	measure(&b, cli->seconds ? (double)cli->seconds : 10);
	report(&b, cli);
	measure_oracle(&b, cli);
	measure_memory(&b, cli);
	bench_drivers(cli->json);
	code = b.loop.failed ? EXIT_DIVERGENCE : EXIT_AGREE;
	if (b.loop.failed)
		fprintf(stderr,
			"hookdiff: %llu cases diverged while they were timed: the figures mean nothing\n",
			(unsigned long long)b.loop.failed);
	backend->ops->close(backend, NULL);
	loop_fini(&b.loop);
	session_close(&s);
	return code;
}
